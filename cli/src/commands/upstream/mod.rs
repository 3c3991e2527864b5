//! `visum upstream …`

pub(crate) mod add;
pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod presets;
pub(crate) mod says;
pub(crate) mod set;

use clap::Subcommand;
use passport_broker::store::register::UpstreamRow;
use serde_json::{Value, json};

use crate::{client::session::Session, error::CommandError, exit::Exit, output::Context};

/// Login providers: the institutions and login services that people sign in with
#[derive(Debug, Subcommand)]
pub(crate) enum Upstream {
    Presets(presets::Presets),
    List(list::List),
    Add(Box<add::Add>),
    Set(Box<set::Set>),
    End(end::End),
}

/// Runs one of them.
pub(crate) async fn run(command: Upstream, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Upstream::Presets(args) => presets::run(args, context),
        Upstream::List(args) => list::run(args, context).await,
        Upstream::Add(args) => Box::pin(add::run(*args, context)).await,
        Upstream::Set(args) => Box::pin(set::run(*args, context)).await,
        Upstream::End(args) => end::run(args, context).await,
    }
}

/// The provider of that id, as the node has it now.
async fn known(session: &Session, id: &str) -> Result<Option<UpstreamRow>, CommandError> {
    let answer = session.get("admin/upstreams").await?;
    let rows = answer.get("upstreams").cloned().unwrap_or(Value::Null);
    let rows: Vec<UpstreamRow> = serde_json::from_value(rows).map_err(|why| {
        CommandError::unknown("upstream.unreadable", format!("the node's list cannot be read: {why}"))
    })?;
    Ok(rows.into_iter().find(|row| row.id == id))
}

/// A change that puts a row.
fn proposal(title: String, reason: &str, row: &UpstreamRow) -> Value {
    json!({ "kind": "trust", "title": title, "reason": reason,
        "edits": [{ "put": { "kind": "upstream", "row": row } }] })
}
