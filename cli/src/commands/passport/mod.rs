//! `visum passport …`

pub(crate) mod decode;
pub(crate) mod judge;
pub(crate) mod show;
pub(crate) mod verify;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Passports and their visas
#[derive(Debug, Subcommand)]
pub(crate) enum Passport {
    Show(show::Show),
    Verify(verify::Verify),
    Decode(decode::Decode),
}

/// Runs one of them.
pub(crate) async fn run(command: Passport, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Passport::Show(args) => show::run(args, context).await,
        Passport::Verify(args) => verify::run(args, context).await,
        Passport::Decode(args) => decode::run(&args, context),
    }
}
