//! Keys of workflow sessions, none of them stored (E70): a token for TES and WES, and an S3 key pair whose id is the
//! sealed session and whose secret follows from the id. A key that was replaced still counts while it is named.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
};
use ulid::Ulid;

use crate::config::{Config, NodeSecret};

use super::{NotOurs, seal::derive};

/// What each access key id begins with.
const FRONT: &str = "VS";
const LABEL: &[u8] = b"visum-session-key/1";
/// Session and end.
const PLAIN: usize = 24;

/// The keys of one secret.
struct Ring {
    id: LessSafeKey,
    secret: hmac::Key,
    token: hmac::Key,
}

/// The keys in force: the first makes new ones.
pub(crate) struct DoorKeys {
    first: Ring,
    before: Option<Ring>,
}

impl std::fmt::Debug for DoorKeys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("DoorKeys(…)")
    }
}

/// An S3 key pair. Never shown by its owner's `Debug`.
#[derive(Clone)]
pub(crate) struct KeyPair {
    /// The access key id.
    pub(crate) id: String,
    /// The secret access key.
    pub(crate) secret: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("KeyPair(…)")
    }
}

/// What an access key id says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct OpenedKey {
    /// The session.
    pub(crate) session: String,
    /// Its end, Unix seconds.
    pub(crate) until: i64,
    /// The secret that belongs to it.
    pub(crate) secret: String,
}

impl Ring {
    fn of(secret: &NodeSecret) -> Result<Self, NotOurs> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"visum storage door").extract(secret.bytes());
        Ok(Self {
            id: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derive(&prk, LABEL)?).map_err(|_| NotOurs)?),
            secret: hmac::Key::new(hmac::HMAC_SHA256, &derive(&prk, b"visum-session-secret/1")?),
            token: hmac::Key::new(hmac::HMAC_SHA256, &derive(&prk, b"visum-session-token/1")?),
        })
    }

    fn pair(&self, id: &str) -> String {
        STANDARD.encode(hmac::sign(&self.secret, id.as_bytes()))
    }

    fn open(&self, sealed: &[u8]) -> Result<[u8; PLAIN], NotOurs> {
        let mut whole = sealed.to_vec();
        let (nonce, rest) = whole.split_at_mut_checked(NONCE_LEN).ok_or(NotOurs)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotOurs)?;
        let plain = self
            .id
            .open_in_place(nonce, Aad::from(LABEL), rest)
            .map_err(|_| NotOurs)?;
        <[u8; PLAIN]>::try_from(&*plain).map_err(|_| NotOurs)
    }
}

impl DoorKeys {
    /// Of a node: of a secret of their own, or the node's. Where they have one of their own, what the node's made before
    /// still counts.
    ///
    /// # Errors
    /// As [`DoorKeys::new`].
    pub(crate) fn of(config: &Config) -> Result<Self, NotOurs> {
        match (&config.door.key, &config.door.previous_key) {
            (None, before) => Self::new(&config.secret, before.as_ref()),
            (Some(key), Some(before)) => Self::new(key, Some(before)),
            (Some(key), None) => Self::new(key, Some(&config.secret)),
        }
    }

    /// From the secret in force and the one before it.
    ///
    /// # Errors
    /// [`NotOurs`] if a key cannot be derived, which ring's lengths rule out.
    pub(crate) fn new(first: &NodeSecret, before: Option<&NodeSecret>) -> Result<Self, NotOurs> {
        Ok(Self {
            first: Ring::of(first)?,
            before: before.map(Ring::of).transpose()?,
        })
    }

    fn rings(&self) -> impl Iterator<Item = &Ring> {
        std::iter::once(&self.first).chain(&self.before)
    }

