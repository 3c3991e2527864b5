//! Stop: a hold on a dataset, a group, an object or a participant; and what it would stop. Released by its origin only.

use audit_log::{AboutKind, Class, Digest, Event, EventType, Outcome, What, Who};
use policy_engine::consent::{ConsentHold, HoldKind, HoldScope, Name};
use policy_engine::decide::GovernQuestion;
use policy_engine::snapshot::{HoldOrigin, HoldRecord, Snapshot};
use serde::{Deserialize, Serialize};
use visa_verifier::seam::token;

use super::{Asked, GovernError, grant, unmatched};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing};
use crate::limits;
use crate::record;
use crate::store::governed::RowDigest;
use crate::store::grants::Grant;
use crate::store::holds::HoldRow;

/// What is to be stopped.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// The dataset's id, or its short name.
    pub dataset: String,
    /// Why, in one word.
    pub kind: HoldKind,
    /// What it reaches.
    pub scope: HoldScope,
    /// Which group, object, participant, person or project; none for a whole dataset.
    #[serde(default)]
    pub target: Option<Name>,
    /// Why, in words; the log keeps their digest.
    pub reason: String,
}

/// What a hold stops.
#[derive(Clone, Debug, Serialize)]
pub struct Effect {
    /// The dataset's id.
    pub dataset: String,
    /// Objects that nobody could read any more.
    pub objects: usize,
    /// Whether the custodian knows the target: the catalogue's objects, or the dataset's list of participants, name it.
    pub matched: bool,
    /// Grants in force for the dataset.
    pub grants: usize,
    /// Tasks and runs on the dataset that are not over: each is judged again at once. `None`: nobody can tell.
    pub running: Option<u64>,
}

/// A hold in force.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The hold.
    pub hold: HoldRow,
    /// What it stops.
    pub effect: Effect,
}

/// What a hold would stop. Asked of the policies like the hold itself; nothing is changed.
///
/// # Errors
/// [`GovernError`]
pub async fn preview(broker: &Broker, caller: &Caller, request: &HoldRequest) -> Result<Effect, GovernError> {
    let (asked, dataset) = permitted(broker, caller, request).await?;
    effect(broker, asked.engine.snapshot(), &dataset, request).await
}

/// Places a hold. When this returns, the snapshot that carries it is in force.
///
/// # Errors
/// [`GovernError`]
pub async fn place(broker: &Broker, caller: &Caller, request: HoldRequest) -> Result<Placed, GovernError> {
    let (asked, dataset) = permitted(broker, caller, &request).await?;
    let effect = effect(broker, asked.engine.snapshot(), &dataset, &request).await?;
    let committee = grant::dataset(&asked, &dataset)?.dac;
    let who = record::who(broker, caller, Class::Dac)?;
    let origin = HoldOrigin::Committee(committee);
    write(broker, who, origin, caller.person.as_str(), dataset, request, effect).await
}

/// Row, event, snapshot.
pub(super) async fn write(
    broker: &Broker,
    who: Who,
    origin: HoldOrigin,
    placed_by: &str,
    dataset: String,
    request: HoldRequest,
    effect: Effect,
) -> Result<Placed, GovernError> {
    let waits = unmatched::waits(&origin, request.scope, effect.matched);
    let from = if waits {
        broker.now().plus(unmatched::DECIDED_WITHIN)
    } else {
        broker.now()
    };
    let id: Name = format!("hold-{}", token(broker.random(), 9))
        .parse()
        .map_err(|_| GovernError::input("hold.id", "no name for the hold could be made"))?;
    let hold = ConsentHold::new(id, request.kind, request.scope, request.target, from, None)
        .map_err(|error| GovernError::input("hold.scope", error.to_string()))?;
    let reason = Digest::of(request.reason.as_bytes());
    let row = HoldRow {
        record: HoldRecord {
            dataset: dataset.clone(),
            hold,
            origin,
        },
        placed_by: placed_by.to_owned(),
        reason_digest: RowDigest::from_bytes(reason.as_bytes()).as_str().to_owned(),
        confirmed_by: None,
        decide_until: waits.then_some(from),
    };
    let mut changing = Changing::begin(broker).await;
    let draft = changing.draft(&row).await?;
    let event = Event::new(EventType::HoldPlace, Outcome::Success)
        .who(who)
        .what(What::dataset(dataset.as_str()))
        .about(AboutKind::Hold, draft.id.as_str());
    changing
        .write(
            event,
            &[draft],
            Agreed {
                reason: Some(reason),
                ..Agreed::default()
            },
        )
        .await?;
    changing.finish().await?;
    if !effect.matched {
        unmatched::alarm(broker, &row).await?;
    }
    Ok(Placed { hold: row, effect })
}

