//! The answer of several sets that together are one: any forbid denies, else any permit allows, else nothing does.

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Decision, Entities, PolicySet, Request};

use super::set::{CedarAnswer, PolicyError};
use crate::entity::chain;

/// What the parts said so far. Each policy lies in one part only, so that the sum is what the whole would have said.
#[derive(Debug, Default)]
pub(super) struct Sum {
    permits: BTreeSet<String>,
    forbids: BTreeSet<String>,
    errors: Vec<PolicyError>,
    observed: BTreeSet<String>,
}

impl Sum {
    /// Asks one part.
    pub(super) fn add(&mut self, request: &Request, set: &PolicySet, entities: &Entities) {
        let response = Authorizer::new().is_authorized(request, set, entities);
        let reasons = response.diagnostics().reason().map(ToString::to_string);
        // Cedar names the permits of an allow and the forbids of a denial; a denial of neither names nothing.
        match response.decision() {
            Decision::Allow => self.permits.extend(reasons),
            Decision::Deny => self.forbids.extend(reasons),
        }
        let errors = response.diagnostics().errors().map(|error| {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(inner) = error;
            PolicyError {
                policy: inner.policy_id().to_string(),
                message: chain(error),
            }
        });
        self.errors.extend(errors);
    }

    /// A policy whose condition holds.
    pub(super) fn holds(&mut self, id: &str, permits: bool) {
        let into = if permits { &mut self.permits } else { &mut self.forbids };
        into.insert(id.to_owned());
    }

    /// A policy that erred.
    pub(super) fn erred(&mut self, id: &str, message: String) {
        self.errors.push(PolicyError {
            policy: id.to_owned(),
            message,
        });
    }

    /// A part that only watches: its forbids, also one that errs, are noted.
    pub(super) fn watch(&mut self, request: &Request, set: &PolicySet, entities: &Entities) {
        let mut aside = Self::default();
        aside.add(request, set, entities);
        self.observed.extend(aside.forbids);
        self.observed.extend(aside.errors.into_iter().map(|error| error.policy));
    }

    pub(super) fn answer(self) -> CedarAnswer {
        let allow = self.forbids.is_empty() && !self.permits.is_empty();
        let determining = if self.forbids.is_empty() {
            self.permits
        } else {
            self.forbids
        };
        CedarAnswer {
            allow,
            policies: determining.into_iter().collect(),
            errors: self.errors,
            observed: self.observed.into_iter().collect(),
        }
    }
}
