//! `visum login`: as a person, through the institution's own page; kept in a profile.

use std::path::PathBuf;

use serde_json::json;
use url::Url;
use visa_verifier::seam::{SystemClock, SystemRandom};

use crate::{
    client::{
        device::{self, Codes},
        http::Client,
        login::{self, Around, Asks, Opens, Provider},
        profile::Profile,
        session::{demo_facts, fact, loopback},
    },
    config,
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Log in at a broker, in a browser; the login is kept in a profile of yours
///
/// Authorization code with PKCE on a loopback address (RFC 8252). At the first login a key is made and registered,
/// so that this client, and no other, may exchange your token for a Passport.
#[derive(Debug, clap::Args)]
pub(crate) struct Login {
    /// The broker's address (its issuer)
    #[arg(long, value_name = "URL", env = "VISUM_BROKER", conflicts_with = "data")]
    broker: Option<String>,
    /// The proxy's address, if commands shall use it
    #[arg(long, value_name = "URL", env = "VISUM_PROXY", conflicts_with = "data")]
    proxy: Option<String>,
    /// A running demo's folder: both addresses are taken from its demo.json
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The name to keep this login under
    #[arg(long, value_name = "NAME", default_value = "default", env = "VISUM_PROFILE")]
    profile: String,
    /// Whom the institution's login page should expect
    #[arg(long, value_name = "NAME")]
    login_hint: Option<String>,
    /// Further certificate authorities (PEM), for a broker with a certificate of your own
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Stay logged in for up to 30 days, until a week passes unused: for `visum agent`. Not for administration
    #[arg(long)]
    stay: bool,
    /// Log in on another device: a code is shown here and typed there. Not for administration
    #[arg(long, conflicts_with = "login_hint")]
    device: bool,
}

/// Logs in and keeps the login.
pub(crate) async fn run(args: Login, context: &Context) -> Result<Exit, CommandError> {
    let (issuer, proxy) = match (&args.data, &args.broker) {
        (Some(data), _) => {
            let facts = demo_facts(data)?;
            (
                fact(&facts, "/broker/issuer")?.to_owned(),
                Some(fact(&facts, "/proxy/url")?.to_owned()),
            )
        }
        (None, Some(broker)) => (broker.trim_end_matches('/').to_owned(), args.proxy.clone()),
        (None, None) => {
            return Err(CommandError::refused("login.where", "no broker is named")
                .hint("visum login --broker https://broker.example.org, or --data DIR for a demo"));
        }
    };
    let client = Client::new(loopback(&issuer), args.ca_file.clone())?;
    let around = Around {
        client: &client,
        clock: &SystemClock,
        random: &SystemRandom::new(),
    };
    let provider = Provider::discover(&client, &issuer).await?;
    let done = if args.device {
        let given = device::tokens(around, &provider, args.stay, tell_codes).await?;
        login::finish(around, &provider, given, None).await?
    } else {
        let asks = Asks {
            hint: args.login_hint.clone(),
            stay: args.stay,
            ..Asks::default()
        };
        login::login(around, &provider, &asks, Opens::Person(tell), None).await?
    };
    let profile = Profile::of(&provider.issuer, proxy, &done, args.ca_file);
    keep(&profile, &args.profile, context)
}

/// Keeps a login under a name, and says so.
///
/// # Errors
/// The folder of the profiles can't be written.
pub(crate) fn keep(profile: &Profile, under: &str, context: &Context) -> Result<Exit, CommandError> {
    let path = profile.write(&config::home()?.join("profiles"), under)?;
    let answer = json!({ "profile": under, "identity": profile.identity, "name": profile.name,
        "issuer": profile.issuer, "expires": profile.expires.to_string(), "file": path.display().to_string() });
    context.show(&answer, |_| {
        let until = if profile.refresh_token.is_some() {
            "and staying so".to_owned()
        } else {
            format!("until {}", profile.expires)
        };
        format!("Logged in as {} {until} (profile `{under}`).", profile.name)
    });
    Ok(Exit::Yes)
}

/// Tells the person which code to type where.
pub(crate) fn tell_codes(codes: &Codes) {
    use std::io::Write as _;
    let _ = writeln!(
        std::io::stderr().lock(),
        "On any device with a browser open\n\n  {}\n\nand type the code\n\n  {}\n\nwithin {} minutes. Waiting…",
        codes.page,
        codes.code,
        codes.minutes
    );
}

/// Tells the person where to go.
pub(crate) fn tell(address: &Url) {
    use std::io::Write as _;
    let _ = writeln!(
        std::io::stderr().lock(),
        "Open this address in a browser on this machine:\n\n  {address}\n"
    );
}
