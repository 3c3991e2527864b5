//! What a session is (`apis.md` 10.1): kept in its row of the index, column `request`.

use audit_log::EventType;
use policy_engine::{
    consent::ResearchPurpose,
    intent::{Image, StorageUrl},
};
use serde::{Deserialize, Serialize};

use super::run;
use crate::{
    operation::Operation,
    ownership::Basis,
    store::{StoreError, Work},
};

/// The bucket under which a session finds its inputs at the door.
pub(crate) const INPUTS: &str = "visum-inputs";

/// What a session's token may be used for; none named: all of them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum SessionAction {
    /// Send tasks.
    #[serde(rename = "tes:create")]
    TesCreate,
    /// See tasks.
    #[serde(rename = "tes:read")]
    TesRead,
    /// Cancel tasks.
    #[serde(rename = "tes:cancel")]
    TesCancel,
    /// Send runs.
    #[serde(rename = "wes:create")]
    WesCreate,
    /// See runs.
    #[serde(rename = "wes:read")]
    WesRead,
    /// Cancel runs.
    #[serde(rename = "wes:cancel")]
    WesCancel,
}

impl SessionAction {
    /// What a route takes; `None` for routes that no session's token opens.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a route that is added later is none of a session's until somebody says so"
    )]
    pub(crate) const fn of(operation: Operation) -> Option<Self> {
        Some(match operation {
            Operation::TesCreate => Self::TesCreate,
            Operation::TesList | Operation::TesTask => Self::TesRead,
            Operation::TesCancel => Self::TesCancel,
            Operation::WesRun => Self::WesCreate,
            Operation::WesList
            | Operation::WesLog
            | Operation::WesStatus
            | Operation::WesTasks
            | Operation::WesTask => Self::WesRead,
            Operation::WesCancel => Self::WesCancel,
            _ => return None,
        })
    }

    /// The event of a refusal.
    pub(crate) const fn event(self) -> EventType {
        match self {
            Self::TesCreate => EventType::TesCreateTask,
            Self::TesRead => EventType::TesGetTask,
            Self::TesCancel => EventType::TesCancelTask,
            Self::WesCreate => EventType::WesRunWorkflow,
            Self::WesRead => EventType::WesGetRunLog,
            Self::WesCancel => EventType::WesCancelRun,
        }
    }
}

/// What was declared, and permitted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Spec {
    /// Dataset ids.
    pub(crate) datasets: Vec<String>,
    /// Images that its tasks may run.
    pub(crate) images: Vec<Image>,
    /// Prefixes that its tasks may write to.
    pub(crate) sinks: Vec<StorageUrl>,
    /// What its token may be used for; none: everything that such tokens may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) actions: Vec<SessionAction>,
    /// The group that the work is done for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    /// The purpose that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<ResearchPurpose>,
    /// One of its datasets was compute-only when it began: so is all that it writes.
    pub(crate) compute_only: bool,
    /// Images and sinks were not named beforehand, as those of a run are not: each task's are judged by themselves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) any_code: bool,
}

/// A session with its row, or a run that is the session of its engine's tasks.
#[derive(Debug)]
pub(crate) struct Session {
    /// The row.
    pub(crate) work: Work,
    /// What was declared.
    pub(crate) spec: Spec,
    /// What it rests on.
    pub(crate) basis: Basis,
}

impl Session {
    /// Of a row of kind `session` or `run`.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`].
    pub(crate) fn of(work: Work) -> Result<Self, StoreError> {
        let spec = match work.kind.as_str() {
            run::RUN => run::kept(&work)?,
            _ => serde_json::from_str(&work.request).map_err(|_| StoreError::Inconsistent { column: "request" })?,
        };
        Ok(Self {
            spec,
            basis: Basis::of(&work)?,
            work,
        })
    }

    /// Its own bucket at the door.
    pub(crate) fn scratch(&self) -> String {
        scratch(&self.work.id)
    }

    /// May its token be used for this?
    pub(crate) fn allows(&self, action: SessionAction) -> bool {
        self.spec.actions.is_empty() || self.spec.actions.contains(&action)
    }

    /// Does it tell of this task or run: its own, or one that rests on no other dataset than its own? An engine is told
    /// of its own tasks alone.
    pub(crate) fn sees(&self, work: &Work) -> bool {
        let own = work.session.as_deref() == Some(self.work.id.as_str());
        if self.work.kind == run::RUN {
            return own;
        }
        let datasets = serde_json::from_str::<Vec<String>>(&work.datasets);
        own || datasets.is_ok_and(|all| all.iter().all(|id| self.spec.datasets.contains(id)))
    }

    /// Does it live?
    pub(crate) fn lives(&self, now: i64) -> bool {
        self.work.withdrawn.is_none() && self.work.phase != crate::store::Phase::Over && now < self.work.expires_at
    }
}

/// The bucket of a session.
pub(crate) fn scratch(session: &str) -> String {
    format!("scratch-{}", session.to_ascii_lowercase())
}
