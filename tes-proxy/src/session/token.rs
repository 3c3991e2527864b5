//! The token of a session: a JWT of a type of its own, made and read by this node alone, for its TES and WES and for
//! nothing else (E75). It says which session it is of; whether that lives is looked up at each use.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{api::parse_json, capability::DoorKeys, config::Config};

/// `typ` of the header; nothing else of ours or of others' has it.
const HEADER: &str = r#"{"alg":"HS256","typ":"visum-session+jwt"}"#;
/// Its one scope.
const SCOPE: &str = "visum:session";

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    scope: String,
    iat: i64,
    exp: i64,
    jti: String,
}

/// The audience of such tokens: no other token of ours names it.
fn audience(config: &Config) -> String {
    format!("{}visum/v1/sessions", config.public_url)
}

/// A token for a session until its end.
pub(crate) fn make(config: &Config, keys: &DoorKeys, session: &str, now: i64, until: i64) -> String {
    let claims = Claims {
        iss: config.public_url.to_string(),
        aud: audience(config),
        sub: session.to_owned(),
        scope: SCOPE.to_owned(),
        iat: now,
        exp: until,
        jti: session.to_owned(),
    };
    let claims = serde_json::to_vec(&claims).unwrap_or_default();
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
    let mark = URL_SAFE_NO_PAD.encode(keys.mark(&text));
    format!("{text}.{mark}")
}

/// Does a credential say of itself that it is such a token? It proves nothing.
pub(crate) fn claims_to_be(token: &str) -> bool {
    token
        .split_once('.')
        .is_some_and(|(header, _)| header == URL_SAFE_NO_PAD.encode(HEADER))
}

/// The session of a token; `None` for whatever was not made here, for here, and has not run out.
pub(crate) fn session_of(config: &Config, keys: &DoorKeys, token: &str, now: i64) -> Option<String> {
    if !claims_to_be(token) {
        return None;
    }
    let (text, mark) = token.rsplit_once('.')?;
    let mark = URL_SAFE_NO_PAD.decode(mark).ok()?;
    if !keys.marked(text, &mark) {
        return None;
    }
    let (_, claims) = text.split_once('.')?;
    let claims: Claims = parse_json(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let ours = claims.iss == config.public_url.as_str() && claims.aud == audience(config) && claims.scope == SCOPE;
    (ours && now < claims.exp).then_some(claims.sub)
}
