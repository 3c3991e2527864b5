//! `visum session …`

pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod start;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Workflow sessions: a TES token and S3 keys for a workflow tool, for declared datasets, images and outputs
#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    Start(start::Start),
    List(list::List),
    End(end::End),
}

/// Runs one of them.
pub(crate) async fn run(command: Session, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Session::Start(args) => start::run(args, context).await,
        Session::List(args) => list::run(args, context).await,
        Session::End(args) => end::run(args, context).await,
    }
}
