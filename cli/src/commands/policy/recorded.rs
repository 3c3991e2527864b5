//! The recorded decisions of a node: its log's entries with the facts records beside them.

use std::path::{Path, PathBuf};

use audit_log::Reader;
use policy_engine::review::{FactsRecord, Past};

use crate::{error::CommandError, node::folder::Folder};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In the order of the log, the newest last.
    pub(crate) past: Vec<Past>,
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
    let reader = Reader::open(&audit).map_err(unknown)?;
    let key = |pseudonym: &str, origin: &str, month: &str| keys.of(pseudonym, origin, month).cloned();
    let read = audit_log::recorded(0, |range| reader.events(range), &root.join("facts"), key, last).map_err(unknown)?;
    let mut found = Found {
        past: Vec::with_capacity(read.decisions.len()),
        erased: read.erased,
        altered: read.altered,
    };
    for one in read.decisions {
        let Ok(facts) = FactsRecord::decode(&one.facts) else {
            found.altered = found.altered.saturating_add(1);
            continue;
        };
        let (who, decision) = one.names();
        found.past.push(Past {
            index: one.index,
            event: one.entry.kind.as_str().to_owned(),
            decision,
            who,
            person: None,
            facts,
        });
    }
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
