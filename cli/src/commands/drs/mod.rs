//! `visum drs …`

pub(crate) mod get;
mod object;
mod pieces;
mod tree;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Data objects through the gate
#[derive(Debug, Subcommand)]
pub(crate) enum Drs {
    Get(get::Get),
}

/// Runs one of them.
pub(crate) async fn run(command: Drs, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Drs::Get(args) => get::run(args, context).await,
    }
}
