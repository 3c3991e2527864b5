//! The snapshot's own entities, and the whole store of one question (policy.md 4, guard two; 5).

use std::collections::HashMap;

use cedar_policy::{Entities, Entity, EntityUid, Schema};

use super::thing::Thing;
use crate::error::{BundleError, EngineError};

/// Things of the snapshot by id, and the action entities.
#[derive(Debug)]
pub(crate) struct Register {
    things: HashMap<EntityUid, Thing>,
    actions: Entities,
}

impl Register {
    /// Checks every thing against the schema once, so that questions need not.
    pub(crate) fn new(things: Vec<Thing>, actions: Entities, schema: &Schema) -> Result<Self, BundleError> {
        let mut map = HashMap::with_capacity(things.len());
        for thing in things {
            let id = thing.entity.uid();
            Entities::from_entities([thing.entity.clone()], Some(schema)).map_err(|error| BundleError::Entity {
                what: id.to_string(),
                message: chain(&error),
            })?;
            if map.insert(id.clone(), thing).is_some() {
                return Err(BundleError::Record {
                    what: "entity",
                    id: id.to_string(),
                    fault: "is there twice",
                });
            }
        }
        Ok(Self { things: map, actions })
    }

    /// Whether this is one of the snapshot's things.
    pub(crate) fn has(&self, id: &EntityUid) -> bool {
        self.things.contains_key(id)
    }

    /// References of the snapshot's things to what is not there.
    pub(crate) fn dangling(&self) -> Option<(EntityUid, EntityUid)> {
        self.things.iter().find_map(|(id, thing)| {
            thing
                .refs
                .iter()
                .find(|other| !self.has(other))
                .map(|other| (id.clone(), other.clone()))
        })
    }

    /// The store of one question: `own` things, `seeds`, and all that they refer to, however far.
    ///
    /// # Errors
    /// [`EngineError::Missing`] if one of them is nowhere. Cedar would skip a policy that reads it, also a forbid.
    pub(crate) fn store(&self, own: Vec<Thing>, seeds: &[EntityUid]) -> Result<Entities, EngineError> {
        let mut found: HashMap<EntityUid, Entity> = HashMap::new();
        let mut wanted: Vec<EntityUid> = seeds.to_vec();
        for thing in own {
            wanted.extend(thing.refs);
            found.insert(thing.entity.uid(), thing.entity);
        }
        while let Some(id) = wanted.pop() {
            if found.contains_key(&id) {
                continue;
            }
            let thing = self
                .things
                .get(&id)
                .ok_or_else(|| EngineError::Missing { name: id.to_string() })?;
            wanted.extend(thing.refs.iter().cloned());
            found.insert(id, thing.entity.clone());
        }
        self.actions
            .clone()
            .add_entities(found.into_values(), None)
            .map_err(|error| EngineError::Entities { message: chain(&error) })
    }
}

#[cfg(test)]
impl Register {
    /// The same with one entity gone.
    pub(crate) fn without(&self, id: &EntityUid) -> Self {
        let things = self.things.iter().filter(|(other, _)| *other != id);
        Self {
            things: things.map(|(id, thing)| (id.clone(), thing.clone())).collect(),
            actions: self.actions.clone(),
        }
    }

    /// All that is there, whole or not.
    pub(crate) fn everything(&self) -> Entities {
        let entities = self.things.values().map(|thing| thing.entity.clone());
        self.actions.clone().add_entities(entities, None).unwrap()
    }
}

/// An error with all its sources, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
