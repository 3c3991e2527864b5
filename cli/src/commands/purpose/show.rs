//! `visum purpose show`: what is recorded of your purposes.

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Show your default purpose and the purposes that you attested
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    session: As,
}

/// Shows them.
pub(crate) async fn run(args: Show, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let answer = session.get("purposes").await?;
    context.show(&answer, |answer| {
        serde_json::to_string_pretty(answer).unwrap_or_default()
    });
    Ok(Exit::Yes)
}
