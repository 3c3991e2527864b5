//! The questions of one of our decisions as bare Cedar is asked them: ready requests, one store, one set of policies.

use std::error::Error;

use cedar_policy::{
    Authorizer, Context, Decision as Word, Entities, EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet, Request,
    ResourceConstraint, Schema,
};
use policy_engine::{
    decide::Decision,
    policy::{BASELINE, SCHEMA, STANDARD},
};
use serde_json::Value;

/// What Cedar alone is asked.
pub struct Bare {
    requests: Vec<Request>,
    entities: Entities,
    policies: PolicySet,
    authorizer: Authorizer,
}

impl std::fmt::Debug for Bare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bare({} questions)", self.requests.len())
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Box<dyn Error>> {
    let kind: EntityTypeName = kind.parse()?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn text<'v>(of: &'v Value, member: &str) -> Result<&'v str, String> {
    of.get(member).and_then(Value::as_str).ok_or(format!("no {member}"))
}

impl Bare {
    /// The questions that a decision put, over the shipped policies and `more`; `fitting`: only those of them whose
    /// scope fits one of the questions.
    ///
    /// # Errors
    /// If the record of the decision can't be read, or Cedar refuses it.
    pub fn of(decision: &Decision, more: &str, fitting: bool) -> Result<Self, Box<dyn Error>> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA)?;
        let record = serde_json::to_value(decision.facts_record().ok_or("nothing was asked")?)?;
        let mut requests = Vec::new();
        for question in record.get("questions").and_then(Value::as_array).into_iter().flatten() {
            let named = |member| -> Result<EntityUid, Box<dyn Error>> {
                let name = question.get(member).ok_or("no name")?;
                uid(text(name, "type")?, text(name, "id")?)
            };
            let action = uid("Visum::Action", text(question, "action")?)?;
            let context = question.get("context").cloned().unwrap_or_default();
            let context = Context::from_json_value(context, Some((&schema, &action)))?;
            requests.push(Request::new(
                named("principal")?,
                action,
                named("resource")?,
                context,
                Some(&schema),
            )?);
        }
        let store = record.get("entities").cloned().unwrap_or_default();
        let entities = Entities::from_json_value(store, Some(&schema))?;
        let whole: PolicySet = format!("{BASELINE}\n{STANDARD}\n{more}").parse()?;
        let mut policies = PolicySet::new();
        for policy in whole.policies() {
            let of_another = |request: &Request| match policy.resource_constraint() {
                ResourceConstraint::Eq(id) => request.resource() != Some(&id),
                ResourceConstraint::Any
                | ResourceConstraint::Is(_)
                | ResourceConstraint::In(_)
                | ResourceConstraint::IsIn(..) => false,
            };
            let fits = || {
                policy.get_valid_request_envs(&schema).any(|one| {
                    requests.iter().any(|request| {
                        request.action() == Some(one.action())
                            && request.principal().map(EntityUid::type_name) == Some(one.principal())
                            && !of_another(request)
                            && request.resource().map(EntityUid::type_name) == Some(one.resource())
                    })
                })
            };
            if !fitting || fits() {
                // as our engine names them: by their own ids
                let id = policy.annotation("id").unwrap_or_default();
                policies.add(policy.new_id(PolicyId::new(id)))?;
            }
        }
        Ok(Self {
            requests,
            entities,
            policies,
            authorizer: Authorizer::new(),
        })
    }

    /// How many policies.
    #[must_use]
    pub fn policies(&self) -> usize {
        self.policies.policies().count()
    }

    /// Asks every question; whether all were answered with yes.
    #[must_use]
    pub fn ask(&self) -> bool {
        self.requests.iter().fold(true, |all, request| {
            let said = self.authorizer.is_authorized(request, &self.policies, &self.entities);
            all & (said.decision() == Word::Allow)
        })
    }
}
