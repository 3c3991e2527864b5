//! [`Visa`]: exists only verified.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::seam::Timestamp;
use crate::token::{Audience, Header, NumericDate, TokenDigest};
use crate::trust::{Affiliated, Evidence, Register, Relaxation, TrustEntry, evidence_affiliated};
use crate::visa::{DbgapPermission, VisaIdentity, VisaObject, dbgap};

/// A visa that counts here: signature, issuer, key server, type, source, times and conditions were checked
/// (AAI 1.2 "Conformance for Passport Clearinghouses").
///
/// Only [`Verification`](crate::Verification) makes one; there is no public constructor and no `Deserialize`.
#[derive(Clone, Debug)]
pub struct Visa {
    pub(crate) draft: Draft,
    pub(crate) holds_until: Timestamp,
}

/// A visa that passed all checks but those that look at other visas.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) index: usize,
    pub(crate) expires: Timestamp,
    /// Of an access-token visa: before when it must be polled (again).
    pub(crate) poll_before: Option<Timestamp>,
    pub(crate) evidence: Evidence,
    pub(crate) facts: Arc<Facts>,
}

/// What a visa's text says, once its signature was confirmed. It may be shared: by a memory of verified tokens, and
/// by all Passports that hold this visa.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) digest: TokenDigest,
    pub(crate) header: Header,
    pub(crate) identity: VisaIdentity,
    pub(crate) dates: Dates,
    pub(crate) object: VisaObject,
    pub(crate) claims: Map<String, Value>,
    /// Which key signed it, by its thumbprint.
    pub(crate) key: Arc<str>,
    /// Which deviations from the profiles were accepted for it.
    pub(crate) relaxed: Vec<Relaxation>,
    /// By which entry it was judged.
    pub(crate) entry: Arc<TrustEntry>,
}

/// What of a visa is held against the clock and against us.
#[derive(Clone, Debug)]
pub(crate) struct Dates {
    pub(crate) exp: NumericDate,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) iat: NumericDate,
    pub(crate) audience: Option<Audience>,
    /// An access-token visa: no `jku`, scope `openid`.
    pub(crate) access_token: bool,
}

impl Deref for Draft {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.facts
    }
}

impl Visa {
    /// Whom it speaks of.
    #[must_use]
    pub fn identity(&self) -> &VisaIdentity {
        &self.draft.facts.identity
    }

    /// What it asserts.
    #[must_use]
    pub fn object(&self) -> &VisaObject {
        &self.draft.facts.object
    }

    /// Until when it counts here by itself: its `exp`, or the end of the trust in its issuer if that is earlier.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.draft.expires
    }

    /// Until when it counts with what its conditions rest on: the best of the ways in which they hold (EXP-04, A-23).
    #[must_use]
    pub const fn holds_until(&self) -> Timestamp {
        self.holds_until
    }

    /// Its `iat`.
    #[must_use]
    pub fn issued(&self) -> Timestamp {
        self.draft.dates.iat.floor()
    }

    /// Of an access-token visa (the old kind): from this instant on it counts only if its issuer was asked again
    /// (AAI 1.2, clearinghouses 5.2.2). `None` for the usual kind.
    #[must_use]
    pub const fn poll_before(&self) -> Option<Timestamp> {
        self.draft.poll_before
    }

    /// Its `jti`, if it has one.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.claim("jti")?.as_str()
    }

    /// Digest of the token.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        self.draft.facts.digest
    }

    /// Any claim of the token, `ga4gh_visa_v1` and custom ones included (VIS-38).
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.draft.claims.get(name)
    }

    /// Why it was believed.
    #[must_use]
    pub const fn evidence(&self) -> &Evidence {
        &self.draft.evidence
    }

    /// What dbGaP opens to the person, if this is a RAS visa whose trust entry accepts
    /// [`RasDbgapPermissions`](Relaxation::RasDbgapPermissions): permissions that end after `now`.
    #[must_use]
    pub fn dbgap_permissions(&self, now: Timestamp) -> Vec<DbgapPermission> {
        if !self.evidence().relaxed().contains(&Relaxation::RasDbgapPermissions) {
            return Vec::new();
        }
        let all = self.claim(dbgap::CLAIM).and_then(dbgap::read).unwrap_or_default();
        all.into_iter().filter(|one| now < one.expires).collect()
    }

    /// Its place in the Passport, from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.draft.index
    }

    /// Which institution it proves, if it is an affiliation (trust.md part B, rule 9).
    #[must_use]
    pub fn affiliated(&self, register: &dyn Register) -> Affiliated {
        evidence_affiliated(self.object(), self.evidence().entry(), register)
    }
}
