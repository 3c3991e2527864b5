//! One entity with everything that it refers to, so that a store can be shown to be whole.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityTypeName, EntityUid, RestrictedExpression};
use visa_verifier::seam::Timestamp;

use super::schema::uid;
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
            entity: Entity::with_uid(id),
            refs: Vec::new(),
        }
    }
}

/// Collects an entity's attributes and parents.
pub(crate) struct ThingBuilder {
    id: EntityUid,
    attributes: HashMap<String, RestrictedExpression>,
    parents: HashSet<EntityUid>,
    refs: Vec<EntityUid>,
}

impl ThingBuilder {
    pub(crate) fn new(id: EntityUid) -> Self {
        Self {
            id,
            attributes: HashMap::new(),
            parents: HashSet::new(),
            refs: Vec::new(),
        }
    }

    fn put(mut self, name: &str, value: RestrictedExpression) -> Self {
        self.attributes.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        self.put(name, RestrictedExpression::new_bool(value))
    }

    pub(crate) fn long(self, name: &str, value: impl Into<i64>) -> Self {
        self.put(name, RestrictedExpression::new_long(value.into()))
    }

    pub(crate) fn time(self, name: &str, value: Timestamp) -> Self {
        self.put(name, RestrictedExpression::new_datetime(value.to_string()))
    }

    /// A member of a closed vocabulary; it needs no entity of its own.
    pub(crate) fn word(self, name: &str, kind: &EntityTypeName, word: &str) -> Self {
        self.put(name, RestrictedExpression::new_entity_uid(uid(kind, word)))
    }

    /// A set of members of a closed vocabulary.
    pub(crate) fn words<'a>(self, name: &str, kind: &EntityTypeName, words: impl IntoIterator<Item = &'a str>) -> Self {
        let set = words
            .into_iter()
            .map(|word| RestrictedExpression::new_entity_uid(uid(kind, word)));
        self.put(name, RestrictedExpression::new_set(set))
    }

    /// Another entity, which must be in the store.
    pub(crate) fn link(mut self, name: &str, other: EntityUid) -> Self {
        self.refs.push(other.clone());
        self.put(name, RestrictedExpression::new_entity_uid(other))
    }

    /// Another entity, if there is one.
    pub(crate) fn link_if(self, name: &str, other: Option<EntityUid>) -> Self {
        match other {
            Some(other) => self.link(name, other),
            None => self,
        }
    }

    /// A set of other entities, each of which must be in the store.
    pub(crate) fn links(mut self, name: &str, others: Vec<EntityUid>) -> Self {
        self.refs.extend(others.iter().cloned());
        self.put(
            name,
            RestrictedExpression::new_set(others.into_iter().map(RestrictedExpression::new_entity_uid)),
        )
    }

    /// A set of entities that policies only compare, and that need not be in the store (inputs of a task).
    pub(crate) fn names(self, name: &str, others: Vec<EntityUid>) -> Self {
        self.put(
            name,
            RestrictedExpression::new_set(others.into_iter().map(RestrictedExpression::new_entity_uid)),
        )
    }

    pub(crate) fn parent(mut self, parent: EntityUid) -> Self {
        self.refs.push(parent.clone());
        self.parents.insert(parent);
        self
    }

    pub(crate) fn parents(self, parents: impl IntoIterator<Item = EntityUid>) -> Self {
        parents.into_iter().fold(self, Self::parent)
    }

    pub(crate) fn build(self) -> Result<Thing, EngineError> {
        let entity = Entity::new(self.id, self.attributes, self.parents).map_err(|error| EngineError::Entities {
            message: error.to_string(),
        })?;
        Ok(Thing {
            entity,
            refs: self.refs,
        })
    }
}
