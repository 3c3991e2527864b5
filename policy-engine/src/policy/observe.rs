//! Observe mode: a forbid that records what it would deny and lets it through, until its end (policy.md 6).

use std::time::Duration;

use cedar_policy::{Entities, PolicyId, PolicySet, Request};
use serde_json::Value;
use visa_verifier::seam::Timestamp;

use super::{
    annotation::{Origin, PolicyNote},
    sum::Sum,
};
use crate::{entity::chain, error::BundleError, snapshot::ObserveRow};

/// Longest observation from its publication on.
pub const OBSERVE_DAYS: u64 = 14;

/// One policy that is watched.
#[derive(Clone)]
pub(super) struct Watched {
    until: Timestamp,
    /// The policy alone.
    set: PolicySet,
}

impl Watched {
    /// Takes a policy out of the set in force; `note` is what it says of itself.
    ///
    /// # Errors
    /// [`BundleError::Observe`] for one that must not, or not so long, be only watched.
    pub(super) fn take(
        from: &mut PolicySet,
        note: Option<&PolicyNote>,
        row: &ObserveRow,
        now: Timestamp,
    ) -> Result<Self, BundleError> {
        let fault = |fault| BundleError::Observe {
            policy: row.policy.clone(),
            fault,
        };
        let note = note.ok_or_else(|| fault("there is no such policy"))?;
        if note.origin == Origin::Baseline {
            return Err(fault("it is of the baseline"));
        }
        if note.origin == Origin::Template {
            return Err(fault("it is a template; name the link"));
        }
        if !note.forbids {
            return Err(fault("it is a permit: watching one would deny what it opens"));
        }
        if row.reason.trim().is_empty() {
            return Err(fault("no reason is given"));
        }
        if row.until <= now {
            return Err(fault("its end is past"));
        }
        if row.until > now.plus(Duration::from_secs(OBSERVE_DAYS * 24 * 3600)) {
            return Err(fault("its end is more than 14 days off"));
        }
        let id = PolicyId::new(&row.policy);
        let policy = from.policy(&id).ok_or_else(|| fault("it is watched already"))?;
        if policy.to_json().map_or(true, |json| reads_consent(&json)) {
            return Err(fault("it reads what consent said"));
        }
        let cedar = |error: cedar_policy::PolicySetError| BundleError::Invalid { message: chain(&error) };
        let mut set = PolicySet::new();
        put(&mut set, from, &id)?;
        match note.origin {
            Origin::Link(_) => from.unlink(id).map_err(cedar)?,
            Origin::Baseline | Origin::Standard | Origin::Template | Origin::File(_) => {
                from.remove_static(id).map_err(cedar)?
            }
        };
        Ok(Self { until: row.until, set })
    }

    pub(super) const fn until(&self) -> Timestamp {
        self.until
    }

    pub(super) fn set(&self) -> &PolicySet {
        &self.set
    }

    /// Watches before its end, denies from then on.
    pub(super) fn ask(&self, request: &Request, entities: &Entities, now: Timestamp, sum: &mut Sum) {
        if now < self.until {
            sum.watch(request, &self.set, entities);
        } else {
            sum.add(request, &self.set, entities);
        }
    }
}

/// Puts one policy of a set into another; a link with its template.
pub(super) fn put(into: &mut PolicySet, from: &PolicySet, id: &PolicyId) -> Result<(), BundleError> {
    let cedar = |error: cedar_policy::PolicySetError| BundleError::Invalid { message: chain(&error) };
    let Some(policy) = from.policy(id) else { return Ok(()) };
    let (Some(template), Some(values)) = (policy.template_id(), policy.template_links()) else {
        return into.add(policy.clone()).map_err(cedar);
    };
    if into.template(template).is_none()
        && let Some(template) = from.template(template)
    {
        into.add_template(template.clone()).map_err(cedar)?;
    }
    into.link(template.clone(), id.clone(), values).map_err(cedar)
}

/// Whether a policy's conditions read `context.consent`, or the context as a whole.
fn reads_consent(json: &Value) -> bool {
    let is_context =
        |value: Option<&Value>| value.and_then(|value| value.get("Var")).and_then(Value::as_str) == Some("context");
    match json {
        Value::Object(members) => members.iter().any(|(name, value)| match name.as_str() {
            "." | "has" if is_context(value.get("left")) => value
                .get("attr")
                .and_then(Value::as_str)
                .is_none_or(|attr| attr == "consent"),
            "Var" => value.as_str() == Some("context"),
            _ => reads_consent(value),
        }),
        Value::Array(items) => items.iter().any(reads_consent),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
