//! A consent service's hold on a participant whom the custodian does not know (consent.md 5.1): an alarm, and a quarter
//! of an hour for the custodian to say who it is. Undecided, it comes into force by its own first second, for every
//! object of the dataset that has no list of participants.

use std::time::Duration;

use audit_log::{AboutKind, Class, Digest, Event, EventType, Outcome, What, Why};
use policy_engine::consent::{ConsentHold, HoldScope, Name};
use policy_engine::decide::GovernQuestion;
use policy_engine::snapshot::{DatasetRecord, HoldOrigin, HoldRecord, Snapshot};
use serde::Deserialize;

use super::{Asked, GovernError, ending};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing};
use crate::record;
use crate::store::governed::{self, Governed as _, RowKind};
use crate::store::holds::HoldRow;

/// How long the custodian has.
pub(super) const DECIDED_WITHIN: Duration = Duration::from_secs(15 * 60);

/// What the custodian says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// The participant who is meant, by the pseudonym that the catalogue knows; none: nobody of this dataset.
    #[serde(default)]
    pub participant: Option<Name>,
    /// How they know; the log keeps the digest.
    pub reason: String,
}

/// Whether such a hold waits for the custodian: a service's, on a participant whom nobody here knows. A committee's
/// own hold does not, since it is the custodian's word already.
pub(super) fn waits(origin: &HoldOrigin, scope: HoldScope, matched: bool) -> bool {
    matches!(origin, HoldOrigin::Service(_)) && scope == HoldScope::Participant && !matched
}

/// Whether the custodian's own list has this participant.
pub(super) fn listed(record: Option<&DatasetRecord>, target: Option<&Name>) -> bool {
    let (Some(record), Some(target)) = (record, target) else {
        return false;
    };
    record.participants.contains(&record.participant(target.as_str()))
}

/// The alarm: an event of its own, with the moment from which the hold is in force.
pub(super) async fn alarm(broker: &Broker, row: &HoldRow) -> Result<(), GovernError> {
    let (id, dataset) = (row.id(), row.record.dataset.as_str());
    let event = Event::new(EventType::HoldUnmatched, Outcome::Success)
        .what(What::dataset(dataset))
        .about(AboutKind::Hold, id.as_str())
        .why(Why::code("hold.unmatched").until(row.record.hold.from().unix()));
    broker.writer().append(event).await?;
    tracing::error!(
        code = "hold.unmatched",
        hold.id = id,
        dataset.id = dataset,
        "a hold names something that the catalogue does not know: its committee has to look at once"
    );
    Ok(())
}

/// The custodian's word, while the hold waits: it is in force at once for the participant who is meant, or it was for
/// nobody of this dataset and is gone.
///
/// # Errors
/// [`GovernError`]; `hold.in_force` once it no longer waits: from then on only its origin ends it.
pub async fn decide(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    said: &Decided,
) -> Result<Option<HoldRow>, GovernError> {
    ending::check_reason(&said.reason)?;
    let row = ending::standing(broker, id).await?;
    let dataset = row.record.dataset.clone();
    let asked = Asked::begin(broker, caller).await?;
    let question = GovernQuestion::HoldPlace {
        dataset: dataset.clone(),
    };
    asked
        .ask(broker, caller, EventType::ConsentChange, Some(&dataset), &question)
        .await?;
    let mut changing = Changing::begin(broker).await;
    let newest = governed::newest(changing.db(), RowKind::Hold, id).await?;
    if !row.waits(broker.now()) || !newest.is_some_and(|sealed| sealed.live && sealed.says(&row)) {
        return Err(in_force());
    }
    let matched = match &said.participant {
        Some(person) => Some(meant(broker, asked.engine.snapshot(), &row, person)?),
        None => None,
    };
    let draft = match &matched {
        Some(row) => changing.draft(row).await?,
        None => changing.draft_removal(&row).await?,
    };
    let event = Event::new(EventType::ConsentChange, Outcome::Success)
        .who(record::who(broker, caller, Class::Dac)?)
        .what(What::dataset(dataset.as_str()))
        .about(AboutKind::Hold, id)
        .why(Why::code("hold.unmatched"));
    let agreed = Agreed {
        reason: Some(Digest::of(said.reason.as_bytes())),
        ..Agreed::default()
    };
    changing.write(event, &[draft], agreed).await?;
    changing.finish().await?;
    Ok(matched)
}

/// The same hold, of the same origin, on the participant who is meant, from now on.
fn meant(broker: &Broker, snapshot: &Snapshot, row: &HoldRow, person: &Name) -> Result<HoldRow, GovernError> {
    let dataset = row.record.dataset.as_str();
    let record = snapshot.datasets.iter().find(|record| record.id() == dataset);
    let name = Name::try_from(dataset).ok();
    let mut objects = name.iter().flat_map(|name| snapshot.objects.of_dataset(name));
    let named = objects.any(|object| object.participants.iter().flatten().any(|one| one == person));
    if !named && !listed(record, Some(person)) {
        return Err(GovernError::input(
            "hold.participant",
            format!("`{person}` is no participant whom the catalogue knows in `{dataset}`."),
        ));
    }
    let hold = &row.record.hold;
    let hold = ConsentHold::new(
        hold.id().clone(),
        hold.kind(),
        hold.scope(),
        Some(person.clone()),
        broker.now(),
        hold.until(),
    )
    .map_err(|error| GovernError::input("hold.scope", error.to_string()))?;
    Ok(HoldRow {
        record: HoldRecord {
            hold,
            ..row.record.clone()
        },
        decide_until: None,
        ..row.clone()
    })
}

fn in_force() -> GovernError {
    GovernError::Conflict {
        code: "hold.in_force",
        message: "This hold is in force, or was decided on: only its origin can end it.".to_owned(),
    }
}
