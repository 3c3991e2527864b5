//! `visum registration open`: a new initial access token, printed once; a change that a second administrator approves.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passport_broker::store::registrations::RegistrationRow;
use ring::digest::{SHA256, digest};
use serde_json::json;
use std::time::Duration;
use visa_verifier::seam::{Clock as _, SystemClock, SystemRandom, token};

use crate::{
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Open registration for whoever has this token, for some clients and some days
///
/// The token is printed on standard error, once; the node keeps its SHA-256. A client that registers itself is unverified: pages
/// call it by its host, and it gets no visas until a change of its row says so.
#[derive(Debug, clap::Args)]
pub(crate) struct Open {
    /// Its short name: lower-case letters, digits, `-`
    #[arg(value_name = "WORD")]
    id: String,
    /// How many unverified clients it may have at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    most: u32,
    /// For how many days
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
    days: u32,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Makes the token, shows, asks, proposes.
pub(crate) async fn run(args: Open, context: &Context) -> Result<Exit, CommandError> {
    let secret = token(&SystemRandom::new(), 32);
    let until = SystemClock
        .now()
        .plus(Duration::from_secs(u64::from(args.days) * 24 * 3600));
    let row = json!({ "id": args.id, "digest": URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.as_bytes())),
        "most": args.most, "until": until });
    let row: RegistrationRow =
        serde_json::from_value(row).map_err(|why| CommandError::refused("registration.row", why.to_string()))?;
    let proposal = json!({ "kind": "trust", "title": format!("Programs register themselves ({})", row.id),
        "reason": args.reason, "edits": [{ "put": { "kind": "registration", "row": row } }] });
    let exit = send::propose(&args.how, &proposal, context).await?;
    context.words(&format!("The initial access token, shown this once: {secret}"));
    Ok(exit)
}
