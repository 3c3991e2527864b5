//! One entity with everything that it refers to, so that a store can be shown to be whole.

use std::collections::HashSet;

use cedar_policy::{EntityTypeName, EntityUid};
use cedar_policy_core::ast::{Entity, EntityUID, PartialValue, Value};
use visa_verifier::seam::Timestamp;

use super::{schema::uid, value};
use crate::error::EngineError;

/// An entity and the entities that its attributes and parents name.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    pub(crate) entity: Entity,
    pub(crate) refs: Vec<EntityUid>,
}

impl Thing {
    /// An entity of nothing but its id.
    pub(crate) fn bare(id: EntityUid) -> Self {
        Self {
            entity: Entity::with_uid(id.into()),
            refs: Vec::new(),
        }
    }

    /// An entity that was made elsewhere, with what it refers to.
    pub(crate) fn of(entity: &cedar_policy::Entity, refs: Vec<EntityUid>) -> Self {
        Self {
            entity: entity.as_ref().clone(),
            refs,
        }
    }
}

/// Collects an entity's attributes and parents.
pub(crate) struct ThingBuilder {
    id: EntityUid,
    attributes: Vec<(&'static str, Value)>,
    parents: HashSet<EntityUID>,
    refs: Vec<EntityUid>,
    fault: Option<EngineError>,
}

impl ThingBuilder {
    pub(crate) fn new(id: EntityUid) -> Self {
        Self {
            id,
            attributes: Vec::new(),
            parents: HashSet::new(),
            refs: Vec::new(),
            fault: None,
        }
    }

    fn put(mut self, name: &'static str, value: Value) -> Self {
        self.attributes.push((name, value));
        self
    }

    pub(crate) fn flag(self, name: &'static str, value: bool) -> Self {
        self.put(name, value::flag(value))
    }

    pub(crate) fn long(self, name: &'static str, value: impl Into<i64>) -> Self {
        self.put(name, value::long(value.into()))
    }

    pub(crate) fn time(mut self, name: &'static str, value: Timestamp) -> Self {
        match value::time(value) {
            Ok(value) => self.put(name, value),
            Err(error) => {
                self.fault = Some(error);
                self
            }
        }
    }

    /// A member of a closed vocabulary; it needs no entity of its own.
    pub(crate) fn word(self, name: &'static str, kind: &EntityTypeName, word: &str) -> Self {
        self.put(name, value::entity(uid(kind, word)))
    }

    /// A set of members of a closed vocabulary.
    pub(crate) fn words<'a>(
        self,
        name: &'static str,
        kind: &EntityTypeName,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let set = value::entities(words.into_iter().map(|word| uid(kind, word)));
        self.put(name, set)
    }

    /// Another entity, which must be in the store.
    pub(crate) fn link(mut self, name: &'static str, other: EntityUid) -> Self {
        self.refs.push(other.clone());
        self.put(name, value::entity(other))
    }

    /// Another entity, if there is one.
    pub(crate) fn link_if(self, name: &'static str, other: Option<EntityUid>) -> Self {
        match other {
            Some(other) => self.link(name, other),
            None => self,
        }
    }

    /// A set of other entities, each of which must be in the store.
    pub(crate) fn links(mut self, name: &'static str, others: Vec<EntityUid>) -> Self {
        self.refs.extend(others.iter().cloned());
        self.put(name, value::entities(others))
    }

    /// A set of entities that policies only compare, and that need not be in the store (inputs of a task).
    pub(crate) fn names(self, name: &'static str, others: Vec<EntityUid>) -> Self {
        self.put(name, value::entities(others))
    }

    pub(crate) fn parent(mut self, parent: EntityUid) -> Self {
        self.refs.push(parent.clone());
        self.parents.insert(parent.into());
        self
    }

    pub(crate) fn parents(self, parents: impl IntoIterator<Item = EntityUid>) -> Self {
        parents.into_iter().fold(self, Self::parent)
    }

    pub(crate) fn build(self) -> Result<Thing, EngineError> {
        if let Some(error) = self.fault {
            return Err(error);
        }
        let attributes = self
            .attributes
            .into_iter()
            .map(|(name, value)| (name.into(), PartialValue::Value(value)));
        Ok(Thing {
            // What lies above the parents is added when it enters a store.
            entity: Entity::new_with_attr_partial_value(self.id.into(), attributes, HashSet::new(), self.parents, []),
            refs: self.refs,
        })
    }
}
