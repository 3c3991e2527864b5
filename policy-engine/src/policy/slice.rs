//! Slices: of a whole set, only the policies that can apply to a question are asked (policy.md 5).
//!
//! For each action a general set (policies whose scope names no entity) and one set for each entity that a policy's
//! resource scope, else its principal scope, names. A question asks the general set and those of its resource, its
//! principal and all their ancestors. Each policy of an action lies in one of its sets, so the sum is exact.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{
    ActionConstraint, Entities, EntityUid, Policy, PolicySet, PrincipalConstraint, Request, ResourceConstraint,
};

use super::{observe::put, sum::Sum};
use crate::{entity::SchemaParts, error::BundleError};

/// The sets of one action.
#[derive(Clone, Default)]
struct Slice {
    general: PolicySet,
    by_entity: HashMap<EntityUid, PolicySet>,
}

/// The sets of all actions.
#[derive(Clone, Default)]
pub(super) struct Slices(HashMap<EntityUid, Slice>);

impl Slices {
    /// Slices a set.
    pub(super) fn of(set: &PolicySet, schema: &SchemaParts) -> Result<Self, BundleError> {
        let groups: BTreeSet<EntityUid> = schema.schema.action_groups().cloned().collect();
        let concrete: Vec<EntityUid> = schema
            .schema
            .actions()
            .filter(|action| !groups.contains(*action))
            .cloned()
            .collect();
        let mut slices: HashMap<EntityUid, Slice> = concrete
            .iter()
            .map(|action| (action.clone(), Slice::default()))
            .collect();
        for policy in set.policies() {
            let key = scope_entity(policy);
            for action in actions_of(policy, &concrete, schema) {
                let Some(slice) = slices.get_mut(action) else { continue };
                let into = match &key {
                    None => &mut slice.general,
                    Some(entity) => slice.by_entity.entry(entity.clone()).or_default(),
                };
                put(into, set, policy.id())?;
            }
        }
        Ok(Self(slices))
    }

    /// Asks the slices that can apply; of an action that is not known, the whole set.
    pub(super) fn ask(&self, request: &Request, entities: &Entities, whole: &PolicySet, sum: &mut Sum) {
        let slice = request.action().and_then(|action| self.0.get(action));
        let (Some(slice), Some(principal), Some(resource)) = (slice, request.principal(), request.resource()) else {
            return sum.add(request, whole, entities);
        };
        sum.add(request, &slice.general, entities);
        if slice.by_entity.is_empty() {
            return;
        }
        let mut names: BTreeSet<&EntityUid> = [principal, resource].into();
        for end in [principal, resource] {
            names.extend(entities.ancestors(end).into_iter().flatten());
        }
        for set in names.into_iter().filter_map(|name| slice.by_entity.get(name)) {
            sum.add(request, set, entities);
        }
    }
}

/// The entity that a policy's scope names: its resource's, else its principal's.
pub(super) fn scope_entity(policy: &Policy) -> Option<EntityUid> {
    let resource = match policy.resource_constraint() {
        ResourceConstraint::In(id) | ResourceConstraint::Eq(id) | ResourceConstraint::IsIn(_, id) => Some(id),
        ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
    };
    resource.or_else(|| match policy.principal_constraint() {
        PrincipalConstraint::In(id) | PrincipalConstraint::Eq(id) | PrincipalConstraint::IsIn(_, id) => Some(id),
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
    })
}

/// The concrete actions that a policy's scope covers.
pub(super) fn actions_of<'a>(policy: &Policy, concrete: &'a [EntityUid], schema: &SchemaParts) -> Vec<&'a EntityUid> {
    let named = match policy.action_constraint() {
        ActionConstraint::Any => return concrete.iter().collect(),
        ActionConstraint::Eq(action) => return concrete.iter().filter(|known| **known == action).collect(),
        ActionConstraint::In(named) => named,
    };
    let within = |action: &EntityUid| {
        named
            .iter()
            .any(|group| group == action || schema.actions.is_ancestor_of(group, action))
    };
    concrete.iter().filter(|action| within(action)).collect()
}
