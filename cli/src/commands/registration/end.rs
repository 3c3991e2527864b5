//! `visum registration end`: nobody registers a client with it any more.

use serde_json::json;

use crate::{
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// End a token: nobody registers a client with it any more; clients that did stay
#[derive(Debug, clap::Args)]
pub(crate) struct End {
    /// Its short name (see `visum registration list`)
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
    let proposal = json!({ "kind": "trust", "title": format!("No registration with {}", args.id), "reason": args.reason,
        "edits": [{ "remove": { "kind": "registration", "id": args.id } }] });
    send::propose(&args.how, &proposal, context).await
}
