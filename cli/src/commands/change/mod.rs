//! `visum change …`

pub(crate) mod apply;
pub(crate) mod approve;
pub(crate) mod list;
pub(crate) mod propose;
pub(crate) mod screen;
pub(crate) mod send;
pub(crate) mod show;
pub(crate) mod withdraw;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Changes of facts: what opens something needs a second person
#[derive(Debug, Subcommand)]
pub(crate) enum Change {
    List(list::List),
    Show(show::Show),
    Propose(propose::Propose),
    Approve(approve::Approve),
    Apply(apply::Apply),
    Withdraw(withdraw::Withdraw),
}

/// Runs one of them.
pub(crate) async fn run(command: Change, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Change::List(args) => list::run(args, context).await,
        Change::Show(args) => show::run(args, context).await,
        Change::Propose(args) => propose::run(args, context).await,
        Change::Approve(args) => approve::run(args, context).await,
        Change::Apply(args) => apply::run(args, context).await,
        Change::Withdraw(args) => withdraw::run(args, context).await,
    }
}

/// The id of a change as a piece of an address.
///
/// # Errors
/// If it is none.
pub(crate) fn path(id: &str) -> Result<String, CommandError> {
    let plain = !id.is_empty() && id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if plain {
        Ok(format!("admin/changes/{id}"))
    } else {
        Err(CommandError::refused("change.id", format!("`{id}` is no change's id")).hint("visum change list"))
    }
}
