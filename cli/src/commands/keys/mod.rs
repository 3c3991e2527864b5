//! `visum keys …`

mod list;
mod rotate;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// The broker's signing keys: what they are, and turning them
///
/// ES256 for tokens, visas and snapshots, RS256 for ID Tokens. They turn by themselves every 90 days, each published an
/// hour before it signs and a day after. See docs/operators/keys.md.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    List(list::List),
    Rotate(rotate::Rotate),
}

/// Runs one of them.
pub(crate) async fn run(command: Keys, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Keys::List(args) => list::run(args, context).await,
        Keys::Rotate(args) => rotate::run(args, context).await,
    }
}
