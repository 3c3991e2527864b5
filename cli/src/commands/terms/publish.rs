//! `visum terms publish`: a new text, or a new version of one; a change that a second administrator approves.

use passport_broker::store::terms::TermsRow;
use serde_json::json;
use url::Url;

use crate::{
    client::propose::digest,
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Bytes that a text may have.
const TEXT_BYTES: u64 = 64 * 1024;

/// Publish terms of use or an attestation, or a new version: everybody is asked anew
///
/// A change of kind trust, since visas follow from it. From the moment that it is in force what was accepted before counts no
/// more, and people are asked at their next sign-in.
#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    /// The text, UTF-8, paragraphs apart by an empty line
    text: Input,
    /// Its short name: lower-case letters, digits, `-`
    #[arg(long, value_name = "WORD")]
    id: String,
    /// Which visa an acceptance becomes
    #[arg(long, value_name = "KIND", value_parser = ["policies", "researcher-status"], default_value = "policies")]
    kind: String,
    /// What pages call it
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// The version, for people
    #[arg(long, value_name = "TEXT")]
    version: String,
    /// The `value` of the visa: the URL that datasets name among their agreements
    #[arg(long, value_name = "URL")]
    url: Url,
    /// The `source` of the visa: the organisation whose text it is
    #[arg(long, value_name = "URL")]
    source: Url,
    /// How many days an acceptance counts
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    days: u32,
    /// Nobody goes on to a program before it is accepted
    #[arg(long)]
    required: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Shows, asks, proposes.
pub(crate) async fn run(args: Publish, context: &Context) -> Result<Exit, CommandError> {
    let bytes = args.text.read(TEXT_BYTES)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CommandError::refused("terms.not_text", format!("{} is not UTF-8 text", args.text)))?;
    let (url, source) = (args.url.as_str(), args.source.as_str().trim_end_matches('/'));
    let row = json!({ "id": args.id, "kind": args.kind, "title": args.title, "version": args.version, "url": url,
        "source": source, "text": text, "days": args.days, "required": args.required });
    let row: TermsRow =
        serde_json::from_value(row).map_err(|why| CommandError::refused("terms.row", why.to_string()))?;
    context.words(&format!("The text's SHA-256 is {}.", digest(row.text.as_bytes())));
    let proposal = json!({ "kind": "trust", "title": format!("{}, version {}", row.title, row.version),
        "reason": args.reason, "edits": [{ "put": { "kind": "terms", "row": row } }] });
    send::propose(&args.how, &proposal, context).await
}
