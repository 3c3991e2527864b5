//! Policies one by one, as the proofs need them: with the environments that they fit and what they mean.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Effect, Entities, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    PrincipalConstraint, RequestEnv, ResourceConstraint,
};
use cedar_policy_symcc::Env;
use serde_json::{Value, json};

use super::report::EnvironmentName;
use crate::{
    entity::{SchemaParts, chain},
    error::BundleError,
    policy::Policies,
};

/// Everything is permitted: no set on the baseline permits more than the baseline with this.
pub(super) const PERMIT_ALL: &str = "permit(principal, action, resource);";

/// One policy.
#[derive(Clone, Debug)]
pub(super) struct One {
    pub(super) id: String,
    pub(super) forbids: bool,
    /// A link of a template, too, stands by itself.
    pub(super) policy: Policy,
    /// Its JSON form without annotations: what it means.
    pub(super) meaning: Value,
    /// The same as text, to compare by.
    pub(super) text: String,
    /// The environments that its scope fits.
    pub(super) at: BTreeSet<EnvironmentName>,
}

fn invalid(error: &dyn std::error::Error) -> BundleError {
    BundleError::Invalid { message: chain(error) }
}

impl One {
    pub(super) fn new(policy: &Policy, schema: &SchemaParts) -> Result<Self, BundleError> {
        let mut meaning = policy.to_json().map_err(|error| invalid(&error))?;
        if let Some(members) = meaning.as_object_mut() {
            members.remove("annotations");
        }
        let id = policy.id().clone();
        let policy = if policy.template_id().is_some() {
            Policy::from_json(Some(id.clone()), meaning.clone()).map_err(|error| invalid(&error))?
        } else {
            policy.clone()
        };
        Ok(Self {
            id: id.to_string(),
            forbids: policy.effect() == Effect::Forbid,
            at: fitting(&policy, schema),
            text: meaning.to_string(),
            policy,
            meaning,
        })
    }

    /// A policy of ours, by its text.
    pub(super) fn parse(id: &str, text: &str, schema: &SchemaParts) -> Result<Self, BundleError> {
        let policy = Policy::parse(Some(PolicyId::new(id)), text).map_err(|error| invalid(&error))?;
        Self::new(&policy, schema)
    }

    /// The same whatever entity its scope names: it permits, or forbids, at least as much.
    pub(super) fn opened(&self, schema: &SchemaParts) -> Result<Self, BundleError> {
        let mut meaning = self.meaning.clone();
        for end in ["principal", "resource"] {
            let Some(scope) = meaning.get_mut(end) else { continue };
            match scope.get("op").and_then(Value::as_str) {
                Some("==" | "in") => *scope = json!({ "op": "All" }),
                Some("is") => {
                    if let Some(members) = scope.as_object_mut() {
                        members.remove("in");
                    }
                }
                _ => {}
            }
        }
        // An id of its own: it may come to stand beside the policy itself.
        let id = PolicyId::new(format!("open: {}", self.id));
        let policy = Policy::from_json(Some(id), meaning).map_err(|error| invalid(&error))?;
        Self::new(&policy, schema)
    }
}

/// The environments that a policy's scope fits. Told from the scope alone: asking the type checker about each of thousands
/// of links costs more than the proof.
fn fitting(policy: &Policy, schema: &SchemaParts) -> BTreeSet<EnvironmentName> {
    let below = |kind: &EntityTypeName, above: &EntityUid| {
        let above = above.type_name();
        let mut kinds = schema.schema.ancestors(kind).into_iter().flatten();
        kind == above || kinds.any(|known| known == above)
    };
    let principal = policy.principal_constraint();
    let resource = policy.resource_constraint();
    let action = policy.action_constraint();
    let named = |group: &EntityUid, action: &EntityUid| group == action || schema.actions.is_ancestor_of(group, action);
    let fits = |at: &RequestEnv| {
        (match &action {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(one) => one == at.action(),
            ActionConstraint::In(all) => all.iter().any(|one| named(one, at.action())),
        }) && (match &principal {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::Eq(id) => id.type_name() == at.principal(),
            PrincipalConstraint::In(id) => below(at.principal(), id),
            PrincipalConstraint::Is(kind) => kind == at.principal(),
            PrincipalConstraint::IsIn(kind, id) => kind == at.principal() && below(kind, id),
        }) && (match &resource {
            ResourceConstraint::Any => true,
            ResourceConstraint::Eq(id) => id.type_name() == at.resource(),
            ResourceConstraint::In(id) => below(at.resource(), id),
            ResourceConstraint::Is(kind) => kind == at.resource(),
            ResourceConstraint::IsIn(kind, id) => kind == at.resource() && below(kind, id),
        })
    };
    let all = environments(schema).iter();
    all.filter(|(_, at)| fits(at)).map(|(name, _)| name.clone()).collect()
}

