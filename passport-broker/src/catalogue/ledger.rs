//! What the logs know of governed rows: which digest stands at which index of which log, and which were replaced since.
//!
//! Each replica has a log of its own, and a row may be made by one and replaced by another: what is counted here comes out
//! the same in whatever order the logs are read.

use std::collections::{BTreeMap, HashMap, HashSet};

use audit_log::{EventType, Governed, Writer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::store::governed::{RowDigest, RowKind, Sealed};

/// Where a log has a row.
#[derive(Clone, Debug)]
struct Place {
    /// Which log, by its place in [`Ledger::logs`].
    log: usize,
    index: u64,
    leaf: [u8; 32],
}

/// What the logs say of a row's content.
#[derive(Clone, Debug, Default)]
struct Logged {
    places: Vec<Place>,
    /// How often an event put another in its place. Content may come back: it is in force while it was entered more often.
    replaced: usize,
}

impl Logged {
    fn in_force(&self) -> bool {
        self.places.len() > self.replaced
    }
}

/// How far each log was read: only what stood in it then is asked of the table.
#[derive(Clone, Debug, Default)]
pub struct Reach(Vec<u64>);

/// The rows that the logs know, kept up to date as they grow.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Origins, in the order in which they were first heard of.
    logs: Vec<String>,
    next: Vec<u64>,
    rows: HashMap<RowDigest, Logged>,
    /// By log.
    dual: BTreeMap<usize, u64>,
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
    #[error("the row of event {index} of the log `{origin}` is gone")]
    EventWithoutRow {
        /// The log.
        origin: String,
        /// The event's index in it.
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
    /// Takes in what this replica's own log got since the last time.
    pub fn follow(&mut self, writer: &Writer) {
        let log = self.log(writer.origin());
        let from = self.next.get(log).copied().unwrap_or_default();
        self.enter(log, writer.governed(from));
    }

    /// Takes in what another replica's log got.
    pub fn take(&mut self, origin: &str, events: Vec<Governed>) {
        let log = self.log(origin);
        self.enter(log, events);
    }

    fn log(&mut self, origin: &str) -> usize {
        match self.logs.iter().position(|known| known == origin) {
            Some(log) => log,
            None => {
                self.logs.push(origin.to_owned());
                self.next.push(0);
                self.logs.len() - 1
            }
        }
    }

    fn enter(&mut self, log: usize, events: Vec<Governed>) {
        for event in events {
            if let Some(next) = self.next.get_mut(log) {
                *next = (*next).max(event.index + 1);
            }
            if event.kind == EventType::GovernanceDual {
                self.dual.entry(log).or_insert(event.index);
            }
            for change in &event.rows {
                if let Some(before) = change.before {
                    let before = RowDigest::from_bytes(before.as_bytes());
                    self.rows.entry(before).or_default().replaced += 1;
                }
                if let Some(after) = change.after {
                    let after = RowDigest::from_bytes(after.as_bytes());
                    self.rows.entry(after).or_default().places.push(Place {
                        log,
                        index: event.index,
                        leaf: event.leaf,
                    });
                }
            }
        }
    }

    /// Whether the logs have no governed row at all: nothing was ever entered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The event since which this node has two administrators. There is none that takes it back.
    #[must_use]
    pub fn dual(&self) -> Option<u64> {
        self.dual.values().next().copied()
    }

    /// How far each log was read.
    #[must_use]
    pub fn reach(&self) -> Reach {
        Reach(self.next.clone())
    }

    /// Index and leaf hash (base64) of the event of this log that made this row, if there is one: the last of them.
    #[must_use]
    pub fn place(&self, digest: &RowDigest, origin: &str) -> Option<(u64, String)> {
        let log = self.logs.iter().position(|known| known == origin)?;
        let places = &self.rows.get(digest)?.places;
        let place = places.iter().rev().find(|place| place.log == log)?;
        Some((place.index, STANDARD.encode(place.leaf)))
    }

    /// Whether this very row is in a log and was not replaced since.
    #[must_use]
    pub fn vouches(&self, row: &Sealed) -> bool {
        self.check(row).is_ok() && self.rows.get(&row.digest).is_some_and(Logged::in_force)
    }

    /// Compares one sealed row with the log that it names.
    ///
    /// # Errors
    /// How it differs.
    pub fn check(&self, row: &Sealed) -> Result<(), Mismatch> {
        let (kind, id) = (row.kind, row.id.clone());
        if !self.logs.contains(&row.origin) {
            return Err(Mismatch::ForeignLog {
                kind,
                id,
                origin: row.origin.clone(),
            });
        }
        if !row.is_whole() {
            return Err(Mismatch::RowChanged { kind, id });
        }
        match self.place(&row.digest, &row.origin) {
            None => Err(Mismatch::RowWithoutEvent { kind, id }),
            Some((index, leaf)) if row.index == Some(index) && row.leaf.as_deref() == Some(leaf.as_str()) => Ok(()),
            Some(_) => Err(Mismatch::RowChanged { kind, id }),
        }
    }

    /// Compares all rows with the logs, both ways: each sealed row with its event, and each event up to `reach` (how far
    /// the logs were read before the rows) with its row. `pending` rows count for nothing, but are there: another replica
    /// may be between its event and its seal.
    ///
    /// # Errors
    /// The first difference found: rows first, then events whose row is gone, lowest index first.
    pub fn compare(&self, rows: &[Sealed], pending: &[Sealed], reach: &Reach) -> Result<(), Mismatch> {
        for row in rows {
            self.check(row)?;
        }
        let seen: HashSet<&RowDigest> = rows.iter().chain(pending).map(|row| &row.digest).collect();
        let gone = self
            .rows
            .iter()
            .filter(|(digest, _)| !seen.contains(digest))
            .flat_map(|(_, logged)| &logged.places)
            .filter(|place| reach.0.get(place.log).is_some_and(|next| place.index < *next))
            .min_by_key(|place| (place.log, place.index));
        gone.map_or(Ok(()), |place| {
            Err(Mismatch::EventWithoutRow {
                origin: self.logs.get(place.log).cloned().unwrap_or_default(),
                index: place.index,
            })
        })
    }
}
