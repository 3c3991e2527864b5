//! Checkpoints: signed tree heads (C2SP tlog-checkpoint), without extension lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::note::{LogKey, Note, NoteError, Signed, VKey};
use crate::tree::Hash;

/// A log's head: size and root that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's origin.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root hash of the tree of these entries.
    pub root: Hash,
}

impl Checkpoint {
    /// The head in a note's body; nothing is verified.
    ///
    /// # Errors
    /// [`NoteError`] for extension lines, a size with leading zeros, other base64.
    pub fn parse_body(body: &str) -> Result<Self, NoteError> {
        let wrong = NoteError::new("a checkpoint has three lines: origin, size, root");
        let mut lines = body.strip_suffix('\n').ok_or(wrong.clone())?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(wrong);
        };
        crate::note::check_name(origin)?;
        let size = decimal(size).ok_or(NoteError::new("a size is a decimal number without leading zero"))?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or(NoteError::new("a root is 32 bytes in standard base64"))?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }

    /// The head in a signed note, if the log's key signed it. Also tells who else did, of the witnesses given.
    ///
    /// # Errors
    /// [`NoteError`]: not a note, another log's, without the log's signature, or with a wrong one.
    pub fn verify(note: &str, log: &VKey, witnesses: &[&VKey]) -> Result<(Self, Vec<Signed>), NoteError> {
        let note = Note::parse(note)?;
        // By the key, not by its name: another key of that name is not the log's.
        let mut signed = note.verify(&[log])?;
        if log.is_witness() || signed.is_empty() {
            return Err(NoteError::new("the log's own signature is missing"));
        }
        let witnesses: Vec<&VKey> = witnesses.iter().copied().filter(|key| key.is_witness()).collect();
        signed.extend(note.verify(&witnesses)?);
        let head = Self::parse_body(note.body())?;
        if head.origin != log.name() {
            return Err(NoteError::new("a checkpoint of another log"));
        }
        Ok((head, signed))
    }

    /// The text that is signed.
    #[must_use]
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    pub(crate) fn sign(&self, key: &LogKey, name: &VKey) -> String {
        Note::sign(&self.body(), key, name)
    }
}

/// A decimal number in its only form.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
