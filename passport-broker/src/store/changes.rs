//! Changes of facts: what is to change, who wrote it, who approved this very digest, where it stands (policy.md 6).

use std::collections::BTreeMap;

use policy_engine::consent::LabelledMove;
use policy_engine::decide::ChangeKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};

/// One row that a change makes, replaces or ends.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// From here on the row says this.
    Put {
        /// Its table.
        kind: RowKind,
        /// What it says, in the form of the facts file.
        row: Value,
    },
    /// The row ends.
    Remove {
        /// Its table.
        kind: RowKind,
        /// Its id.
        id: String,
    },
}

/// Where a change stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// Written; nothing has changed yet.
    Draft,
    /// A second person agreed.
    Approved,
    /// In force.
    Applied,
    /// Taken back, or refused, before it was in force.
    Withdrawn,
}

/// A change of facts. Its content never changes: what is approved is a digest, and another content is another change.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRow {
    /// Its id.
    pub id: String,
    /// What kind of facts.
    pub kind: ChangeKind,
    /// The dataset that it concerns: one at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Who gains by it, for roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<VisaIdentity>,
    /// What it is, in a line.
    pub title: String,
    /// Why, in words; the log keeps the digest.
    pub reason: String,
    /// The rows.
    pub edits: Vec<Edit>,
    /// For each edit the digest of the row as it was when the change was written; `None`: there was none.
    pub base: Vec<Option<String>>,
    /// A consent service's new signed event, as it was received (compact JWS); for the end of a withdrawal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_event: Option<String>,
    /// Approvals given by an earlier label settle nothing from the moment on when this is in force; else from 30 days later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_once: bool,
    /// SHA-256 of all of the above in canonical form, lower-case hexadecimal: what is approved.
    pub digest: String,
    /// Who wrote it, as our tokens name them.
    pub author: VisaIdentity,
    /// When it was written.
    pub drafted: Timestamp,
    /// Whether it lets somebody do more than before, as it was computed when it was written. Computed again at each step.
    pub widens: bool,
    /// Who approved this digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<VisaIdentity>,
    /// Where it stands.
    pub state: ChangeState,
    /// Since when.
    pub since: Timestamp,
    /// What it did to approvals given by the labels before; once it is in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relabels: Vec<Relabelled>,
}

/// What a change does to the approvals of a dataset that were given by the label before (consent.md 2.9).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Relabelled {
    /// The dataset.
    pub dataset: String,
    /// How its rule moved: `neutral`, `wider`, `stricter`, `wider and stricter`.
    pub shift: String,
    /// The digest of each group's effective rule before.
    pub before: BTreeMap<String, String>,
    /// … and after.
    pub after: BTreeMap<String, String>,
    /// What it says otherwise, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what: Vec<String>,
    /// From when approvals given before settle nothing; `None`: they stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<LabelledMove>,
    /// The grants in force that this reaches: their projects need the committee.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concerned: Vec<Unsettled>,
    /// How many there are, should the list be cut.
    pub projects: usize,
}

/// A grant that settles nothing any more once the label's time has moved.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Unsettled {
    /// The grant.
    pub grant: String,
    /// To whom.
    pub to: VisaIdentity,
    /// For which project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Acting for which institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// Its own end.
    pub until: Timestamp,
}

impl Governed for ChangeRow {
    const KIND: RowKind = RowKind::Change;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn person(&self) -> Option<String> {
        self.subject.as_ref().map(ToString::to_string)
    }

    fn dataset(&self) -> Option<String> {
        self.dataset.clone()
    }
}
