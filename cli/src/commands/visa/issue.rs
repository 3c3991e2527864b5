//! `visum visa issue`: a visa by this node's own word, as a change that a second person approves; or a test visa.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};
use visa_verifier::{
    VisaIdentity,
    seam::{Clock as _, SystemClock},
};

use super::{condition::Conditions, test_key};
use crate::{
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// A statement holds for a year unless it says otherwise.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Issue a visa by this node's own word, or a test visa that nobody believes
///
/// A change of kind role: it shows what it does, asks, and waits for a second administrator, never for whoever gets the
/// visa. From then on it is in the person's Passport until its end (`visum visa end` ends it at once). Grants of datasets
/// are a committee's (`visum grant issue`).
/// With --test-key nothing is asked of a node: the visa is signed here, for trying programs out. Its `typ` and issuer are
/// such that no trust file can make a node believe it.
#[derive(Debug, clap::Args)]
pub(crate) struct Issue {
    /// The person: `SUB,ISS`, both percent-encoded, as `visum passport show` prints it; with --test-key any subject
    #[arg(long, value_name = "SUB,ISS")]
    to: String,
    /// The visa's type: AffiliationAndRole, AcceptedTermsAndPolicies, ResearcherStatus, or a URL of your own
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,
    /// Its value, as its type asks for it
    #[arg(long, value_name = "VALUE")]
    value: String,
    /// The organisation that says so (a URL)
    #[arg(long, value_name = "URL")]
    source: String,
    /// Who says so there: so (a signing official), system or peer
    #[arg(long, value_name = "WHO", default_value = "so")]
    by: String,
    /// When it was said, an instant; now unless you say otherwise
    #[arg(long, value_name = "DATE")]
    asserted: Option<String>,
    /// The last day, `YYYY-MM-DD`, or an instant; one year from now unless you say otherwise
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    #[command(flatten)]
    conditions: Conditions,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", required_unless_present = "test_key")]
    reason: Option<String>,
    /// Make a test visa with the key in this file; it is made if it is not there
    #[arg(long, value_name = "FILE", conflicts_with_all = ["reason", "yes", "dry_run"])]
    test_key: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

/// Shows, asks, proposes; or signs a test visa.
pub(crate) async fn run(args: Issue, context: &Context) -> Result<Exit, CommandError> {
    let now = SystemClock.now();
    let asserted = args.asserted.clone().map_or_else(|| now.to_string(), instant);
    let until = args.until.clone().map_or_else(|| now.plus(YEAR).to_string(), instant);
    let conditions = args.conditions.value()?;
    let row = |person: &str| {
        let mut row = json!({
            "person": person, "type": args.kind, "value": args.value, "source": args.source, "by": args.by,
            "asserted": asserted, "until": until });
        if let (Some(conditions), Some(members)) = (&conditions, row.as_object_mut()) {
            members.insert("conditions".to_owned(), conditions.clone());
        }
        row
    };
    if let Some(key) = &args.test_key {
        return test_key::issue(key, &row(&args.to), context);
    }
    let person: VisaIdentity = args.to.parse().map_err(|_| {
        CommandError::refused("visa.person", format!("`{}` is no identity `SUB,ISS`", args.to))
            .hint("both parts are percent-encoded, as `visum passport show` prints them")
    })?;
    let proposal: Value = json!({
        "kind": "role", "title": format!("visa {} for {}", args.kind, args.to),
        "reason": args.reason, "edits": [{ "put": { "kind": "statement", "row": row(&person.to_string()) } }],
    });
    send::propose(&args.how, &proposal, context).await
}

/// A day is its first moment.
fn instant(text: String) -> String {
    if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text
    }
}
