//! Which datasets may I use for this purpose, and what would I have to apply for? (scenario 3)

use std::sync::Arc;

use audit_log::EventType;
use axum::response::Response;
use policy_engine::{
    consent::{Access, ResearchPurpose, Verdict},
    decide::{Engine, Facts, Reason},
    intent::{DataRef, Intent},
    snapshot::DatasetRecord,
};
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use crate::{
    gate::{Caller, NoPermit, of_dataset},
    limits,
    problem::Problem,
    proxy::Parts,
    router,
    service::{
        explain::of_mode,
        judged::{count, facts_at},
        told::where_to,
    },
    tries::Tried,
    understand::choice::{best, places},
};

/// Datasets that the record of one answer names.
const ON_RECORD: usize = 100;

/// The answer: each dataset that the caller may know of, with what it takes.
///
/// # Errors
/// 429 or 503 where it cannot be counted or put on record.
pub(super) async fn answer(
    parts: &Parts,
    caller: &Caller,
    purpose: ResearchPurpose,
    at: Option<Timestamp>,
) -> Result<Response, Problem> {
    let engine = parts.gate.current.load();
    let (facts, at) = facts_at(caller, &engine, at, parts.gate.now())?;
    let places: Vec<Vec<Intent>> = known(&engine, &facts, at)
        .map(|record| {
            let mut intent = Intent::new(of_mode(&engine, record.id()));
            intent.purpose = Some(purpose.clone());
            let _ = intent.read(DataRef::Dataset(record.id().to_owned()), "");
            places(parts, &intent)
        })
        .collect();
    let (judging, asked) = (Arc::clone(&engine), purpose.clone());
    let rows = tokio::task::spawn_blocking(move || {
        let mut intents = places.into_iter();
        known(&judging, &facts, at)
            .filter_map(|record| {
                let intent = best(&judging, &facts, intents.next()?, at)?;
                Some(row(&judging, &facts, record, &asked, &intent, at))
            })
            .collect::<Vec<Value>>()
    })
    .await
    .map_err(|_| Problem::unavailable("explain.failed", "the question could not be judged", 10))?;
    let ids: Vec<String> = rows
        .iter()
        .filter_map(|row| row.get("dataset").and_then(Value::as_str).map(str::to_owned))
        .collect();
    let named = ids.iter().take(ON_RECORD).map(|id| of_dataset(id, engine.snapshot()));
    let event = parts.gate.event(EventType::Decision, caller).whats(named);
    let receipt = parts
        .gate
        .writer
        .append(event)
        .await
        .map_err(|_| Problem::from(NoPermit::Unrecorded))?;
    let tried = Tried {
        person: caller.person.identity.clone(),
        datasets: ids,
        purpose: purpose.clone(),
        door: "can-i",
    };
    let tried = count(parts, tried).await?;
    let usable = rows
        .iter()
        .any(|row| row.get("use").and_then(Value::as_str) == Some("now"));
    let answer = json!({
        "allow": usable, "purpose": purpose, "at": at, "node": parts.config.node, "datasets": rows,
        "purposes_tried": tried, "snapshot": engine.snapshot().version,
    });
    router::json(&answer, Some(receipt.header_value()))
}

fn known<'e>(engine: &'e Engine, facts: &'e Facts, at: Timestamp) -> impl Iterator<Item = &'e DatasetRecord> + use<'e> {
    let all = engine.snapshot().datasets.iter();
    all.filter(move |record| engine.may_know(facts, record.id(), at))
        .take(limits::CAN_I_NAMES)
}

/// One dataset: usable now; to be applied for; a committee has to judge; the purpose has to be attested; something else
/// is missing; not for this purpose.
fn row(
    engine: &Engine,
    facts: &Facts,
    record: &DatasetRecord,
    purpose: &ResearchPurpose,
    intent: &Intent,
    at: Timestamp,
) -> Value {
    let decision = engine.decide(facts, intent, at);
    let fit = engine.fits(facts, record.id(), purpose, at);
    let verdict = fit.as_ref().map_or(Verdict::Deny, |fit| fit.verdict);
    let controlled = record.consent.access == Access::Controlled;
    let word = match (decision.allow(), verdict) {
        (true, _) => "now",
        (false, Verdict::Deny) => "no",
        (false, Verdict::Review) if controlled => "judgement",
        (false, Verdict::Permit) if controlled && lacks_grant(decision.reasons()) => "apply",
        (false, Verdict::Permit) if controlled && lacks_word(record, decision.reasons()) => "attest",
        (false, Verdict::Review | Verdict::Permit) => "other",
    };
    let reasons = match (word, &fit) {
        ("no" | "judgement", Some(fit)) if !fit.reasons.is_empty() => fit.reasons.as_slice(),
        _ => decision.reasons(),
    };
    let apply = if matches!(word, "apply" | "judgement") {
        where_to(engine, record.id(), Some(purpose))
    } else {
        None
    };
    json!({
        "dataset": record.id(), "title": record.title, "short_name": record.short_name,
        "access": record.consent.access, "action": intent.action.name(), "use": word, "consent": verdict,
        "reasons": reasons, "valid_until": decision.allow().then(|| decision.valid_until()), "apply": apply,
    })
}

fn lacks_grant(reasons: &[Reason]) -> bool {
    let words = reasons.iter().filter_map(|reason| reason.code.strip_prefix("consent."));
    words.into_iter().any(|word| word.starts_with("approval_"))
}

/// There is a grant, its purpose is not on record, and one's own word would do.
fn lacks_word(record: &DatasetRecord, reasons: &[Reason]) -> bool {
    !record.consent.bound_purpose && reasons.iter().all(|reason| reason.code == "policy.no_rule_permits")
}
