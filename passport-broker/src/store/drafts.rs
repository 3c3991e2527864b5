//! Bundles of policies on their way: drafted, approved by a second person, published (policy.md 6).

use serde::{Deserialize, Serialize};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};

/// Where a draft stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftState {
    /// Written.
    Draft,
    /// Approved, and not in force.
    Approved,
    /// It was put in force; another may have followed.
    Published,
    /// Taken back, or refused.
    Withdrawn,
}

/// A bundle on its way. Its content never changes: what is approved is a digest, and another content is another draft.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DraftRow {
    /// Its id.
    pub id: String,
    /// The bundle that it would replace: `node`, or the committee's id.
    pub bundle: String,
    /// The name that its manifest gives it.
    pub name: String,
    /// The committee whose bundle it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committee: Option<String>,
    /// Why, in words; the log keeps the digest.
    pub reason: String,
    /// SHA-256 of its files, kept as a blob.
    pub files: String,
    /// SHA-256 of what validation, tests and proofs said of it, kept as a blob.
    pub report: String,
    /// SHA-256 of the list of bundles that were in force when the report was made.
    pub base: String,
    /// Whether it permits more than before, or nobody can tell.
    pub widens: bool,
    /// SHA-256 of all of the above in canonical form, lower-case hexadecimal: what is approved.
    pub digest: String,
    /// Who wrote it, as our tokens name them.
    pub author: VisaIdentity,
    /// When it was written.
    pub drafted: Timestamp,
    /// Who approved this digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<VisaIdentity>,
    /// Where it stands.
    pub state: DraftState,
    /// Since when.
    pub since: Timestamp,
}

impl Governed for DraftRow {
    const KIND: RowKind = RowKind::Draft;

    fn id(&self) -> String {
        self.id.clone()
    }
}
