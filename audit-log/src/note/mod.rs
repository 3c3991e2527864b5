//! Signed notes (C2SP signed-note): parsed strictly, written, verified; the log's key and verifier keys.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::error::AuditError;
use crate::tree::sha256;

/// Signature type of a log's Ed25519 key.
pub(crate) const ED25519_TYPE: u8 = 0x01;
/// Signature type of a witness's timestamped Ed25519 cosignature.
pub(crate) const COSIGNATURE_TYPE: u8 = 0x04;
/// Longest note, in bytes.
const NOTE_BYTES: usize = 64 * 1024;
/// Most signature lines of a note.
const NOTE_SIGNATURES: usize = 16;

/// What is wrong with a note, a checkpoint, a promise or a key's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct NoteError {
    what: &'static str,
}

impl NoteError {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self { what }
    }

    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "audit.note"
    }
}

/// The log's signing key: Ed25519, used for nothing else (no token is ever signed with it). Never shown.
pub struct LogKey {
    pair: Ed25519KeyPair,
}

impl LogKey {
    /// From 32 secret random bytes.
    ///
    /// # Errors
    /// [`AuditError::Keystore`] if the bytes are refused.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, AuditError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| refused())?;
        Ok(Self { pair })
    }

    /// A new key, from the source's random bytes. Returns the seed too, for the caller to keep sealed.
    ///
    /// # Errors
    /// As [`from_seed`](Self::from_seed).
    pub fn generate(source: &dyn crate::Source) -> Result<(Self, zeroize::Zeroizing<[u8; 32]>), AuditError> {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        source.fill(seed.as_mut());
        Ok((Self::from_seed(&seed)?, seed))
    }

    /// From PKCS#8, version 1 or 2.
    ///
    /// # Errors
    /// [`AuditError::Keystore`] if that is not an Ed25519 key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, AuditError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| refused())?;
        Ok(Self { pair })
    }

    /// The verifier key for a log of this name (its origin).
    ///
    /// # Errors
    /// [`NoteError`] if the name can't be one: empty, with spaces or plus.
    pub fn vkey(&self, name: &str) -> Result<VKey, NoteError> {
        let key = self
            .pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| NoteError::new("a key has 32 bytes"))?;
        VKey::new(name, ED25519_TYPE, key)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        for (to, from) in signature.iter_mut().zip(self.pair.sign(message).as_ref()) {
            *to = *from;
        }
        signature
    }
}

fn refused() -> AuditError {
    AuditError::Keystore {
        what: "not an Ed25519 key".to_owned(),
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogKey(…)")
    }
}

/// A public verifier key with its name: `name+hash+key`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VKey {
    name: String,
    kind: u8,
    key: [u8; 32],
}

impl VKey {
    fn new(name: &str, kind: u8, key: [u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        Ok(Self {
            name: name.to_owned(),
            kind,
            key,
        })
    }

    /// The name; of a log its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first 4 bytes of SHA-256(name ‖ LF ‖ type ‖ public key).
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = sha256(&[self.name.as_bytes(), b"\n", &[self.kind], &self.key]);
        [a, b, c, d]
    }

    /// Whether this is a witness's key.
    #[must_use]
    pub fn is_witness(&self) -> bool {
        self.kind == COSIGNATURE_TYPE
    }

    /// Whether the key made this Ed25519 signature over these bytes.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key)
            .verify(message, signature)
            .is_ok()
    }
}

/// Names have no spaces, no plus, no control characters.
pub(crate) fn check_name(name: &str) -> Result<(), NoteError> {
    if name.is_empty() || name.len() > 255 {
        return Err(NoteError::new("a name has 1 to 255 bytes"));
    }
    if name
        .chars()
        .any(|letter| letter == '+' || letter.is_whitespace() || letter.is_control())
    {
        return Err(NoteError::new("a name has no spaces and no plus"));
    }
    Ok(())
}

impl fmt::Display for VKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind];
        bytes.extend_from_slice(&self.key);
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            u32::from_be_bytes(self.id()),
            STANDARD.encode(bytes)
        )
    }
}

impl FromStr for VKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let wrong = NoteError::new("a verifier key is `name+hash+key`");
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong);
        };
        let bytes = STANDARD.decode(key).map_err(|_| wrong.clone())?;
        let Some((kind, key)) = bytes.split_first() else {
            return Err(wrong);
        };
        if !matches!(*kind, ED25519_TYPE | COSIGNATURE_TYPE) {
            return Err(NoteError::new("a key of a type that is not known here"));
        }
        let key = Self::new(name, *kind, key.try_into().map_err(|_| wrong)?)?;
        // The same bytes again: so no other spelling of hash or base64 passes.
        if key.to_string() == text {
            Ok(key)
        } else {
            Err(NoteError::new("the hash in the verifier key does not fit"))
        }
    }
}

