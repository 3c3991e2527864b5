//! The ID Token: who signed in, how, when; no GA4GH claim (OpenID Connect Core §2, §3.1.3.6).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use crate::front::Front;
use crate::provider::problem::TokenProblem;
use crate::store::clients::ClientRow;
use crate::store::tokens::Family;

/// So long an ID Token lives: it is read once, at login.
const LIFE: Duration = Duration::from_secs(300);

/// Signs one with the algorithm that the client registered.
pub(super) fn id_token(
    front: &Front,
    client: &ClientRow,
    family: &Family,
    nonce: Option<&str>,
    access_token: Option<&Value>,
    now: Timestamp,
) -> Result<String, TokenProblem> {
    let mut claims = json!({
        "iss": front.issuer(),
        "sub": family.person.as_str(),
        "aud": family.client,
        "iat": now.unix(),
        "exp": now.plus(LIFE).unix(),
        "auth_time": family.login.auth_time.unix(),
        "amr": family.login.amr,
        "sid": family.sid,
    });
    if let Some(members) = claims.as_object_mut() {
        if let Some(nonce) = nonce {
            members.insert("nonce".into(), json!(nonce));
        }
        if let Some(acr) = &family.login.acr {
            members.insert("acr".into(), json!(acr));
        }
        if let Some(token) = access_token.and_then(Value::as_str) {
            members.insert("at_hash".into(), json!(half_hash(token)));
        }
    }
    let alg = client.options.id_token_signed_response_alg;
    Ok(front.broker.signer().sign_id_token(alg, &claims)?)
}

/// The left half of the SHA-256 of a token: both our algorithms end in 256.
fn half_hash(token: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref().get(..16).unwrap_or_default())
}
