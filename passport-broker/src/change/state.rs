//! A dataset's state as one change of its row: suspended at once, withdrawn by two, open again by two (consent.md 5.1).

use policy_engine::consent::State;
use policy_engine::decide::ChangeKind;
use serde::Deserialize;
use serde_json::to_value;

use super::{Outlook, Proposal, Proposed, preview, propose};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::{self, Effect, GovernError};
use crate::store::changes::Edit;
use crate::store::governed::RowKind;

/// What a dataset is to be from now on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateRequest {
    /// The dataset's id, or its short name.
    pub dataset: String,
    /// Its state.
    pub state: State,
    /// Why, in words.
    pub reason: String,
}

/// What the change of state would do, and what it affects. Nothing is stored.
///
/// # Errors
/// [`GovernError`]; `dataset.state` for a step that the life cycle does not have.
pub async fn preview_state(
    broker: &Broker,
    caller: &Caller,
    request: StateRequest,
) -> Result<(Outlook, Effect), GovernError> {
    let (dataset, proposal) = proposal(broker, request)?;
    // first whether this person may ask at all
    let outlook = preview(broker, caller, proposal).await?;
    let effect = committee::effect_of_dataset(broker, &dataset).await?;
    Ok((outlook, effect))
}

/// Proposes it; what narrows and needs nobody else is in force when this returns.
///
/// # Errors
/// As [`preview_state`].
pub async fn propose_state(
    broker: &Broker,
    caller: &Caller,
    request: StateRequest,
) -> Result<(Proposed, Effect), GovernError> {
    let (dataset, proposal) = proposal(broker, request)?;
    let proposed = propose(broker, caller, proposal).await?;
    let effect = committee::effect_of_dataset(broker, &dataset).await?;
    Ok((proposed, effect))
}

fn proposal(broker: &Broker, request: StateRequest) -> Result<(String, Proposal), GovernError> {
    let engine = broker.current().load();
    let found = engine.dataset_named(&request.dataset);
    let mut record = found.cloned().ok_or_else(|| GovernError::NoDataset {
        dataset: request.dataset.clone(),
    })?;
    let (now, wanted) = (record.consent.state, request.state);
    if !may_become(now, wanted) {
        return Err(GovernError::Conflict {
            code: "dataset.state",
            message: format!(
                "The dataset is {now}, and from there it does not become {wanted}: active and suspended change with each \
                 other, both may be retired or withdrawn, and a retired one may be withdrawn.",
                now = now.as_str(),
                wanted = wanted.as_str()
            ),
        });
    }
    record.consent.state = wanted;
    let id = record.id().to_owned();
    let row = to_value(&record).map_err(|_| GovernError::input("change.edit", "the dataset cannot be written"))?;
    let proposal = Proposal {
        kind: ChangeKind::Catalogue,
        title: format!("{}: {} becomes {}", record.short_name, now.as_str(), wanted.as_str()),
        reason: request.reason,
        edits: vec![Edit::Put {
            kind: RowKind::Dataset,
            row,
        }],
        consent_event: None,
        at_once: false,
    };
    Ok((id, proposal))
}

/// The steps of the life cycle.
fn may_become(now: State, wanted: State) -> bool {
    use State::{Active, Retired, Suspended, Withdrawn};
    matches!(
        (now, wanted),
        (Active, Suspended | Retired | Withdrawn) | (Suspended, Active | Retired | Withdrawn) | (Retired, Withdrawn)
    )
}
