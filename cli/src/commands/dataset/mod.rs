//! `visum dataset …`

pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod state;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Datasets of this node
#[derive(Debug, Subcommand)]
pub(crate) enum Dataset {
    List(list::List),
    Show(show::Show),
    /// Close a dataset for the time being; one person, at once
    Suspend(state::Step),
    /// Open a suspended dataset again; two persons
    Resume(state::Step),
    /// Retire a dataset that another one replaces
    Retire(state::Step),
    /// Withdraw a dataset for good; two persons, and nobody undoes it
    Withdraw(state::Step),
}

/// Runs one of them.
pub(crate) async fn run(command: Dataset, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Dataset::List(args) => list::run(args, context).await,
        Dataset::Show(args) => show::run(args, context).await,
        Dataset::Suspend(step) => state::run(step, "suspended", context).await,
        Dataset::Resume(step) => state::run(step, "active", context).await,
        Dataset::Retire(step) => state::run(step, "retired", context).await,
        Dataset::Withdraw(step) => state::run(step, "withdrawn", context).await,
    }
}
