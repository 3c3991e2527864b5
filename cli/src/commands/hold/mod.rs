//! `visum hold …`

pub(crate) mod confirm;
pub(crate) mod decide;
pub(crate) mod list;
pub(crate) mod place;
pub(crate) mod release;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Stops on data: withdrawn, disputed, expired, asked anew
#[derive(Debug, Subcommand)]
pub(crate) enum Hold {
    Place(place::Place),
    List(list::List),
    Release(release::Release),
    Confirm(confirm::Confirm),
    Decide(decide::Decide),
}

/// Runs one of them.
pub(crate) async fn run(command: Hold, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Hold::Place(args) => place::run(args, context).await,
        Hold::List(args) => list::run(args, context).await,
        Hold::Release(args) => release::run(args, context).await,
        Hold::Confirm(args) => confirm::run(args, context).await,
        Hold::Decide(args) => decide::run(args, context).await,
    }
}
