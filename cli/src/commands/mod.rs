//! One file a command.

pub(crate) mod consent;
pub(crate) mod dataset;
pub(crate) mod drs;
pub(crate) mod explain;
pub(crate) mod grant;
pub(crate) mod hold;
pub(crate) mod login;
pub(crate) mod passport;
pub(crate) mod purpose;

use crate::{args::Command, error::CommandError, exit::Exit, output::Context};

/// Runs the command that was asked for.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Command::Login(args) => login::run(args, context).await,
        Command::Passport(command) => passport::run(command, context).await,
        Command::Drs(command) => drs::run(command, context).await,
        Command::Dataset(command) => dataset::run(command, context).await,
        Command::Consent(command) => consent::run(command, context).await,
        Command::Grant(command) => grant::run(command, context).await,
        Command::Purpose(command) => purpose::run(command, context).await,
        Command::Hold(command) => hold::run(command, context).await,
        Command::Explain(args) => explain::run(args, context).await,
    }
}
