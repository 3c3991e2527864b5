//! `visum visa …`

pub(crate) mod condition;
pub(crate) mod end;
pub(crate) mod issue;
pub(crate) mod list;
mod test_key;
pub(crate) mod verify;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Single visas: verify one; issue and end those of this node's own word
#[derive(Debug, Subcommand)]
pub(crate) enum Visa {
    Verify(verify::Verify),
    Issue(issue::Issue),
    List(list::List),
    End(end::End),
}

/// Runs one of them.
pub(crate) async fn run(command: Visa, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Visa::Verify(args) => verify::run(args, context).await,
        Visa::Issue(args) => issue::run(args, context).await,
        Visa::List(args) => list::run(args, context).await,
        Visa::End(args) => end::run(args, context).await,
    }
}
