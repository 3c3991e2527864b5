//! `visum registration …`

pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod open;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Initial access tokens, by which programs register themselves as unverified clients
#[derive(Debug, Subcommand)]
pub(crate) enum Registration {
    List(list::List),
    Open(open::Open),
    End(end::End),
}

/// Runs one of them.
pub(crate) async fn run(command: Registration, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Registration::List(args) => list::run(args, context).await,
        Registration::Open(args) => open::run(args, context).await,
        Registration::End(args) => end::run(args, context).await,
    }
}
