//! [`KeyInfo`]: a key as people look at it.

use super::set::{Key, KeySet};
use crate::token::Algorithm;

/// One usable key, described.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyInfo {
    /// Its name, if it has one.
    pub kid: Option<String>,
    /// What it verifies: RS256 or ES256.
    pub algorithm: Algorithm,
    /// Bits of its modulus; 256 for P-256.
    pub bits: usize,
    /// RFC 7638 thumbprint, as `revoked_keys` names it.
    pub thumbprint: String,
}

impl KeySet {
    /// The usable keys, described, in the order of the set.
    pub fn described(&self) -> impl Iterator<Item = KeyInfo> {
        self.keys().iter().map(|key| KeyInfo {
            kid: key.kid.clone(),
            algorithm: key.algorithm,
            bits: Key::bits(key),
            thumbprint: key.thumbprint.to_string(),
        })
    }
}
