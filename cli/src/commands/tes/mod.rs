//! `visum tes …`

mod cancel;
mod list;
mod logs;
mod run;
pub(crate) mod show;

use clap::Subcommand;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::{client::session::Session, error::CommandError, exit::Exit, output::Context};

/// Tasks through the gate (GA4GH TES)
#[derive(Debug, Subcommand)]
pub(crate) enum Tes {
    Run(run::Run),
    List(list::List),
    Show(show::Show),
    Logs(logs::Logs),
    Cancel(cancel::Cancel),
}

/// Runs one of them.
pub(crate) async fn run(command: Tes, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Tes::Run(args) => run::run(args, context).await,
        Tes::List(args) => list::run(args, context).await,
        Tes::Show(args) => show::run(args, context).await,
        Tes::Logs(args) => logs::run(args, context).await,
        Tes::Cancel(args) => cancel::run(args, context).await,
    }
}

/// The route of one task.
fn task(id: &str) -> String {
    format!("ga4gh/tes/v1/tasks/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}

/// One task, in a view of the specification.
async fn one(session: &Session, id: &str, view: &str) -> Result<Value, CommandError> {
    let url = session.proxy(&format!("{}?view={view}", task(id)))?;
    session
        .client
        .get(&url, Some(&session.profile.access_token))
        .await?
        .ok()
}
