//! Leases: what live work rests on is asked for anew before it ends, as its owner would be asked today; on record, and
//! never past the time that the work asked for (E51). What is gone is not renewed, and the work ends with it.

use audit_log::{AboutKind, Event, EventType, Outcome, Via, Who, Why};
use policy_engine::{
    decide::{KeptFacts, WorkState},
    intent::DataRef,
};
use visa_verifier::{VisaIdentity, seam::Timestamp};

use crate::{
    gate::of_dataset,
    limits,
    ownership::{Basis, index::datasets, item},
    proxy::Parts,
    store::Work,
};

/// Is it time to renew this?
pub(super) fn due(parts: &Parts, work: &Work, basis: &Basis, now: Timestamp) -> bool {
    let ahead = now.plus(limits::RENEW_AHEAD).unix();
    let lasts = basis.cap.is_some_and(|cap| cap > work.expires_at);
    lasts && work.expires_at <= ahead && parts.renewal.get().is_some() && parts.renewing.get(&work.id).is_none()
}

/// Renews what a row rests on, if its owner still holds it. What cannot be asked now is asked again before the end.
pub(super) async fn renew(parts: &Parts, work: &Work, basis: Basis, data: &[DataRef]) {
    parts.renewing.insert(work.id.clone(), ());
    match renewed(parts, work, basis, data).await {
        Ok(true) => tracing::info!(work.id = %work.id, "what it rests on was renewed"),
        Ok(false) => {}
        Err(why) => tracing::warn!(work.id = %work.id, why, "what it rests on could not be renewed"),
    }
}

async fn renewed(parts: &Parts, work: &Work, basis: Basis, data: &[DataRef]) -> Result<bool, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let renewal = parts.renewal.get().ok_or("nobody can be asked")?;
    let owner: VisaIdentity = work.owner.parse().map_err(|_| "its owner is no identity")?;
    let passport = renewal.passport(&owner, parts.identify.audience()).await;
    let Some(compact) = passport.map_err(|error| said(&error))? else {
        return Err("its owner is given no Passport".to_owned());
    };
    let now = parts.gate.now();
    let passport = parts
        .identify
        .verified(&compact, now)
        .await
        .map_err(|error| said(&error))?;
    let engine = parts.gate.current.load();
    let kept = basis
        .kept
        .renewed(&passport, engine.snapshot())
        .ok_or("the Passport is somebody else's")?;
    let cap = Timestamp::from_unix(basis.cap.unwrap_or(work.expires_at));
    let mut asking = item(work, now).map_err(|error| said(&error))?;
    (asking.state, asking.expires) = (WorkState::Queued, cap);
    let (until, kept): (Timestamp, KeptFacts) = if data.is_empty() {
        // what reads nothing rests on nobody's visas
        (cap, kept)
    } else {
        let decision = engine.stream_kept(&kept, &asking, data, now);
        if !decision.allow() {
            return Err(decision.code().unwrap_or("policy.denied").to_owned());
        }
        (decision.valid_until().min(cap), kept.resting_on(&decision))
    };
    if until.unix() <= work.expires_at {
        return Ok(false);
    }
    let who = match parts.gate.keystore.known(&work.owner) {
        Some(key) => Who::system().acting_for(&key),
        None => Who::system(),
    };
    let whats = datasets(work);
    let event = Event::new(EventType::Decision, Outcome::Success)
        .who(who)
        .via(Via::request(work.id.as_str()))
        .whats(whats.iter().map(|id| of_dataset(id, engine.snapshot())))
        .about(kind(work), work.id.as_str())
        .why(Why::code("work.renewed").until(until.unix()));
    parts.gate.writer.append(event).await.map_err(|error| said(&error))?;
    let basis = Basis { kept, ..basis };
    let basis = serde_json::to_string(&basis).map_err(|error| said(&error))?;
    parts
        .works
        .renew(&work.id, &basis, until.unix())
        .await
        .map_err(|error| said(&error))
}

fn kind(work: &Work) -> AboutKind {
    match work.kind.as_str() {
        "run" => AboutKind::Run,
        "session" => AboutKind::Session,
        _ => AboutKind::Task,
    }
}