/// The policies in force, links resolved.
pub(super) fn in_force(policies: &Policies, schema: &SchemaParts) -> Result<Vec<One>, BundleError> {
    policies
        .set_in_force()
        .policies()
        .map(|policy| One::new(policy, schema))
        .collect()
}

/// A set of these.
pub(super) fn set<'a>(ones: impl IntoIterator<Item = &'a One>) -> Result<PolicySet, BundleError> {
    let policies = ones.into_iter().map(|one| one.policy.clone());
    PolicySet::from_policies(policies).map_err(|error| invalid(&error))
}

/// A set of policies by their texts.
pub(super) fn set_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<PolicySet, BundleError> {
    let policies = texts.into_iter().enumerate().map(|(at, text)| {
        Policy::parse(Some(PolicyId::new(format!("goal.{at}"))), text).map_err(|error| invalid(&error))
    });
    let policies: Vec<Policy> = policies.collect::<Result<_, _>>()?;
    PolicySet::from_policies(policies).map_err(|error| invalid(&error))
}

/// The environment of these names.
pub(super) fn environment(schema: &SchemaParts, principal: &str, action: &str, resource: &str) -> Option<RequestEnv> {
    let wanted = EnvironmentName {
        principal: principal.to_owned(),
        action: action.to_owned(),
        resource: resource.to_owned(),
    };
    environments(schema).get(&wanted).cloned()
}

/// All environments by name.
pub(super) fn environments(schema: &SchemaParts) -> &'static BTreeMap<EnvironmentName, RequestEnv> {
    static ALL: OnceLock<BTreeMap<EnvironmentName, RequestEnv>> = OnceLock::new();
    ALL.get_or_init(|| schema.schema.request_envs().map(|at| (name(&at), at)).collect())
}

/// An environment's name.
pub(super) fn name(at: &RequestEnv) -> EnvironmentName {
    EnvironmentName {
        principal: plain(at.principal()),
        action: at.action().id().unescaped().to_owned(),
        resource: plain(at.resource()),
    }
}

/// What concrete policies say to a solver's example.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Ids of the policies that apply.
    pub(super) apply: BTreeSet<String>,
    /// Ids of those that erred.
    pub(super) erred: BTreeSet<String>,
}

/// The store of an example, with the action groups.
pub(super) fn store(example: &Env, schema: &SchemaParts) -> Result<Entities, BundleError> {
    let known: BTreeSet<_> = example.entities.iter().map(cedar_policy::Entity::uid).collect();
    let actions = schema.actions.iter().filter(|action| !known.contains(&action.uid()));
    let entities = example.entities.clone();
    entities
        .add_entities(actions.cloned(), None)
        .map_err(|error| invalid(&error))
}

/// Policies made ready to be asked, permits and forbids apart: Cedar names forbids only where both apply.
#[derive(Debug)]
pub(super) struct Concrete {
    permits: PolicySet,
    forbids: PolicySet,
}

impl Concrete {
    pub(super) fn new<'a>(ones: impl IntoIterator<Item = &'a One>) -> Result<Self, BundleError> {
        let (mut permits, mut forbids) = (PolicySet::new(), PolicySet::new());
        for one in ones {
            let into = if one.forbids { &mut forbids } else { &mut permits };
            into.add(one.policy.clone()).map_err(|error| invalid(&error))?;
        }
        Ok(Self { permits, forbids })
    }

    /// What permits and forbids say.
    pub(super) fn ask(&self, example: &Env, entities: &Entities) -> (Said, Said) {
        let say = |set, when| said(set, when, example, entities);
        (say(&self.permits, Decision::Allow), say(&self.forbids, Decision::Deny))
    }
}

fn said(set: &PolicySet, when: Decision, example: &Env, entities: &Entities) -> Said {
    let response = Authorizer::new().is_authorized(&example.request, set, entities);
    let erred = response.diagnostics().errors().map(|error| {
        let cedar_policy::AuthorizationError::PolicyEvaluationError(inner) = error;
        inner.policy_id().to_string()
    });
    let applied = response.decision() == when;
    let reasons = response.diagnostics().reason().filter(|_| applied);
    Said {
        apply: reasons.map(ToString::to_string).collect(),
        erred: erred.collect(),
    }
}

/// Asks the concrete engine once.
pub(super) fn asked<'a>(
    ones: impl IntoIterator<Item = &'a One>,
    example: &Env,
    entities: &Entities,
) -> Result<(Said, Said), BundleError> {
    Ok(Concrete::new(ones)?.ask(example, entities))
}

/// A type without our namespace.
pub(super) fn plain(kind: &EntityTypeName) -> String {
    let name = kind.to_string();
    name.strip_prefix("Visum::").unwrap_or(&name).to_owned()
}
