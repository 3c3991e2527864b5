//! What every question of a request shares: who asks, in which context, on whose behalf.

use std::cell::OnceCell;

use cedar_policy::EntityUid;
use cedar_policy_core::ast::Context;

use super::Inquiry;
use crate::{
    decide::{
        Engine, Facts, WorkItem, WorkKind, WorkState,
        ask::{Asked, Question},
    },
    entity::{CallContext, PurposePart, Thing, uid},
    error::EngineError,
    intent::{Action, ScopeKind},
};

/// The caller's entity, with what it refers to.
type Caller = (EntityUid, Vec<Thing>);

/// What the questions of a request share, made when it is first needed.
#[derive(Default)]
pub(super) struct Ready {
    call: OnceCell<Context>,
    /// With the house that it acts for.
    caller: OnceCell<(Option<String>, Caller)>,
    pub(super) data: OnceCell<Shared>,
}

/// What the questions about datasets share beside the call.
pub(super) struct Shared {
    pub(super) context: Context,
    pub(super) purpose: Option<PurposePart>,
}

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
        let context = self.call_context()?.clone();
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

    /// The same for every question; asked for only when all that it tells is gathered.
    pub(super) fn call_context(&self) -> Result<&Context, EngineError> {
        if let Some(ready) = self.ready.call.get() {
            return Ok(ready);
        }
        let call = CallContext {
            now: self.now,
            facts: self.facts,
            stopped: self.engine.is_stopped(self.facts, &self.work.datasets),
            work: &self.work,
        };
        let made = call.build(&self.engine.schema.types)?;
        Ok(self.ready.call.get_or_init(|| made))
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

    pub(super) fn caller(&self) -> Result<Caller, EngineError> {
        let house = self.house.as_ref().map(|house| house.institution.as_str());
        if let Some((of, caller)) = self.ready.caller.get()
            && of.as_deref() == house
        {
            return Ok(caller.clone());
        }
        let made = (
            self.engine.caller(self.facts),
            self.engine.caller_things(self.facts, house, self.now)?,
        );
        // Made for the first house that is asked about; a request that comes to act for another makes its own.
        let _ = self.ready.caller.set((house.map(str::to_owned), made.clone()));
        Ok(made)
    }

    /// Who reads data, runs images and writes: the task or run if there is one, else the caller.
    pub(super) fn reader(&self, action: Action) -> Result<Caller, EngineError> {
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
