//! `visum output request`

use serde_json::{Map, Value, json};

use super::{plain, screen::people};
use crate::{
    client::session::{As, Session},
    commands::grant::issue::purpose,
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Ask for the release of files that a session wrote
///
/// The files are frozen as they are now and checked: none may be an input, hold single people's data, be packed, or be a
/// table with small groups. What passes waits for the committee of each dataset that the files come from.
#[derive(Debug, clap::Args)]
pub(crate) struct Request {
    /// The session, task or run that wrote them
    work: String,
    /// A file, as `visum output list WORK` names it; can be given again
    #[arg(long = "file", value_name = "URL", required = true)]
    files: Vec<String>,
    /// What the files are, and what they are needed for; whoever releases them reads it
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What for: a JSON file as in docs/researchers.md, or `-`; absent: the purpose of the session
    #[arg(long, value_name = "FILE")]
    purpose: Option<Input>,
    #[command(flatten)]
    session: As,
}

/// Asks; exit 0 if it waits for a person, 1 if it was denied or a check stopped it.
pub(super) async fn run(args: Request, context: &Context) -> Result<Exit, CommandError> {
    let mut body = Map::new();
    body.insert("work".to_owned(), plain(&args.work)?.into());
    body.insert("files".to_owned(), json!(args.files));
    body.insert("reason".to_owned(), args.reason.into());
    if let Some(file) = &args.purpose {
        body.insert("purpose".to_owned(), purpose(file)?);
    }
    let session = Session::open(&args.session)?;
    let url = session.proxy("visum/v1/outputs/releases")?;
    let answer = session
        .client
        .post(&url, Some(&session.profile.access_token), &Value::Object(body))
        .await?
        .ok()?;
    context.show(&answer, people);
    let waits = answer.get("state").and_then(Value::as_str) == Some("waiting");
    Ok(if waits { Exit::Yes } else { Exit::No })
}
