//! Private keys in the database: sealed under the node's key.

use std::fmt;

use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use visa_verifier::seam::Secret;
use zeroize::Zeroizing;

use super::{KeyError, sealed};

/// The key under which private keys lie in the database.
#[derive(Clone)]
pub struct AtRest {
    node: Secret,
}

impl fmt::Debug for AtRest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtRest(…)")
    }
}

struct ThirtyTwo;

impl KeyType for ThirtyTwo {
    fn len(&self) -> usize {
        32
    }
}

impl AtRest {
    /// Under these 32 bytes.
    ///
    /// # Errors
    /// Another number of bytes.
    pub fn new(node: Secret) -> Result<Self, KeyError> {
        match node.expose().len() {
            32 => Ok(Self { node }),
            bytes => Err(KeyError::NodeKey { bytes }),
        }
    }

    /// A key of 32 bytes for one use (such as cookies), derived from the node's: the uses never meet.
    ///
    /// # Errors
    /// The derivation failed.
    pub fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        Salt::new(HKDF_SHA256, b"visum-broker/1")
            .extract(self.node.expose())
            .expand(&[purpose.as_bytes()], ThirtyTwo)
            .and_then(|okm| okm.fill(key.as_mut()))
            .map_err(|_| KeyError::Seal)?;
        Ok(key)
    }

    /// Encrypts a private key; its `kid` is the JWE's.
    ///
    /// # Errors
    /// The library failed.
    pub fn seal(&self, kid: &str, private: &[u8]) -> Result<String, KeyError> {
        let key = self.derive("signing keys")?;
        sealed::seal(&key, kid, private).ok_or(KeyError::Seal)
    }

    /// Opens what [`AtRest::seal`] made for this `kid`.
    ///
    /// # Errors
    /// Another node key, another `kid`, a changed text.
    pub fn open(&self, kid: &str, text: &str) -> Result<Secret, KeyError> {
        let refused = || KeyError::Sealed { kid: kid.to_owned() };
        let key = self.derive("signing keys")?;
        sealed::open(&key, kid, text).map(Secret::new).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_rest(byte: u8) -> AtRest {
        AtRest::new(Secret::new(vec![byte; 32])).unwrap()
    }

    #[test]
    fn a_key_opens_only_under_its_own_node_key_and_name() {
        let sealed = at_rest(1).seal("k1", b"private").unwrap();
        assert_eq!(at_rest(1).open("k1", &sealed).unwrap().expose(), b"private");
        assert!(at_rest(2).open("k1", &sealed).is_err(), "another node key");
        assert!(at_rest(1).open("k2", &sealed).is_err(), "another name");
        let cut = sealed.get(..sealed.len() - 2).unwrap();
        assert!(at_rest(1).open("k1", cut).is_err(), "a changed text");
        assert!(AtRest::new(Secret::new(vec![0; 31])).is_err(), "31 bytes");
    }

    #[test]
    fn derived_keys_differ_by_their_use() {
        let at_rest = at_rest(1);
        assert_ne!(
            *at_rest.derive("cookies").unwrap(),
            *at_rest.derive("signing keys").unwrap()
        );
    }
}
