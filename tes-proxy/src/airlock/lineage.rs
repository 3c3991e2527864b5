//! Where outputs come from, and the question whether results of it may leave: consent's `export`, for the requester.

use std::sync::Arc;

use policy_engine::{
    consent::ResearchPurpose,
    decide::{Engine, Facts, KeptFacts},
    intent::{Action, DataRef, Intent},
};
use serde::{Deserialize, Serialize};
use visa_verifier::seam::{Clock, Timestamp};

use crate::{
    gate::Judge,
    problem::Problem,
    session::{is_partly_held, reads},
    store::{Release, StoreError},
};

/// What a request rests on, kept in its row: enough to ask again without the requester.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Basis {
    /// The requester's facts as far as the decision rests on them. No tokens.
    pub(super) kept: KeptFacts,
    /// Where the outputs come from.
    pub(super) lineage: Lineage,
    /// The requester's institution.
    pub(super) institution: String,
}

impl Basis {
    /// Of a row.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`].
    pub(super) fn of(release: &Release) -> Result<Self, StoreError> {
        serde_json::from_str(&release.basis).map_err(|_| StoreError::Inconsistent { column: "basis" })
    }
}

/// Where outputs come from.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Lineage {
    /// The datasets.
    pub(super) datasets: Vec<String>,
    /// The project that the work was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) project: Option<String>,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) purpose: Option<ResearchPurpose>,
    /// Since when the work could read them, Unix seconds.
    pub(super) since: i64,
}

impl Lineage {
    /// May results of it leave? What was held before the work began was never in it; what is held since may be.
    pub(super) fn intent(&self, engine: &Engine, facts: &Facts, now: Timestamp) -> Result<Intent, Problem> {
        let mut intent = Intent::new(Action::OutputExport);
        intent.purpose.clone_from(&self.purpose);
        intent.project.clone_from(&self.project);
        for dataset in &self.datasets {
            let data = if self.held_since(engine, dataset, now) {
                vec![DataRef::Dataset(dataset.clone())]
            } else {
                reads(engine, facts, dataset, now)
            };
            for one in data {
                intent.read(one, dataset.as_str()).map_err(|_| {
                    Problem::refused(
                        "output.too_many",
                        "the outputs come from more data than can be judged together",
                    )
                })?;
            }
        }
        Ok(intent)
    }

    /// Was a hold placed on the dataset, or on a part of it, after the work began?
    fn held_since(&self, engine: &Engine, dataset: &str, now: Timestamp) -> bool {
        if !is_partly_held(engine, dataset) {
            return false;
        }
        let of_snapshot = engine.snapshot().holds.iter().filter(|hold| hold.dataset == dataset);
        let of_record = engine.dataset(dataset).map(|record| &record.consent.holds);
        of_snapshot
            .map(|record| &record.hold)
            .chain(of_record.into_iter().flatten())
            .any(|hold| hold.in_force(now) && hold.from().unix() >= self.since)
    }

    /// The same question for whoever asked, whenever it is asked, without them.
    pub(super) fn judge(&self, kept: &KeptFacts, clock: &Arc<dyn Clock>) -> Judge {
        let (lineage, kept, clock) = (self.clone(), kept.clone(), Arc::clone(clock));
        Arc::new(move |engine| {
            let (facts, now) = (kept.facts(engine.snapshot()), clock.now());
            let intent = lineage
                .intent(engine, &facts, now)
                // what is too much to be named is nothing asked for: a denial
                .unwrap_or_else(|_| Intent::new(Action::OutputExport));
            engine.decide(&facts, &intent, now)
        })
    }
}
