//! A token against a key set: RS256 and ES256, the key by `kid`, the algorithm bound to the key (CLH-25).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::set::{Key, KeySet};
use crate::token::{Algorithm, CompactToken, Header};

/// Why a signature was not confirmed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// `alg` is neither RS256 nor ES256.
    #[error("the algorithm is neither RS256 nor ES256")]
    Algorithm,
    /// No key of the issuer has this `kid` and family, or there is no `kid` and several keys.
    #[error("the issuer has no such key")]
    UnknownKey,
    /// The key is on the list of revoked ones.
    #[error("the key is revoked")]
    Revoked,
    /// The signature is not of this key over these bytes.
    #[error("the signature is wrong")]
    Signature,
}

/// A signature that was confirmed, and by which key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// RFC 7638 thumbprint of the key.
    pub thumbprint: Arc<str>,
}

impl KeySet {
    /// Confirms the signature of `token`. `revoked` holds thumbprints that beat every pin and cache.
    pub fn verify(&self, token: &CompactToken, revoked: &BTreeSet<String>) -> Result<Verified, KeyError> {
        let key = self.key_for(token.header(), revoked)?;
        if !key.verifies(token.signed(), token.signature()) {
            return Err(KeyError::Signature);
        }
        Ok(Verified {
            thumbprint: Arc::clone(&key.thumbprint),
        })
    }

    /// Whether this set still means the key with this thumbprint by `header`: then a signature that this key was
    /// seen to have made stands without being checked again.
    pub(crate) fn still_means(
        &self,
        header: &Header,
        thumbprint: &str,
        revoked: &BTreeSet<String>,
    ) -> Result<bool, KeyError> {
        Ok(*self.key_for(header, revoked)?.thumbprint == *thumbprint)
    }

    /// The key that a header means, unless it is revoked.
    pub(super) fn key_for(&self, header: &Header, revoked: &BTreeSet<String>) -> Result<&Key, KeyError> {
        let algorithm = Algorithm::named(&header.alg).ok_or(KeyError::Algorithm)?;
        let key = match &header.kid {
            Some(kid) => self
                .keys()
                .iter()
                .find(|k| k.algorithm == algorithm && k.kid.as_ref() == Some(kid)),
            // without a name only if there is no choice
            None => match self.keys() {
                [only] if only.algorithm == algorithm => Some(only),
                _ => None,
            },
        }
        .ok_or(KeyError::UnknownKey)?;
        if revoked.contains(&*key.thumbprint) {
            return Err(KeyError::Revoked);
        }
        Ok(key)
    }
}
