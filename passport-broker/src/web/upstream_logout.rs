//! `POST /login/logout/{upstream}`: an institution says that a person signed out there (Back-Channel Logout 1.0 §2.5,
//! §2.6; `specs/trust.md` C.26). All that rests on a sign-in with that identity ends, and its programs are told.

use std::collections::BTreeSet;

use audit_log::{Event, EventType, Outcome};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{Extensions, StatusCode, header};
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;
use visa_verifier::token::{CompactToken, same_type};
use visa_verifier::{KeySet, VisaIdentity};

use crate::front::Front;
use crate::page::Fields;
use crate::person::record::{Unrecorded, actor};
use crate::provider::logout;
use crate::session::{address, digest_of};
use crate::store::codes::{self, OnceKind};
use crate::store::{StoreError, own, people};
use crate::throttle;
use crate::upstream::{self, LoginProblem, Upstream};

/// The one event of a logout token (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Most bytes of a logout token.
const BYTES: usize = 16 * 1024;
/// Clocks differ.
const LEEWAY: i64 = 60;
/// The longest life of a logout token that is believed: its `jti` is kept as long.
const LIFE: i64 = 15 * 60;

/// Why nothing ended.
#[derive(Debug)]
enum Wrong {
    /// 400, with words for whoever runs the institution.
    Token(&'static str),
    /// The institution's keys, or a part of this node, could not be had: 503, try again.
    Down(String),
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        Self::Down(error.to_string())
    }
}

impl From<LoginProblem> for Wrong {
    fn from(error: LoginProblem) -> Self {
        Self::Down(error.to_string())
    }
}

impl From<Unrecorded> for Wrong {
    fn from(error: Unrecorded) -> Self {
        Self::Down(error.to_string())
    }
}

/// The route.
pub(crate) async fn told(
    State(front): State<Front>,
    Path(id): Path<String>,
    extensions: Extensions,
    body: Bytes,
) -> Response {
    if let Some(address) = address(&extensions)
        && !matches!(
            throttle::LOGOUT.hit(&front.broker, &address.to_string()).await,
            Ok(None)
        )
    {
        return answer(StatusCode::TOO_MANY_REQUESTS, Some("too many logout tokens"));
    }
    match Box::pin(end(&front, &id, &body)).await {
        Ok(()) => answer(StatusCode::OK, None),
        Err(Wrong::Token(why)) => {
            tracing::warn!(
                login.code = "login.logout_token",
                upstream.id = id,
                why,
                "a logout token was refused"
            );
            answer(StatusCode::BAD_REQUEST, Some(why))
        }
        Err(Wrong::Down(why)) => {
            tracing::error!(upstream.id = id, why, "a logout could not be taken");
            answer(StatusCode::SERVICE_UNAVAILABLE, Some("try again"))
        }
    }
}

fn answer(status: StatusCode, wrong: Option<&str>) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    match wrong {
        None => (status, no_store).into_response(),
        Some(why) => {
            let body = json!({ "error": "invalid_request", "error_description": why });
            (status, no_store, axum::Json(body)).into_response()
        }
    }
}

