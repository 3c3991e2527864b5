//! The recorded decisions of a node: its log's entries with the facts records beside them.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use audit_log::{Entry, PersonKey, READ_ENTRIES, Reader, read_facts};
use policy_engine::review::FactsRecord;

use crate::{error::CommandError, node::folder::Folder};

/// One recorded decision that can be made again.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// The entry's index in the log.
    pub(crate) index: u64,
    /// The entry.
    pub(crate) entry: Entry,
    /// What its policies were asked about.
    pub(crate) facts: FactsRecord,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In the order of the log, the newest last.
    pub(crate) decisions: Vec<Recorded>,
    /// Decisions of people whose key was destroyed.
    pub(crate) erased: u64,
    /// Records that are not what the log says they are.
    pub(crate) altered: u64,
}

/// Reads the newest `last` recorded decisions of a node's data folder, or of its audit folder.
///
/// # Errors
/// `policy.log` (exit 3) if there is no log; `node.…` if its keys can't be read.
pub(crate) fn recorded(log: &Path, last: usize) -> Result<Found, CommandError> {
    let (root, audit) = folders(log)?;
    let unknown = |wrong: audit_log::AuditError| CommandError::unknown(wrong.code(), wrong.to_string());
    let keys = Folder::read_subjects(&root)?;
    let mut entries = HashMap::new();
    let reader = Reader::open(&audit).map_err(unknown)?;
    let mut at = 0;
    loop {
        let page = reader.events(at..at.saturating_add(READ_ENTRIES)).map_err(unknown)?;
        let Some(end) = page.last().map(|stored| stored.index) else {
            break;
        };
        at = end.saturating_add(1);
        for stored in page {
            if stored.entry.why.as_ref().is_some_and(|why| why.facts.is_some()) {
                entries.insert(stored.entry.id.to_string(), (stored.index, stored.entry));
            }
        }
    }
    let mut found = Found::default();
    let facts = root.join("facts");
    if !facts.is_dir() {
        return Ok(found);
    }
    // Finding the key behind a pseudonym tries each person's: once a person and month is enough.
    let mut known: HashMap<(String, String), Option<PersonKey>> = HashMap::new();
    let mut newest = BTreeMap::new();
    let broken = read_facts(&facts, |sealed| {
        // A record whose entry never became durable, or that was read while its entry was on its way.
        let Some((index, entry)) = entries.remove(&sealed.entry) else {
            return;
        };
        let stated = entry.why.as_ref().and_then(|why| why.facts);
        if stated != Some(sealed.digest()) {
            found.altered = found.altered.saturating_add(1);
            return;
        }
        let (origin, month) = (entry.log.to_string(), entry.t.month());
        let key = known
            .entry((sealed.p.clone(), month))
            .or_insert_with_key(|(pseudonym, month)| keys.of(pseudonym, &origin, month).cloned());
        let Some(key) = key else {
            found.erased = found.erased.saturating_add(1);
            return;
        };
        let record = sealed.open(key, &origin).ok();
        match record.and_then(|bytes| FactsRecord::decode(&bytes).ok()) {
            Some(facts) => drop(newest.insert(index, Recorded { index, entry, facts })),
            None => found.altered = found.altered.saturating_add(1),
        }
        if newest.len() > last {
            drop(newest.pop_first());
        }
    })
    .map_err(unknown)?;
    found.altered = found.altered.saturating_add(broken);
    found.decisions = newest.into_values().collect();
    Ok(found)
}

/// The data folder and the log's folder.
fn folders(log: &Path) -> Result<(PathBuf, PathBuf), CommandError> {
    if log.join("audit").is_dir() {
        return Ok((log.to_owned(), log.join("audit")));
    }
    match log.parent() {
        Some(root) if log.join("checkpoint").is_file() => Ok((root.to_owned(), log.to_owned())),
        _ => Err(
            CommandError::unknown("policy.log", format!("{} is no node's log", log.display()))
                .hint("name a node's data folder, or its audit folder within; the keys beside it are needed"),
        ),
    }
}
