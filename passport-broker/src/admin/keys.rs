//! `POST /visum/v1/cli-keys`: the key that the command line made at its first login, bound to the person.

use audit_log::{AboutKind, Class, Event, EventType, Outcome};
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::{Own, Strict};
use crate::broker::Broker;
use crate::limits;
use crate::record;
use crate::store::StoreError;
use crate::store::clients::{self, ClientAuth, ClientKey};

/// What is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    jwk: PublicKey,
}

/// An EC P-256 public key. A private member is an unknown one, and refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicKey {
    kty: String,
    crv: String,
    x: String,
    y: String,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    kid: Option<String>,
}

impl PublicKey {
    /// The key as we keep it, and its RFC 7638 thumbprint.
    fn checked(&self) -> Option<(String, String)> {
        let half = |text: &str| URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
        let fits = self.kty == "EC"
            && self.crv == "P-256"
            && half(&self.x)
            && half(&self.y)
            && self.alg.as_deref().is_none_or(|alg| alg == "ES256")
            && self.usage.as_deref().is_none_or(|usage| usage == "sig");
        if !fits {
            return None;
        }
        let bare = format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, self.x, self.y);
        let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, bare.as_bytes()));
        if self.kid.as_ref().is_some_and(|kid| *kid != thumbprint) {
            return None;
        }
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": self.x, "y": self.y, "alg": "ES256", "use": "sig",
                          "kid": thumbprint });
        Some((jwk.to_string(), thumbprint))
    }
}

pub(super) async fn register(
    State(broker): State<Broker>,
    Own(caller): Own,
    Strict(sent): Strict<Registration>,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    let (jwk, thumbprint) = sent.jwk.checked().ok_or_else(|| {
        ApiProblem::input(
            "keys.not_usable",
            "Send the public half of an EC P-256 key; `kid`, if any, is its RFC 7638 thumbprint.",
        )
    })?;
    let client = broker.client(&caller.client).await?;
    if !client.is_some_and(|client| client.auth == ClientAuth::PersonKeys) {
        return Err(ApiProblem::new(
            StatusCode::FORBIDDEN,
            "keys.client",
            "The client of this token does not use keys of persons.",
        ));
    }
    let mut db = broker.db();
    let held = clients::keys_of(&mut db, &caller.person).await?;
    if let Some(known) = held
        .iter()
        .find(|key| key.thumbprint == thumbprint && key.client == caller.client)
    {
        return Ok((StatusCode::OK, Json(json!({ "kid": known.thumbprint }))));
    }
    if held.len() >= limits::KEYS_PER_PERSON {
        return Err(ApiProblem::new(
            StatusCode::CONFLICT,
            "keys.too_many",
            "You have registered 20 keys: revoke one on your account page.",
        ));
    }
    let event = Event::new(EventType::KeyRotate, Outcome::Success)
        .who(record::who(&broker, &caller, Class::Researcher).map_err(crate::committee::GovernError::from)?)
        .about(AboutKind::Key, thumbprint.as_str())
        .about(AboutKind::Client, caller.client.as_str());
    let key = ClientKey {
        thumbprint: thumbprint.clone(),
        client: caller.client.clone(),
        person: caller.person.clone(),
        jwk,
        created: broker.now(),
    };
    let mut tx = db.begin().await?;
    match clients::register_key(&mut tx, &key).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => {
            return Err(ApiProblem::new(
                StatusCode::CONFLICT,
                "keys.taken",
                "This key is registered already.",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    // on record before it counts
    broker
        .writer()
        .append(event)
        .await
        .map_err(crate::committee::GovernError::from)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(json!({ "kid": thumbprint }))))
}
