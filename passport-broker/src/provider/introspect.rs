//! `POST /introspect` (RFC 7662; `specs/trust.md` C.19): a resource server asks whether a token that it was shown is
//! live. One answer for unknown, ended, expired and others' tokens.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Extensions, HeaderMap, header};
use serde_json::{Value, json};

use super::NO_STORE;
use super::access_token::{self, Live};
use super::client_auth::{self, Client, Proof};
use super::form;
use super::problem::{BearerProblem, TokenProblem};
use crate::front::Front;
use crate::session::address;
use crate::throttle;

/// `POST /introspect`
pub(crate) async fn introspect(
    State(front): State<Front>,
    headers: HeaderMap,
    extensions: Extensions,
    body: Bytes,
) -> Response {
    let from = address(&extensions).map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    match answer(&front, &headers, &from, &body).await {
        Ok(answer) => (NO_STORE, Json(answer)).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn answer(front: &Front, headers: &HeaderMap, from: &str, body: &[u8]) -> Result<Value, TokenProblem> {
    let fields = form::read(headers, body)?;
    let now = front.broker.now();
    let client = match client_auth::authenticate(&front.broker, headers, &fields, now).await {
        Ok(client) if client.proof == Proof::Own => client,
        refused => {
            // Public clients and persons' keys are no resource servers: whoever asks here proves who it is.
            let basic = headers.contains_key(header::AUTHORIZATION);
            let problem = refused.err().unwrap_or_else(|| TokenProblem::client(basic));
            return match throttle::CLIENT_AUTH.hit(&front.broker, from).await? {
                Some(wait) => Err(TokenProblem::throttled(wait)),
                None => Err(problem),
            };
        }
    };
    if let Some(wait) = throttle::TOKEN.hit(&front.broker, &client.row.id).await? {
        return Err(TokenProblem::throttled(wait));
    }
    let text = fields.required("token")?;
    match access_token::live(&front.broker, &mut front.broker.db(), text, now).await {
        Ok(live) if is_for(&client, &live) => Ok(told(&live)),
        Err(BearerProblem::Server) => Err(TokenProblem::server(
            "introspection.token",
            &std::io::Error::other("not checked"),
        )),
        Ok(_) | Err(_) => Ok(json!({ "active": false })),
    }
}

/// Whether the token is for this resource server, or was issued to it.
fn is_for(client: &Client, live: &Live) -> bool {
    live.claims
        .aud
        .iter()
        .any(|audience| *audience == client.row.id || client.row.exchange_audiences.contains(audience))
}

/// What the token says, no more: no name, no visas.
fn told(live: &Live) -> Value {
    let mut answer = serde_json::to_value(&live.claims).unwrap_or_default();
    if let Some(members) = answer.as_object_mut() {
        members.insert("active".into(), json!(true));
        let scheme = if live.claims.cnf.is_some() { "DPoP" } else { "Bearer" };
        members.insert("token_type".into(), json!(scheme));
    }
    answer
}
