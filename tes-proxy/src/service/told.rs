//! A judgement in words: who, what, for what, when; the answer; the policies and facts behind it; what would turn it.

use std::collections::BTreeSet;

use policy_engine::{
    consent::{Access, ResearchPurpose},
    decide::{Decision, Engine},
};
use serde_json::{Value, json};
use url::Url;

use super::judged::Judged;
use crate::{gate::Caller, proxy::Parts};

/// Codes that an application to the committee could answer.
const APPLY: [&str; 2] = ["policy.no_grant", "policy.no_rule_permits"];

/// The document that `explain` and `can-i` answer.
pub(crate) fn told(parts: &Parts, caller: &Caller, judged: &Judged) -> Value {
    let (decision, snapshot) = (judged.decision(), judged.engine.snapshot());
    let mut answer = json!({
        "decision_id": judged.id,
        "node": parts.config.node,
        "allow": decision.allow(),
        "action": decision.action().name(),
        "code": decision.code(),
        "reasons": decision.reasons(),
        "grounds": decision.grounds(),
        "obligations": serde_json::to_value(decision.obligations()).unwrap_or_default(),
        "duties": decision.duties(),
        "valid_until": decision.valid_until(),
        "purpose": decision.purpose(),
        "who": {
            "identity": caller.person.identity.to_string(),
            "identities": caller.owners(),
            "institutions": judged.facts.institutions(judged.at).collect::<Vec<_>>(),
            "login_strength": caller.session.authn,
            "identity_assurance": caller.session.identity,
        },
        "at": judged.at,
        "datasets": decision.consent().iter().map(|one| json!({
            "dataset": one.dataset, "consent": one.verdict, "purpose_basis": one.basis,
        })).collect::<Vec<_>>(),
        "policies": policies(&judged.engine, decision),
        "facts": judged.facts.behind(decision),
        "snapshot": decision.snapshot(),
        "snapshot_published": snapshot.published,
        "baseline": judged.engine.baseline_digest(),
        "observed": decision.observed(),
        "apply": apply(&judged.engine, decision),
        "purposes_tried": judged.tried,
    });
    if judged.full
        && let Some(members) = answer.as_object_mut()
    {
        let turns = &judged.explanation.turns;
        members.insert("turns".to_owned(), json!(turns));
        members.insert("turns_complete".to_owned(), json!(judged.explanation.complete));
    }
    answer
}

/// Each policy that determined an answer, with its sentence.
fn policies(engine: &Engine, decision: &Decision) -> Vec<Value> {
    let notes = decision.policies().iter().filter_map(|id| engine.policies().note(id));
    notes
        .map(|note| {
            json!({
                "id": note.id, "effect": if note.forbids { "forbid" } else { "permit" }, "reason": note.reason,
                "origin": note.origin.to_string(),
            })
        })
        .collect()
}

/// For each closed dataset that its committee could open: where to apply, with the question filled in.
fn apply(engine: &Engine, decision: &Decision) -> Vec<Value> {
    let lacking = |code: &str| {
        let word = code.strip_prefix("consent.");
        word.is_some_and(|word| word.starts_with("approval_")) || APPLY.contains(&code)
    };
    let datasets: BTreeSet<&str> = decision
        .reasons()
        .iter()
        .filter(|reason| lacking(&reason.code))
        .filter_map(|reason| reason.dataset.as_deref())
        .collect();
    datasets
        .into_iter()
        .filter_map(|id| where_to(engine, id, decision.purpose()))
        .collect()
}

/// The committee of a controlled dataset and its page, with dataset and purpose filled in.
pub(crate) fn where_to(engine: &Engine, dataset: &str, purpose: Option<&ResearchPurpose>) -> Option<Value> {
    let record = engine
        .dataset(dataset)
        .filter(|record| record.consent.access == Access::Controlled)?;
    let source = record.consent.dac.first().map(ToString::to_string);
    let committee = engine
        .snapshot()
        .committees
        .iter()
        .find(|one| Some(&one.id) == source.as_ref());
    let page = source.as_deref().and_then(|source| page(source, dataset, purpose));
    Some(json!({
        "dataset": dataset, "committee": source, "title": committee.map(|one| one.title.as_str()), "page": page,
    }))
}

/// A committee is named by the address of its page; what is asked for goes with it.
fn page(source: &str, dataset: &str, purpose: Option<&ResearchPurpose>) -> Option<String> {
    let mut url = Url::parse(source)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http"))?;
    url.query_pairs_mut().append_pair("dataset", dataset);
    if let Some(purpose) = purpose.filter(|purpose| !purpose.categories.is_unstated())
        && let Ok(text) = serde_json::to_string(purpose)
    {
        url.query_pairs_mut().append_pair("purpose", &text);
    }
    Some(url.into())
}
