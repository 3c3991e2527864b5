//! `POST /par` (RFC 9126): a client sends its request ahead, so that no browser can change it; and the way of such a
//! request from there to its code.
//!
//! The `request_uri` is good once, for a minute. The browser that brings it gets a ticket in its place, which waits
//! for the login and the release, and is used up in the transaction that keeps the code.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;
use visa_verifier::seam::{Timestamp, token};

use super::NO_STORE;
use super::client_auth::{self, Client};
use super::dpop;
use super::form;
use super::problem::TokenProblem;
use super::redirect;
use super::refusal::NotProven;
use super::request::{Allowed, Named, PUSHED_BYTES};
use crate::front::Front;
use crate::limits;
use crate::page::Fields;
use crate::session::digest_of;
use crate::store::StoreError;
use crate::store::codes::{self, OnceKind, Taken};
use crate::throttle;

/// What stands in front of the random part (RFC 9126 §2.2).
const URN: &str = "urn:ietf:params:oauth:request_uri:";
/// How long a pushed request waits for its browser.
const LIFE: Duration = Duration::from_secs(60);
/// The ticket, in our own URL.
pub(super) const TICKET: &str = "visum_ticket";
/// What authenticates the client and is no part of the request (RFC 9126 §2.1).
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// A request that was pushed: kept under the digest of its URI, then of its ticket.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Pushed {
    /// Whose.
    pub(super) client: String,
    /// Its parameters, as a form.
    pub(super) text: String,
}

/// `POST /par`
pub(crate) async fn push(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    let mut response = match pushed(&front, &headers, &body).await {
        Ok(answer) => (StatusCode::CREATED, NO_STORE, Json(answer)).into_response(),
        Err(problem) => problem.into_response(),
    };
    dpop::with_nonce(&front, &headers, response.headers_mut());
    response
}

async fn pushed(front: &Front, headers: &HeaderMap, body: &[u8]) -> Result<Value, TokenProblem> {
    let fields = form::read(headers, body)?;
    let now = front.broker.now();
    let client = client_auth::authenticate(&front.broker, headers, &fields, now).await?;
    if let Some(wait) = throttle::TOKEN.hit(&front.broker, &client.row.id).await? {
        return Err(TokenProblem::throttled(wait));
    }
    let key = dpop::key(front, headers, "POST", "/par", None, now)
        .await
        .map_err(TokenProblem::proof)?;
    let named = fields.one("dpop_jkt")?;
    if key.is_some() && named.is_some() && named != key.as_deref() {
        return Err(TokenProblem::request("`dpop_jkt` is not the key of the DPoP proof"));
    }
    let text = bare(body, &client.row.id, key.as_deref().filter(|_| named.is_none()));
    check(&client, &fields, &text)?;
    let secret = token(front.broker.random(), 32);
    let kept = Pushed {
        client: client.row.id,
        text,
    };
    let until = now.plus(LIFE);
    codes::keep(
        &mut front.broker.db(),
        OnceKind::Pushed,
        &digest_of(&secret),
        &kept,
        now,
        until,
    )
    .await?;
    Ok(json!({ "request_uri": format!("{URN}{secret}"), "expires_in": LIFE.as_secs() }))
}

/// The request is checked whole before it is kept: what is wrong with it, the client hears now (RFC 9126 §2.3).
fn check(client: &Client, fields: &Fields, text: &str) -> Result<(), TokenProblem> {
    if fields.one("request_uri")?.is_some() {
        return Err(TokenProblem::request("a pushed request holds no `request_uri`"));
    }
    if fields.one("client_id")?.is_some_and(|named| named != client.row.id) {
        return Err(TokenProblem::request("`client_id` is not the client that pushes"));
    }
    let named = Named::read(text, PUSHED_BYTES).map_err(|problem| TokenProblem::request(problem.to_string()))?;
    let Some(target) = redirect::proven(&named.redirect, &client.row.redirect_uris) else {
        return Err(TokenProblem::request(
            "`redirect_uri` is not registered for this client",
        ));
    };
    match named.check(target, &Allowed::of(&client.row)) {
        Ok(_) => Ok(()),
        Err(refusal) => Err(TokenProblem::refused(&refusal)),
    }
}

