//! Whoever comes with a session's token: its person, as far as the session rests on them, and its bounds.

use std::sync::{Arc, Mutex};

use audit_log::Auth;
use policy_engine::decide::Session as Circumstances;
use visa_verifier::seam::Timestamp;

use crate::{
    api::Incoming,
    gate::{Caller, Person, Standing},
    operation::{self, Routed},
    ownership::refresh,
    problem::{Challenge, Problem},
    proxy::Parts,
    store::StoreError,
};

use super::{
    bind::outside,
    run::RUN,
    spec::{Session, SessionAction},
    token,
};

/// After so long a run's backend is asked again whether the run still is.
const STALE_SECONDS: i64 = 5;

/// The caller behind a session's token.
///
/// # Errors
/// 401 for one that does not count, 503 when the index does not answer.
pub(crate) async fn caller(parts: &Parts, incoming: &Incoming, presented: &str) -> Result<Caller, Problem> {
    let now = parts.gate.now();
    let refused = |sentence: &str| {
        parts.gate.unauthenticated();
        Problem::unauthenticated(Challenge::InvalidToken, "session.token", sentence)
    };
    let id = token::session_of(&parts.config, &parts.door_keys, presented, now.unix())
        .ok_or_else(|| refused("this is no token of a session of this node, or it has run out"))?;
    let row = parts.works.by_id(&id).await?;
    let row = row.filter(|row| matches!(row.kind.as_str(), "session" | RUN));
    let mut row = row.ok_or_else(|| refused("the session of this token is not known here"))?;
    if row.kind == RUN && now.unix().saturating_sub(row.confirmed_at) >= STALE_SECONDS {
        // a run's token ends with the run, which its backend knows first
        row = refresh(parts, row).await?;
    }
    let session = Session::of(row)?;
    if !session.lives(now.unix()) {
        return Err(refused("the session of this token has ended; start another one"));
    }
    let identity = session
        .work
        .owner
        .parse()
        .map_err(|_| StoreError::Inconsistent { column: "owner" })?;
    let (keystore, subject) = (parts.gate.keystore.clone(), session.work.owner.clone());
    let key = match keystore.known(&subject) {
        Some(key) => key,
        None => tokio::task::spawn_blocking(move || keystore.person(&subject))
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| Problem::unavailable("gate.keystore", "the audit keystore is not available", 10))?,
    };
    let engine = parts.gate.current.load();
    let address = incoming
        .address
        .unwrap_or_else(|| std::net::Ipv4Addr::UNSPECIFIED.into());
    let circumstances = Circumstances {
        address,
        internal: parts.is_internal(address),
        narrow: crate::proxy::narrow(incoming)?,
        ..session.basis.kept.facts(engine.snapshot()).session().clone()
    };
    let person = Person {
        digest: String::new(),
        identity,
        standing: Standing::Kept(Box::new(session.basis.kept.clone())),
        bound: None,
        session: circumstances.clone(),
        auth: Auth::default(),
        key,
        changed: None,
        until: Timestamp::from_unix(session.work.expires_at),
        facts: Mutex::default(),
    };
    let agent = incoming
        .headers
        .get(http::header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let session = Arc::new(session);
    let caller = Caller {
        person: Arc::new(person),
        session: circumstances,
        request_id: incoming.request_id.clone(),
        agent,
        scope: Some(Arc::clone(&session)),
    };
    let action = match operation::route(&incoming.method, &incoming.segments) {
        Routed::Row(operation) => SessionAction::of(operation),
        Routed::Methods(_) | Routed::Unknown => None,
    };
    match action {
        Some(action) if session.allows(action) => Ok(caller),
        // a route that is no action of a session takes no session's token
        None => Err(refused("this route takes no token of a session")),
        Some(action) => Err(outside(parts, &caller, action.event(), &session, "session.action_outside").await),
    }
}
