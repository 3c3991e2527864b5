//! [`PolledVisa`]: an access-token visa as far as polls need it.

use std::fmt;
use std::sync::Arc;

use crate::seam::Timestamp;
use crate::token::{CompactToken, Issuer, Subject, TokenDigest, claims, limits, scope_has};

/// An access-token visa that may be polled. `Debug` shows its digest only.
#[derive(Clone)]
pub struct PolledVisa {
    compact: Arc<str>,
    digest: TokenDigest,
    issuer: Issuer,
    subject: Subject,
    kind: Option<String>,
    issued: Timestamp,
    expires: Timestamp,
}

impl PolledVisa {
    /// Reads what matters here of an access-token visa (no `jku`, scope `openid`); `None` for everything else.
    ///
    /// Reads, and does not believe: who puts a visa into a book has verified it.
    #[must_use]
    pub fn read(compact: &str) -> Option<Self> {
        let token = CompactToken::parse(compact, limits::VISA_BYTES).ok()?;
        let said = token.claims();
        let openid = claims::text(said, "scope")
            .ok()?
            .is_some_and(|scope| scope_has(scope, "openid"));
        if token.header().jku.is_some() || !openid {
            return None;
        }
        let object = said.get("ga4gh_visa_v1")?;
        Some(Self {
            compact: compact.into(),
            digest: token.digest(),
            issuer: claims::required(said, "iss").ok()?.parse().ok()?,
            subject: claims::required(said, "sub").ok()?.parse().ok()?,
            kind: object.get("type").and_then(|t| t.as_str()).map(str::to_owned),
            issued: claims::required_instant(said, "iat").ok()?.floor(),
            expires: claims::required_instant(said, "exp").ok()?.ceiling(),
        })
    }

    /// The token: the bearer of the poll, for its issuer's UserInfo endpoint and for nobody else.
    #[must_use]
    pub fn compact(&self) -> &str {
        &self.compact
    }

    /// Digest of the token.
    #[must_use]
    pub const fn digest(&self) -> TokenDigest {
        self.digest
    }

    /// Whose it is.
    #[must_use]
    pub const fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Of whom it speaks.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Its `iat`.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }

    /// Its `exp`.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Whether `other` can stand in its place: same issuer, same subject, same type.
    pub(crate) fn is_replaced_by(&self, other: &CompactToken) -> bool {
        let said = other.claims();
        let text = |claim| claims::text(said, claim).ok().flatten();
        let kind = said.get("ga4gh_visa_v1").and_then(|o| o.get("type")?.as_str());
        text("iss") == Some(self.issuer.as_str())
            && text("sub") == Some(self.subject.as_str())
            && kind == self.kind.as_deref()
    }
}

impl fmt::Debug for PolledVisa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolledVisa({} of {})", self.digest, self.issuer)
    }
}
