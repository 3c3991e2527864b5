//! `visum webhook add`: an address that is told; a change that a second administrator approves.

use passport_broker::store::webhooks::WebhookRow;
use serde_json::json;

use crate::{
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Add an address that is told what ends soon, or change one
///
/// Each call is signed with the secret (HMAC-SHA256, the headers of Standard Webhooks), says how much ends and of whom nothing,
/// and is tried five times. No redirect is followed.
#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// Its short name: lower-case letters, digits, `-`
    #[arg(value_name = "WORD")]
    id: String,
    /// Where: an https address
    #[arg(long, value_name = "URL")]
    url: String,
    /// The name of the secret, as `webhook_secret_files` has it
    #[arg(long, value_name = "NAME")]
    secret: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Shows, asks, proposes.
pub(crate) async fn run(args: Add, context: &Context) -> Result<Exit, CommandError> {
    let row = json!({ "id": args.id, "url": args.url, "secret": args.secret });
    let row: WebhookRow =
        serde_json::from_value(row).map_err(|why| CommandError::refused("webhook.row", why.to_string()))?;
    let proposal = json!({ "kind": "trust", "title": format!("{} is told", row.id), "reason": args.reason,
        "edits": [{ "put": { "kind": "webhook", "row": row } }] });
    send::propose(&args.how, &proposal, context).await
}
