//! What a session is (`apis.md` 10.1): kept in its row of the index, column `request`.

use policy_engine::{
    consent::ResearchPurpose,
    intent::{Image, StorageUrl},
};
use serde::{Deserialize, Serialize};

use crate::{
    ownership::Basis,
    store::{StoreError, Work},
};

/// The bucket under which a session finds its inputs at the door.
pub(crate) const INPUTS: &str = "visum-inputs";

/// What was declared, and permitted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Spec {
    /// Dataset ids.
    pub(crate) datasets: Vec<String>,
    /// Images that its tasks may run.
    pub(crate) images: Vec<Image>,
    /// Prefixes that its tasks may write to.
    pub(crate) sinks: Vec<StorageUrl>,
    /// The group that the work is done for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    /// The purpose that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<ResearchPurpose>,
    /// One of its datasets was compute-only when it began: so is all that it writes.
    pub(crate) compute_only: bool,
}

/// A session with its row.
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
    /// Of a row of kind `session`.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`].
    pub(crate) fn of(work: Work) -> Result<Self, StoreError> {
        let spec = serde_json::from_str(&work.request).map_err(|_| StoreError::Inconsistent { column: "request" })?;
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

    /// Does it live?
    pub(crate) fn lives(&self, now: i64) -> bool {
        self.work.withdrawn.is_none() && self.work.phase != crate::store::Phase::Over && now < self.work.expires_at
    }
}

/// The bucket of a session.
pub(crate) fn scratch(session: &str) -> String {
    format!("scratch-{}", session.to_ascii_lowercase())
}
