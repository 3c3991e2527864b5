//! One question of governance: asked of the engine on one snapshot, a denial on record before it is told.

use std::sync::Arc;

use audit_log::{Class, Event, EventType, Outcome, What, Why};
use policy_engine::decide::{Decision, Engine, Facts, GovernQuestion};

use super::{GovernError, facts};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::record;

/// A caller's facts on the snapshot that one request rests on.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The engine of that snapshot.
    pub engine: Arc<Engine>,
    /// The caller's facts on it.
    pub facts: Facts,
}

impl Asked {
    /// Loads the snapshot in force, and the caller's facts on it.
    ///
    /// # Errors
    /// The database is down, or our own keys do not work.
    pub async fn begin(broker: &Broker, caller: &Caller) -> Result<Self, GovernError> {
        let engine = broker.current().load();
        let facts = facts::of(broker, caller, engine.snapshot()).await?;
        Ok(Self { engine, facts })
    }

    /// Asks; a denial is durable in the log before it is an error here.
    ///
    /// # Errors
    /// [`GovernError::Denied`], or the log cannot be written.
    pub async fn ask(
        &self,
        broker: &Broker,
        caller: &Caller,
        kind: EventType,
        dataset: Option<&str>,
        question: &GovernQuestion,
    ) -> Result<Decision, GovernError> {
        let decision = self.engine.govern(&self.facts, question, broker.now());
        if decision.allow() {
            return Ok(decision);
        }
        let why = Why::code(decision.code().unwrap_or("policy.no_rule_permits"))
            .policies(decision.policies().iter().map(String::as_str))
            .snapshot(self.engine.snapshot().version);
        let mut event = Event::new(kind, Outcome::Denied)
            .who(record::who(broker, caller, Class::Researcher)?)
            .why(why);
        if let Some(dataset) = dataset {
            event = event.what(What::dataset(dataset));
        }
        broker.writer().note_denied(event).await?;
        if let Some(dataset) = dataset.filter(|_| decision.hidden()) {
            return Err(GovernError::NoDataset {
                dataset: dataset.to_owned(),
            });
        }
        Err(GovernError::Denied {
            reasons: decision.reasons().to_vec(),
        })
    }
}

/// One question alone.
///
/// # Errors
/// As [`Asked::begin`] and [`Asked::ask`].
pub async fn ask(
    broker: &Broker,
    caller: &Caller,
    kind: EventType,
    dataset: Option<&str>,
    question: &GovernQuestion,
) -> Result<Decision, GovernError> {
    Asked::begin(broker, caller)
        .await?
        .ask(broker, caller, kind, dataset, question)
        .await
}
