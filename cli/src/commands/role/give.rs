//! `visum role give`: a role or a seat, until a date; a change that a second administrator approves.

use std::time::Duration;

use serde_json::json;
use visa_verifier::seam::{Clock as _, SystemClock};

use super::Seat;
use crate::{
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// A role ends after a year unless it is given anew.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Give somebody a role, or a seat in a committee, until a date
///
/// A change of kind role: on a node with two administrators a second one approves it, and never whoever gets the role.
/// The second administrator makes a node dual, for good.
#[derive(Debug, clap::Args)]
pub(crate) struct Give {
    #[command(flatten)]
    seat: Seat,
    /// The last day, `YYYY-MM-DD`, or an instant; one year from now unless you say otherwise
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Shows, asks, proposes.
pub(crate) async fn run(args: Give, context: &Context) -> Result<Exit, CommandError> {
    let until = match args.until {
        None => SystemClock.now().plus(YEAR).to_string(),
        Some(day) if day.len() == 10 => format!("{day}T00:00:00Z"),
        Some(instant) => instant,
    };
    let proposal = json!({
        "kind": "role", "title": format!("{} for {}", args.seat.words(), args.seat.person), "reason": args.reason,
        "edits": [{ "put": { "kind": "role", "row": {
            "person": args.seat.person()?, "role": args.seat.grant(), "until": until } } }],
    });
    send::propose(&args.how, &proposal, context).await
}
