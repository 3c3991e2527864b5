//! `visum change propose`: a document with the rows that are to be otherwise.

use serde_json::Value;

use super::send::{self, How};
use crate::{error::CommandError, exit::Exit, input::Input, output::Context};

/// The most that the node takes.
const FILE_BYTES: u64 = 1 << 20;

/// Propose a change of catalogue, label, mapping, trust, roles or holds
///
/// FILE is JSON: {"kind": "catalogue", "title": "…", "reason": "…", "edits": [{"put": {"kind": "dataset", "row": {…}}},
/// {"remove": {"kind": "object", "id": "…"}}]}. Kinds: catalogue, trust, role, hold, lockdown. What it would do is shown
/// first. What opens nothing is in force at once; what opens something waits for a second person, who approves its digest.
#[derive(Debug, clap::Args)]
pub(crate) struct Propose {
    /// The change (JSON), or `-`
    file: Input,
    #[command(flatten)]
    how: How,
}

/// Reads, shows, asks, proposes.
pub(crate) async fn run(args: Propose, context: &Context) -> Result<Exit, CommandError> {
    let bytes = args.file.read(FILE_BYTES)?;
    let proposal: Value = serde_json::from_slice(&bytes).map_err(|source| {
        CommandError::refused("change.shape", format!("{} is no JSON document: {source}", args.file))
            .hint("see docs/data-access-committees.md, \"Changes\"")
    })?;
    send::propose(&args.how, &proposal, context).await
}
