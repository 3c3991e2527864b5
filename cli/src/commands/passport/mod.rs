//! `visum passport …`

pub(crate) mod show;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Passports and their visas
#[derive(Debug, Subcommand)]
pub(crate) enum Passport {
    Show(show::Show),
}

/// Runs one of them.
pub(crate) async fn run(command: Passport, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Passport::Show(args) => show::run(args, context).await,
    }
}
