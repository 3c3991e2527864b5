//! `visum webhook end`: it is told no more.

use serde_json::json;

use crate::{
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// End a webhook: it is told no more, nor what waits for it
#[derive(Debug, clap::Args)]
pub(crate) struct End {
    /// Its short name (see `visum webhook list`)
    #[arg(value_name = "WORD")]
    id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Shows, asks, proposes.
pub(crate) async fn run(args: End, context: &Context) -> Result<Exit, CommandError> {
    let proposal = json!({ "kind": "trust", "title": format!("{} is told no more", args.id), "reason": args.reason,
        "edits": [{ "remove": { "kind": "webhook", "id": args.id } }] });
    send::propose(&args.how, &proposal, context).await
}
