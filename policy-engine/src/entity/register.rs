//! The snapshot's own entities, and the whole store of one question (policy.md 4, guard two; 5).
//!
//! Each thing is ready for a store when the snapshot is loaded: checked against the schema, with all that lies above it,
//! and with all that it refers to, however far. A question then gathers references, and nothing is computed.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, OnceLock},
};

use cedar_policy::{Entities, EntityUid, Schema};
use cedar_policy_core::{
    ast::{Entity, EntityUID},
    entities::{Entities as Store, NoEntitiesSchema, TCComputation, conformance::EntitySchemaConformanceChecker},
    extensions::Extensions,
    validator::CoreSchema,
};

use super::thing::Thing;
use crate::error::{BundleError, EngineError};

/// One thing of the snapshot.
#[derive(Clone, Debug)]
struct Standing {
    entity: Arc<Entity>,
    refs: Vec<EntityUid>,
    /// The thing and all that it refers to.
    reach: Result<Box<[Arc<Entity>]>, Broken>,
    /// The same as a store, made when it is first asked about.
    store: OnceLock<Store>,
}

/// Why a thing can be in no store.
#[derive(Clone, Debug)]
enum Broken {
    /// It leads to something that is not there.
    Missing(EntityUID),
    /// It leads to something that lies above itself.
    Circle(EntityUID),
}

/// Things of the snapshot by id, and the action entities.
#[derive(Debug)]
pub(crate) struct Register {
    things: HashMap<EntityUID, Standing>,
    actions: Entities,
    /// Each action entity, with the groups above it.
    action: HashMap<EntityUID, Arc<Entity>>,
}

impl Register {
    /// Checks every thing against the schema once, so that questions need not.
    pub(crate) fn new(things: Vec<Thing>, actions: Entities, schema: &Schema) -> Result<Self, BundleError> {
        let mut map = HashMap::with_capacity(things.len());
        let parts = CoreSchema::new(schema.as_ref());
        let checker = EntitySchemaConformanceChecker::new(&parts, Extensions::all_available());
        for thing in things {
            let id = thing.entity.uid().clone();
            checker
                .validate_entity(&thing.entity)
                .map_err(|error| BundleError::Entity {
                    what: id.to_string(),
                    message: chain(&error),
                })?;
            let what = id.to_string();
            if map.insert(id, thing).is_some() {
                return Err(BundleError::Record {
                    what: "entity",
                    id: what,
                    fault: "is there twice",
                });
            }
        }
        Ok(Self::of(map, actions))
    }

    fn of(mut things: HashMap<EntityUID, Thing>, actions: Entities) -> Self {
        let above: Vec<(EntityUID, Above)> = things
            .iter()
            .filter(|(_, thing)| thing.entity.parents().next().is_some())
            .map(|(id, thing)| {
                (
                    id.clone(),
                    ancestors(&thing.entity, |id| things.get(id).map(|one| &one.entity)),
                )
            })
            .collect();
        let mut circles = HashSet::new();
        for (id, above) in above {
            if above.circle {
                circles.insert(id.clone());
            }
            if let Some(thing) = things.get_mut(&id) {
                put_under(&mut thing.entity, above);
            }
        }
        let entities: HashMap<EntityUID, (Arc<Entity>, Vec<EntityUid>)> = things
            .into_iter()
            .map(|(id, thing)| (id, (Arc::new(thing.entity), thing.refs)))
            .collect();
        let standing = |id: &EntityUID, (entity, refs): &(Arc<Entity>, Vec<EntityUid>)| Standing {
            entity: Arc::clone(entity),
            refs: refs.clone(),
            reach: reach(id, &entities, &circles),
            store: OnceLock::new(),
        };
        let action = actions.as_ref().iter();
        Self {
            things: entities
                .iter()
                .map(|(id, one)| (id.clone(), standing(id, one)))
                .collect(),
            action: action.map(|one| (one.uid().clone(), Arc::new(one.clone()))).collect(),
            actions,
        }
    }

