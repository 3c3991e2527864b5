//! Identities that a person added to their account, or took off it: each step a row that the log vouches for.
//!
//! The first identity of an account stands in `identities` alone. A further one counts only with its row here: one that
//! was entered into the database by hand carries no rights. Unlinking ends rights; [`LinkRow::before`] keeps bars (D2).

use serde::{Deserialize, Serialize};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};
use super::people::PersonId;

/// One identity and the account that it was added to.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LinkRow {
    /// The identity at its provider.
    pub identity: VisaIdentity,
    /// Whose it is.
    pub person: PersonId,
    /// Since when.
    pub since: Timestamp,
    /// When it was taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Accounts that it led to before: what bars them bars this person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<PersonId>,
}

impl Governed for LinkRow {
    const KIND: RowKind = RowKind::Link;

    fn id(&self) -> String {
        self.identity.to_string()
    }

    fn person(&self) -> Option<String> {
        Some(self.person.as_str().to_owned())
    }

    fn live(&self) -> bool {
        self.ended.is_none()
    }
}
