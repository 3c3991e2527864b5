//! `POST /token`: a code for an id_token and an access token, once (OIDC Core section 3.1.3, RFC 7636 section 4.6).

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::SignedDuration;
use percent_encoding::percent_decode_str;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::{
    home::provider::{Access, Grant, Home},
    world,
};

/// How long id_token and access token live, in seconds.
const TOKEN_LIFE: i64 = 600;

pub(crate) async fn token(State(home): State<Arc<Home>>, headers: HeaderMap, body: String) -> Response {
    let answer = redeem(&home, &headers, &body);
    let (status, body) = match answer {
        Ok(tokens) => (StatusCode::OK, tokens),
        Err(Refused { status, error, why }) => (status, json!({ "error": error, "error_description": why })),
    };
    let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let basic = header::HeaderValue::from_static("Basic realm=\"sample home institution\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
    }
    response
}

/// An OAuth error (RFC 6749 section 5.2).
struct Refused {
    status: StatusCode,
    error: &'static str,
    why: &'static str,
}

fn refused(error: &'static str, why: &'static str) -> Refused {
    let status = if error == "invalid_client" {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::BAD_REQUEST
    };
    Refused { status, error, why }
}

fn redeem(home: &Home, headers: &HeaderMap, body: &str) -> Result<Value, Refused> {
    let mut fields = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body.as_bytes()) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(refused("invalid_request", "a parameter stands twice"));
        }
    }
    let mut take = |name: &str| fields.remove(name).unwrap_or_default();
    let (id, secret) = match basic(headers)? {
        Some(_) if fields_have(&mut take, "client_secret") => {
            return Err(refused("invalid_request", "the client shows its secret in two ways"));
        }
        Some(shown) => shown,
        None => (take("client_id"), take("client_secret")),
    };
    if id != home.settings.client_id || !home.secret.is(&secret) {
        return Err(refused("invalid_client", "client id and secret do not fit"));
    }
    if take("grant_type") != "authorization_code" {
        return Err(refused(
            "unsupported_grant_type",
            "only authorization_code is supported",
        ));
    }
    let (code, redirect_uri, verifier) = (take("code"), take("redirect_uri"), take("code_verifier"));
    let grant = home
        .codes()
        .get(&code)
        .cloned()
        .ok_or_else(|| refused("invalid_grant", "the code is not known"))?;
    if let Some(given) = &grant.used {
        home.tokens().remove(given);
        return Err(refused("invalid_grant", "the code was used before"));
    }
    if grant.redirect_uri != redirect_uri {
        return Err(refused("invalid_grant", "the redirect URI is not that of the request"));
    }
    if !proves(&verifier, &grant.challenge) {
        return Err(refused("invalid_grant", "the code verifier does not fit"));
    }
    tokens(home, &code, &grant).ok_or(Refused {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        error: "server_error",
        why: "the tokens could not be made",
    })
}

fn fields_have(take: &mut impl FnMut(&str) -> String, name: &str) -> bool {
    !take(name).is_empty()
}

/// Client id and secret of `Authorization: Basic`, each form-encoded before base64 (RFC 6749 section 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Refused> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        let decode = |part: &str| {
            percent_decode_str(&part.replace('+', " "))
                .decode_utf8()
                .ok()
                .map(String::from)
        };
        scheme.eq_ignore_ascii_case("basic").then_some(())?;
        Some((decode(id)?, decode(secret)?))
    };
    read()
        .map(Some)
        .ok_or_else(|| refused("invalid_client", "the Authorization header can't be read"))
}

fn proves(verifier: &str, challenge: &str) -> bool {
    let digest = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    (43..=128).contains(&verifier.len()) && digest.as_bytes().ct_eq(challenge.as_bytes()).into()
}

fn tokens(home: &Home, code: &str, grant: &Grant) -> Option<Value> {
    let person = home.person(grant.login)?;
    let now = world::now();
    let access = world::token(32).ok()?;
    let mut claims = person.claims(&grant.scope);
    let more = json!({
        "iss": home.issuer, "aud": home.settings.client_id, "iat": now.as_second(), "exp": now.as_second() + TOKEN_LIFE,
        "auth_time": grant.authenticated.as_second(), "acr": person.acr(), "amr": person.amr(), "at_hash": at_hash(&access),
    });
    claims.extend(more.as_object().cloned()?);
    if let Some(nonce) = &grant.nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    let id_token = home.key.sign("JWT", None, &Value::Object(claims)).ok()?;
    // Marked as used under one lock, so that of two at the same time one loses.
    {
        let mut codes = home.codes();
        let held = codes.get_mut(code).filter(|held| held.used.is_none())?;
        held.used = Some(access.clone());
    }
    let until = now.saturating_add(SignedDuration::from_secs(TOKEN_LIFE)).ok()?;
    home.tokens().insert(
        access.clone(),
        Access {
            login: grant.login,
            scope: grant.scope.clone(),
            until,
        },
    );
    Some(json!({
        "access_token": access, "token_type": "Bearer", "expires_in": TOKEN_LIFE, "scope": grant.scope, "id_token": id_token,
    }))
}

/// OIDC Core section 3.1.3.6: the left half of the token's digest.
fn at_hash(access: &str) -> String {
    URL_SAFE_NO_PAD.encode(
        digest(&SHA256, access.as_bytes())
            .as_ref()
            .get(..16)
            .unwrap_or_default(),
    )
}
