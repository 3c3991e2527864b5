//! `visum application new|edit|amend FILE`: what a study asks for, from a file.

use serde_json::{Value, json};

use super::{instant, path, step};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// An application file is a small JSON object.
const FILE_BYTES: u64 = 48 << 10;

/// Begin an application from a file; nobody else sees it until you submit it
///
/// The file is a JSON object: `title`, `summary` (what you will do, in plain words), `datasets` (ids or short names of one
/// committee), `purpose` (as in docs/researchers.md, "Purposes"), `none_barred` (true: none of the uses that nobody may
/// make), `countries`, `until`, `name`, and, if you like, `project` and `institution`.
#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// The file, or `-`
    file: Input,
    #[command(flatten)]
    session: As,
}

/// Change what you ask for, before you submit it or while it is back with questions
#[derive(Debug, clap::Args)]
pub(crate) struct Edit {
    /// The application's id
    application: String,
    /// The file, as for `visum application new`, or `-`
    file: Input,
    #[command(flatten)]
    session: As,
}

/// Ask for something else than was approved; what is approved stays in force until the committee has decided
#[derive(Debug, clap::Args)]
pub(crate) struct Amend {
    /// The application's id
    application: String,
    /// The file, as for `visum application new`, or `-`
    file: Input,
    #[command(flatten)]
    session: As,
}

pub(super) async fn new(args: New, context: &Context) -> Result<Exit, CommandError> {
    let (session, body) = (Session::open(&args.session)?, wanted(&args.file)?);
    step(&session, context, "applications", &body).await?;
    Ok(Exit::Yes)
}

pub(super) async fn edit(args: Edit, context: &Context) -> Result<Exit, CommandError> {
    let (session, body) = (Session::open(&args.session)?, wanted(&args.file)?);
    step(&session, context, &path(&args.application, "/edit")?, &body).await?;
    Ok(Exit::Yes)
}

pub(super) async fn amend(args: Amend, context: &Context) -> Result<Exit, CommandError> {
    let (session, body) = (Session::open(&args.session)?, wanted(&args.file)?);
    step(&session, context, &path(&args.application, "/amend")?, &body).await?;
    Ok(Exit::Yes)
}

fn wanted(input: &Input) -> Result<Value, CommandError> {
    let bytes = input.read(FILE_BYTES)?;
    let refused = |why: &dyn std::fmt::Display| {
        CommandError::refused("application.file", format!("{input} is no application: {why}"))
            .hint("see docs/researchers.md, \"Apply\"")
    };
    let mut body: Value = serde_json::from_slice(&bytes).map_err(|source| refused(&source))?;
    let Some(members) = body.as_object_mut() else {
        return Err(refused(&"it is no JSON object"));
    };
    if let Some(until) = members.get("until").and_then(Value::as_str) {
        let until = instant(until);
        members.insert("until".to_owned(), json!(until));
    }
    Ok(body)
}
