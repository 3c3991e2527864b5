//! `POST /token`: the client first, then its grant type.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Extensions, HeaderMap};
use serde_json::{Map, Value, json};

use super::{authorization_code, client_credentials, device_code, exchange, refresh};
use crate::front::Front;
use crate::provider::client_auth::{self, Client};
use crate::provider::dpop;
use crate::provider::form;
use crate::provider::problem::{NO_STORE, TokenProblem};
use crate::session::address;
use crate::throttle;

/// `grant_type` of a token exchange (RFC 8693 §2.1).
pub(crate) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// Parameters of which there may be several.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// Tokens as the endpoint answers them.
#[derive(Debug, Default)]
pub(crate) struct Tokens(pub(crate) Map<String, Value>);

impl Tokens {
    /// With one more member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }
}

/// `POST /token`
pub(crate) async fn token(
    State(front): State<Front>,
    headers: HeaderMap,
    extensions: Extensions,
    body: Bytes,
) -> Response {
    let mut response = match Box::pin(answer(&front, &headers, address(&extensions), &body)).await {
        Ok(tokens) => (NO_STORE, Json(json!(tokens.0))).into_response(),
        Err(problem) => problem.into_response(),
    };
    dpop::with_nonce(&front, &headers, response.headers_mut());
    response
}

async fn answer(
    front: &Front,
    headers: &HeaderMap,
    address: Option<IpAddr>,
    body: &[u8],
) -> Result<Tokens, TokenProblem> {
    let fields = form::read(headers, body)?;
    if let Some(name) = fields.repeated(&REPEATABLE) {
        return Err(TokenProblem::request(format!("`{name}` stands more than once")));
    }
    let now = front.broker.now();
    let mut client = match client_auth::authenticate(&front.broker, headers, &fields, now).await {
        Ok(client) => client,
        Err(problem) => {
            // Who guesses secrets is slowed down; the answer is the same for unknown and wrong.
            let guesser = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
            return match throttle::CLIENT_AUTH.hit(&front.broker, &guesser).await? {
                Some(wait) => Err(TokenProblem::throttled(wait)),
                None => Err(problem),
            };
        }
    };
    if let Some(wait) = throttle::TOKEN.hit(&front.broker, &client.row.id).await? {
        return Err(TokenProblem::throttled(wait));
    }
    let grant = fields.required("grant_type")?;
    let known = [
        authorization_code::GRANT,
        refresh::GRANT,
        client_credentials::GRANT,
        device_code::GRANT,
        EXCHANGE,
    ];
    if !known.contains(&grant) {
        return Err(TokenProblem::unsupported());
    }
    allowed(&client, grant)?;
    client.key = dpop::key(front, headers, "POST", "/token", None, now)
        .await
        .map_err(TokenProblem::proof)?;
    match grant {
        authorization_code::GRANT => authorization_code::redeem(front, client, &fields, now).await,
        refresh::GRANT => refresh::renew(front, client, &fields, now).await,
        client_credentials::GRANT => client_credentials::issue(front, &client, &fields, now),
        device_code::GRANT => device_code::redeem(front, client, &fields, now).await,
        _ => exchange::exchange(front, client, &fields, address, now).await,
    }
}

fn allowed(client: &Client, grant: &str) -> Result<(), TokenProblem> {
    if client.row.grant_types.iter().any(|allowed| allowed == grant) {
        Ok(())
    } else {
        Err(TokenProblem::unauthorized("this client may not use this grant type"))
    }
}