    /// The pair of a session: the same for the same session and end, so that it need not be kept to be known again.
    ///
    /// # Errors
    /// [`NotOurs`] for an id that is no session's.
    pub(crate) fn pair(&self, session: &str, until: i64) -> Result<KeyPair, NotOurs> {
        let number = Ulid::from_string(session).map_err(|_| NotOurs)?;
        let mut plain = number.to_bytes().to_vec();
        plain.extend_from_slice(&until.to_be_bytes());
        // one plain text, one nonce: the nonce follows from it under a key of its own use
        let mut about = b"nonce".to_vec();
        about.extend_from_slice(&plain);
        let tag = hmac::sign(&self.first.secret, &about);
        let nonce: [u8; NONCE_LEN] = tag
            .as_ref()
            .get(..NONCE_LEN)
            .and_then(|part| part.try_into().ok())
            .ok_or(NotOurs)?;
        self.first
            .id
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(LABEL), &mut plain)
            .map_err(|_| NotOurs)?;
        let mut whole = nonce.to_vec();
        whole.extend_from_slice(&plain);
        let id = format!("{FRONT}{}", hex(&whole));
        let secret = self.first.pair(&id);
        Ok(KeyPair { id, secret })
    }

    /// Opens an access key id, and derives the secret that belongs to it.
    ///
    /// # Errors
    /// [`NotOurs`] for one that was not made here, or was altered.
    pub(crate) fn open(&self, id: &str) -> Result<OpenedKey, NotOurs> {
        let sealed = unhex(id.strip_prefix(FRONT).ok_or(NotOurs)?).ok_or(NotOurs)?;
        for ring in self.rings() {
            let Ok(plain) = ring.open(&sealed) else { continue };
            let (number, until) = plain.split_at_checked(16).ok_or(NotOurs)?;
            let number: [u8; 16] = number.try_into().map_err(|_| NotOurs)?;
            let until: [u8; 8] = until.try_into().map_err(|_| NotOurs)?;
            return Ok(OpenedKey {
                session: Ulid::from_bytes(number).to_string(),
                until: i64::from_be_bytes(until),
                secret: ring.pair(id),
            });
        }
        Err(NotOurs)
    }

    /// The mark under a token.
    pub(crate) fn mark(&self, text: &str) -> Vec<u8> {
        hmac::sign(&self.first.token, text.as_bytes()).as_ref().to_vec()
    }

    /// Is this the mark of a key in force?
    pub(crate) fn marked(&self, text: &str, mark: &[u8]) -> bool {
        self.rings()
            .any(|ring| hmac::verify(&ring.token, text.as_bytes(), mark).is_ok())
    }
}

/// Upper-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Upper-case hexadecimal and nothing else, so that one id has one spelling.
fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() > 256 || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "01JDCKQ0000000000000000000";

    fn keys(first: u8, before: Option<u8>) -> DoorKeys {
        let secret = |byte| NodeSecret::new([byte; 32]);
        DoorKeys::new(&secret(first), before.map(secret).as_ref()).unwrap()
    }

    #[test]
    fn e70_a_key_pair_is_derived_and_a_forged_or_altered_id_does_not_open() {
        let keys = keys(1, None);
        let pair = keys.pair(SESSION, 77).unwrap();
        assert_eq!(pair.id, keys.pair(SESSION, 77).unwrap().id, "the same on every replica");
        assert_ne!(pair.id, keys.pair(SESSION, 78).unwrap().id);
        let opened = keys.open(&pair.id).unwrap();
        assert_eq!((opened.session.as_str(), opened.until), (SESSION, 77));
        assert_eq!(opened.secret, pair.secret);
        for at in [0, 1, 2, 10, 40, pair.id.len() - 1] {
            let mut altered = pair.id.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(keys.open(&altered), Err(NotOurs), "letter {at}");
        }
        for bad in [
            "",
            "VS",
            "AKIAIOSFODNN7EXAMPLE",
            &pair.id.to_lowercase(),
            &format!("{}00", pair.id),
        ] {
            assert_eq!(keys.open(bad), Err(NotOurs), "{bad}");
        }
    }

    #[test]
    fn e70_the_key_rotates_with_overlap() {
        let old = keys(1, None).pair(SESSION, 77).unwrap();
        let during = keys(2, Some(1));
        assert_eq!(
            during.open(&old.id).unwrap().secret,
            old.secret,
            "a session from before goes on"
        );
        assert_ne!(
            during.pair(SESSION, 77).unwrap().id,
            old.id,
            "new ones are of the new key"
        );
        assert_eq!(
            keys(2, None).open(&old.id),
            Err(NotOurs),
            "after the overlap it is gone"
        );
        let mark = keys(1, None).mark("a.b");
        assert!(during.marked("a.b", &mark) && !during.marked("a.c", &mark));
        assert!(!keys(2, None).marked("a.b", &mark));
    }
}
