//! `visum purpose …`

pub(crate) mod attest;
pub(crate) mod choose;
pub(crate) mod show;
pub(crate) mod tried;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Your research purposes
#[derive(Debug, Subcommand)]
pub(crate) enum Purpose {
    Attest(attest::Attest),
    Choose(choose::Choose),
    Show(show::Show),
    Tried(tried::Tried),
}

/// Runs one of them.
pub(crate) async fn run(command: Purpose, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Purpose::Attest(args) => attest::run(args, context).await,
        Purpose::Choose(args) => choose::run(args, context).await,
        Purpose::Show(args) => show::run(args, context).await,
        Purpose::Tried(args) => tried::run(args, context).await,
    }
}
