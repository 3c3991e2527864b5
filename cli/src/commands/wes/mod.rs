//! `visum wes …`

mod cancel;
mod form;
mod list;
mod run;
mod status;

use clap::Subcommand;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{error::CommandError, exit::Exit, output::Context};

/// Workflow runs through the gate (GA4GH WES)
#[derive(Debug, Subcommand)]
pub(crate) enum Wes {
    Run(run::Run),
    List(list::List),
    Status(status::Status),
    Cancel(cancel::Cancel),
}

/// Runs one of them.
pub(crate) async fn run(command: Wes, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Wes::Run(args) => run::run(args, context).await,
        Wes::List(args) => list::run(args, context).await,
        Wes::Status(args) => status::run(args, context).await,
        Wes::Cancel(args) => cancel::run(args, context).await,
    }
}

/// The route of one run.
fn route(id: &str) -> String {
    format!("ga4gh/wes/v1/runs/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}
