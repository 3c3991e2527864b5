//! `visum trust …`

pub(crate) mod check;
mod findings;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Trust files: whom to believe
#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    Check(check::Check),
}

/// Runs one of them.
pub(crate) async fn run(command: Trust, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Trust::Check(args) => check::run(args, context).await,
    }
}
