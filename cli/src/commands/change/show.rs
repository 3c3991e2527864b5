//! `visum change show`: what would change in words, whether and why it opens something, the digest to approve.

use super::{path, screen};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Show one change: what it changes in words, why it opens something, its digest
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The change's id, as `visum change list` prints it
    change: String,
    #[command(flatten)]
    session: As,
}

/// Shows it.
pub(crate) async fn run(args: Show, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let answer = session.get(&path(&args.change)?).await?;
    context.show(&answer, screen::shown);
    Ok(Exit::Yes)
}
