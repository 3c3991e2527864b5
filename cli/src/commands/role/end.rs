//! `visum role end`: a role or a seat ends before its time; one person can always stop.

use serde_json::json;

use super::Seat;
use crate::{
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// End somebody's role, or seat in a committee, now
#[derive(Debug, clap::Args)]
pub(crate) struct End {
    #[command(flatten)]
    seat: Seat,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Shows, asks, ends.
pub(crate) async fn run(args: End, context: &Context) -> Result<Exit, CommandError> {
    let proposal = json!({
        "kind": "role", "title": format!("end of the {} of {}", args.seat.words(), args.seat.person),
        "reason": args.reason, "edits": [{ "remove": { "kind": "role", "id": args.seat.id()? } }],
    });
    send::propose(&args.how, &proposal, context).await
}
