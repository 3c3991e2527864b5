//! Sealed texts: AES-256-GCM under a key derived from the node's secret, one key a use. What opens was made by a
//! replica of this node, for that use; nothing is stored.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::config::NodeSecret;

/// What a sealed text is for. Each has a key of its own, so that none passes as another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Use {
    /// A capability of a person: the public listener.
    Person,
    /// A capability of a task or run: the storage door.
    Work,
    /// A page token.
    Page,
    /// A capability of a person for a file of a release: the public listener.
    Output,
}

impl Use {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Person => b"visum-capability-person/1",
            Self::Work => b"visum-capability-work/1",
            Self::Page => b"visum-page/1",
            Self::Output => b"visum-capability-output/1",
        }
    }
}

/// Longest sealed text that is looked at, in characters.
const SEALED_CHARS: usize = 2_048;

/// Seals and opens.
pub(crate) struct Sealer {
    person: LessSafeKey,
    work: LessSafeKey,
    page: LessSafeKey,
    output: LessSafeKey,
    pairwise: hmac::Key,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Sealer(…)")
    }
}

/// The text was not made by us for this use, or was altered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the text was not sealed by this node for this use")]
pub(crate) struct NotOurs;

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

pub(super) fn derive(prk: &hkdf::Prk, label: &[u8]) -> Result<[u8; 32], NotOurs> {
    let mut key = [0; 32];
    prk.expand(&[label], Length)
        .and_then(|okm| okm.fill(&mut key))
        .map_err(|_| NotOurs)?;
    Ok(key)
}

impl Sealer {
    /// Keys for every use from the node's secret.
    ///
    /// # Errors
    /// [`NotOurs`] if a key cannot be derived, which ring's lengths rule out.
    pub(crate) fn new(secret: &NodeSecret) -> Result<Self, NotOurs> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"visum tes-proxy").extract(secret.bytes());
        let aead = |label: &[u8]| {
            Ok(LessSafeKey::new(
                UnboundKey::new(&AES_256_GCM, &derive(&prk, label)?).map_err(|_| NotOurs)?,
            ))
        };
        Ok(Self {
            person: aead(Use::Person.label())?,
            work: aead(Use::Work.label())?,
            page: aead(Use::Page.label())?,
            output: aead(Use::Output.label())?,
            pairwise: hmac::Key::new(hmac::HMAC_SHA256, &derive(&prk, b"visum-pairwise/1")?),
        })
    }

    const fn key(&self, purpose: Use) -> &LessSafeKey {
        match purpose {
            Use::Person => &self.person,
            Use::Work => &self.work,
            Use::Page => &self.page,
            Use::Output => &self.output,
        }
    }

    /// Seals `value`. `nonce` is 12 fresh random bytes.
    ///
    /// # Errors
    /// [`NotOurs`] if it cannot be written or is too long.
    pub(crate) fn seal<T: Serialize>(
        &self,
        purpose: Use,
        value: &T,
        nonce: [u8; NONCE_LEN],
    ) -> Result<String, NotOurs> {
        let mut sealed = serde_json::to_vec(value).map_err(|_| NotOurs)?;
        self.key(purpose)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose.label()),
                &mut sealed,
            )
            .map_err(|_| NotOurs)?;
        let mut whole = nonce.to_vec();
        whole.extend_from_slice(&sealed);
        let text = URL_SAFE_NO_PAD.encode(whole);
        if text.len() > SEALED_CHARS {
            Err(NotOurs)
        } else {
            Ok(text)
        }
    }

    /// Opens what [`Sealer::seal`] made for the same use.
    ///
    /// # Errors
    /// [`NotOurs`] for everything else.
    pub(crate) fn open<T: DeserializeOwned>(&self, purpose: Use, text: &str) -> Result<T, NotOurs> {
        if text.len() > SEALED_CHARS {
            return Err(NotOurs);
        }
        let mut whole = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotOurs)?;
        let (nonce, sealed) = whole.split_at_mut_checked(NONCE_LEN).ok_or(NotOurs)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotOurs)?;
        let plain = self
            .key(purpose)
            .open_in_place(nonce, Aad::from(purpose.label()), sealed)
            .map_err(|_| NotOurs)?;
        serde_json::from_slice(plain).map_err(|_| NotOurs)
    }

    /// A pseudonym for one reader: the same for the same parts, tells nothing else, differs between readers (E79).
    pub(crate) fn pairwise(&self, reader: &str, what: &str, value: &str) -> String {
        let mut text = Vec::new();
        for part in [reader, what, value] {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part.as_bytes());
        }
        let tag = hmac::sign(&self.pairwise, &text);
        URL_SAFE_NO_PAD.encode(tag.as_ref().get(..16).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_own_use_only_and_unaltered_only() {
        let sealer = Sealer::new(&NodeSecret::new([1; 32])).unwrap();
        let sealed = sealer.seal(Use::Person, &("a".to_owned(), 7), [9; 12]).unwrap();
        assert_eq!(
            sealer.open::<(String, i32)>(Use::Person, &sealed),
            Ok(("a".to_owned(), 7))
        );
        assert_eq!(
            sealer.open::<(String, i32)>(Use::Work, &sealed),
            Err(NotOurs),
            "another use"
        );
        let other = Sealer::new(&NodeSecret::new([2; 32])).unwrap();
        assert_eq!(
            other.open::<(String, i32)>(Use::Person, &sealed),
            Err(NotOurs),
            "another node"
        );
        for at in 0..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            if altered != sealed.as_bytes() {
                let altered = String::from_utf8(altered).unwrap();
                assert_eq!(
                    sealer.open::<(String, i32)>(Use::Person, &altered),
                    Err(NotOurs),
                    "altered at {at}"
                );
            }
        }
        for text in ["", "AAAA", "not base64!", &"A".repeat(5_000)] {
            assert_eq!(sealer.open::<(String, i32)>(Use::Person, text), Err(NotOurs));
        }
    }

    #[test]
    fn e79_pseudonyms_differ_between_readers() {
        let sealer = Sealer::new(&NodeSecret::new([1; 32])).unwrap();
        assert_eq!(
            sealer.pairwise("tes", "owner", "x"),
            sealer.pairwise("tes", "owner", "x")
        );
        assert_ne!(
            sealer.pairwise("tes", "owner", "x"),
            sealer.pairwise("wes", "owner", "x")
        );
        assert_ne!(
            sealer.pairwise("tes", "owner", "x"),
            sealer.pairwise("tes", "ownerx", "")
        );
    }
}
