//! People, services, tasks and runs as entities of one question. One person is one entity, by whatever identity.

use cedar_policy::EntityUid;
use visa_verifier::{VisaIdentity, seam::Timestamp};

use super::{
    Engine, Facts, WorkItem, WorkKind,
    facts::{Derived, Who},
};
use crate::{
    entity::{Thing, ThingBuilder, uid},
    error::EngineError,
    snapshot::RoleGrant,
};

impl Engine {
    /// The caller's entity id.
    pub(crate) fn caller(&self, facts: &Facts) -> EntityUid {
        let types = &self.schema.types;
        match &facts.who {
            Who::Person(presented) => uid(&types.researcher, &presented.holder.to_string()),
            Who::Service(id) => uid(&types.service, id),
        }
    }

    /// The caller's entity; a service's is one of the register.
    pub(crate) fn caller_things(
        &self,
        facts: &Facts,
        institution: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<Thing>, EngineError> {
        let types = &self.schema.types;
        match &facts.who {
            Who::Service(_) => Ok(Vec::new()),
            Who::Person(_) => {
                let roles = facts.roles(now).map(|role| match role {
                    RoleGrant::Role(id) => uid(&types.role, id),
                    RoleGrant::Committee(id) => uid(&types.dac, id),
                });
                let groups = facts.derived.groups(now).map(|id| uid(&types.group, id));
                let thing = ThingBuilder::new(self.caller(facts))
                    .flag("suspended", facts.is_suspended(now))
                    .link_if("institution", institution.map(|id| uid(&types.institution, id)))
                    .parents(roles)
                    .parents(groups)
                    .build()?;
                let mut things = vec![thing];
                // a group that a visa says is none of the register: it shares nothing
                for id in facts.derived.groups(now).map(|id| uid(&types.group, id)) {
                    if !self.register.has(&id) {
                        let told = ThingBuilder::new(id)
                            .flag("sharesTasks", false)
                            .flag("sharesLogs", false);
                        things.push(told.build()?);
                    }
                }
                Ok(things)
            }
        }
    }

    /// The entity id of a person who is named: the caller's own if it is they, by any identity.
    pub(crate) fn named(&self, facts: &Facts, person: &VisaIdentity) -> EntityUid {
        if facts.is(person, &self.snapshot) {
            self.caller(facts)
        } else {
            uid(&self.schema.types.researcher, &person.to_string())
        }
    }

    /// The entity of a person who is named and is not the caller; none if it is the caller.
    pub(crate) fn named_thing(
        &self,
        facts: &Facts,
        person: &VisaIdentity,
        now: Timestamp,
    ) -> Result<Option<Thing>, EngineError> {
        if facts.is(person, &self.snapshot) {
            return Ok(None);
        }
        let suspended = Derived::bars_of(person, &self.snapshot)
            .iter()
            .any(|bar| bar.in_force(now));
        ThingBuilder::new(self.named(facts, person))
            .flag("suspended", suspended)
            .build()
            .map(Some)
    }

    /// A task or run with all that it names. What is gone from the snapshot since is put in at its strictest: a
    /// service that is suspended, a group that shares nothing.
    pub(crate) fn work_things(
        &self,
        facts: &Facts,
        item: &WorkItem,
        now: Timestamp,
    ) -> Result<(EntityUid, Vec<Thing>), EngineError> {
        let types = &self.schema.types;
        let kind = match item.kind {
            WorkKind::Task => &types.task,
            WorkKind::Run => &types.run,
        };
        let id = uid(kind, &item.id);
        let service = uid(&types.service, &item.service);
        let submitter = item.submitter.as_ref().map(|id| uid(&types.service, id));
        let group = item.group.as_ref().map(|id| uid(&types.group, id));
        let mut things = Vec::new();
        for service in [Some(&service), submitter.as_ref()].into_iter().flatten() {
            if !self.register.has(service) {
                things.push(self.lost_service(service)?);
            }
        }
        if let Some(group) = group.as_ref().filter(|group| !self.register.has(group)) {
            let lost = ThingBuilder::new(group.clone())
                .flag("sharesTasks", false)
                .flag("sharesLogs", false);
            things.push(lost.build()?);
        }
        let datasets = item.datasets.iter().map(|id| uid(&types.dataset, id)).collect();
        let work = ThingBuilder::new(id.clone())
            .link("owner", self.named(facts, &item.owner))
            .link_if("group", group)
            .link_if("submitter", submitter)
            .link("service", service)
            .word("state", &types.task_state, item.state.name())
            .names("datasets", datasets)
            .time("expires", item.expires)
            .build()?;
        things.push(work);
        things.extend(self.named_thing(facts, &item.owner, now)?);
        Ok((id, things))
    }

    fn lost_service(&self, id: &EntityUid) -> Result<Thing, EngineError> {
        let types = &self.schema.types;
        let node = self.service(&self.snapshot.node).ok_or_else(|| EngineError::Missing {
            name: self.snapshot.node.clone(),
        })?;
        ThingBuilder::new(id.clone())
            .link("operator", uid(&types.institution, &node.operator))
            .link("country", uid(&types.country, &node.country))
            .words("certified", &types.data_class, [])
            .flag("secureEnvironment", false)
            .flag("suspended", true)
            .build()
    }

    /// An institution that is named and may not be in the register.
    pub(crate) fn named_institution(&self, id: &str) -> Result<(EntityUid, Option<Thing>), EngineError> {
        let types = &self.schema.types;
        let house = uid(&types.institution, id);
        if self.register.has(&house) {
            return Ok((house, None));
        }
        let node = self.service(&self.snapshot.node).ok_or_else(|| EngineError::Missing {
            name: self.snapshot.node.clone(),
        })?;
        let thing = ThingBuilder::new(house.clone())
            .link("country", uid(&types.country, &node.country))
            .flag("commercial", true)
            .build()?;
        Ok((house, Some(thing)))
    }
}