/// The parameters without what proved the client, and with its id.
fn bare(body: &[u8], client: &str, key: Option<&str>) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("client_id", client);
    for (name, value) in url::form_urlencoded::parse(body) {
        if name != "client_id" && !CREDENTIALS.contains(&&*name) {
            form.append_pair(&name, &value);
        }
    }
    // The code will be good for the key that was proven here (RFC 9449 §10.1).
    form.extend_pairs(key.map(|key| ("dpop_jkt", key)));
    form.finish()
}

/// What a browser brought.
#[derive(Debug)]
pub(super) enum Brought {
    /// The request itself.
    Plain,
    /// A `request_uri` of ours, used up by now: go on with this path.
    Taken(String),
    /// A ticket, and the request that waits behind it.
    Waiting { pushed: Pushed, ticket: String },
}

/// Why a pushed request goes no further.
#[derive(Debug)]
pub(super) enum NoFurther {
    /// It is not one of ours, of another client, used, or over.
    Unknown(NotProven),
    /// The database.
    Store(StoreError),
}

impl From<StoreError> for NoFurther {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Reads what a browser brought. All other parameters beside a `request_uri` or ticket count for nothing.
pub(super) async fn brought(front: &Front, fields: &Fields, now: Timestamp) -> Result<Brought, NoFurther> {
    let unknown = || NoFurther::Unknown(NotProven::Pushed);
    let one = |name: &str| fields.one(name).map_err(|_| unknown());
    let uri = one("request_uri")?.and_then(|uri| uri.strip_prefix(URN));
    let ticket = one(TICKET)?;
    let client = one("client_id")?;
    match (uri, ticket) {
        (None, None) => Ok(Brought::Plain),
        (Some(_), Some(_)) => Err(unknown()),
        (Some(secret), None) => {
            let mut tx = front.broker.db().begin().await?;
            let digest = digest_of(secret);
            let found: Option<Pushed> = codes::look(&mut tx, OnceKind::Pushed, &digest, now).await?;
            // Looked at before it is taken: another client uses up nothing.
            let pushed = found
                .filter(|pushed| Some(pushed.client.as_str()) == client)
                .ok_or_else(unknown)?;
            match codes::take::<Pushed>(&mut tx, OnceKind::Pushed, &digest, now).await? {
                Taken::First(_) => {}
                Taken::Again(_) | Taken::Unknown => return Err(unknown()),
            }
            let ticket = token(front.broker.random(), 32);
            let until = now.plus(limits::PENDING);
            codes::keep(
                &mut tx,
                OnceKind::Authorization,
                &digest_of(&ticket),
                &pushed,
                now,
                until,
            )
            .await?;
            tx.commit().await?;
            let path = format!(
                "{}/authorize?{}",
                front.cookies.base,
                query(&pushed.client, &ticket).finish()
            );
            Ok(Brought::Taken(path))
        }
        (None, Some(ticket)) => {
            let mut db = front.broker.db();
            let found: Option<Pushed> = codes::look(&mut db, OnceKind::Authorization, &digest_of(ticket), now).await?;
            let pushed = found
                .filter(|pushed| Some(pushed.client.as_str()) == client)
                .ok_or_else(unknown)?;
            Ok(Brought::Waiting {
                pushed,
                ticket: ticket.to_owned(),
            })
        }
    }
}

/// The query of our own URL that goes on with a ticket.
pub(super) fn query(client: &str, ticket: &str) -> Serializer<'static, String> {
    let mut query = Serializer::new(String::new());
    query.append_pair("client_id", client).append_pair(TICKET, ticket);
    query
}
