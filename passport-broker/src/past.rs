//! The newest recorded decisions of this node's own log: what a change would make of them is told before it counts.

use audit_log::RecordedFacts;
use policy_engine::review::{FactsRecord, Past};

use crate::broker::Broker;
use crate::committee::GovernError;

/// Recorded decisions that a change is tried on.
const LAST: usize = 2_000;
/// Entries of the log, from the newest back, that are searched for them.
const ENTRIES: u64 = 50_000;

/// Reads them. A node that keeps no facts records has none; people whose keys were destroyed are left out.
///
/// # Errors
/// [`GovernError::Audit`]
pub(crate) async fn read(broker: &Broker) -> Result<Vec<Past>, GovernError> {
    let (writer, keystore) = (broker.writer().clone(), broker.keystore().clone());
    let work = tokio::task::spawn_blocking(move || {
        let Some(folder) = writer.facts() else {
            return Ok(Vec::new());
        };
        let person = |pseudonym: &str, origin: &str, month: &str| keystore.resolve(pseudonym, origin, month);
        let key = |pseudonym: &str, origin: &str, month: &str| keystore.known(&person(pseudonym, origin, month)?);
        let from = writer.size().saturating_sub(ENTRIES);
        let found = audit_log::recorded(from, |range| writer.events(range), folder, key, LAST)?;
        let past = found.decisions.into_iter().filter_map(|one| {
            let facts = FactsRecord::decode(&one.facts).ok()?;
            let (who, decision) = one.names();
            let RecordedFacts { index, entry, .. } = one;
            let subject = person(&who, entry.log.as_str(), &entry.t.month());
            Some(Past {
                index,
                event: entry.kind.as_str().to_owned(),
                decision,
                person: subject.and_then(|subject| subject.parse().ok()),
                who,
                facts,
            })
        });
        Ok(past.collect())
    });
    work.await
        .map_err(|_| GovernError::Facts {
            why: "the log could not be read to its end".to_owned(),
        })?
        .map_err(|source: audit_log::AuditError| GovernError::Audit { source })
}
