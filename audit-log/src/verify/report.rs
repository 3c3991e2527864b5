//! What a verification found.

use crate::checkpoint::Checkpoint;
use crate::store::walk::Bad;

/// Most findings that are kept.
const FINDINGS: usize = 100;

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, relative to the folder.
    pub file: String,
    /// Byte offset in it, where known.
    pub offset: Option<u64>,
    /// The first entry that is touched, where known.
    pub index: Option<u64>,
    /// What does not fit.
    pub what: String,
}

impl Finding {
    pub(super) fn of(file: &str, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            offset: None,
            index: None,
            what: what.into(),
        }
    }
}

impl From<Bad> for Finding {
    fn from(bad: Bad) -> Self {
        Self {
            file: bad.file,
            offset: Some(bad.offset),
            index: Some(bad.index),
            what: bad.what,
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`", self.file)?;
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        if let Some(index) = self.index {
            write!(f, ", entry {index}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// What a verification found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The log's origin, where it could be read.
    pub origin: Option<String>,
    /// Whole entries found.
    pub entries: u64,
    /// The checkpoint that was checked.
    pub checkpoint: Option<Checkpoint>,
    /// Entries after it: not yet under a checkpoint.
    pub uncovered: u64,
    /// What is wrong, in the order of finding; at most 100.
    pub findings: Vec<Finding>,
    /// What is not wrong, and should be known.
    pub warnings: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// The finding with the lowest entry index; one without index if there is no other.
    #[must_use]
    pub fn first_bad(&self) -> Option<&Finding> {
        self.findings
            .iter()
            .min_by_key(|finding| finding.index.unwrap_or(u64::MAX))
    }

    pub(super) fn find(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS {
            self.findings.push(finding);
        }
    }

    pub(super) fn warn(&mut self, text: &str) {
        self.warnings.push(text.to_owned());
    }
}
