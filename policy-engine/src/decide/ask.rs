//! One Cedar question: a whole store, a typed context, an answer. Any error is a denial (policy.md 4).

use cedar_policy::{Context, EntityUid, Request};
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
        seeds.extend([principal.clone(), resource.clone()]);
        let entities = self.register.store(own, &seeds)?;
        let request = Request::new(
            principal.clone(),
            self.schema.types.action(action),
            resource.clone(),
            context,
            Some(&self.schema.schema),
        )
        .map_err(|error| EngineError::Question { message: chain(&error) })?;
        let found = self.policies.ask(&request, &entities, now);
        if let Some(error) = found.errors.into_iter().next() {
            return Err(EngineError::Policy {
                policy: error.policy,
                message: error.message,
            });
        }
        let needs = if !found.allow && found.policies.is_empty() {
            self.policies
                .permits_for(&self.schema, &request)
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
