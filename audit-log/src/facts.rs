//! Facts records: what a decision's policies were asked about, kept beside the log so that other policies can be asked
//! later (audit.md section 4). Sealed under the person's key: who is erased can't be decided about again.
//!
//! A folder of its own, since every byte of the log's folder is covered by verification. The log's entry holds the
//! digest of the sealed record (`why.facts`). The newest 256 MiB are kept; that a record is gone harms no proof.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::AuditError;
use crate::event::Digest;
use crate::pseudonym::{PersonKey, Sealed};

/// A new file after this many bytes.
const FILE_BYTES: u64 = 16 << 20;
/// So many files are kept.
const FILES: usize = 16;
/// The longest record, before it is sealed; longer ones are not kept.
pub const FACTS_BYTES: usize = 256 << 10;
/// The longest line: base64 of the sealed record and the names around it.
const LINE_BYTES: u64 = 2 * FACTS_BYTES as u64;
/// The end of a file's name.
const ENDING: &str = ".facts.jsonl";

/// One record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedFacts {
    /// The entry's id.
    pub entry: String,
    /// The pseudonym of the person under whose key it is sealed, in the month of the entry.
    pub p: String,
    /// The record.
    pub sealed: Sealed,
}

impl SealedFacts {
    /// What `why.facts` of its entry says.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.sealed.as_bytes())
    }

    /// Opens it with its person's key.
    ///
    /// # Errors
    /// [`AuditError::Keystore`] if it is another person's, another entry's, or was changed.
    pub fn open(&self, key: &PersonKey, origin: &str) -> Result<Vec<u8>, AuditError> {
        key.open_facts(&self.sealed, &self.entry, origin)
    }
}

/// The folder, as the log's writer appends to it. A failure is told and costs a record, never an entry.
#[derive(Debug)]
pub(crate) struct FactsFolder {
    dir: PathBuf,
    file: Option<(File, u64)>,
    failed: bool,
}

impl FactsFolder {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            file: None,
            failed: false,
        }
    }

    /// Appends a record's line. Not synced: the entry's digest is what counts.
    pub(crate) fn append(&mut self, entry: &str, line: &str) {
        match self.write(entry, line) {
            Ok(()) => self.failed = false,
            Err(error) => {
                if !self.failed {
                    tracing::warn!(error = %error, "facts records can't be kept; decisions of this time can't be replayed");
                }
                self.failed = true;
                self.file = None;
            }
        }
    }

    fn write(&mut self, entry: &str, line: &str) -> std::io::Result<()> {
        if self.file.as_ref().is_none_or(|(_, bytes)| *bytes >= FILE_BYTES) {
            fs::create_dir_all(&self.dir)?;
            let path = self.dir.join(format!("{entry}{ENDING}"));
            let file = OpenOptions::new().append(true).create(true).open(path)?;
            let bytes = file.metadata()?.len();
            self.file = Some((file, bytes));
            // Ids sort by time: the first names are the oldest.
            let names = list(&self.dir)?;
            for old in names.iter().take(names.len().saturating_sub(FILES)) {
                fs::remove_file(old)?;
            }
        }
        if let Some((file, bytes)) = &mut self.file {
            file.write_all(format!("{line}\n").as_bytes())?;
            *bytes = bytes.saturating_add(line.len() as u64 + 1);
        }
        Ok(())
    }
}

/// Reads all records of a folder in their order, while a node writes too. Tells how many lines were none.
///
/// # Errors
/// [`AuditError::File`] if the folder or a file can't be read.
pub fn read_facts(dir: &Path, mut each: impl FnMut(SealedFacts)) -> Result<u64, AuditError> {
    let paths = list(dir).map_err(|error| AuditError::file(dir, error))?;
    read(dir, paths.iter(), |record| {
        each(record);
        true
    })
}

/// The same, the newest file first, until `each` says that it has enough.
pub(crate) fn newest_facts(dir: &Path, each: impl FnMut(SealedFacts) -> bool) -> Result<u64, AuditError> {
    let paths = list(dir).map_err(|error| AuditError::file(dir, error))?;
    read(dir, paths.iter().rev(), each)
}

fn read<'p>(
    dir: &Path,
    paths: impl Iterator<Item = &'p PathBuf>,
    mut each: impl FnMut(SealedFacts) -> bool,
) -> Result<u64, AuditError> {
    let fail = |error: std::io::Error| AuditError::file(dir, error);
    let mut broken = 0;
    for path in paths {
        let mut reader = BufReader::new(File::open(path).map_err(fail)?);
        loop {
            let mut line = Vec::new();
            let read = reader
                .by_ref()
                .take(LINE_BYTES)
                .read_until(b'\n', &mut line)
                .map_err(fail)?;
            if read == 0 {
                break;
            }
            match serde_json::from_slice(&line) {
                Ok(record) => {
                    if !each(record) {
                        return Ok(broken);
                    }
                }
                Err(_) => broken += 1,
            }
        }
    }
    Ok(broken)
}

fn list(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)?
        .filter_map(Result::ok)
        .map(|item| item.path())
        .filter(|path| path.to_string_lossy().ends_with(ENDING))
        .collect();
    paths.sort();
    Ok(paths)
}
