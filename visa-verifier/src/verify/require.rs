//! A requirement: visas that must be valid together for one person, and until when they are
//! (Passport 1.2 "Visa Expiry", EXP-01 to EXP-05).
//!
//! Option A is for access of a requested duration: `now + requested_ttl < min(exp, asserted + max_authz_ttl)`.
//! Option B is for access that outlives the decision by a known while, such as that of a token that was handed out:
//! `now + access_token_ttl < exp`. Both are strict, and `exp` is the smallest of all visas that the decision rests on:
//! grants, links and condition partners alike.

use serde::Deserialize;

use std::collections::BTreeSet;

use super::judge::Judge;
use crate::passport::{Draft, VerifiedPassport};
use crate::seam::Timestamp;
use crate::visa::{By, VisaObject};

/// What must be shown. As a document it names option A (`requested_ttl`, `max_authz_ttl`) or option B
/// (`access_token_ttl`), never both; neither is option A with a duration of nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "RequirementDocument")]
pub struct Requirement {
    /// Each must be met by a visa, all of one linked person, inside one Passport.
    pub all_of: Vec<Wanted>,
    /// How long the access lasts that is decided on.
    pub access: Access,
}

/// How long the access lasts that is decided on (EXP-01).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Option A.
    Requested {
        /// For how long access is asked, seconds.
        ttl: u64,
        /// How old an assertion may become, seconds from `asserted`; no bound if absent (OBJ-03).
        max_authz_ttl: Option<u64>,
    },
    /// Option B.
    Token {
        /// The longest time from this decision to the end of access that rests on it, seconds: the life of a token
        /// that is handed out, and whatever refreshing, polling or telling others may add.
        ttl: u64,
    },
}

impl Default for Access {
    fn default() -> Self {
        Self::Requested {
            ttl: 0,
            max_authz_ttl: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementDocument {
    all_of: Vec<Wanted>,
    #[serde(default)]
    requested_ttl: Option<u64>,
    #[serde(default)]
    max_authz_ttl: Option<u64>,
    #[serde(default)]
    access_token_ttl: Option<u64>,
}

impl TryFrom<RequirementDocument> for Requirement {
    type Error = &'static str;

    fn try_from(document: RequirementDocument) -> Result<Self, &'static str> {
        let (requested, max_authz_ttl) = (document.requested_ttl, document.max_authz_ttl);
        let access = match document.access_token_ttl {
            None => Access::Requested {
                ttl: requested.unwrap_or(0),
                max_authz_ttl,
            },
            Some(ttl) if requested.is_none() && max_authz_ttl.is_none() => Access::Token { ttl },
            Some(_) => return Err("`access_token_ttl` stands without `requested_ttl` and `max_authz_ttl`"),
        };
        Ok(Self {
            all_of: document.all_of,
            access,
        })
    }
}

/// One visa that must be there. Strings compare as wholes, letter case included (OBJ-07).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The visa type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value.
    #[serde(default)]
    pub value: Option<String>,
    /// One of these words of the specification.
    #[serde(default)]
    pub by: Option<Vec<String>>,
    /// The source.
    #[serde(default)]
    pub source: Option<String>,
    /// The part behind the first `@` of an affiliation.
    #[serde(default)]
    pub affiliation: Option<String>,
}

/// How far a requirement is met.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Met {
    /// Whether it is, for the time asked.
    pub granted: bool,
    /// Until when the visas carry it; `None` if nothing matched.
    pub expiry: Option<Timestamp>,
}

impl Requirement {
    /// Judges a Passport at `now`: the longest-lived choice of visas, links and condition partners counts.
    #[must_use]
    pub fn judge(&self, passport: &VerifiedPassport, now: Timestamp) -> Met {
        let (ttl, max_authz_ttl) = match self.access {
            Access::Requested { ttl, max_authz_ttl } => (ttl, max_authz_ttl),
            Access::Token { ttl } => (ttl, None),
        };
        let limit = |d: &Draft| match max_authz_ttl {
            Some(ttl) => d
                .expires
                .min(d.object.asserted().plus(std::time::Duration::from_secs(ttl))),
            None => d.expires,
        };
        // what contradicts itself was refused before, and no part of the rest does
        let unique = BTreeSet::new();
        let judge = Judge::new(passport.visas().iter().map(|v| &v.draft).collect(), &unique);
        let ends = judge.ends(&limit);
        // what holds until one end holds until every earlier one
        let first = ends.partition_point(|&end| !self.holds(&judge, end, &limit));
        let expiry = ends.get(first).copied();
        let asked = now.plus(std::time::Duration::from_secs(ttl));
        Met {
            granted: expiry.is_some_and(|expiry| asked < expiry),
            expiry,
        }
    }

    fn holds(&self, judge: &Judge<'_>, end: Timestamp, limit: &dyn Fn(&Draft) -> Timestamp) -> bool {
        let standing = judge.standing(end, limit);
        judge.gathered(&standing).iter().any(|person| {
            let mut wanted = self.all_of.iter();
            wanted.all(|w| person.iter().any(|d| w.is_met_by(&d.object)))
        })
    }
}

impl Wanted {
    /// Whether this object is what is wanted.
    #[must_use]
    pub fn is_met_by(&self, object: &VisaObject) -> bool {
        let same = |want: &Option<String>, have: &str| want.as_deref().is_none_or(|want| want == have);
        object.kind().as_str() == self.kind
            && same(&self.value, object.value())
            && same(&self.source, object.source())
            && self.by.as_ref().is_none_or(|words| {
                object
                    .by()
                    .filter(|by| by.is_known())
                    .map(By::as_str)
                    .is_some_and(|by| words.iter().any(|w| w == by))
            })
            && (self.affiliation.is_none()
                || object
                    .affiliation()
                    .is_some_and(|a| same(&self.affiliation, a.affiliation)))
    }
}
