//! What the commit thread and the handles share: how far the log is durable, and where to find it.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use tokio::sync::watch;

use crate::event::{Entry, EventType, RowChange};
use crate::store::read::Reader;
use crate::store::walk::Marks;
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
    /// Row digests before and after; none for [`EventType::GovernanceDual`].
    pub rows: Vec<RowChange>,
}

impl Governed {
    /// Whether such an entry is listed: it changes governed rows, or how many people must agree on them.
    pub(crate) fn lists(kind: EventType, rows: &[RowChange]) -> bool {
        !rows.is_empty() || kind == EventType::GovernanceDual
    }
}

/// Written by the commit thread, read by all.
#[derive(Debug)]
pub(crate) struct Shared {
    size: watch::Sender<u64>,
    places: RwLock<Places>,
}

#[derive(Debug, Default)]
struct Places {
    dir: PathBuf,
    segments: Vec<Marks>,
    governed: Vec<Governed>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            size: watch::Sender::new(0),
            places: RwLock::default(),
        }
    }
}

impl Shared {
    /// All anew, from a recovery.
    pub(crate) fn reset(&self, dir: &Path, segments: Vec<Marks>, governed: Vec<Governed>, size: u64) {
        *self.places.write().unwrap_or_else(PoisonError::into_inner) = Places {
            dir: dir.to_owned(),
            segments,
            governed,
        };
        self.size.send_replace(size);
    }

    pub(crate) fn segment(&self, first: u64) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        places.segments.push(Marks {
            first,
            ..Marks::default()
        });
    }

    /// Entries that are durable now: the marks (index, offset) that fall among them, and what they govern.
    pub(crate) fn durable(&self, marks: &[u64], governed: Vec<Governed>, size: u64) {
        if !marks.is_empty() || !governed.is_empty() {
            let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(last) = places.segments.last_mut() {
                last.offsets.extend_from_slice(marks);
            }
            places.governed.extend(governed);
        }
        self.size.send_replace(size);
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.size.subscribe()
    }

    pub(crate) fn reader(&self) -> Reader {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        Reader::with_marks(&places.dir, places.segments.clone())
    }

    pub(crate) fn governed(&self, from: u64) -> Vec<Governed> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        let start = places.governed.partition_point(|row| row.index < from);
        places.governed.get(start..).unwrap_or_default().to_vec()
    }
}
