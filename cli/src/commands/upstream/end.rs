//! `visum upstream end`: nobody signs in with it any more.

use serde_json::json;

use crate::{
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// End a login provider: nobody signs in with it any more
///
/// Accounts stay, and what rests on its identities counts until it ends; `visum lockdown --issuer` stops that at once.
#[derive(Debug, clap::Args)]
pub(crate) struct End {
    /// Its short name (see `visum upstream list`)
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
    let proposal = json!({ "kind": "trust", "title": format!("No sign-in with {}", args.id), "reason": args.reason,
        "edits": [{ "remove": { "kind": "upstream", "id": args.id } }] });
    send::propose(&args.how, &proposal, context).await
}