async fn end(front: &Front, id: &str, body: &[u8]) -> Result<(), Wrong> {
    let fields = Fields::parse(body).map_err(|_| Wrong::Token("the form could not be read"))?;
    let text = fields.one("logout_token").ok().flatten();
    let text = text.ok_or(Wrong::Token("there is no `logout_token`"))?;
    let upstreams = upstream::upstreams(&front.broker).await?;
    let upstream = upstreams
        .iter()
        .find(|upstream| upstream.id == id)
        .ok_or(Wrong::Token("no institution has this address"))?;
    let now = front.broker.now();
    let token = CompactToken::parse(text, BYTES).map_err(|_| Wrong::Token("the token could not be read"))?;
    // what it says is looked at before anybody is asked for keys
    let said = Said::of(&token, upstream, now).map_err(Wrong::Token)?;
    verified(front, upstream, &token, now).await?;

    let once = digest_of(&format!("{} {}", upstream.issuer, said.jti));
    let kept = Timestamp::from_unix(now.unix().saturating_add(LIFE + LEEWAY));
    let mut db = front.broker.db();
    let person = people::by_identity(&mut db, &said.identity).await?;
    let sids = match &person {
        Some(person) => own::of_identity(&mut db, &person.id, &said.identity, now).await?,
        None => Vec::new(),
    };
    let mut notices = Vec::new();
    for sid in &sids {
        notices.extend(logout::notices(&front.broker, sid, None, now).await?);
    }
    let mut tx = db.begin().await?;
    if !codes::first_use(&mut tx, OnceKind::Logout, &once, now, kept).await? {
        return Err(Wrong::Token("this token was used before"));
    }
    if let Some(person) = &person {
        own::sign_out(&mut tx, &person.id, &said.identity, now).await?;
        for notice in &notices {
            crate::store::logout_notices::put(&mut tx, notice).await?;
        }
        let who = actor(&front.broker, &person.id, Some(upstream.issuer.as_str()), None, None)?;
        let event = Event::new(EventType::Logout, Outcome::Success).who(who);
        front.broker.writer().append(event).await.map_err(Unrecorded::from)?;
    }
    tx.commit().await?;
    if !notices.is_empty() {
        logout::deliver_soon(&front.broker);
    }
    Ok(())
}

/// By a key that the institution publishes now, fetched anew once if it is not among those that are known.
async fn verified(
    front: &Front,
    upstream: &std::sync::Arc<Upstream>,
    token: &CompactToken,
    now: Timestamp,
) -> Result<(), Wrong> {
    let fetch = front.broker.fetch().as_ref();
    for again in [false, true] {
        let known = if again {
            front.discoveries.refresh(upstream, fetch, now).await?
        } else {
            front.discoveries.discover(upstream, fetch, now).await?
        };
        let keys = KeySet::from_value(known.keys()).map_err(|_| Wrong::Down("its keys cannot be read".into()))?;
        if keys.verify(token, &BTreeSet::new()).is_ok() {
            return Ok(());
        }
    }
    Err(Wrong::Token("its signature is not one of the institution's"))
}

/// What a logout token says, of the right form (§2.6).
struct Said {
    jti: String,
    identity: VisaIdentity,
}

impl Said {
    fn of(token: &CompactToken, upstream: &Upstream, now: Timestamp) -> Result<Self, &'static str> {
        let header = token.header();
        // An ID Token is no logout token, whatever it says.
        if header.crit || !header.typ.as_deref().is_some_and(|typ| same_type(typ, "logout+jwt")) {
            return Err("its `typ` is not `logout+jwt`");
        }
        let claims = token.claims();
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let moment = |name: &str| claims.get(name).and_then(Value::as_i64);
        if text("iss") != Some(upstream.issuer.as_str()) {
            return Err("its `iss` is another institution's");
        }
        let ours = |one: &Value| one.as_str() == Some(upstream.client_id.as_str());
        let for_us = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(ours),
            Some(one) => ours(one),
            None => false,
        };
        if !for_us {
            return Err("its `aud` is another program's");
        }
        let (Some(issued), Some(expires)) = (moment("iat"), moment("exp")) else {
            return Err("it has no `iat` or no `exp`");
        };
        if issued > now.unix().saturating_add(LEEWAY) || now.unix().saturating_sub(issued) > LIFE {
            return Err("its `iat` is not of these minutes");
        }
        if expires.saturating_add(LEEWAY) <= now.unix() {
            return Err("it is over");
        }
        let event = claims.get("events").and_then(|events| events.get(EVENT));
        if !event.is_some_and(Value::is_object) {
            return Err("its `events` has no back-channel logout");
        }
        if claims.get("nonce").is_some() {
            return Err("it has a `nonce`, as ID Tokens have");
        }
        let jti = text("jti").filter(|jti| !jti.is_empty() && jti.len() <= 255);
        let jti = jti.ok_or("it has no `jti`")?.to_owned();
        let subject = text("sub").ok_or("it has no `sub`: this node knows no sessions of institutions by `sid`")?;
        let issuer = upstream.issuer.parse().map_err(|_| "its `iss` cannot be used")?;
        let subject = subject.parse().map_err(|_| "its `sub` cannot be used")?;
        Ok(Self {
            jti,
            identity: VisaIdentity::new(issuer, subject),
        })
    }
}
