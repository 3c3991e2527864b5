//! Holds: what is stopped, since when, why, and by whom. Ended by their origin only, never erased.

use policy_engine::consent::{HoldKind, HoldScope};
use policy_engine::snapshot::HoldRecord;
use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};

/// A hold on data of one dataset.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRow {
    /// What, where, from when, and whose it is.
    pub record: HoldRecord,
    /// The person who did (`sub` of our tokens).
    pub placed_by: String,
    /// SHA-256 of the reason's text, hexadecimal; the text itself is not kept here.
    pub reason_digest: String,
    /// Who said that this one of a service's many holds is meant (`sub` of our tokens).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// It names a participant whom the custodian does not know: until then the custodian says who that is, and from then
    /// on the hold is in force as it stands (consent.md 5.1). It is the hold's first second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decide_until: Option<Timestamp>,
}

impl HoldRow {
    /// Whether this kind can be ended by a committee at all; the others by their service's new event.
    #[must_use]
    pub fn ends_by_service_only(&self) -> bool {
        matches!(
            self.record.hold.kind(),
            HoldKind::Withdrawn | HoldKind::OptOut | HoldKind::Disputed
        )
    }

    /// Whether the custodian has still to say whom it names; it is not in force yet.
    #[must_use]
    pub fn waits(&self, now: Timestamp) -> bool {
        self.decide_until.is_some_and(|until| now < until)
    }

    /// A veto bars people or projects rather than data.
    #[must_use]
    pub fn bars(&self) -> bool {
        matches!(self.record.hold.scope(), HoldScope::User | HoldScope::Project)
    }
}

impl Governed for HoldRow {
    const KIND: RowKind = RowKind::Hold;

    fn id(&self) -> String {
        self.record.hold.id().to_string()
    }

    fn dataset(&self) -> Option<String> {
        Some(self.record.dataset.clone())
    }
}
