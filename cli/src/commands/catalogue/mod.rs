//! `visum catalogue …`

pub(crate) mod import;
mod screen;
mod state;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// The catalogue: which objects belong to which dataset
#[derive(Debug, Subcommand)]
pub(crate) enum Catalogue {
    Import(import::Import),
}

/// Runs one of them.
pub(crate) async fn run(command: Catalogue, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Catalogue::Import(args) => import::run(args, context).await,
    }
}
