//! What the commit thread and the handles share: how far the log is durable, and where to find it.

use std::sync::{PoisonError, RwLock};

use crate::event::{Entry, EventType, RowChange};
use crate::tree::Hash;

/// An entry read back, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its index.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: Hash,
    /// What it says.
    pub entry: Entry,
}

/// A change of governed rows, as the log has it (D16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Governed {
    /// The entry's index.
    pub index: u64,
    /// The entry's leaf hash.
    pub leaf: Hash,
    /// The entry's type.
    pub kind: EventType,
    /// Row digests before and after.
    pub rows: Vec<RowChange>,
}

/// Written by the commit thread, read by all.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    governed: RwLock<Vec<Governed>>,
}

impl Shared {
    pub(crate) fn governed(&self, from: u64) -> Vec<Governed> {
        let all = self.governed.read().unwrap_or_else(PoisonError::into_inner);
        let start = all.partition_point(|row| row.index < from);
        all.get(start..).unwrap_or_default().to_vec()
    }
}
