//! `Approval`: what a committee allowed (`consent.md` 2.9). Which one is in force, `judge` finds out.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, de};
use visa_verifier::seam::Timestamp;

use super::name::{CountryCode, Name};
use super::purpose::Categories;
use super::strict;
use super::user::UserFacts;
use super::word::words;

words! {
    /// On whose word the purpose of an approval rests.
    Basis, "basis" {
        /// The committee decided on it and recorded it.
        Bound = "bound",
        /// The person declared it at the broker for this dataset; signed and frozen.
        Attested = "attested",
    }
}

/// A ControlledAccessGrants visa and the purpose visa that goes with it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The dataset, as the visa names it.
    pub dataset: Name,
    /// The committee.
    pub source: Name,
    /// Its first second (`asserted` of the visa).
    pub starts: Timestamp,
    /// The second at which it no longer holds.
    pub expires: Timestamp,
    /// The project that it is for; None: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Name>,
    /// The institution that it is for; None: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Name>,
    /// The people it is for as `sub,iss`; empty: whoever holds the visa.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<Name>,
    /// The purpose it is for; None: not recorded.
    #[serde(
        default,
        deserialize_with = "strict::object_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub purpose: Option<ApprovedPurpose>,
    /// Review codes (`consent.…`, or `*`) that the committee has settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settles: Vec<Name>,
    /// Ethics entries that the committee read.
    #[serde(
        default,
        deserialize_with = "strict::unique",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub ethics: BTreeSet<Name>,
    /// What the committee recorded of institutions.
    #[serde(default, deserialize_with = "strict::objects", skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<InstitutionFacts>,
}

impl Approval {
    /// Whether it is for this person: its list is empty, or names one of their identities.
    #[must_use]
    pub fn is_for(&self, user: &UserFacts) -> bool {
        self.users.is_empty() || self.users.iter().any(|id| user.ids.contains(id))
    }

    /// What its purpose rests on; None if it records none.
    #[must_use]
    pub fn basis(&self) -> Option<Basis> {
        self.purpose.as_ref().map(|purpose| purpose.basis)
    }

    /// Whether the committee itself recorded the purpose.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.basis() == Some(Basis::Bound)
    }
}

/// The purpose of an approval: neither barred words nor `unstated`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovedPurpose {
    /// What it allows.
    #[serde(deserialize_with = "approvable")]
    pub categories: Categories,
    /// The diseases it is bound to; empty: any.
    #[serde(
        default,
        deserialize_with = "strict::unique",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub diseases: BTreeSet<Name>,
    /// Whether the use may be commercial; silence is no yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commercial: Option<bool>,
    /// On whose word; bound where nothing is said.
    #[serde(default = "bound")]
    pub basis: Basis,
}

/// What a committee recorded of an institution; stands in where the register is silent (2.6).
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstitutionFacts {
    /// The institution.
    pub institution: Name,
    /// Its country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<CountryCode>,
    /// Whether it works without aim for profit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonprofit: Option<bool>,
}

fn bound() -> Basis {
    Basis::Bound
}

fn approvable<'de, D: Deserializer<'de>>(from: D) -> Result<Categories, D::Error> {
    let categories = Categories::deserialize(from)?;
    if categories.is_unstated() || categories.has_barred() {
        return Err(de::Error::custom(
            "an approval records neither barred words nor `unstated`",
        ));
    }
    Ok(categories)
}
