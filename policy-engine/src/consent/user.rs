//! `UserFacts`: what verified visas say of the person (`consent.md` 1, 2.6).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::name::{CountryCode, Name};
use super::strict;
use super::word::words;

words! {
    /// Who vouched for an assertion (`by` of GA4GH visas).
    VouchedBy, "value of `by`" {
        /// The person.
        Own = "self",
        /// Another researcher.
        Peer = "peer",
        /// A system of the institution.
        System = "system",
        /// A signing official.
        SigningOfficial = "so",
        /// A data access committee.
        Dac = "dac",
    }
}

/// What is known of the person; every part comes from visas that were verified, never from the client.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserFacts {
    /// Proven identities as `sub,iss`, both percent-encoded as in LinkedIdentities.
    #[serde(deserialize_with = "strict::unique", skip_serializing_if = "BTreeSet::is_empty")]
    pub ids: BTreeSet<Name>,
    /// AffiliationAndRole visas whose issuer may speak for the institution.
    #[serde(deserialize_with = "strict::objects", skip_serializing_if = "Vec::is_empty")]
    pub affiliations: Vec<Affiliation>,
    /// ResearcherStatus visas.
    #[serde(deserialize_with = "strict::objects", skip_serializing_if = "Vec::is_empty")]
    pub researcher_status: Vec<Assertion>,
    /// AcceptedTermsAndPolicies visas.
    #[serde(deserialize_with = "strict::objects", skip_serializing_if = "Vec::is_empty")]
    pub accepted_terms: Vec<Assertion>,
}

/// That the person belongs to an institution, in a role.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Affiliation {
    /// The institution, as the register names it.
    pub institution: Name,
    /// `faculty`, or `faculty@uni.example`; the part before `@` counts.
    pub role: Name,
    /// Country of the institution, from the register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<CountryCode>,
    /// Whether the institution works without aim for profit, from the register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonprofit: Option<bool>,
    /// Who says so.
    pub source: Name,
    /// Who vouched for it; only a signing official or a system proves an affiliation (2.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<VouchedBy>,
    /// The second at which it no longer holds.
    pub expires: Timestamp,
}

/// A ResearcherStatus or AcceptedTermsAndPolicies visa.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// What is asserted: a URL.
    pub value: Name,
    /// Who says so.
    pub source: Name,
    /// Who vouched for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<VouchedBy>,
    /// The second at which it no longer holds.
    pub expires: Timestamp,
}
