//! What the log knows of governed rows: which digest stands at which index, and which were replaced since.

use std::collections::HashMap;

use audit_log::{EventType, Writer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::store::governed::{RowDigest, RowKind, Sealed};

/// Where the log has a row.
#[derive(Clone, Copy, Debug)]
struct Logged {
    index: u64,
    leaf: [u8; 32],
    replaced: bool,
}

/// The rows that the log knows, kept up to date as it grows.
#[derive(Debug, Default)]
pub struct Ledger {
    next: u64,
    rows: HashMap<RowDigest, Logged>,
    dual: Option<u64>,
}

/// How table and log differ (`db_not_as_logged`).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// A row that no event made: entered into the database by hand.
    #[error("row `{id}` of `{kind}` has no event in the log")]
    RowWithoutEvent {
        /// The table.
        kind: RowKind,
        /// The row.
        id: String,
    },
    /// A row whose content, index or leaf hash is not that of its event.
    #[error("row `{id}` of `{kind}` is not as its event says")]
    RowChanged {
        /// The table.
        kind: RowKind,
        /// The row.
        id: String,
    },
    /// An event whose row is gone.
    #[error("the row of event {index} is gone")]
    EventWithoutRow {
        /// The event's index in the log.
        index: u64,
    },
    /// A row of another node's log, which this node does not follow.
    #[error("row `{id}` of `{kind}` belongs to the log `{origin}`, which this node does not follow")]
    ForeignLog {
        /// The table.
        kind: RowKind,
        /// The row.
        id: String,
        /// That log.
        origin: String,
    },
}

impl Ledger {
    /// Takes in what the log got since the last time.
    pub fn follow(&mut self, writer: &Writer) {
        for event in writer.governed(self.next) {
            self.next = self.next.max(event.index + 1);
            if event.kind == EventType::GovernanceDual {
                self.dual.get_or_insert(event.index);
            }
            for change in &event.rows {
                if let Some(before) = change.before.map(|digest| RowDigest::from_bytes(digest.as_bytes()))
                    && let Some(known) = self.rows.get_mut(&before)
                {
                    known.replaced = true;
                }
                if let Some(after) = change.after.map(|digest| RowDigest::from_bytes(digest.as_bytes())) {
                    self.rows.insert(
                        after,
                        Logged {
                            index: event.index,
                            leaf: event.leaf,
                            replaced: false,
                        },
                    );
                }
            }
        }
    }

    /// Whether the log has no governed row at all: nothing was ever entered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The event since which this node has two administrators. There is none that takes it back.
    #[must_use]
    pub fn dual(&self) -> Option<u64> {
        self.dual
    }

    /// Index and leaf hash (base64) of the event that made this row, if the log knows one.
    #[must_use]
    pub fn place(&self, digest: &RowDigest) -> Option<(u64, String)> {
        self.rows
            .get(digest)
            .map(|logged| (logged.index, STANDARD.encode(logged.leaf)))
    }

    /// Whether this very row is in the log and was not replaced since.
    #[must_use]
    pub fn vouches(&self, row: &Sealed, origin: &str) -> bool {
        self.check(row, origin).is_ok() && self.rows.get(&row.digest).is_some_and(|logged| !logged.replaced)
    }

    /// Compares one sealed row with the log.
    ///
    /// # Errors
    /// How it differs.
    pub fn check(&self, row: &Sealed, origin: &str) -> Result<(), Mismatch> {
        let (kind, id) = (row.kind, row.id.clone());
        if row.origin != origin {
            return Err(Mismatch::ForeignLog {
                kind,
                id,
                origin: row.origin.clone(),
            });
        }
        if !row.is_whole() {
            return Err(Mismatch::RowChanged { kind, id });
        }
        match self.place(&row.digest) {
            None => Err(Mismatch::RowWithoutEvent { kind, id }),
            Some((index, leaf)) if row.index == Some(index) && row.leaf.as_deref() == Some(leaf.as_str()) => Ok(()),
            Some(_) => Err(Mismatch::RowChanged { kind, id }),
        }
    }

    /// Compares all sealed rows with the log, both ways.
    ///
    /// # Errors
    /// The first difference found: rows first, then events whose row is gone, lowest index first.
    pub fn compare(&self, rows: &[Sealed], origin: &str) -> Result<(), Mismatch> {
        let mut seen = std::collections::HashSet::with_capacity(rows.len());
        for row in rows {
            self.check(row, origin)?;
            seen.insert(&row.digest);
        }
        let gone = self
            .rows
            .iter()
            .filter(|(digest, _)| !seen.contains(digest))
            .map(|(_, logged)| logged.index)
            .min();
        gone.map_or(Ok(()), |index| Err(Mismatch::EventWithoutRow { index }))
    }
}
