//! Policies that are only watched: each on record by an event of its own (policy.md 6).

use serde::{Deserialize, Serialize};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};

/// A policy in observe mode. A bundle may ask for it; it counts while this row stands, and until its end.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WatchedRow {
    /// The policy's `@id`, or the link's.
    pub policy: String,
    /// The bundle that asks for it: `node`, or a committee's id.
    pub bundle: String,
    /// Its end: from then on the policy denies.
    pub until: Timestamp,
    /// SHA-256 of the reason's text, lower-case hexadecimal.
    pub reason_digest: String,
    /// The draft that put it in force.
    pub draft: String,
    /// Who wrote that.
    pub author: VisaIdentity,
    /// Who approved that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<VisaIdentity>,
}

impl Governed for WatchedRow {
    const KIND: RowKind = RowKind::Observe;

    fn id(&self) -> String {
        self.policy.clone()
    }
}
