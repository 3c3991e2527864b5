//! What every question of a request shares: who asks, in which context, on whose behalf.

use cedar_policy::{Context, EntityUid};

use super::Inquiry;
use crate::{
    decide::{
        Engine, Facts, WorkItem, WorkKind, WorkState,
        ask::{Asked, Question},
    },
    entity::{CallContext, Thing, uid},
    error::EngineError,
    intent::{Action, ScopeKind},
};

/// What a run's credential asks as the run; all else it asks as its owner (policy.md 2).
const AS_RUN: [Action; 3] = [Action::TesUseInput, Action::TesRunImage, Action::WriteOutput];

impl<'a> Inquiry<'a> {
    /// Asks with a `CallContext`; `as_run` questions are a run's own, if a run sent the request.
    pub(super) fn call(
        &self,
        action: Action,
        resource: EntityUid,
        mut own: Vec<Thing>,
        as_run: bool,
    ) -> Result<Asked, EngineError> {
        let context: Context = self.call_context().build(&self.engine.schema.types)?;
        let (principal, things) = if as_run { self.reader(action)? } else { self.caller()? };
        own.extend(things);
        self.engine.ask(Question {
            action,
            principal,
            resource,
            own,
            seeds: self.seeds(),
            context,
            now: self.now,
        })
    }

    pub(super) fn call_context(&self) -> CallContext<'a> {
        CallContext {
            now: self.now,
            session: self.facts.session(),
            stopped: self.engine.is_stopped(self.facts, &self.work.datasets),
            work: self.work.clone(),
        }
    }

    /// Entities that the contexts name beside the resource.
    pub(super) fn seeds(&self) -> Vec<EntityUid> {
        let types = &self.engine.schema.types;
        let country = self
            .facts
            .session()
            .country
            .as_ref()
            .map(|code| uid(&types.country, code));
        country
            .into_iter()
            .chain(self.work.project.as_ref().map(|id| uid(&types.group, id)))
            .collect()
    }

    pub(super) fn caller(&self) -> Result<(EntityUid, Vec<Thing>), EngineError> {
        let house = self.house.as_ref().map(|house| house.institution.as_str());
        Ok((
            self.engine.caller(self.facts),
            self.engine.caller_things(self.facts, house, self.now)?,
        ))
    }

    /// Who reads data, runs images and writes: the task or run if there is one, else the caller.
    pub(super) fn reader(&self, action: Action) -> Result<(EntityUid, Vec<Thing>), EngineError> {
        let run = self
            .intent
            .session
            .as_ref()
            .filter(|scope| scope.kind == ScopeKind::Run);
        let item = match (self.reader, run, self.facts.holder()) {
            (Some(work), ..) => work.clone(),
            (None, Some(scope), Some(holder)) if AS_RUN.contains(&action) => WorkItem {
                kind: WorkKind::Run,
                id: scope.id.clone(),
                owner: holder.clone(),
                group: None,
                submitter: None,
                service: self.service.clone(),
                state: if scope.running {
                    WorkState::Running
                } else {
                    WorkState::Paused
                },
                datasets: scope.datasets.clone(),
                expires: scope.expires,
            },
            _ => return self.caller(),
        };
        let (id, mut things) = self.engine.work_things(self.facts, &item, self.now)?;
        things.extend(self.caller()?.1);
        Ok((id, things))
    }
}

impl Engine {
    /// The stop list names everything, the caller, a dataset, or the issuer of an identity.
    pub(crate) fn is_stopped(&self, facts: &Facts, datasets: &[String]) -> bool {
        let stop = &self.snapshot.stop;
        stop.all
            || !stop.persons.is_disjoint(&facts.derived.closure)
            || datasets.iter().any(|dataset| stop.datasets.contains(dataset))
            || facts
                .identities()
                .iter()
                .any(|identity| stop.issuers.contains(identity.iss.as_str()))
    }

    /// Whether the caller belongs to a group, directly or through a group within it.
    pub(crate) fn is_member(&self, facts: &Facts, group: &str) -> bool {
        let mut seen: Vec<&str> = Vec::new();
        let mut wanted: Vec<&str> = facts.derived.groups.iter().map(String::as_str).collect();
        while let Some(id) = wanted.pop() {
            if id == group {
                return true;
            }
            if !seen.contains(&id) {
                seen.push(id);
                let record = self.snapshot.groups.iter().find(|record| record.id == id);
                wanted.extend(record.and_then(|record| record.within.as_deref()));
            }
        }
        false
    }
}
