//! `visum grant …`

mod foreseen;
pub(crate) mod issue;
pub(crate) mod list;
pub(crate) mod revoke;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Grants: what a committee allowed, to whom, for what
#[derive(Debug, Subcommand)]
pub(crate) enum Grant {
    Issue(issue::Issue),
    List(list::List),
    Revoke(revoke::Revoke),
}

/// Runs one of them.
pub(crate) async fn run(command: Grant, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Grant::Issue(args) => issue::run(args, context).await,
        Grant::List(args) => list::run(args, context).await,
        Grant::Revoke(args) => revoke::run(args, context).await,
    }
}
