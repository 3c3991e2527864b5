//! [`Rejected`]: a visa that does not count. [`PassportRejected`]: a Passport that does not.

use serde_json::{Map, Value};

use super::code::Code;
use crate::seam::Timestamp;
use crate::token::{NumericDate, TokenDigest};

/// A visa that does not count, why, and what could be read of it (unverified: for showing, never for deciding).
#[derive(Clone, Debug)]
pub struct Rejected {
    pub(crate) index: usize,
    pub(crate) code: Code,
    pub(crate) detail: Option<String>,
    pub(crate) digest: TokenDigest,
    pub(crate) claims: Map<String, Value>,
}

impl Rejected {
    /// Its place in the Passport, from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Why it does not count.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The same in words.
    #[must_use]
    pub const fn sentence(&self) -> &'static str {
        self.code.sentence()
    }

    /// What exactly, if more is known: never holds the token.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Digest of the token.
    #[must_use]
    pub const fn digest(&self) -> TokenDigest {
        self.digest
    }

    /// A string claim of the token, unverified.
    #[must_use]
    pub fn said(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// A string member of its Visa Object, unverified.
    #[must_use]
    pub fn said_of_object(&self, member: &str) -> Option<&str> {
        self.claims.get("ga4gh_visa_v1")?.get(member)?.as_str()
    }

    /// Its `exp`, unverified.
    #[must_use]
    pub fn said_expires(&self) -> Option<Timestamp> {
        NumericDate::read(self.claims.get("exp")?, "exp")
            .ok()
            .map(NumericDate::ceiling)
    }
}

/// A Passport that fails its checks. Unless its broker is merely unknown, it rejects the request it came with
/// (Passport 1.2 General Requirements 8.1; A-25).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the Passport does not count ({code}): {sentence}{}", .detail.as_ref().map(|d| format!(" ({d})")).unwrap_or_default(), sentence = .code.sentence())]
pub struct PassportRejected {
    /// Why.
    pub code: Code,
    /// What exactly, if more is known: never holds the token.
    pub detail: Option<String>,
}

impl PassportRejected {
    /// Rejected with this code.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None }
    }

    /// With more words.
    #[must_use]
    pub fn detailed(code: Code, detail: impl ToString) -> Self {
        Self {
            code,
            detail: Some(detail.to_string()),
        }
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Whether it is only ignored (its broker is unknown here) rather than a reason to reject the request.
    #[must_use]
    pub fn is_ignored(&self) -> bool {
        self.code == Code::UntrustedBroker
    }
}
