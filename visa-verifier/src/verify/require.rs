//! A requirement: visas that must be valid together for one person, and until when they are
//! (Passport 1.2 "Visa Expiry", option A).

use serde::Deserialize;

use super::judge::Judge;
use crate::passport::{Draft, VerifiedPassport};
use crate::seam::Timestamp;
use crate::visa::{By, VisaObject};

/// What must be shown.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Each must be met by a visa, all of one linked person, inside one Passport.
    pub all_of: Vec<Wanted>,
    /// For how long access is asked, seconds.
    #[serde(default)]
    pub requested_ttl: u64,
    /// How old an assertion may become, seconds from `asserted`; no bound if absent.
    #[serde(default)]
    pub max_authz_ttl: Option<u64>,
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
        let limit = |d: &Draft| match self.max_authz_ttl {
            Some(ttl) => d
                .expires
                .min(d.object.asserted().plus(std::time::Duration::from_secs(ttl))),
            None => d.expires,
        };
        let judge = Judge::new(passport.visas().iter().map(|v| &v.draft).collect());
        let ends = judge.ends(&limit);
        // what holds until one end holds until every earlier one
        let first = ends.partition_point(|&end| !self.holds(&judge, end, &limit));
        let expiry = ends.get(first).copied();
        let asked = now.plus(std::time::Duration::from_secs(self.requested_ttl));
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
