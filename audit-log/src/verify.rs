//! A whole folder against its checkpoint: every byte covered, what is wrong named with its place.

use crate::checkpoint::Checkpoint;

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

/// What a verification found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The log's origin, where it could be read.
    pub origin: Option<String>,
    /// Whole entries found.
    pub entries: u64,
    /// The checkpoint that was checked.
    pub checkpoint: Option<Checkpoint>,
    /// Entries after it: "N entries not yet under a checkpoint".
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

    /// The finding with the lowest entry index.
    #[must_use]
    pub fn first_bad(&self) -> Option<&Finding> {
        self.findings
            .iter()
            .min_by_key(|finding| finding.index.unwrap_or(u64::MAX))
    }
}
