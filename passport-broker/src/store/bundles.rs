//! Policy bundles in force: one for the node, one for each committee that has its own (policy.md 3, 6).

use policy_engine::snapshot::{ObserveRow, PolicyText, TemplateLink};
use serde::{Deserialize, Serialize};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};

/// A bundle as it was published.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BundleRow {
    /// `node`, or the committee's id.
    pub id: String,
    /// The committee whose bundle it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committee: Option<String>,
    /// SHA-256 of the bundle as it was approved, lower-case hexadecimal.
    pub digest: String,
    /// Who wrote it.
    pub author: VisaIdentity,
    /// Who approved this very digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<VisaIdentity>,
    /// When it was published.
    pub published: Timestamp,
    /// In place of the shipped standard policies; `None`: the shipped ones. The node's bundle only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<Vec<PolicyText>>,
    /// Policies.
    #[serde(default)]
    pub policies: Vec<PolicyText>,
    /// Linked templates.
    #[serde(default)]
    pub links: Vec<TemplateLink>,
    /// Policies that are only watched.
    #[serde(default)]
    pub observe: Vec<ObserveRow>,
}

impl Governed for BundleRow {
    const KIND: RowKind = RowKind::Bundle;

    fn id(&self) -> String {
        self.id.clone()
    }
}
