//! [`Visa`]: exists only verified.

use serde_json::{Map, Value};

use crate::seam::Timestamp;
use crate::token::TokenDigest;
use crate::trust::{Affiliated, Evidence, Register, evidence_affiliated};
use crate::visa::{VisaIdentity, VisaObject};

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
    pub(crate) identity: VisaIdentity,
    pub(crate) object: VisaObject,
    pub(crate) expires: Timestamp,
    pub(crate) issued: Timestamp,
    /// Of an access-token visa: before when it must be polled (again).
    pub(crate) poll_before: Option<Timestamp>,
    pub(crate) digest: TokenDigest,
    pub(crate) claims: Map<String, Value>,
    pub(crate) evidence: Evidence,
}

impl Visa {
    /// Whom it speaks of.
    #[must_use]
    pub const fn identity(&self) -> &VisaIdentity {
        &self.draft.identity
    }

    /// What it asserts.
    #[must_use]
    pub const fn object(&self) -> &VisaObject {
        &self.draft.object
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
    pub const fn issued(&self) -> Timestamp {
        self.draft.issued
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
    pub const fn digest(&self) -> TokenDigest {
        self.draft.digest
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
