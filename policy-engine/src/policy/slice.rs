//! Slices: of a whole set, only the policies that can apply to a question are asked (policy.md 5).
//!
//! For each action, and each pair of types that the schema gives it, a general list (policies whose scope names no
//! entity) and one list for each entity that a policy's resource scope, else its principal scope, names. A question
//! asks the general list and those of its resource, its principal and all their ancestors. Each policy that can apply
//! lies in one of these lists, so the sum is exact.
//!
//! Conditions are made at load: Cedar's authorizer puts each policy's together anew for each question. Where a scope
//! names nothing but the action and types, the list has answered it, and only `when` and `unless` are left to ask.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use cedar_policy::{
    ActionConstraint, Effect, Entities, EntityTypeName, EntityUid, Policy, PolicySet, PrincipalConstraint, Request,
    ResourceConstraint,
};
use cedar_policy_core::{
    ast::{Expr, Literal, SlotEnv, ValueKind},
    evaluator::Evaluator,
    extensions::Extensions,
};

use super::{clock::reads_clock, sum::Sum};
use crate::{
    entity::{SchemaParts, chain},
    error::BundleError,
};

/// One policy with its condition.
struct Ready {
    id: Box<str>,
    permits: bool,
    /// `None`: nothing is left to ask, it holds.
    condition: Option<Arc<Expr>>,
    slots: SlotEnv,
}

/// The policies of one action and pair of types.
struct Kind {
    principal: EntityTypeName,
    resource: EntityTypeName,
    general: Vec<Ready>,
    by_entity: HashMap<EntityUid, Vec<Ready>>,
    /// One of them reads the clock.
    clock: bool,
}

/// The lists of all actions.
#[derive(Default)]
pub(super) struct Slices(HashMap<EntityUid, Vec<Kind>>);

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
        let kinds = concrete.iter().map(|action| (action.clone(), kinds(schema, action)));
        let mut slices = Self(kinds.collect());
        for policy in set.policies() {
            let clock = reads_clock(policy);
            for action in actions_of(policy, &concrete, schema) {
                for kind in slices.0.get_mut(action).into_iter().flatten() {
                    kind.clock |= kind.take(policy) && clock;
                }
            }
        }
        Ok(slices)
    }

    /// Whether a policy that can apply to this action by such a principal reads the clock, beyond a grant's end.
    pub(super) fn reads_clock(&self, action: &EntityUid, principal: &EntityTypeName) -> bool {
        let kinds = self.0.get(action);
        kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind.principal == *principal && kind.clock))
    }

    /// Whether the schema knows a question of this action and these types.
    pub(super) fn knows(&self, request: &Request) -> bool {
        self.kind(request).is_some()
    }

    fn kind(&self, request: &Request) -> Option<&Kind> {
        let (principal, resource) = (request.principal()?.type_name(), request.resource()?.type_name());
        let kinds = self.0.get(request.action()?)?;
        kinds
            .iter()
            .find(|kind| kind.principal == *principal && kind.resource == *resource)
    }

    /// Asks the lists that can apply; of a question that the schema does not know, the whole set.
    pub(super) fn ask(&self, request: &Request, entities: &Entities, whole: &PolicySet, sum: &mut Sum) {
        let (Some(kind), Some(principal), Some(resource)) =
            (self.kind(request), request.principal(), request.resource())
        else {
            return sum.add(request, whole, entities);
        };
        let evaluator = Evaluator::new(request.as_ref().clone(), entities.as_ref(), Extensions::all_available());
        for policy in &kind.general {
            policy.ask(&evaluator, sum);
        }
        if kind.by_entity.is_empty() {
            return;
        }
        let mut names: BTreeSet<&EntityUid> = [principal, resource].into();
        for end in [principal, resource] {
            names.extend(entities.ancestors(end).into_iter().flatten());
        }
        for policy in names.into_iter().filter_map(|name| kind.by_entity.get(name)).flatten() {
            policy.ask(&evaluator, sum);
        }
    }
}

impl Kind {
    /// Takes a policy of this action, if its scope fits the types.
    fn take(&mut self, policy: &Policy) -> bool {
        let of_principal = match policy.principal_constraint() {
            PrincipalConstraint::Is(kind) | PrincipalConstraint::IsIn(kind, _) => kind == self.principal,
            PrincipalConstraint::Any | PrincipalConstraint::In(_) | PrincipalConstraint::Eq(_) => true,
        };
        let of_resource = match policy.resource_constraint() {
            ResourceConstraint::Is(kind) | ResourceConstraint::IsIn(kind, _) => kind == self.resource,
            ResourceConstraint::Any | ResourceConstraint::In(_) | ResourceConstraint::Eq(_) => true,
        };
        if !of_principal || !of_resource {
            return false;
        }
        match scope_entity(policy) {
            None => self.general.push(Ready::of(policy, false)),
            Some(entity) => self.by_entity.entry(entity).or_default().push(Ready::of(policy, true)),
        }
        true
    }
}

impl Ready {
    /// `scope`: it names entities, so it is asked too.
    fn of(policy: &Policy, scope: bool) -> Self {
        let core: &cedar_policy_core::ast::Policy = policy.as_ref();
        Self {
            id: AsRef::<str>::as_ref(policy.id()).into(),
            permits: policy.effect() == Effect::Permit,
            condition: if scope {
                Some(Arc::new(core.condition()))
            } else {
                core.non_scope_constraints_arc().cloned()
            },
            slots: core.env().clone(),
        }
    }

    fn ask(&self, evaluator: &Evaluator<'_>, sum: &mut Sum) {
        let Some(condition) = &self.condition else {
            return sum.holds(&self.id, self.permits);
        };
        match evaluator.interpret(condition, &self.slots) {
            Ok(value) => match value.value_kind() {
                ValueKind::Lit(Literal::Bool(true)) => sum.holds(&self.id, self.permits),
                ValueKind::Lit(Literal::Bool(false)) => {}
                ValueKind::Lit(_) | ValueKind::Set(_) | ValueKind::Record(_) | ValueKind::ExtensionValue(_) => {
                    sum.erred(&self.id, "its condition is neither true nor false".to_owned());
                }
            },
            Err(error) => sum.erred(
                &self.id,
                format!("error while evaluating policy `{}`: {}", self.id, chain(&error)),
            ),
        }
    }
}

/// The pairs of types that the schema gives an action.
fn kinds(schema: &SchemaParts, action: &EntityUid) -> Vec<Kind> {
    let resources: Vec<EntityTypeName> = schema
        .schema
        .resources_for_action(action)
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let principals = schema.schema.principals_for_action(action).into_iter().flatten();
    principals
        .flat_map(|principal| {
            resources.iter().map(|resource| Kind {
                principal: principal.clone(),
                resource: resource.clone(),
                general: Vec::new(),
                by_entity: HashMap::new(),
                clock: false,
            })
        })
        .collect()
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
