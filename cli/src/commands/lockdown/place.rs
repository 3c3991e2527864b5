//! `visum lockdown`: the brake, by the server or on the folder of one that does not run.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use passport_broker::{
    committee::GovernError,
    lockdown::{self, StopRequest},
};
use serde_json::{Value, json};

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    node::still::Still,
    output::Context,
};

/// What stops, and why.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Place {
    #[command(flatten)]
    target: Target,
    /// A sentence for the record; the log keeps its digest
    #[arg(long, value_name = "TEXT", required = true)]
    reason: Option<String>,
    /// The data folder of a node whose server does not run: whoever may read its key may stop it
    #[arg(long, value_name = "DIR", conflicts_with = "profile")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    session: As,
}

/// One of these.
#[derive(Debug, clap::Args)]
#[group(id = "stops", required = true, multiple = false)]
struct Target {
    /// A dataset: its id (a URL) or its short name
    #[arg(long, value_name = "DATASET")]
    dataset: Option<String>,
    /// A person, as grants name them: `SUB,ISS`, percent-encoded
    #[arg(long, value_name = "SUB,ISS")]
    person: Option<String>,
    /// An issuer of visas or of identities, by its URL
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// All data and all new work of this node
    #[arg(long)]
    all: bool,
}

impl Target {
    fn json(&self) -> Value {
        match (&self.dataset, &self.person, &self.issuer) {
            (Some(id), _, _) => json!({ "dataset": id }),
            (_, Some(person), _) => json!({ "person": person }),
            (_, _, Some(issuer)) => json!({ "issuer": issuer }),
            (None, None, None) => json!("all"),
        }
    }
}

/// Places it.
pub(super) async fn run(args: Place, context: &Context) -> Result<Exit, CommandError> {
    let started = Instant::now();
    let body = json!({ "target": args.target.json(), "reason": args.reason.unwrap_or_default() });
    let mut answer = match &args.data_dir {
        None => by_server(&args.session, &body).await?,
        Some(folder) => on_folder(folder, body).await?,
    };
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if let Some(members) = answer.as_object_mut() {
        members.insert("milliseconds".to_owned(), millis.into());
        members.insert("folder".to_owned(), args.data_dir.is_some().into());
    }
    context.show(&answer, words);
    if let Some(code) = answer.get("catalogue").and_then(Value::as_str) {
        context.words(&format!(
            "warning: the catalogue cannot be published ({code}); the stop is in force over the one before. Look at this next."
        ));
    }
    Ok(Exit::Yes)
}

async fn by_server(session: &As, body: &Value) -> Result<Value, CommandError> {
    let session = Session::open(session)?;
    let reply = session
        .client
        .post(
            &session.broker("admin/lockdown"),
            Some(&session.profile.access_token),
            body,
        )
        .await
        .map_err(|wrong| {
            wrong.hint("is the server down? then on its machine: visum lockdown … --reason TEXT --data-dir DIR")
        })?;
    reply.ok()
}

async fn on_folder(folder: &Path, body: Value) -> Result<Value, CommandError> {
    let request: StopRequest = serde_json::from_value(body).map_err(|wrong| {
        CommandError::refused("lockdown.target", format!("the target cannot be read: {wrong}"))
            .hint("a person is named SUB,ISS, each part percent-encoded")
    })?;
    let still = Still::open(folder).await.map_err(|wrong| {
        if wrong.code() == "node.locked" {
            wrong.hint(
                "the server runs: place it there, with visum lockdown and no --data-dir; if it does not answer, stop it first",
            )
        } else {
            wrong
        }
    })?;
    let placed = lockdown::place_on_folder(&still.broker, request).await;
    still.close().await;
    let placed = placed.map_err(|wrong| {
        if matches!(wrong, GovernError::Input { .. } | GovernError::NoDataset { .. }) {
            CommandError::refused(wrong.code(), wrong.to_string())
        } else {
            CommandError::unknown(wrong.code(), wrong.to_string())
        }
    })?;
    Ok(json!({
        "stop": { "id": placed.row.id, "target": placed.row.target, "placed": placed.row.placed },
        "reach": placed.reach, "catalogue": placed.catalogue,
    }))
}

fn words(answer: &Value) -> String {
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let number = |pointer: &str| answer.pointer(pointer).and_then(Value::as_u64);
    let target = super::list::target(answer.pointer("/stop/target").unwrap_or(&Value::Null));
    let folder = answer.get("folder").and_then(Value::as_bool).unwrap_or_default();
    let mut said = if folder {
        format!(
            "Stop {} is on record: {target}. The next start of the node keeps it.",
            text("/stop/id")
        )
    } else {
        let millis = number("/milliseconds").unwrap_or_default();
        format!("Stop {} is in force after {millis} ms: {target}.", text("/stop/id"))
    };
    if answer.pointer("/reach/known").and_then(Value::as_bool) == Some(false) {
        said.push_str("\nThis node does not know them; it counts from the moment that they come. Is the name right?");
    }
    if let Some(running) = number("/reach/running").filter(|_| !folder) {
        said.push_str(&format!(
            "\n{running} tasks and runs are judged again now; those that rest on it are cancelled."
        ));
    }
    said.push_str("\nTwo persons lift it: visum lockdown lift ID --reason TEXT.");
    said
}
