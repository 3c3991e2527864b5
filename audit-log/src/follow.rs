//! Another replica's log, followed as it grows: what it governs, checked against its signed heads (audit.md section 2:
//! replicas each have a log of their own, on storage that the others can read).

use std::path::{Path, PathBuf};

use crate::checkpoint::Checkpoint;
use crate::encoding::decode;
use crate::error::AuditError;
use crate::note::VKey;
use crate::store::folder::CHECKPOINT;
use crate::store::segment::{self, FRAME_HEAD, Frame, HEADER_BYTES, Header};
use crate::tree::{Growing, Hash, leaf_hash};
use crate::writer::Governed;

/// Most bytes of a checkpoint.
const NOTE_BYTES: u64 = 64 << 10;
/// Most bytes of a segment.
const SEGMENT_BYTES: u64 = (1 << 30) + (2 << 20);
/// Most entries that may follow on the last signed head: a log that signs none for so long is not followed further.
const UNSIGNED: usize = 1 << 20;

/// A log of another process, read from its folder without its lock.
///
/// Each entry is read once. Entries above the last signed head are believed as they stand in the folder, as the log's own
/// process believes them at its next start; the head that covers them is compared as soon as it is there.
#[derive(Debug)]
pub struct Follower {
    dir: PathBuf,
    vkey: VKey,
    /// First index of the segment being read, and the place of the next frame in it; 0: its header was not read yet.
    first: u64,
    offset: u64,
    /// All entries read.
    tree: Growing,
    /// All entries under the last signed head, and the leaves above it.
    covered: Growing,
    above: Vec<Hash>,
    /// What was read and not handed out: a folder that can't be read for a moment loses nothing.
    found: Vec<Governed>,
    /// Damage once seen stays.
    broken: Option<AuditError>,
}

impl Follower {
    /// The log in this folder, which signs with this key. Nothing is read yet.
    #[must_use]
    pub fn new(dir: &Path, vkey: VKey) -> Self {
        Self {
            dir: dir.to_owned(),
            vkey,
            first: 0,
            offset: 0,
            tree: Growing::default(),
            covered: Growing::default(),
            above: Vec::new(),
            found: Vec::new(),
            broken: None,
        }
    }

    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.vkey.name()
    }

    /// How many entries were read.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Reads what was written since the last time: the changes of governed rows in it, in order. Blocks.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] if the log does not go on from what was read before, or differs from its signed head: it is
    /// followed no further. [`AuditError::File`] if it can't be read now.
    pub fn catch_up(&mut self) -> Result<Vec<Governed>, AuditError> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        match self.go_on() {
            Ok(()) => Ok(std::mem::take(&mut self.found)),
            Err(error) => {
                if matches!(error, AuditError::Damaged { .. }) {
                    self.broken = Some(error.clone());
                }
                Err(error)
            }
        }
    }

    fn go_on(&mut self) -> Result<(), AuditError> {
        // First the head, then the entries: those that it covers are there.
        let head = self.head()?;
        self.read_segment()?;
        while self.tree.size() > self.first && self.dir.join(segment::name(self.tree.size())).is_file() {
            (self.first, self.offset) = (self.tree.size(), 0);
            self.read_segment()?;
        }
        if let Some(head) = head {
            self.cover(&head)?;
        }
        if self.above.len() > UNSIGNED {
            return Err(self.damaged("no head was signed for too many entries"));
        }
        Ok(())
    }

    /// The rest of the segment, up to the last whole frame.
    fn read_segment(&mut self) -> Result<(), AuditError> {
        use std::io::{Read as _, Seek as _};
        let path = self.dir.join(segment::name(self.first));
        let fail = |error: std::io::Error| AuditError::file(&path, error);
        let mut file = match std::fs::File::open(&path) {
            Ok(file) => file,
            // A log that was not opened yet has no segment.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.tree.size() == 0 => return Ok(()),
            Err(error) => return Err(fail(error)),
        };
        let length = file.metadata().map_err(fail)?.len();
        if length < self.offset {
            return Err(self.damaged("it is shorter than it was"));
        }
        file.seek(std::io::SeekFrom::Start(self.offset)).map_err(fail)?;
        let mut bytes = Vec::new();
        file.take(SEGMENT_BYTES).read_to_end(&mut bytes).map_err(fail)?;
        let mut at = 0;
        if self.offset == 0 {
            let header = Header::parse(&bytes).map_err(|what| self.damaged(what))?;
            if header != Header::new(self.vkey.name(), self.tree.size(), self.tree.root()) {
                return Err(self.damaged("the segment does not follow on the one before"));
            }
            at = HEADER_BYTES;
        }
        // A frame that is not whole is being written: what is wrong with it for good, the next head will tell.
        while let Frame::Entry(entry) = segment::frame(&bytes, at) {
            let index = self.tree.size();
            let leaf = leaf_hash(entry);
            let entry_bytes = entry.len();
            let entry = decode(entry).map_err(|what| self.damaged(&what))?;
            let rows = entry.did.map(|did| did.rows).unwrap_or_default();
            if Governed::lists(entry.kind, &rows) {
                self.found.push(Governed {
                    index,
                    leaf,
                    kind: entry.kind,
                    rows,
                });
            }
            self.tree.push(leaf);
            self.above.push(leaf);
            at += FRAME_HEAD + entry_bytes;
        }
        self.offset += at as u64;
        Ok(())
    }

    /// The signed head in the folder, if there is one.
    fn head(&self) -> Result<Option<Checkpoint>, AuditError> {
        use std::io::Read as _;
        let path = self.dir.join(CHECKPOINT);
        let fail = |error: std::io::Error| AuditError::file(&path, error);
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail(error)),
        };
        let mut note = String::new();
        file.take(NOTE_BYTES).read_to_string(&mut note).map_err(fail)?;
        let (head, _) = Checkpoint::verify(&note, &self.vkey, &[])
            .map_err(|error| self.damaged(&format!("its head is not signed as it must be: {error}")))?;
        Ok(Some(head))
    }

    /// Compares the entries with a signed head.
    fn cover(&mut self, head: &Checkpoint) -> Result<(), AuditError> {
        if head.size < self.covered.size() {
            return Err(self.damaged("its signed head is older than one seen before"));
        }
        let new = usize::try_from(head.size - self.covered.size()).unwrap_or(usize::MAX);
        if new > self.above.len() {
            return Err(self.damaged("it ends before its signed head"));
        }
        for leaf in self.above.drain(..new) {
            self.covered.push(leaf);
        }
        if self.covered.root() == head.root {
            Ok(())
        } else {
            Err(self.damaged("its entries are not those of its signed head"))
        }
    }

    fn damaged(&self, what: &str) -> AuditError {
        AuditError::Damaged {
            file: format!("{}: {}", self.vkey.name(), segment::name(self.first)),
            offset: self.offset,
            index: self.tree.size(),
            what: what.to_owned(),
        }
    }
}
