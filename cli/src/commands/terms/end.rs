//! `visum terms end`: nobody is asked for it any more.

use serde_json::json;

use crate::{
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// End a text: nobody is asked for it any more, and no visa says that it was accepted
#[derive(Debug, clap::Args)]
pub(crate) struct End {
    /// Its short name (see `visum terms list`)
    #[arg(value_name = "ID")]
    id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Shows, asks, proposes.
pub(crate) async fn run(args: End, context: &Context) -> Result<Exit, CommandError> {
    let proposal = json!({ "kind": "trust", "title": format!("End of the terms {}", args.id), "reason": args.reason,
        "edits": [{ "remove": { "kind": "terms", "id": args.id } }] });
    send::propose(&args.how, &proposal, context).await
}