    /// Whether this is one of the snapshot's things.
    pub(crate) fn has(&self, id: &EntityUid) -> bool {
        self.things.contains_key(id.as_ref())
    }

    /// References of the snapshot's things to what is not there.
    pub(crate) fn dangling(&self) -> Option<(EntityUid, EntityUid)> {
        self.things.iter().find_map(|(id, thing)| {
            thing
                .refs
                .iter()
                .find(|other| !self.has(other))
                .map(|other| (id.clone().into(), other.clone()))
        })
    }

    /// The store of one question: `own` things, `seeds`, and all that they refer to, however far; and all actions.
    ///
    /// # Errors
    /// [`EngineError::Missing`] if one of them is nowhere. Cedar would skip a policy that reads it, also a forbid.
    pub(crate) fn store(&self, own: Vec<Thing>, seeds: &[EntityUid]) -> Result<Entities, EngineError> {
        let found = self.gather(own, seeds, &[])?;
        Ok(added(self.actions.as_ref().clone(), found)?.into())
    }

    /// The same, with no action but the question's own, over the store of the resource that lies ready.
    ///
    /// # Errors
    /// As [`Register::store`].
    pub(crate) fn store_about(
        &self,
        action: &EntityUid,
        resource: &EntityUid,
        own: Vec<Thing>,
        seeds: &[EntityUid],
    ) -> Result<Entities, EngineError> {
        let standing = self.things.get(resource.as_ref());
        let ready = standing.and_then(|standing| Some((standing, standing.reach.as_deref().ok()?)));
        // What the question brings itself comes before what the snapshot has.
        let ready = ready.filter(|(_, about)| !about.iter().any(|one| is_own(&own, one.uid())));
        let (store, about) = match ready {
            Some((standing, about)) => {
                let store = match standing.store.get() {
                    Some(store) => store.clone(),
                    None => {
                        let made = added(Store::new(), about.to_vec())?;
                        standing.store.get_or_init(|| made).clone()
                    }
                };
                (store, about)
            }
            None => (Store::new(), &[][..]),
        };
        let seeds: Vec<EntityUid> = seeds
            .iter()
            .chain(ready.is_none().then_some(resource))
            .cloned()
            .collect();
        let mut found = self.gather(own, &seeds, about)?;
        found.extend(self.action.get(action.as_ref()).cloned());
        Ok(added(store, found)?.into())
    }

    /// All that a question needs beside `about`.
    fn gather(
        &self,
        own: Vec<Thing>,
        seeds: &[EntityUid],
        about: &[Arc<Entity>],
    ) -> Result<Vec<Arc<Entity>>, EngineError> {
        let mut found: Vec<Arc<Entity>> = Vec::new();
        for id in own.iter().flat_map(|thing| &thing.refs).chain(seeds) {
            let id = id.as_ref();
            if is_own(&own, id) {
                continue;
            }
            let reach = match self.things.get(id).map(|standing| &standing.reach) {
                Some(Ok(reach)) => reach,
                Some(Err(Broken::Circle(name))) => return Err(in_circle(name)),
                Some(Err(Broken::Missing(name))) => return Err(EngineError::Missing { name: name.to_string() }),
                None => return Err(EngineError::Missing { name: id.to_string() }),
            };
            for one in reach {
                let known = |list: &[Arc<Entity>]| list.iter().any(|other| Arc::ptr_eq(one, other));
                if !known(about) && !known(&found) && !is_own(&own, one.uid()) {
                    found.push(Arc::clone(one));
                }
            }
        }
        let above: Vec<Above> = own.iter().map(|thing| self.above(&own, &thing.entity)).collect();
        let mut closed: HashMap<EntityUID, Arc<Entity>> = HashMap::new();
        for (mut thing, above) in own.into_iter().zip(above) {
            if above.circle {
                return Err(in_circle(thing.entity.uid()));
            }
            put_under(&mut thing.entity, above);
            closed.insert(thing.entity.uid().clone(), Arc::new(thing.entity));
        }
        found.extend(closed.into_values());
        Ok(found)
    }

