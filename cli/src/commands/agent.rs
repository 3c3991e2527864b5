//! `visum agent`: a local helper for clients that read a token once.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use tokio::{sync::watch, time::Instant};
use visa_verifier::seam::{Clock, HttpsFetch, Random, SystemClock, SystemRandom};

use crate::{
    agent::{
        ask::Asker,
        child,
        credential::{self, Credential, Keeper, Login},
        environment::{export, variables},
        forward::{self, Forwarder},
        guard::Guard,
        listen::Loopback,
        notices::Notices,
    },
    client::{
        http::{self, Client},
        profile::Profile,
        session::{self, As, Session},
    },
    commands::session::start,
    config,
    error::CommandError,
    exit::Exit,
    input::Input,
    listener,
    node::serve::asked_to_stop,
    output::Context,
};

/// Between two looks at the clock.
const TICK: Duration = Duration::from_secs(1);
/// A document of `visum session start --json`.
const SESSION_BYTES: u64 = 64 << 10;

/// Forward TES, WES, DRS and TRS from a port of this machine to the node, with your login: for work that lasts longer than a token
///
/// Most clients read a token once, at start; yours ends after minutes. The agent holds the login, renews it before it ends and
/// puts it on what it forwards over verified TLS; its clients are given a secret of this start instead, good at this port only.
/// It survives the sleep of a laptop, tells clients 503 while the network is away, asks here for a new or stronger sign-in
/// when the node wants one, and says why a task was denied or stopped. It wants a login that stays: `visum login --stay`.
///
/// With a COMMAND behind `--` it sets the environment, runs it and ends with its exit status; without one it prints the
/// lines to set and stays until Ctrl-C. With datasets it starts a workflow session first, and shows its token instead.
#[derive(Debug, clap::Args)]
pub(crate) struct Agent {
    /// Where it listens: a loopback address; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: Loopback,
    /// Work in this session: what `visum session start --json` printed, a file or `-`
    #[arg(long, value_name = "FILE", conflicts_with = "datasets")]
    session: Option<Input>,
    /// Start a session: a dataset (URL or short name) that its tasks will use; can be given again
    #[arg(long = "dataset", value_name = "DATASET")]
    datasets: Vec<String>,
    /// What for: a JSON file, or `-`; absent: the purpose that your grant is bound to
    #[arg(long, value_name = "FILE", requires = "datasets")]
    purpose: Option<Input>,
    /// A folder that its tasks may write to, as s3://bucket/folder/; can be given again
    #[arg(long = "out", value_name = "URL", requires = "datasets")]
    out: Vec<String>,
    /// An image that its tasks may run, by digest; can be given again
    #[arg(long = "image", value_name = "IMAGE", requires = "datasets")]
    images: Vec<String>,
    /// The group that the work is done for
    #[arg(long, value_name = "GROUP", requires = "datasets")]
    project: Option<String>,
    /// The session's life in hours; absent: as long as it may be, at most 7 days
    #[arg(long, value_name = "HOURS", requires = "datasets")]
    hours: Option<u32>,
    /// End the session that was started, and its tasks, when the agent ends
    #[arg(long, requires = "datasets")]
    end_session: bool,
    /// The browser is on another device: a code is shown when a new login is needed
    #[arg(long)]
    device: bool,
    #[command(flatten)]
    login: As,
    /// The command to run, behind `--`
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Listens, forwards, ends as its command does.
pub(crate) async fn run(args: Agent, context: &Context) -> Result<Exit, CommandError> {
    let (opened, started) = opened(&args).await?;
    let node = opened.proxy("")?.trim_end_matches('/').to_owned();
    let bind = listener::bind(args.listen.address(), false).await.and_then(|socket| {
        let address = socket.local_addr()?;
        Ok((socket, address))
    });
    let (socket, address) = bind.map_err(|source| {
        CommandError::unknown(
            "agent.listen",
            format!("{} can't be listened on: {source}", args.listen.address()),
        )
        .hint("leave --listen away: the agent takes a free port")
    })?;
    let random: Arc<dyn Random> = Arc::new(SystemRandom::new());
    let notices = Arc::new(Notices::new(*context));
    let keeper = Keeper {
        client: opened.client.clone(),
        clock: Arc::new(SystemClock),
        random: Arc::clone(&random),
        folder: config::home()?.join("profiles"),
        name: args.login.profile.clone(),
    };
    let login = Arc::new(Login::new(keeper, &opened.profile, Arc::clone(&notices)));
    let asker = Arc::new(Asker::new(Arc::clone(&login), Arc::clone(&notices), args.device));
    let guard = Guard::new(&*random, address);
    let authorities = opened.profile.ca_file.as_deref();
    let set = variables(address, guard.secret(), started.as_ref(), authorities);
    let text = |name: &str| started.as_ref().and_then(|session| session.get(name)?.as_str());
    let held = text("id").zip(text("token"));
    let fetch = HttpsFetch::new(http::settings(
        session::loopback(&opened.profile.issuer),
        opened.profile.ca_file.clone(),
    ))
    .map_err(|source| CommandError::unknown(source.code(), source.to_string()))?;
    let forwarder = Arc::new(Forwarder {
        guard,
        credential: Credential {
            login: Arc::clone(&login),
            session: held.map(|(id, token)| credential::Session::new(id.to_owned(), token.to_owned())),
        },
        node,
        fetch,
        notices: Arc::clone(&notices),
        asker: Arc::clone(&asker),
        told: std::sync::Mutex::default(),
    });
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(listener::serve(socket, None, forward::router(forwarder), stopped));
    let asking = tokio::spawn(asker.wait());
    let keeping = tokio::spawn(keep(
        Arc::clone(&login),
        opened.profile.refresh_token.is_some(),
        notices,
    ));
    let outcome = if args.command.is_empty() {
        tell(context, &set, started.as_ref());
        asked_to_stop().await;
        Ok(Exit::Yes)
    } else {
        child::run(&args.command, &set).await
    };
    asking.abort();
    keeping.abort();
    let _ = stop.send(true);
    // a stream that nobody reads any more is no reason to stay
    let _ = tokio::time::timeout(Duration::from_secs(1), serving).await;
    if args.end_session
        && let Some(id) = started.as_ref().and_then(|session| session.get("id")?.as_str())
    {
        end(&login, &opened, id, context).await;
    }
    outcome
}

/// The login, and the session that the agent works in, if it is for one.
async fn opened(args: &Agent) -> Result<(Session, Option<Value>), CommandError> {
    if let Some(file) = &args.session {
        // the session's token is what counts; the login may be over
        let profile = Profile::load(&config::home()?.join("profiles"), &args.login.profile)?;
        let client = Client::new(session::loopback(&profile.issuer), profile.ca_file.clone())?;
        let opened = Session { client, profile };
        let given = given(file, &opened)?;
        return Ok((opened, Some(given)));
    }
    let opened = Session::open(&args.login)?;
    let needs_more = args.datasets.is_empty() || args.end_session;
    if needs_more && opened.profile.refresh_token.is_none() {
        return Err(CommandError::refused(
            "agent.login_ends",
            format!(
                "the login of `{}` ends at {} and can't be renewed",
                args.login.profile, opened.profile.expires
            ),
        )
        .hint("visum login --stay"));
    }
    if args.datasets.is_empty() {
        return Ok((opened, None));
    }
    let mut body = Map::new();
    body.insert("datasets".to_owned(), json!(args.datasets));
    let (project, hours) = (args.project.clone(), args.hours);
    start::declare(
        &mut body,
        args.purpose.as_ref(),
        &args.out,
        &args.images,
        project,
        hours,
    )?;
    let started = start::send(&opened, body).await?;
    Ok((opened, Some(started)))
}

/// A session that was started before. Its token goes to the node of the login and nowhere else.
fn given(file: &Input, opened: &Session) -> Result<Value, CommandError> {
    let refuse = |why: &str| {
        CommandError::refused("agent.session_file", format!("{file}: {why}"))
            .hint("visum session start --json … > session.json")
    };
    let bytes = file.read(SESSION_BYTES)?;
    let given: Value = serde_json::from_slice(&bytes).map_err(|_| refuse("it is no JSON"))?;
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("id").is_empty() || text("token").is_empty() {
        return Err(refuse("it is not what `visum session start --json` prints"));
    }
    if text("tes") != opened.proxy("ga4gh/tes/v1")? {
        return Err(refuse("it is of another node than the login"));
    }
    Ok(given)
}

/// Renews before it is needed, and at once when the machine woke up.
async fn keep(login: Arc<Login>, stays: bool, notices: Arc<Notices>) {
    let mut last = (SystemClock.now(), Instant::now());
    loop {
        tokio::time::sleep(TICK).await;
        let now = (SystemClock.now(), Instant::now());
        if credential::jumped(last.0, now.0, now.1.saturating_duration_since(last.1)) {
            notices.say("the machine slept, or its clock was set; the login is looked after");
            login.woke().await;
        }
        last = now;
        if stays {
            // what went wrong was said; a client hears of it when it asks
            login.look_after().await;
        }
    }
}

fn tell(context: &Context, set: &[(&'static str, String)], session: Option<&Value>) {
    let map: Map<String, Value> = set
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
        .collect();
    context.show(&json!({ "environment": map }), |_| {
        let lines: Vec<String> = set.iter().map(|(name, value)| export(name, value)).collect();
        lines.join("\n")
    });
    let end = session
        .and_then(|session| session.get("id")?.as_str())
        .map(|id| format!(" The session goes on: visum session end {id}"))
        .unwrap_or_default();
    context.words(&format!("The agent listens; Ctrl-C ends it.{end}"));
}

/// Ends the session. That it could not be ended is said, and changes nothing about how the command ended.
async fn end(login: &Login, opened: &Session, id: &str, context: &Context) {
    let outcome = async {
        let url = opened.proxy(&format!("visum/v1/sessions/{id}"))?;
        let token = login
            .token()
            .await
            .map_err(|no| CommandError::unknown(no.code(), no.words()))?;
        let request = ::http::Request::builder()
            .method(::http::Method::DELETE)
            .uri(url)
            .header(
                ::http::header::AUTHORIZATION,
                format!("Bearer {}", token.expose_str().unwrap_or_default()),
            );
        opened.client.send(request, Vec::new()).await?.ok()
    };
    match outcome.await {
        Ok(_) => context.words(&format!("The session {id} was ended.")),
        Err(wrong) => context.words(&format!(
            "The session {id} could not be ended: {wrong} ({})",
            wrong.code()
        )),
    }
}
