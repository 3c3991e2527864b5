//! What can go wrong with the log, each with a stable code.

use std::path::PathBuf;

/// Why the log could not do its work. Cloned to every waiter of a batch that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The disk is full, a sync failed or the log is being recovered: nothing may be given out (503).
    #[error("the audit log can't be written: {reason}")]
    Unavailable {
        /// What failed, without secrets.
        reason: String,
    },
    /// More entries wait for the disk than the queue holds.
    #[error("more than {limit} entries wait for the audit log's disk")]
    Busy {
        /// The queue's bound, in entries.
        limit: usize,
    },
    /// The writer was closed.
    #[error("the audit log was closed")]
    Closed,
    /// Another process writes this log (audit.md section 2: the second refuses).
    #[error("another process writes the audit log in `{dir}`")]
    Locked {
        /// The log's folder.
        dir: PathBuf,
    },
    /// Something below the last signed checkpoint, or before whole entries, is not as written. Never repaired.
    #[error("the audit log is damaged: `{file}` at byte {offset}, entry {index}: {what}")]
    Damaged {
        /// The file, relative to the log's folder.
        file: String,
        /// Byte offset in that file.
        offset: u64,
        /// The first entry that is touched.
        index: u64,
        /// What does not fit.
        what: String,
    },
    /// The folder belongs to another log or another key.
    #[error("the folder holds another log: {what}")]
    Foreign {
        /// What differs.
        what: String,
    },
    /// A file of the folder or the keystore could not be read or made.
    #[error("`{file}` can't be used: {reason}")]
    File {
        /// The file.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// An entry's canonical form has more than 65,535 bytes (audit.md section 1).
    #[error("the event has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The bound in bytes.
        limit: usize,
    },
    /// An event that its own type does not allow (for example data without `what`).
    #[error("the event is not complete: {what}")]
    Incomplete {
        /// What is missing.
        what: &'static str,
    },
    /// A setting that can't be used: an origin with spaces, a node without name.
    #[error("the setting `{setting}` can't be used: {why}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// The keystore's node key does not open it, or a record was changed.
    #[error("the keystore can't be opened: {what}")]
    Keystore {
        /// What does not fit; never key bytes.
        what: String,
    },
    /// No entry has this index.
    #[error("the log has no entry {index}")]
    NoEntry {
        /// The index asked for.
        index: u64,
    },
}

impl AuditError {
    /// Stable; never renamed, never reused.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "audit.unavailable",
            Self::Busy { .. } => "audit.busy",
            Self::Closed => "audit.closed",
            Self::Locked { .. } => "audit.locked",
            Self::Damaged { .. } => "audit.log_damaged",
            Self::Foreign { .. } => "audit.other_log",
            Self::File { .. } => "audit.file",
            Self::TooLarge { .. } => "audit.event_too_large",
            Self::Incomplete { .. } => "audit.event_incomplete",
            Self::Setting { .. } => "audit.setting",
            Self::Keystore { .. } => "audit.keystore",
            Self::NoEntry { .. } => "audit.no_entry",
        }
    }

    pub(crate) fn file(path: &std::path::Path, reason: impl std::fmt::Display) -> Self {
        Self::File {
            file: path.display().to_string(),
            reason: reason.to_string(),
        }
    }
}
