//! The stops in force, and the changes that would lift them.

use audit_log::EventType;
use policy_engine::decide::GovernQuestion;
use serde::Serialize;
use visa_verifier::seam::Timestamp;

use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::{Asked, GovernError};
use crate::record;
use crate::store::changes::{ChangeRow, ChangeState, Edit};
use crate::store::governed::RowKind;
use crate::store::stops::{StopRow, StopTarget};

/// A stop as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Its id.
    pub id: String,
    /// What stops.
    pub target: StopTarget,
    /// Who placed it: `sub` of our tokens, or `operator` for the data folder.
    pub placed_by: String,
    /// Since when.
    pub placed: Timestamp,
    /// The change that would lift it and waits for a second person.
    pub lift: Option<String>,
}

/// All stops in force, for who may place one or read the log.
///
/// # Errors
/// [`GovernError`]
pub async fn list(broker: &Broker, caller: &Caller) -> Result<Vec<Shown>, GovernError> {
    let asked = Asked::begin(broker, caller).await?;
    let may_place = asked
        .engine
        .govern(&asked.facts, &GovernQuestion::LockdownPlace, broker.now())
        .allow();
    if !may_place {
        let question = GovernQuestion::AuditRead { dataset: None };
        asked.ask(broker, caller, EventType::AuditRead, None, &question).await?;
    }
    let changes: Vec<ChangeRow> = broker.live().await?;
    let lifting = |id: &str| {
        let waits = |row: &&ChangeRow| matches!(row.state, ChangeState::Draft | ChangeState::Approved);
        let ends = |edit: &Edit| matches!(edit, Edit::Remove { kind: RowKind::Stop, id: ended } if ended == id);
        let found = changes.iter().filter(waits).find(|row| row.edits.iter().any(ends));
        found.map(|row| row.id.clone())
    };
    let stops: Vec<StopRow> = broker.live().await?;
    record::read(broker, caller, None).await?;
    Ok(stops
        .into_iter()
        .map(|row| Shown {
            lift: lifting(&row.id),
            id: row.id,
            target: row.target,
            placed_by: row.placed_by,
            placed: row.placed,
        })
        .collect())
}
