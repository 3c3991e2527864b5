//! `visum audit …`

pub(crate) mod show;
pub(crate) mod verify;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// The audit log
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    Verify(verify::Verify),
    Show(show::Show),
}

/// Runs one of them.
pub(crate) async fn run(command: Audit, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Audit::Verify(args) => verify::run(&args, context),
        Audit::Show(args) => show::run(args, context).await,
    }
}
