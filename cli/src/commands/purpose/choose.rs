//! `visum purpose choose`: the default purpose, for requests that say none.

use serde_json::json;

use crate::{
    client::session::{As, Session},
    commands::grant::issue::purpose,
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Choose your default purpose, for requests that state none
#[derive(Debug, clap::Args)]
pub(crate) struct Choose {
    /// The purpose: a JSON file as in docs/researchers.md, or `-`
    purpose: Input,
    #[command(flatten)]
    session: As,
}

/// Chooses it.
pub(crate) async fn run(args: Choose, context: &Context) -> Result<Exit, CommandError> {
    let purpose = purpose(&args.purpose)?;
    let session = Session::open(&args.session)?;
    let answer = session.post("purposes/default", &json!({ "purpose": purpose })).await?;
    context.show(&answer, |_| "Your default purpose is recorded.".to_owned());
    Ok(Exit::Yes)
}
