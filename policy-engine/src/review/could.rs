//! Why could somebody do this: the permits that could let, and the forbids that could stop it, by their scopes alone.
//!
//! It reads scopes, not conditions: what is named here can apply, what is not named never does.

use cedar_policy::{EntityUid, Policy, PrincipalConstraint, ResourceConstraint};
use serde::Serialize;

use crate::{
    EntityName,
    entity::SchemaParts,
    error::BundleError,
    intent::Action,
    policy::{Origin, Policies, PolicyNote, entity_uid},
};

/// Who and what is asked about.
#[derive(Clone, Debug, Default)]
pub struct Could {
    /// The principal's type, such as `Researcher`.
    pub principal: Option<String>,
    /// The resource's type, such as `Dataset`.
    pub resource: Option<String>,
}

/// A policy that can apply.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct CouldPolicy {
    /// Its id.
    pub id: String,
    /// It would deny.
    pub forbids: bool,
    /// Where it comes from.
    pub origin: Origin,
    /// What a permit needs; what helps against a forbid.
    pub needs: String,
    /// Its sentence.
    pub reason: String,
    /// A forbid's code.
    pub code: String,
    /// It applies whatever its conditions say, since it has none.
    pub always: bool,
    /// Only for what its scope names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
}

/// The policies whose scope fits an action and the types given, permits first.
///
/// # Errors
/// [`BundleError::Schema`] if a type is not in the schema.
pub fn could(policies: &Policies, action: Action, ask: &Could) -> Result<Vec<CouldPolicy>, BundleError> {
    let schema = SchemaParts::shared()?;
    let kind = |name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => {
            let full = format!("Visum::{}", name.trim_start_matches("Visum::"));
            let message = format!("there is no entity type `{name}`");
            let uid = entity_uid(&EntityName::new(full, "")).map_err(|_| BundleError::Schema {
                message: message.clone(),
            })?;
            let kind = uid.type_name().clone();
            if schema.schema.entity_types().any(|known| *known == kind) {
                Ok(Some(kind))
            } else {
                Err(BundleError::Schema { message })
            }
        }
    };
    let (principal, resource) = (kind(&ask.principal)?, kind(&ask.resource)?);
    let action = schema.types.action(action);
    let mut found: Vec<CouldPolicy> = policies
        .fitting(schema, &action, principal.as_ref(), resource.as_ref())
        .into_iter()
        .map(|(policy, note)| told(policy, note))
        .collect();
    found.sort_by(|a, b| (a.forbids, &a.id).cmp(&(b.forbids, &b.id)));
    Ok(found)
}

fn told(policy: &Policy, note: &PolicyNote) -> CouldPolicy {
    let name = |id: &EntityUid| id.to_string().trim_start_matches("Visum::").to_owned();
    let mut only = Vec::new();
    if let PrincipalConstraint::In(id) | PrincipalConstraint::Eq(id) | PrincipalConstraint::IsIn(_, id) =
        policy.principal_constraint()
    {
        only.push(name(&id));
    }
    if let ResourceConstraint::In(id) | ResourceConstraint::Eq(id) | ResourceConstraint::IsIn(_, id) =
        policy.resource_constraint()
    {
        only.push(name(&id));
    }
    CouldPolicy {
        id: note.id.clone(),
        forbids: note.forbids,
        origin: note.origin.clone(),
        needs: if note.forbids {
            note.remedy.clone()
        } else {
            note.needs.clone()
        },
        reason: note.reason.clone(),
        code: note.code.clone(),
        always: !policy.has_non_scope_constraint(),
        only,
    }
}
