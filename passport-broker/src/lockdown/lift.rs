//! Lifting a stop: a change of kind `lockdown`, which widens and so needs two persons (one while governance is single).

use policy_engine::decide::ChangeKind;

use crate::broker::Broker;
use crate::caller::Caller;
use crate::change::{self, Proposal, Proposed};
use crate::committee::GovernError;
use crate::store::changes::Edit;
use crate::store::governed::{Governed as _, RowKind};
use crate::store::stops::StopRow;

/// Proposes the end of a stop.
///
/// # Errors
/// [`GovernError`]
pub async fn lift(broker: &Broker, caller: &Caller, id: &str, reason: String) -> Result<Proposed, GovernError> {
    let found: Option<StopRow> = broker.live::<StopRow>().await?.into_iter().find(|row| row.id() == id);
    let row = found.ok_or_else(|| GovernError::Unknown {
        what: "stop",
        id: id.to_owned(),
    })?;
    let proposal = Proposal {
        kind: ChangeKind::Lockdown,
        title: format!("Lift the stop {id} of {}", row.target),
        reason,
        edits: vec![Edit::Remove {
            kind: RowKind::Stop,
            id: id.to_owned(),
        }],
        consent_event: None,
        at_once: false,
    };
    change::propose(broker, caller, proposal).await
}
