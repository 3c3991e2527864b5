//! `visum trust propose`: the entries of a trust file as a change, which a second administrator approves.

use std::path::PathBuf;

use passport_broker::store::register::TrustRow;
use serde_json::{Value, json};
use visa_verifier::TrustPolicy;

use crate::{
    commands::{
        change::send::{self, How},
        passport::judge,
    },
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Propose that a node believe the issuers and brokers of a trust file, or believe some no longer
///
/// A change of kind trust. Each entry of FILE becomes what the node says of that issuer; others stay as they are. A new
/// or wider entry is approved by a second administrator; --end takes effect at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Propose {
    /// The trust file, TOML or JSON; its entries alone count
    #[arg(value_name = "FILE", required_unless_present = "end")]
    file: Option<PathBuf>,
    /// An entry that ends: `visa-issuer:ISS` or `broker:ISS`
    #[arg(long, value_name = "ENTRY")]
    end: Vec<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Reads, shows, asks, proposes.
pub(crate) async fn run(args: Propose, context: &Context) -> Result<Exit, CommandError> {
    let trust = args.file.as_deref().map(judge::trust).transpose()?;
    let mut edits = trust.as_ref().map(entries).transpose()?.unwrap_or_default();
    edits.extend(
        args.end
            .iter()
            .map(|id| json!({ "remove": { "kind": "trust", "id": id } })),
    );
    let proposal = json!({
        "kind": "trust", "title": format!("{} trust entries", edits.len()), "reason": args.reason, "edits": edits,
    });
    send::propose(&args.how, &proposal, context).await
}

/// An edit for each entry.
fn entries(trust: &TrustPolicy) -> Result<Vec<Value>, CommandError> {
    let mut edits = Vec::new();
    for entry in trust.entries() {
        let row = TrustRow::of(entry.clone())
            .map_err(|wrong| CommandError::refused("trust.invalid", format!("`{}`: {wrong}", entry.id)))?;
        edits.push(json!({ "put": { "kind": "trust", "row": row } }));
    }
    Ok(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_of_a_trust_file_is_an_edit_of_its_own_row() {
        let file = json!({
            "trusted_brokers": [{ "iss": "https://broker.example.org" }],
            "trusted_visa_issuers": [{ "iss": "https://dac.example.org", "types": ["ControlledAccessGrants"],
                "sources": ["https://dac.example.org"] }],
        });
        let trust: TrustPolicy = serde_json::from_value(file).unwrap();
        let edits = entries(&trust).unwrap();
        let ids: Vec<&str> = edits
            .iter()
            .filter_map(|edit| edit.pointer("/put/row/id")?.as_str())
            .collect();
        assert_eq!(
            ids,
            [
                "broker:https://broker.example.org",
                "visa-issuer:https://dac.example.org"
            ]
        );
        for edit in &edits {
            let row: TrustRow = serde_json::from_value(edit.pointer("/put/row").unwrap().clone()).unwrap();
            assert_eq!(row.policy.entries().count(), 1, "{}", row.id);
        }
    }
}
