//! People as keyed digests: bars and links that outlive a login without naming anybody (D2, policy.md 6).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde::{Deserialize, Serialize};
use visa_verifier::{VisaIdentity, seam::Timestamp};

/// The key under which this node's snapshots name people. At least 16 bytes of randomness, base64url.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PersonKey(String);

impl PersonKey {
    /// A key from random bytes (32 are recommended).
    pub fn new(bytes: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The digest of an identity under this key.
    pub fn digest(&self, identity: &VisaIdentity) -> PersonDigest {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes());
        PersonDigest(URL_SAFE_NO_PAD.encode(hmac::sign(&key, identity.to_string().as_bytes())))
    }
}

impl std::fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonKey(…)")
    }
}

/// HMAC-SHA-256 of an identity's `sub,iss` form, base64url.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct PersonDigest(String);

impl PersonDigest {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a person is barred.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BarKind {
    /// Suspended on this node: nothing at all.
    Suspended,
}

/// A bar against a person; it reaches every identity that was ever linked with theirs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// Any identity of the person.
    pub person: PersonDigest,
    /// What it bars.
    pub kind: BarKind,
    /// Its end; `None`: until lifted.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Bar {
    /// Whether it is in force.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
