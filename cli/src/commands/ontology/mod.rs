//! `visum ontology …`

pub(crate) mod import;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Tables that verdicts rest on: diseases (MONDO) and countries
#[derive(Debug, Subcommand)]
pub(crate) enum Ontology {
    Import(import::Import),
}

/// Runs one of them.
pub(crate) async fn run(command: Ontology, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Ontology::Import(args) => import::run(args, context).await,
    }
}
