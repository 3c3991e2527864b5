//! `visum trust …`

pub(crate) mod check;
mod findings;
pub(crate) mod propose;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Trust files: whom to believe
#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    Check(check::Check),
    Propose(propose::Propose),
}

/// Runs one of them.
pub(crate) async fn run(command: Trust, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Trust::Check(args) => check::run(args, context).await,
        Trust::Propose(args) => propose::run(args, context).await,
    }
}
