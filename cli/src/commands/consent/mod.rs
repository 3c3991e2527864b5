//! `visum consent …`

pub(crate) mod evaluate;
pub(crate) mod import;
pub(crate) mod tables;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Consent: may data be used for a purpose
#[derive(Debug, Subcommand)]
pub(crate) enum Consent {
    Evaluate(evaluate::Evaluate),
    Import(import::Import),
}

/// Runs one of them.
pub(crate) async fn run(command: Consent, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Consent::Evaluate(args) => evaluate::run(args, context).await,
        Consent::Import(args) => import::run(args, context).await,
    }
}
