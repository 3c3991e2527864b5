//! `POST /device_authorization`: a device without a browser asks for a pair of codes (RFC 8628 §3.1, §3.2).
//!
//! Not for administration: what governs wants a login on the machine that asks for it.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Extensions, HeaderMap};
use serde_json::{Value, json};
use visa_verifier::seam::{Random, token};

use super::client_auth;
use super::form;
use super::problem::{NO_STORE, TokenProblem};
use super::scope::{Scope, Scopes};
use super::token::device_code;
use crate::front::Front;
use crate::limits;
use crate::session::{address, digest_of};
use crate::store::StoreError;
use crate::store::devices::{self, DeviceRow, DeviceState};
use crate::throttle;

/// Letters of a person's code: no vowels, so that no words appear, and none that look alike (RFC 8628 §6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many of them: 20^8 codes.
const CODE_LETTERS: usize = 8;

/// `POST /device_authorization`
pub(crate) async fn authorization(
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
    if let Some(name) = fields.repeated(&["resource"]) {
        return Err(TokenProblem::request(format!("`{name}` stands more than once")));
    }
    let now = front.broker.now();
    if let Some(wait) = throttle::DEVICE.hit(&front.broker, from).await? {
        return Err(TokenProblem::throttled(wait));
    }
    let client = client_auth::authenticate(&front.broker, headers, &fields, now)
        .await?
        .row;
    if !client.grant_types.iter().any(|allowed| allowed == device_code::GRANT) {
        return Err(TokenProblem::unauthorized("this client may not use this grant type"));
    }
    if fields.one("authorization_details")?.is_some() {
        // Not ignored: it would narrow, and this page does not show it.
        return Err(TokenProblem::details(
            "`authorization_details` is not taken for a login at another device",
        ));
    }
    let asked = Scopes::parse(fields.required("scope")?);
    if !asked.has(Scope::OpenId) {
        return Err(TokenProblem::scope("`openid` is missing"));
    }
    if asked.has(Scope::Admin) {
        return Err(TokenProblem::scope(
            "administration needs a login in a browser on the machine that administers",
        ));
    }
    if !asked.within(&Scopes::parse(&client.scopes.join(" "))) {
        return Err(TokenProblem::scope(
            "the client is not registered for one of the scopes",
        ));
    }
    let resources: Vec<String> = fields.many("resource").map(str::to_owned).collect();
    if resources.iter().any(|resource| !client.audiences.contains(resource)) {
        return Err(TokenProblem::target("the client is not registered for this resource"));
    }
    let audience = if resources.is_empty() {
        let own = std::iter::once(front.issuer().to_owned());
        own.chain(front.broker.config().proxy_audience.clone()).collect()
    } else {
        resources
    };
    let device = token(front.broker.random(), 32);
    let row = DeviceRow {
        digest: digest_of(&device),
        client: client.id,
        scope: asked.to_string(),
        audience,
        state: DeviceState::Waiting,
        polled: None,
        pace: limits::DEVICE_PACE,
        expires: now.plus(limits::PENDING),
    };
    let mut db = front.broker.db();
    // two people who get the same code at once: the second is given another
    for _ in 0..4 {
        let code = user_code(front.broker.random());
        match devices::begin(&mut db, &row, &digest_of(&code), now).await {
            Ok(()) => {
                let shown = format!(
                    "{}-{}",
                    code.get(..4).unwrap_or_default(),
                    code.get(4..).unwrap_or_default()
                );
                let page = front.url("/device");
                return Ok(json!({
                    "device_code": device, "user_code": shown, "verification_uri": page,
                    "verification_uri_complete": format!("{page}?user_code={shown}"),
                    "expires_in": limits::PENDING.as_secs(), "interval": limits::DEVICE_PACE,
                }));
            }
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict { table: "devices" }.into())
}

/// A person's code, each letter equally likely.
fn user_code(random: &dyn Random) -> String {
    let mut code = String::with_capacity(CODE_LETTERS);
    let mut byte = [0_u8; 1];
    while code.len() < CODE_LETTERS {
        random.fill(&mut byte);
        // 240 is the last multiple of 20 that a byte holds
        if let [drawn @ 0..240] = byte
            && let Some(letter) = LETTERS.get(usize::from(drawn % 20))
        {
            code.push(char::from(*letter));
        }
    }
    code
}

/// A code as a person types it: letters only, upper case. `None` if it can't be one.
pub(crate) fn typed(text: &str) -> Option<String> {
    if text.len() > 32 {
        return None;
    }
    let letters: String = text
        .chars()
        .filter(|letter| !matches!(letter, '-' | ' '))
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    let known = letters.bytes().all(|letter| LETTERS.contains(&letter));
    (known && letters.len() == CODE_LETTERS).then_some(letters)
}

#[cfg(test)]
mod tests {
    use visa_verifier::seam::SystemRandom;

    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = user_code(&SystemRandom::new());
        assert_eq!(typed(&code).as_deref(), Some(code.as_str()));
        let cases = [
            ("bcdf-ghjk", Some("BCDFGHJK")),
            (" BCDF GHJK ", Some("BCDFGHJK")),
            ("BCDF-GHJ", None),
            ("BCDF-GHJA", None),
            ("BCDF-GHJKL", None),
            ("", None),
        ];
        for (given, wanted) in cases {
            assert_eq!(typed(given).as_deref(), wanted, "{given}");
        }
    }
}
