//! AES-256-GCM with a fresh 96-bit nonce in front.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::error::AuditError;

const NONCE: usize = 12;
const TAG: usize = 16;
/// Bound of a sealed text, in bytes. An entry's own bound is far below; facts records are the longest.
const SEALED_BYTES: usize = 360_000;

/// Nonce, ciphertext and tag; in text base64url without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

fn key(bytes: &[u8; 32]) -> Result<LessSafeKey, AuditError> {
    let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| refused("the key was refused"))?;
    Ok(LessSafeKey::new(key))
}

fn refused(what: &str) -> AuditError {
    AuditError::Keystore { what: what.to_owned() }
}

impl Sealed {
    pub(crate) fn seal(with: &[u8; 32], nonce: [u8; NONCE], aad: &[u8], mut text: Vec<u8>) -> Result<Self, AuditError> {
        key(with)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut text)
            .map_err(|_| refused("sealing failed"))?;
        let mut bytes = nonce.to_vec();
        bytes.append(&mut text);
        Ok(Self(bytes))
    }

    pub(crate) fn open(&self, with: &[u8; 32], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, AuditError> {
        let (nonce, rest) = self
            .0
            .split_first_chunk::<NONCE>()
            .ok_or_else(|| refused("too short"))?;
        let mut text = Zeroizing::new(rest.to_vec());
        let length = key(with)?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut text)
            .map_err(|_| refused("another key, another place, or changed bytes"))?
            .len();
        text.truncate(length);
        Ok(text)
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Result<Self, AuditError> {
        if bytes.len() < NONCE + TAG {
            Err(refused("too short"))
        } else {
            Ok(Self(bytes))
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        if text.len() > SEALED_BYTES {
            return Err(serde::de::Error::custom("sealed text too long"));
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text.as_bytes())
            .map_err(serde::de::Error::custom)?;
        Self::from_bytes(bytes).map_err(serde::de::Error::custom)
    }
}
