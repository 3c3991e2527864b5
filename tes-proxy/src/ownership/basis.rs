//! What a task or run rests on, kept in its row: the owner's verified facts and the duties of the decision, so that
//! each use of a capability and each sweep can ask again without the caller, also after a restart.

use policy_engine::{
    decide::{Decision, Engine, KeptFacts, WorkItem, WorkState},
    intent::{DataRef, DrsId},
};
use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use crate::store::{StoreError, Work};

/// The column `basis`.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Basis {
    /// The owner's facts as far as the decision rests on them. No tokens.
    pub(crate) kept: KeptFacts,
    /// Names of the duties of the node.
    pub(crate) duties: Vec<String>,
    /// Datasets that it may read as a whole: those of its session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) whole: Vec<String>,
    /// When it ends at the latest, however often what it rests on is renewed: unix seconds. Absent: it is not renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cap: Option<i64>,
}

impl Basis {
    /// Of a row.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`].
    pub(crate) fn of(work: &Work) -> Result<Self, StoreError> {
        serde_json::from_str(&work.basis).map_err(|_| StoreError::Inconsistent { column: "basis" })
    }

    /// Does the whole work still hold on this snapshot? Asked as the task or run over all that it may read; what it
    /// waits for at its backend is no reason to end it.
    ///
    /// # Errors
    /// The code of what is gone.
    pub(crate) fn holds(
        &self,
        engine: &Engine,
        item: &WorkItem,
        data: &[DataRef],
        now: Timestamp,
    ) -> Result<(), String> {
        if self.kept.facts(engine.snapshot()).is_suspended(now) {
            return Err("policy.suspended".to_owned());
        }
        if data.is_empty() {
            return if engine.snapshot().stop.all {
                Err("policy.stopped".to_owned())
            } else {
                Ok(())
            };
        }
        let item = WorkItem {
            state: WorkState::Queued,
            ..item.clone()
        };
        let decision: Decision = engine.stream_kept(&self.kept, &item, data, now);
        if decision.allow() {
            Ok(())
        } else {
            Err(decision.code().unwrap_or("policy.denied").to_owned())
        }
    }
}

/// When a row ends at the latest, in unix seconds.
pub(crate) fn latest(work: &Work) -> i64 {
    Basis::of(work)
        .ok()
        .and_then(|basis| basis.cap)
        .unwrap_or(work.expires_at)
}

/// What a row may read.
///
/// # Errors
/// [`StoreError::Inconsistent`].
pub(crate) fn data(work: &Work) -> Result<Vec<DataRef>, StoreError> {
    let fault = || StoreError::Inconsistent { column: "objects" };
    let ids: Vec<String> = serde_json::from_str(&work.objects).map_err(|_| fault())?;
    let whole = Basis::of(work)?.whole.into_iter().map(|id| Ok(DataRef::Dataset(id)));
    ids.iter()
        .map(|id| DrsId::decoded(id).map(DataRef::local).map_err(|_| fault()))
        .chain(whole)
        .collect()
}
