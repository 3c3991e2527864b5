//! `visum account …`

pub(crate) mod download;
pub(crate) mod end;
pub(crate) mod history;
pub(crate) mod programs;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Your own account at the broker
///
/// What is held on you, what you did with data, and which programs hold tokens of yours. Identities are added and taken
/// off, and the account is closed, on its page (`/account` of the broker): there a browser proves who you are.
#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    Download(download::Download),
    History(history::History),
    Programs(programs::Programs),
    End(end::End),
}

/// Runs one of them.
pub(crate) async fn run(command: Account, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Account::Download(args) => download::run(args, context).await,
        Account::History(args) => history::run(args, context).await,
        Account::Programs(args) => programs::run(args, context).await,
        Account::End(args) => end::run(args, context).await,
    }
}
