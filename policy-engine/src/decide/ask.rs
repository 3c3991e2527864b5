//! One Cedar question: a whole store, a typed context, an answer. Any error is a denial (policy.md 4).

use cedar_policy::{EntityUid, Request};
use cedar_policy_core::{
    ast::{Context, Request as CoreRequest},
    extensions::Extensions,
};
use visa_verifier::seam::Timestamp;

use super::{Answer, Engine, kept_questions::Put};
use crate::{
    entity::{Thing, chain},
    error::EngineError,
    intent::Action,
    policy::PolicyNote,
};

/// What is asked.
pub(crate) struct Question {
    pub(crate) action: Action,
    pub(crate) principal: EntityUid,
    pub(crate) resource: EntityUid,
    /// Entities of this request alone: the principal, a task, an image.
    pub(crate) own: Vec<Thing>,
    /// Entities that the context names and policies may read: the service.
    pub(crate) seeds: Vec<EntityUid>,
    pub(crate) context: Context,
    pub(crate) now: Timestamp,
}

/// The answer, and what would have been needed.
pub(crate) struct Asked {
    pub(crate) answer: Answer,
    /// On a denial without a forbid: what the fitting permits need.
    pub(crate) needs: Vec<String>,
    /// Forbids in observe mode that would have denied.
    pub(crate) observed: Vec<String>,
    /// The question as it was put, for the record.
    pub(crate) put: Put,
}

impl Engine {
    /// Asks one question.
    ///
    /// # Errors
    /// [`EngineError`] if an entity is missing, the question does not fit the schema, or a policy errs: a denial.
    pub(crate) fn ask(&self, question: Question) -> Result<Asked, EngineError> {
        let Question {
            action,
            principal,
            resource,
            own,
            mut seeds,
            context,
            now,
        } = question;
        seeds.push(principal.clone());
        let of = self.schema.types.action(action);
        let entities = if self.policies.reads_actions() {
            seeds.push(resource.clone());
            self.register.store(own, &seeds)?
        } else {
            self.register.store_about(&of, &resource, own, &seeds)?
        };
        // The builders of contexts are typed; tests hold them to the schema (policy.md 5).
        let schema = cfg!(debug_assertions).then(|| self.schema.schema.as_ref());
        let request = CoreRequest::new(
            (principal.clone().into(), None),
            (of.into(), None),
            (resource.clone().into(), None),
            context,
            schema,
            Extensions::all_available(),
        );
        let request: Request = request
            .map_err(|error| EngineError::Question { message: chain(&error) })?
            .into();
        if !self.policies.knows(&request) {
            return Err(EngineError::Question {
                message: format!("`{action}` is nothing that `{principal}` does to `{resource}`"),
            });
        }
        let found = self.policies.ask(&request, &entities, now);
        if let Some(error) = found.errors.into_iter().next() {
            return Err(EngineError::Policy {
                policy: error.policy,
                message: error.message,
            });
        }
        let needs = if !found.allow && found.policies.is_empty() {
            self.policies
                .permits_for(self.schema, &request)
                .into_iter()
                .map(|note| note.needs.clone())
                .collect()
        } else {
            Vec::new()
        };
        let answer = Answer {
            action,
            principal: principal.to_string(),
            resource: resource.to_string(),
            allow: found.allow,
            policies: found.policies,
        };
        Ok(Asked {
            answer,
            needs,
            observed: found.observed,
            put: Put { request, entities },
        })
    }

    /// Notes of the policies that determined an answer.
    pub(crate) fn notes<'e>(&'e self, answer: &Answer) -> impl Iterator<Item = &'e PolicyNote> + use<'e> {
        let notes: Vec<_> = answer.policies.iter().filter_map(|id| self.policies.note(id)).collect();
        notes.into_iter()
    }
}
