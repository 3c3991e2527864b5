//! Recorded decisions: the newest entries of a log that have a facts record, each with its record opened.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::path::Path;

use crate::error::AuditError;
use crate::event::Entry;
use crate::facts::newest_facts;
use crate::pseudonym::PersonKey;
use crate::store::read::READ_ENTRIES;
use crate::writer::StoredEntry;

/// An entry and its record.
#[derive(Debug)]
pub struct RecordedFacts {
    /// The entry's index in the log.
    pub index: u64,
    /// The entry.
    pub entry: Entry,
    /// The record, opened.
    pub facts: Vec<u8>,
}

impl RecordedFacts {
    /// The pseudonym of whom the decision was about, and the decision's id.
    #[must_use]
    pub fn names(&self) -> (String, String) {
        let who = self.entry.who.p.as_ref().or(self.entry.who.acting_for.as_ref());
        let decision = self.entry.why.as_ref().and_then(|why| why.decision.as_ref());
        (
            who.map_or_else(|| "nobody".to_owned(), ToString::to_string),
            decision.map(ToString::to_string).unwrap_or_default(),
        )
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Recorded {
    /// In the order of the log, the newest last.
    pub decisions: Vec<RecordedFacts>,
    /// Left out: the person's key was destroyed.
    pub erased: u64,
    /// Left out: records that are not what the log says they are.
    pub altered: u64,
}

/// Reads the newest `last` entries from index `from` on that have a facts record: `page` gives entries by index, none at
/// the end; `facts` is the folder of the records, `key` the key behind a pseudonym, by origin and month. Blocks.
///
/// # Errors
/// [`AuditError`]: the log or the folder can't be read. A folder that is not there holds nothing.
pub fn recorded(
    from: u64,
    page: impl Fn(Range<u64>) -> Result<Vec<StoredEntry>, AuditError>,
    facts: &Path,
    key: impl Fn(&str, &str, &str) -> Option<PersonKey>,
    last: usize,
) -> Result<Recorded, AuditError> {
    let mut found = Recorded::default();
    if !facts.is_dir() {
        return Ok(found);
    }
    let mut newest = VecDeque::new();
    let mut at = from;
    loop {
        let stored = page(at..at.saturating_add(READ_ENTRIES))?;
        let Some(end) = stored.last().map(|stored| stored.index) else {
            break;
        };
        at = end.saturating_add(1);
        for one in stored {
            if one.entry.why.as_ref().is_some_and(|why| why.facts.is_some()) {
                newest.push_back(one);
            }
            if newest.len() > last {
                newest.pop_front();
            }
        }
    }
    let named = newest.into_iter().map(|stored| (stored.entry.id.to_string(), stored));
    let mut entries: HashMap<String, StoredEntry> = named.collect();
    if entries.is_empty() {
        return Ok(found);
    }
    // Finding the key behind a pseudonym tries each person's: once a person and month is enough.
    let mut known: HashMap<(String, String), Option<PersonKey>> = HashMap::new();
    let broken = newest_facts(facts, |sealed| {
        // An entry that is older, never became durable, or was on its way when the log was read.
        if let Some(StoredEntry { index, entry, .. }) = entries.remove(&sealed.entry) {
            let stated = entry.why.as_ref().and_then(|why| why.facts);
            if stated == Some(sealed.digest()) {
                let (origin, month) = (entry.log.to_string(), entry.t.month());
                let key = known
                    .entry((sealed.p.clone(), month))
                    .or_insert_with_key(|(pseudonym, month)| key(pseudonym, &origin, month));
                match key.as_ref().map(|key| sealed.open(key, &origin)) {
                    None => found.erased = found.erased.saturating_add(1),
                    Some(Ok(facts)) => found.decisions.push(RecordedFacts { index, entry, facts }),
                    Some(Err(_)) => found.altered = found.altered.saturating_add(1),
                }
            } else {
                found.altered = found.altered.saturating_add(1);
            }
        }
        !entries.is_empty()
    })?;
    found.altered = found.altered.saturating_add(broken);
    found.decisions.sort_by_key(|one| one.index);
    Ok(found)
}
