//! A consent service by itself: it places holds at once and ends its own (consent.md 5.1). Many at once stay in force,
//! and ask for a second person before more are taken.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use audit_log::{AboutKind, Class, Digest, Event, EventType, Outcome, What, Who, Why};
use policy_engine::consent::{HoldKind, HoldScope, Name};
use policy_engine::decide::{Client, ClientKind, Engine, Facts, GovernQuestion, Session};
use policy_engine::snapshot::{HoldOrigin, Snapshot};
use visa_verifier::seam::Timestamp;

use super::hold::{self, HoldRequest, Placed};
use super::{Asked, GovernError, ending};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing};
use crate::limits;
use crate::record;
use crate::store::holds::HoldRow;
use crate::throttle;

/// How far back "at once" reaches.
const WINDOW: Duration = Duration::from_secs(3600);
/// Datasets on which one service places holds within [`WINDOW`] before a second person is asked.
const DATASETS: usize = 5;

/// A registered service, proven by a token of its own.
#[derive(Clone, Debug)]
pub struct ServiceCaller {
    /// Its client id, and its id in the register of services.
    pub id: String,
    /// When its token ends.
    pub expires: Timestamp,
    /// Where the connection comes from, if the listener said.
    pub address: Option<IpAddr>,
}

impl ServiceCaller {
    fn session(&self) -> Session {
        let address = self.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Session {
            client: Client {
                id: self.id.clone(),
                kind: ClientKind::Service,
                sender_constrained: false,
            },
            ..Session::unknown(address, self.expires)
        }
    }
}

/// Places a hold in the service's name. When this returns, it is in force.
///
/// # Errors
/// [`GovernError`]; `hold.many` when a second person has to confirm what is there already.
pub async fn place(broker: &Broker, service: &ServiceCaller, request: HoldRequest) -> Result<Placed, GovernError> {
    ending::check_reason(&request.reason)?;
    if request.kind == HoldKind::Veto {
        return Err(GovernError::input(
            "hold.kind",
            "A veto bars people and projects: it is a committee's, not a consent service's.",
        ));
    }
    let engine = broker.current().load();
    let known = engine
        .snapshot()
        .datasets
        .iter()
        .find(|dataset| dataset.id() == request.dataset)
        .map(|dataset| dataset.id().to_owned());
    let dataset = known.ok_or_else(|| GovernError::NoDataset {
        dataset: request.dataset.clone(),
    })?;
    let question = GovernQuestion::HoldPlace {
        dataset: dataset.clone(),
    };
    ask(broker, &engine, service, EventType::HoldPlace, &dataset, &question).await?;
    if let Some(why) = too_many(broker, engine.snapshot(), service, &dataset, &request).await? {
        denied(broker, EventType::HoldPlace, &dataset, "hold.many").await?;
        alarm_many(broker, service, &dataset).await?;
        return Err(GovernError::Conflict {
            code: "hold.many",
            message: format!(
                "{why} within an hour. They stay in force; before more are taken, a member of the dataset's committee \
                 confirms them: visum hold confirm --service {} --dataset {dataset}",
                service.id
            ),
        });
    }
    let effect = hold::effect(broker, engine.snapshot(), &dataset, &request).await?;
    let origin = HoldOrigin::Service(service.id.clone());
    hold::write(
        broker,
        Who::nobody(Class::Service),
        origin,
        &service.id,
        dataset,
        request,
        effect,
    )
    .await
}

/// Ends one of the service's own holds, of any kind.
///
/// # Errors
/// [`GovernError`]
pub async fn release(broker: &Broker, service: &ServiceCaller, id: &str, reason: &str) -> Result<HoldRow, GovernError> {
    ending::check_reason(reason)?;
    let row = ending::standing(broker, id).await?;
    let engine = broker.current().load();
    let question = GovernQuestion::HoldRelease(row.record.clone());
    let dataset = row.record.dataset.clone();
    ask(broker, &engine, service, EventType::HoldRelease, &dataset, &question).await?;
    ending::end(broker, Who::nobody(Class::Service), row, reason).await
}

/// The service's own holds in force.
///
/// # Errors
/// The database is down.
pub async fn holds(broker: &Broker, service: &ServiceCaller) -> Result<Vec<HoldRow>, GovernError> {
    let all: Vec<HoldRow> = broker.live().await?;
    Ok(all.into_iter().filter(|row| is_of(row, &service.id)).collect())
}

