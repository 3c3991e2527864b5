//! `visum dataset …`

pub(crate) mod list;
pub(crate) mod show;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Datasets of this node
#[derive(Debug, Subcommand)]
pub(crate) enum Dataset {
    List(list::List),
    Show(show::Show),
}

/// Runs one of them.
pub(crate) async fn run(command: Dataset, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Dataset::List(args) => list::run(args, context).await,
        Dataset::Show(args) => show::run(args, context).await,
    }
}
