//! What was called back: the stop list of a lockdown, and revoked visas and grants.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::PersonDigest;

/// The stop list. It only narrows; one person places, two lift (policy.md 6).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct StopList {
    /// Everything stops.
    pub all: bool,
    /// Datasets.
    pub datasets: BTreeSet<String>,
    /// People.
    pub persons: BTreeSet<PersonDigest>,
    /// Issuers of visas or of identities.
    pub issuers: BTreeSet<String>,
}

/// Visas that count no more.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Revocations {
    /// `jti` of visas, whoever issued them.
    pub visas: BTreeSet<String>,
    /// Digests of visas (`Visa::digest`, as text).
    pub digests: BTreeSet<String>,
}
