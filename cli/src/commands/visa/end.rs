//! `visum visa end`: what this node said of a person is not said any more; one person can always stop.

use serde_json::json;

use crate::{
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// End a visa that this node issued by its own word; those already handed out end within seconds
#[derive(Debug, clap::Args)]
pub(crate) struct End {
    /// Its id, as `visum visa list` prints it
    #[arg(value_name = "ID")]
    id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Shows, asks, ends.
pub(crate) async fn run(args: End, context: &Context) -> Result<Exit, CommandError> {
    let proposal = json!({
        "kind": "role", "title": "end of a visa by this node's word", "reason": args.reason,
        "edits": [{ "remove": { "kind": "statement", "id": args.id } }],
    });
    send::propose(&args.how, &proposal, context).await
}