async fn permitted(broker: &Broker, caller: &Caller, request: &HoldRequest) -> Result<(Asked, String), GovernError> {
    if request.reason.trim().is_empty() || request.reason.len() > limits::TEXT_BYTES {
        return Err(GovernError::input(
            "hold.reason",
            "Give a reason of 1 to 4096 bytes; the log keeps its digest.",
        ));
    }
    let asked = Asked::begin(broker, caller).await?;
    let dataset = grant::dataset(&asked, &request.dataset)?.id().to_owned();
    let question = GovernQuestion::HoldPlace {
        dataset: dataset.clone(),
    };
    asked
        .ask(broker, caller, EventType::HoldPlace, Some(&dataset), &question)
        .await?;
    Ok((asked, dataset))
}

/// What a hold would stop, by this snapshot.
pub(super) async fn effect(
    broker: &Broker,
    snapshot: &Snapshot,
    dataset: &str,
    request: &HoldRequest,
) -> Result<Effect, GovernError> {
    let target = request.target.as_ref();
    let mut effect = Effect {
        dataset: dataset.to_owned(),
        objects: 0,
        matched: false,
        grants: 0,
        running: None,
    };
    let name = Name::try_from(dataset).ok();
    for object in name.iter().flat_map(|name| snapshot.objects.of_dataset(name)) {
        // `None`: nobody knows who or what is in it, so the hold hits; it does not make the target known
        let (hit, known) = match request.scope {
            HoldScope::Dataset => (true, true),
            HoldScope::Object => (Some(&object.id) == target, Some(&object.id) == target),
            HoldScope::Group => among(object.groups.as_ref().map(|groups| groups.iter()), target),
            HoldScope::Participant => among(object.participants.as_ref().map(|people| people.iter()), target),
            HoldScope::User | HoldScope::Project => (false, true),
        };
        effect.objects += usize::from(hit);
        effect.matched |= known;
    }
    effect.matched |= matches!(request.scope, HoldScope::Dataset | HoldScope::User | HoldScope::Project);
    if request.scope == HoldScope::Participant {
        let record = snapshot.datasets.iter().find(|record| record.id() == dataset);
        effect.matched |= unmatched::listed(record, target);
    }
    let now = broker.now();
    let grants: Vec<Grant> = broker.of_dataset(dataset).await?;
    effect.grants = grants
        .iter()
        .filter(|grant| grant.starts <= now && now < grant.until)
        .count();
    effect.running = broker.affected().running(Some(dataset)).await;
    Ok(effect)
}

/// What the end of a whole dataset's use would stop.
///
/// # Errors
/// The database is down.
pub async fn effect_of_dataset(broker: &Broker, dataset: &str) -> Result<Effect, GovernError> {
    let request = HoldRequest {
        dataset: dataset.to_owned(),
        kind: HoldKind::Expired,
        scope: HoldScope::Dataset,
        target: None,
        reason: String::new(),
    };
    effect(broker, broker.current().load().snapshot(), dataset, &request).await
}

fn among<'n>(list: Option<impl Iterator<Item = &'n Name>>, target: Option<&Name>) -> (bool, bool) {
    match list {
        None => (true, false),
        Some(mut names) => {
            let known = names.any(|name| Some(name) == target);
            (known, known)
        }
    }
}
