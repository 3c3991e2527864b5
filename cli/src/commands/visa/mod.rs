//! `visum visa …`

pub(crate) mod verify;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Single visas
#[derive(Debug, Subcommand)]
pub(crate) enum Visa {
    Verify(verify::Verify),
}

/// Runs one of them.
pub(crate) async fn run(command: Visa, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Visa::Verify(args) => verify::run(args, context).await,
    }
}
