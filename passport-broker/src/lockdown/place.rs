//! Placing a stop: on record, in force, in this order and within a second; by a person, or by whoever holds the folder.

use audit_log::{AboutKind, Class, Digest, Event, EventType, Outcome, What, Who};
use policy_engine::decide::GovernQuestion;
use serde::{Deserialize, Serialize};
use visa_verifier::seam::token;

use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{self, Agreed, ChangeError, Changing};
use crate::committee::{Asked, GovernError};
use crate::limits;
use crate::record;
use crate::store::governed::RowDigest;
use crate::store::stops::{StopRow, StopTarget};

/// Who stands in a row that was written through the data folder: whoever may read the node's key.
pub const OPERATOR: &str = "operator";

/// What is to stop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopRequest {
    /// Everything, a dataset (id or short name), a person (`sub,iss`), or an issuer.
    pub target: StopTarget,
    /// Why, in words; the log keeps their digest.
    pub reason: String,
}

/// A stop in force.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its row.
    pub row: StopRow,
    /// What it reaches.
    pub reach: Reach,
    /// The catalogue could not be published (its code): the stop is in force over the one before.
    pub catalogue: Option<&'static str>,
}

/// What a stop reaches, as far as this node can tell.
#[derive(Clone, Debug, Serialize)]
pub struct Reach {
    /// Datasets that it closes; all of them for a person or an issuer, to whom it applies.
    pub datasets: usize,
    /// Whether the node knows the person or the issuer. If not, the stop counts from the moment that they come.
    pub known: bool,
    /// Tasks and runs that are looked at again at once, and cancelled where they rest on it; `None`: nobody can tell.
    pub running: Option<u64>,
}

/// Stops it, if the policies let this person. When this returns, it is in force.
///
/// # Errors
/// [`GovernError`]
pub async fn place(broker: &Broker, caller: &Caller, mut request: StopRequest) -> Result<Placed, GovernError> {
    check(broker, &mut request)?;
    let asked = Asked::begin(broker, caller).await?;
    let dataset = match &request.target {
        StopTarget::Dataset(id) => Some(id.as_str()),
        StopTarget::All | StopTarget::Person(_) | StopTarget::Issuer(_) => None,
    };
    asked
        .ask(
            broker,
            caller,
            EventType::LockdownPlace,
            dataset,
            &GovernQuestion::LockdownPlace,
        )
        .await?;
    let who = record::who(broker, caller, Class::Admin)?;
    write(broker, who, caller.person.as_str(), request).await
}

/// The same by whoever holds the data folder and its key, while no server runs on it. The policies are not asked: this
/// is the brake for a node that does not answer any more, and it only narrows.
///
/// # Errors
/// [`GovernError`]
pub async fn place_on_folder(broker: &Broker, mut request: StopRequest) -> Result<Placed, GovernError> {
    check(broker, &mut request)?;
    write(broker, Who::nobody(Class::Admin), OPERATOR, request).await
}

/// Form and bounds. A dataset must be there: a misspelt one would leave open what was meant.
fn check(broker: &Broker, request: &mut StopRequest) -> Result<(), GovernError> {
    if request.reason.trim().is_empty() || request.reason.len() > limits::TEXT_BYTES {
        return Err(GovernError::input(
            "lockdown.reason",
            "Give a reason of 1 to 4096 bytes; the log keeps its digest.",
        ));
    }
    match &mut request.target {
        StopTarget::All | StopTarget::Person(_) => {}
        StopTarget::Dataset(id) => {
            let engine = broker.current().load();
            let found = engine.dataset_named(id).map(|dataset| dataset.id().to_owned());
            *id = found.ok_or_else(|| GovernError::NoDataset { dataset: id.clone() })?;
        }
        StopTarget::Issuer(issuer) => {
            let url = issuer.starts_with("https://") || issuer.starts_with("http://");
            if !url || issuer.len() > limits::NAME_BYTES {
                return Err(GovernError::input(
                    "lockdown.issuer",
                    "An issuer is named by its URL, exactly as its tokens and visas write it.",
                ));
            }
        }
    }
    Ok(())
}

async fn write(broker: &Broker, who: Who, placed_by: &str, request: StopRequest) -> Result<Placed, GovernError> {
    let reason = Digest::of(request.reason.as_bytes());
    let row = StopRow {
        id: format!("stop-{}", token(broker.random(), 9)),
        target: request.target,
        placed_by: placed_by.to_owned(),
        placed: broker.now(),
        reason_digest: RowDigest::from_bytes(reason.as_bytes()).as_str().to_owned(),
        lifted: None,
    };
    let mut changing = Changing::begin(broker).await;
    let draft = changing.draft(&row).await?;
    let mut event = Event::new(EventType::LockdownPlace, Outcome::Success)
        .who(who)
        .about(AboutKind::Change, row.id.as_str());
    if let StopTarget::Dataset(id) = &row.target {
        event = event.what(What::dataset(id.as_str()));
    }
    let agreed = Agreed {
        reason: Some(reason),
        ..Agreed::default()
    };
    changing.write(event, &[draft], agreed).await?;
    let catalogue = match changing.finish().await {
        Ok(()) => None,
        // what stops publication must not keep the brake from working
        Err(ChangeError::NotInForce { source }) => {
            let code = source.code();
            catalogue::narrow_by(broker, row.clone())
                .await
                .map_err(|_| ChangeError::NotInForce { source })?;
            Some(code)
        }
        Err(other) => return Err(other.into()),
    };
    let reach = reach(broker, &row.target).await?;
    tracing::warn!(stop.id = row.id, target = ?row.target, "access was stopped");
    Ok(Placed { row, reach, catalogue })
}

async fn reach(broker: &Broker, target: &StopTarget) -> Result<Reach, GovernError> {
    let engine = broker.current().load();
    let snapshot = engine.snapshot();
    let (datasets, known) = match target {
        StopTarget::All => (snapshot.datasets.len(), true),
        StopTarget::Dataset(_) => (1, true),
        StopTarget::Person(identity) => (snapshot.datasets.len(), broker.person_of(identity).await?.is_some()),
        StopTarget::Issuer(issuer) => (
            snapshot.datasets.len(),
            snapshot.trust.entries().any(|entry| entry.id.as_str() == issuer),
        ),
    };
    let running = match target {
        StopTarget::Dataset(id) => broker.affected().running(Some(id)).await,
        StopTarget::All | StopTarget::Person(_) | StopTarget::Issuer(_) => broker.affected().running(None).await,
    };
    Ok(Reach {
        datasets,
        known,
        running,
    })
}
