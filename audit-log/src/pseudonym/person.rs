//! A person's key and what is derived from it: pseudonyms by month, sealed details.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use zeroize::Zeroizing;

use super::Sealed;
use crate::error::AuditError;
use crate::event::{Details, Name};

/// The key of one person, K_s: 256 random bits. Cheap to clone; never shown; zeroed with its last clone.
#[derive(Clone)]
pub struct PersonKey(Arc<Zeroizing<[u8; 32]>>);

impl PersonKey {
    /// A key from the keystore, or of a test vector.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals details for one entry of one log.
    pub(crate) fn seal(
        &self,
        details: &Details,
        entry: &str,
        origin: &str,
        nonce: [u8; 12],
    ) -> Result<Sealed, AuditError> {
        let text = serde_json::to_vec(details).map_err(|error| AuditError::Keystore {
            what: error.to_string(),
        })?;
        Sealed::seal(self.bytes(), nonce, format!("{entry}{origin}").as_bytes(), text)
    }

    /// Seals the facts record of one entry.
    pub(crate) fn seal_facts(
        &self,
        record: Vec<u8>,
        entry: &str,
        origin: &str,
        nonce: [u8; 12],
    ) -> Result<Sealed, AuditError> {
        Sealed::seal(self.bytes(), nonce, format!("facts {entry}{origin}").as_bytes(), record)
    }

    /// Opens the facts record of an entry of this person.
    pub(crate) fn open_facts(&self, sealed: &Sealed, entry: &str, origin: &str) -> Result<Vec<u8>, AuditError> {
        let text = sealed.open(self.bytes(), format!("facts {entry}{origin}").as_bytes())?;
        Ok(text.to_vec())
    }

    /// Opens the sealed details of an entry of this person.
    ///
    /// # Errors
    /// [`AuditError::Keystore`] if they are another person's, another entry's, or were changed.
    pub fn open(&self, sealed: &Sealed, entry: &str, origin: &str) -> Result<Details, AuditError> {
        let text = sealed.open(self.bytes(), format!("{entry}{origin}").as_bytes())?;
        serde_json::from_slice(&text).map_err(|error| AuditError::Keystore {
            what: error.to_string(),
        })
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey(…)")
    }
}

/// A person's name in one log for one month: 16 bytes as base64url.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pseudonym(String);

impl Pseudonym {
    /// The first 16 bytes of HMAC-SHA-256(K_s, `visum-audit-p/2` LF origin LF `YYYY-MM`).
    #[must_use]
    pub fn of(key: &PersonKey, origin: &str, month: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.bytes());
        let tag = hmac::sign(&key, format!("visum-audit-p/2\n{origin}\n{month}").as_bytes());
        Self(URL_SAFE_NO_PAD.encode(tag.as_ref().get(..16).unwrap_or_default()))
    }

    /// As it stands in the log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A log's salt for ids that could be guessed: so a published log confirms no guess. Destroyed with the log.
#[derive(Clone)]
pub struct ObjectSalt(Arc<Zeroizing<[u8; 32]>>);

impl ObjectSalt {
    /// A salt from the keystore.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest that stands in the log for this object id.
    #[must_use]
    pub fn digest(&self, id: &Name) -> Name {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice());
        let tag = hmac::sign(&key, format!("visum-audit-object/1\n{id}").as_bytes());
        Name::new(&URL_SAFE_NO_PAD.encode(tag.as_ref().get(..16).unwrap_or_default()))
    }
}

impl fmt::Debug for ObjectSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectSalt(…)")
    }
}
