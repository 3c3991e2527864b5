//! Policies looked at before they are in force: case files, coverage, what a new version changes, and for which requests.
//!
//! Spec: policy.md 6, steps 3 and 4; 7.

mod again;
mod could;
mod difference;
mod facts;
pub mod gains;
mod hole;
mod json;
pub mod proof;
pub mod relabel;
mod run;
mod scenario;
pub mod widens;

pub use again::{Past, Replay, Turned, TurnedUse, TurnedUses, again, uses_again};
pub use could::{Could, CouldPolicy, could};
pub use difference::{Changed, Difference, PolicyChange, Side, difference, replay};
pub use facts::{Again, FactsRecord, RECORD_BYTES, RecordedUse};
pub use run::{CaseResult, Coverage, Report, ShippedChange, run};
pub use scenario::{Case, Expect, Suite, Word};

use cedar_policy::{Entities, Request};
use serde::Serialize;
use visa_verifier::seam::Timestamp;

use crate::policy::Policies;

/// What policies say to one question: as the engine does, any error is a denial.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Outcome {
    /// Permitted.
    pub allow: bool,
    /// The determining policies, sorted.
    pub policies: Vec<String>,
    /// Why the question could not be asked or a policy erred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Forbids in observe mode that would have denied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<String>,
}

impl Outcome {
    pub(crate) fn of(policies: &Policies, request: &Request, entities: &Entities, now: Timestamp) -> Self {
        let answer = policies.ask(request, entities, now);
        let error = answer.errors.into_iter().next();
        Self {
            allow: answer.allow && error.is_none(),
            policies: answer.policies,
            error: error.map(|error| format!("policy `{}` erred: {}", error.policy, error.message)),
            observed: answer.observed,
        }
    }

    pub(crate) fn failed(error: impl ToString) -> Self {
        Self {
            allow: false,
            policies: Vec::new(),
            error: Some(error.to_string()),
            observed: Vec::new(),
        }
    }

    /// `allow` or `deny`.
    pub const fn word(&self) -> &'static str {
        if self.allow { "allow" } else { "deny" }
    }
}
