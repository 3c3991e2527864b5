//! The other parts of a request: the service, images, workflow, and places for outputs.

use std::collections::BTreeSet;

use cedar_policy::EntityUid;

use super::Inquiry;
use crate::{
    decide::{DutyKind, Engine, Reason},
    entity::{Thing, ThingBuilder, uid},
    error::EngineError,
    intent::{Action, Image, StorageUrl, ToolRef},
};

impl Inquiry<'_> {
    /// Images, workflow, sinks and the service itself.
    pub(super) fn rest(&mut self) {
        if self.house.is_none() {
            self.house = self.acting_for(None);
        }
        if let Some(house) = self.house.clone() {
            self.draft.uses(self.facts, house.visa);
            self.draft.ends(house.until);
        }
        let action = self.intent.action;
        let service = uid(&self.engine.schema.types.service, &self.service);
        if matches!(action, Action::TesCreate | Action::WesCreate) {
            let asked = self.call(action, service, Vec::new(), false);
            self.draft.take(self.engine, asked, None, None);
            self.inside();
        } else if action == Action::ServiceInfo {
            let asked = self.call(action, service, Vec::new(), false);
            self.draft.take(self.engine, asked, None, None);
        } else if let (Action::TrsRead, Some(tool)) = (action, &self.intent.tool) {
            self.tool(action, tool);
        }
    }

    /// What a task or run would execute and write.
    fn inside(&mut self) {
        for image in &self.intent.runs {
            self.image(image);
        }
        match (self.intent.action == Action::WesCreate, &self.intent.tool) {
            (true, Some(tool)) => {
                self.tool(Action::WesRunWorkflow, tool);
                self.draft.duty(DutyKind::PinWorkflow, None);
            }
            (true, None) => self.draft.deny(Reason::new(
                "policy.no_workflow",
                "The run names no workflow, so what it would do is not known.",
                "Name the workflow by version or digest.",
            )),
            (false, _) => {}
        }
        for write in &self.intent.writes {
            self.sink(&write.url);
        }
        self.draft.duty(DutyKind::StampOwner, None);
        self.draft.duty(DutyKind::TerminateOnRevocation, None);
    }

    fn image(&mut self, image: &Image) {
        let types = &self.engine.schema.types;
        let (registry, repository) = (
            uid(&types.image, image.registry()),
            uid(&types.image, &image.repository()),
        );
        let parent = |id: &EntityUid, above: Option<&EntityUid>| {
            ThingBuilder::new(id.clone())
                .flag("pinned", false)
                .flag("signed", false)
                .flag("attested", false)
                .parents(above.cloned())
                .build()
        };
        let id = uid(&types.image, &image.to_string());
        let things = || -> Result<Vec<Thing>, EngineError> {
            let own = ThingBuilder::new(id.clone())
                .flag("pinned", image.is_pinned())
                .flag("signed", false)
                .flag("attested", false)
                .parent(repository.clone())
                .build()?;
            Ok(vec![
                own,
                parent(&repository, Some(&registry))?,
                parent(&registry, None)?,
            ])
        };
        let asked = things().and_then(|things| self.call(Action::TesRunImage, id.clone(), things, true));
        self.draft.take(self.engine, asked, None, Some(image.as_given()));
        self.draft.rests_on.images.insert(image.to_string());
    }

    fn tool(&mut self, action: Action, tool: &ToolRef) {
        let kind = &self.engine.schema.types.tool;
        let id = uid(kind, &tool.id);
        let names: BTreeSet<&String> = tool.within.iter().filter(|name| **name != tool.id).collect();
        let thing = |id: &EntityUid, pinned: bool, above: &[EntityUid]| {
            ThingBuilder::new(id.clone())
                .flag("public", tool.public)
                .flag("pinned", pinned)
                .parents(above.iter().cloned())
                .build()
        };
        let things = || -> Result<Vec<Thing>, EngineError> {
            let above: Vec<EntityUid> = names.iter().map(|name| uid(kind, name)).collect();
            let mut things = vec![thing(&id, tool.pinned, &above)?];
            for one in &above {
                things.push(thing(one, false, &[])?);
            }
            Ok(things)
        };
        let asked = things().and_then(|things| self.call(action, id.clone(), things, false));
        self.draft.take(self.engine, asked, None, Some(&tool.id));
    }

    fn sink(&mut self, url: &StorageUrl) {
        let about = url.to_string();
        let Some(sink) = self.engine.sink(url) else {
            let mut reason = Reason::new(
                "catalogue.sink_unmapped",
                format!("`{about}` is not a place for outputs on this node."),
                "Write to storage of your institution or of one of your groups.",
            );
            reason.about = Some(about);
            self.draft.deny(reason);
            return;
        };
        let resource = uid(&self.engine.schema.types.storage, &sink);
        let asked = self.call(Action::WriteOutput, resource, Vec::new(), true);
        self.draft.take(self.engine, asked, None, Some(&about));
    }
}

impl Engine {
    /// The longest sink that covers a URL.
    pub(crate) fn sink(&self, url: &StorageUrl) -> Option<String> {
        let sinks = self.snapshot.sinks.iter().filter(|sink| url.is_under(&sink.prefix));
        sinks
            .max_by_key(|sink| sink.prefix.key().len())
            .map(|sink| sink.prefix.to_string())
    }
}
