//! The stop list: what was stopped at once, by one person; it ends by a change that two agree on (policy.md 6).

use std::fmt;

use serde::{Deserialize, Serialize};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};

/// What stops.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopTarget {
    /// Everything.
    All,
    /// A dataset.
    Dataset(String),
    /// A person, by any identity.
    Person(VisaIdentity),
    /// An issuer of visas or of identities.
    Issuer(String),
}

impl fmt::Display for StopTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("everything"),
            Self::Dataset(id) => write!(f, "the dataset {id}"),
            Self::Person(identity) => write!(f, "the person {identity}"),
            Self::Issuer(issuer) => write!(f, "the issuer {issuer}"),
        }
    }
}

/// An entry of the stop list.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StopRow {
    /// Its id.
    pub id: String,
    /// What stops.
    pub target: StopTarget,
    /// Who placed it (`sub` of our tokens, or `operator` for the data folder).
    pub placed_by: String,
    /// Since when.
    pub placed: Timestamp,
    /// SHA-256 of the reason's text, hexadecimal.
    pub reason_digest: String,
    /// When it was lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<Timestamp>,
}

impl Governed for StopRow {
    const KIND: RowKind = RowKind::Stop;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn person(&self) -> Option<String> {
        match &self.target {
            StopTarget::Person(identity) => Some(identity.to_string()),
            StopTarget::All | StopTarget::Dataset(_) | StopTarget::Issuer(_) => None,
        }
    }

    fn dataset(&self) -> Option<String> {
        match &self.target {
            StopTarget::Dataset(id) => Some(id.clone()),
            StopTarget::All | StopTarget::Person(_) | StopTarget::Issuer(_) => None,
        }
    }

    fn live(&self) -> bool {
        self.lifted.is_none()
    }
}