/// A second person's word that many holds of a service are meant: they stay as they are, and it may go on. How many.
///
/// # Errors
/// [`GovernError`]
pub async fn confirm(
    broker: &Broker,
    caller: &Caller,
    service: &str,
    dataset: &str,
    reason: &str,
) -> Result<usize, GovernError> {
    ending::check_reason(reason)?;
    let asked = Asked::begin(broker, caller).await?;
    let question = GovernQuestion::HoldPlace {
        dataset: dataset.to_owned(),
    };
    asked
        .ask(broker, caller, EventType::ConsentChange, Some(dataset), &question)
        .await?;
    let mut changing = Changing::begin(broker).await;
    let mut drafts = Vec::new();
    for row in broker.of_dataset::<HoldRow>(dataset).await? {
        if is_of(&row, service) && row.confirmed_by.is_none() {
            let confirmed = HoldRow {
                confirmed_by: Some(caller.person.as_str().to_owned()),
                ..row
            };
            drafts.push(changing.draft(&confirmed).await?);
        }
    }
    for batch in drafts.chunks(limits::ROWS_PER_EVENT) {
        let event = Event::new(EventType::ConsentChange, Outcome::Success)
            .who(record::who(broker, caller, Class::Dac)?)
            .what(What::dataset(dataset))
            .about(AboutKind::Service, service);
        let agreed = Agreed {
            reason: Some(Digest::of(reason.as_bytes())),
            ..Agreed::default()
        };
        changing.write(event, batch, agreed).await?;
    }
    changing.finish().await?;
    Ok(drafts.len())
}

fn is_of(row: &HoldRow, service: &str) -> bool {
    matches!(&row.record.origin, HoldOrigin::Service(id) if id == service)
}

/// What this hold would be one too many of: over 1 % of a dataset's participants (one at least), or a sixth dataset.
async fn too_many(
    broker: &Broker,
    snapshot: &Snapshot,
    service: &ServiceCaller,
    dataset: &str,
    request: &HoldRequest,
) -> Result<Option<String>, GovernError> {
    let since = broker.now().minus(WINDOW);
    let mut mine = holds(broker, service).await?;
    mine.retain(|row| row.confirmed_by.is_none() && row.record.hold.from() >= since);
    let datasets: BTreeSet<&str> = mine.iter().map(|row| row.record.dataset.as_str()).collect();
    if datasets.len() >= DATASETS && !datasets.contains(dataset) {
        return Ok(Some(format!(
            "This service placed holds on {} datasets",
            datasets.len()
        )));
    }
    if request.scope != HoldScope::Participant {
        return Ok(None);
    }
    let listed = snapshot.datasets.iter().find(|record| record.id() == dataset);
    let listed = listed.map_or(0, |record| record.participants.len());
    let name = Name::try_from(dataset).ok();
    let people: BTreeSet<Name> = name
        .iter()
        .flat_map(|name| snapshot.objects.of_dataset(name))
        .flat_map(|object| object.into_owned().participants.into_iter().flatten())
        .collect();
    let people = people.len().max(listed);
    let held: BTreeSet<&Name> = mine
        .iter()
        .filter(|row| row.record.dataset == dataset && row.record.hold.scope() == HoldScope::Participant)
        .filter_map(|row| row.record.hold.target())
        .collect();
    let more = request.target.as_ref().is_some_and(|target| !held.contains(target));
    let most = people.div_ceil(100).max(1);
    Ok((more && held.len() >= most).then(|| {
        format!(
            "This service placed holds on {} of the dataset's {} participants",
            held.len(),
            people
        )
    }))
}

/// The alarm, once an hour for a service and a dataset: an event of its own, beside those of the refusals.
async fn alarm_many(broker: &Broker, service: &ServiceCaller, dataset: &str) -> Result<(), GovernError> {
    let subject = format!("{} {dataset}", service.id);
    if throttle::MANY_HOLDS.hit(broker, &subject).await?.is_some() {
        return Ok(());
    }
    let event = Event::new(EventType::HoldMany, Outcome::Success)
        .what(What::dataset(dataset))
        .about(AboutKind::Service, service.id.as_str())
        .why(Why::code("hold.many"));
    broker.writer().append(event).await?;
    tracing::error!(
        code = "hold.many",
        service.id = service.id,
        dataset.id = dataset,
        "many holds at once: they stay in force, and a second person has to confirm them"
    );
    Ok(())
}

async fn ask(
    broker: &Broker,
    engine: &Arc<Engine>,
    service: &ServiceCaller,
    kind: EventType,
    dataset: &str,
    question: &GovernQuestion,
) -> Result<(), GovernError> {
    let facts = Facts::service(service.id.clone(), &service.session(), engine.snapshot());
    let decision = engine.govern(&facts, question, broker.now());
    if decision.allow() {
        return Ok(());
    }
    denied(
        broker,
        kind,
        dataset,
        decision.code().unwrap_or("policy.no_rule_permits"),
    )
    .await?;
    Err(GovernError::Denied {
        reasons: decision.reasons().to_vec(),
    })
}

async fn denied(broker: &Broker, kind: EventType, dataset: &str, code: &str) -> Result<(), GovernError> {
    let event = Event::new(kind, Outcome::Denied)
        .who(Who::nobody(Class::Service))
        .what(What::dataset(dataset))
        .why(Why::code(code));
    broker.writer().note_denied(event).await?;
    Ok(())
}
