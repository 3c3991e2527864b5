//! `visum lockdown …`

mod lift;
mod list;
mod place;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Stop access at once: to a dataset, for a person, by an issuer, or all of it
///
/// One person, one command, no question asked: new access is denied, streams end and running tasks that rest on it are
/// cancelled within seconds. Tasks of one's own can still be seen and cancelled. It needs the role operator or
/// administrator; lifting it needs two persons. When the server is down, `--data-dir` does the same on its folder.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Lockdown {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    place: place::Place,
}

/// What else can be done.
#[derive(Debug, Subcommand)]
enum What {
    List(list::List),
    Lift(lift::Lift),
}

/// Runs one of them.
pub(crate) async fn run(args: Lockdown, context: &Context) -> Result<Exit, CommandError> {
    match args.what {
        None => place::run(args.place, context).await,
        Some(What::List(list)) => list::run(list, context).await,
        Some(What::Lift(lift)) => lift::run(lift, context).await,
    }
}
