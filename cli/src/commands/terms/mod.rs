//! `visum terms …`

pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod publish;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Terms of use and attestations: the texts that people accept, version by version
#[derive(Debug, Subcommand)]
pub(crate) enum Terms {
    List(list::List),
    Publish(Box<publish::Publish>),
    End(end::End),
}

/// Runs one of them.
pub(crate) async fn run(command: Terms, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Terms::List(args) => list::run(args, context).await,
        Terms::Publish(args) => publish::run(*args, context).await,
        Terms::End(args) => end::run(args, context).await,
    }
}
