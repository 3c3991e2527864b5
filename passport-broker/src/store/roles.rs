//! Who has which role, or sits in which committee, until when.

use policy_engine::snapshot::RoleGrant;
use serde::{Deserialize, Serialize};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};

/// One role of one person, by one of their identities.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRow {
    /// Who.
    pub person: VisaIdentity,
    /// What.
    pub role: RoleGrant,
    /// Until when.
    pub until: Timestamp,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

impl Governed for RoleRow {
    const KIND: RowKind = RowKind::Role;

    fn id(&self) -> String {
        let role = match &self.role {
            RoleGrant::Role(name) => format!("role:{name}"),
            RoleGrant::Committee(id) => format!("committee:{id}"),
        };
        format!("{}#{role}", self.person)
    }

    fn person(&self) -> Option<String> {
        Some(self.person.to_string())
    }

    fn live(&self) -> bool {
        self.revoked.is_none()
    }
}