    /// All that lies above a thing of one question.
    fn above(&self, own: &[Thing], of: &Entity) -> Above {
        ancestors(of, |id| {
            let mine = own.iter().rfind(|thing| thing.entity.uid() == id);
            let standing = || self.things.get(id).map(|standing| &*standing.entity);
            mine.map(|thing| &thing.entity).or_else(standing)
        })
    }
}

fn is_own(own: &[Thing], id: &EntityUID) -> bool {
    own.iter().any(|thing| thing.entity.uid() == id)
}

/// What lies above an entity.
struct Above {
    ids: Vec<EntityUID>,
    /// It lies above itself.
    circle: bool,
}

/// Everything above an entity, each once.
fn ancestors<'e>(of: &Entity, get: impl Fn(&EntityUID) -> Option<&'e Entity>) -> Above {
    let mut above = Above {
        ids: Vec::new(),
        circle: false,
    };
    let mut wanted: Vec<EntityUID> = of.parents().cloned().collect();
    while let Some(id) = wanted.pop() {
        if id == *of.uid() {
            above.circle = true;
        } else if !above.ids.contains(&id) {
            if let Some(parent) = get(&id) {
                wanted.extend(parent.ancestors().cloned());
            }
            above.ids.push(id);
        }
    }
    above
}

fn put_under(entity: &mut Entity, above: Above) {
    for id in above.ids {
        if !entity.is_descendant_of(&id) {
            entity.add_indirect_ancestor(id);
        }
    }
}

fn in_circle(id: &EntityUID) -> EngineError {
    EngineError::Entities {
        message: format!("`{id}` lies above itself"),
    }
}

/// What an id leads to, itself included.
fn reach(
    id: &EntityUID,
    things: &HashMap<EntityUID, (Arc<Entity>, Vec<EntityUid>)>,
    circles: &HashSet<EntityUID>,
) -> Result<Box<[Arc<Entity>]>, Broken> {
    let mut seen: HashSet<&EntityUID> = HashSet::new();
    let mut found = Vec::new();
    let mut wanted = vec![id];
    while let Some(id) = wanted.pop() {
        if !seen.insert(id) {
            continue;
        }
        if circles.contains(id) {
            return Err(Broken::Circle(id.clone()));
        }
        let (entity, refs) = things.get(id).ok_or_else(|| Broken::Missing(id.clone()))?;
        found.push(Arc::clone(entity));
        wanted.extend(refs.iter().map(AsRef::as_ref));
    }
    Ok(found.into())
}

/// A store with these too; what lies above each of them is known.
fn added(store: Store, found: Vec<Arc<Entity>>) -> Result<Store, EngineError> {
    let schema = None::<&NoEntitiesSchema>;
    store
        .add_entities(
            found,
            schema,
            TCComputation::AssumeAlreadyComputed,
            Extensions::all_available(),
        )
        .map_err(|error| EngineError::Entities { message: chain(&error) })
}

impl Register {
    /// The same with one entity gone: what a store with a hole answers.
    pub(crate) fn without(&self, id: &EntityUid) -> Self {
        let things = self.things.iter().filter(|(other, _)| *other != id.as_ref());
        let bare = |standing: &Standing| Thing {
            entity: (*standing.entity).clone(),
            refs: standing.refs.clone(),
        };
        let things = things.map(|(id, standing)| (id.clone(), bare(standing))).collect();
        Self::of(things, self.actions.clone())
    }

    /// All that is there, whole or not.
    ///
    /// # Errors
    /// [`EngineError::Entities`] if Cedar refuses the store.
    pub(crate) fn everything(&self) -> Result<Entities, EngineError> {
        let entities = self
            .things
            .values()
            .map(|standing| Arc::clone(&standing.entity))
            .collect();
        added(self.actions.as_ref().clone(), entities).map(Into::into)
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