/// A note as it was parsed: nothing in it is believed before [`verify`](Self::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    body: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// A signature that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The key's name.
    pub name: String,
    /// The time that a witness vouches for, in Unix seconds.
    pub witness_time: Option<u64>,
}

impl Note {
    /// Reads a note; refuses what another reader might read in another way.
    ///
    /// # Errors
    /// [`NoteError`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.len() > NOTE_BYTES {
            return Err(NoteError::new("a note has at most 64 KiB"));
        }
        if text.chars().any(|letter| letter != '\n' && letter.is_control()) {
            return Err(NoteError::new("a note has no control characters but line feeds"));
        }
        let at = text
            .rfind("\n\n")
            .ok_or(NoteError::new("a note has an empty line before its signatures"))?;
        let (body, rest) = text.split_at(at + 1);
        let lines = rest.strip_prefix('\n').and_then(|rest| rest.strip_suffix('\n'));
        let lines = lines.ok_or(NoteError::new("a note ends with a signature line and a line feed"))?;
        let mut signatures: Vec<NoteSignature> = Vec::new();
        for line in lines.split('\n') {
            let signature = NoteSignature::parse(line)?;
            if signatures
                .iter()
                .any(|other| other.name == signature.name && other.id == signature.id)
            {
                return Err(NoteError::new("two signatures by one key"));
            }
            signatures.push(signature);
            if signatures.len() > NOTE_SIGNATURES {
                return Err(NoteError::new("a note has at most 16 signatures"));
            }
        }
        Ok(Self {
            body: body.to_owned(),
            signatures,
        })
    }

    /// The signed text, its last line feed included.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// How many signature lines there are, known or not.
    #[must_use]
    pub fn signature_count(&self) -> usize {
        self.signatures.len()
    }

    /// Checks the signatures by these keys; others are ignored.
    ///
    /// # Errors
    /// [`NoteError`] if a known key's signature is wrong: that rejects the whole note.
    pub fn verify(&self, keys: &[&VKey]) -> Result<Vec<Signed>, NoteError> {
        let mut good = Vec::new();
        for signature in &self.signatures {
            let key = keys
                .iter()
                .find(|key| key.name == signature.name && key.id() == signature.id);
            if let Some(key) = key {
                good.push(signature.check(key, &self.body)?);
            }
        }
        Ok(good)
    }

    /// A note with one signature.
    pub(crate) fn sign(body: &str, key: &LogKey, name: &VKey) -> String {
        let mut bytes = name.id().to_vec();
        bytes.extend_from_slice(&key.sign(body.as_bytes()));
        format!("{body}\n— {} {}\n", name.name, STANDARD.encode(bytes))
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Result<Self, NoteError> {
        let wrong = NoteError::new("a signature line is `— name base64`");
        let (name, text) = line
            .strip_prefix("— ")
            .and_then(|rest| rest.split_once(' '))
            .ok_or(wrong.clone())?;
        check_name(name)?;
        let bytes = STANDARD.decode(text).map_err(|_| wrong.clone())?;
        let (id, bytes) = bytes.split_first_chunk::<4>().ok_or(wrong.clone())?;
        if bytes.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            name: name.to_owned(),
            id: *id,
            bytes: bytes.to_vec(),
        })
    }

    fn check(&self, key: &VKey, body: &str) -> Result<Signed, NoteError> {
        let wrong = NoteError::new("a known key's signature is wrong");
        if !key.is_witness() {
            let good = key.signed(body.as_bytes(), &self.bytes);
            return good
                .then(|| Signed {
                    name: self.name.clone(),
                    witness_time: None,
                })
                .ok_or(wrong);
        }
        let (time, signature) = self.bytes.split_first_chunk::<8>().ok_or(wrong.clone())?;
        let time = u64::from_be_bytes(*time);
        let message = format!("cosignature/v1\ntime {time}\n{body}");
        let good = key.signed(message.as_bytes(), signature);
        good.then(|| Signed {
            name: self.name.clone(),
            witness_time: Some(time),
        })
        .ok_or(wrong)
    }
}

#[cfg(test)]
mod tests;
