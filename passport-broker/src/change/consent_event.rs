//! The consent service's new signed event that the end of a withdrawal needs (consent.md 5.1).
//!
//! A compact JWS of type `consent-event+jwt` by a consent service that is registered here with a key: `iss` its client id,
//! `aud` this node's issuer, `iat`, and `visum_consent_event` with the dataset and the holds that end. It names each hold,
//! and holds are never used twice, so that an event opens nothing but what it was made for.

use std::collections::BTreeSet;

use policy_engine::decide::ChangeKind;
use serde::Deserialize;
use serde_json::Value;
use visa_verifier::KeySet;
use visa_verifier::token::{CompactToken, same_type};

use super::edit;
use crate::broker::Broker;
use crate::committee::GovernError;
use crate::store::changes::ChangeRow;
use crate::store::clients::{ClientAuth, ClientKind};

/// An event's most bytes.
const BYTES: usize = 16 * 1024;
/// How old it may be when the change is written, in seconds: 30 days; and the clocks' leeway.
const OLDEST: i64 = 30 * 86_400;
const LEEWAY: i64 = 60;
/// The role of services that may say so.
const ROLE: &str = "consent-service";

/// What an event says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    dataset: String,
    /// The ids of the holds that end.
    ended: BTreeSet<String>,
}

/// Whether the change carries an event that is signed by a consent service of this node and says that these holds end.
///
/// # Errors
/// [`GovernError::Input`]: there is an event, and it does not say so.
pub(super) async fn check(broker: &Broker, row: &ChangeRow) -> Result<bool, GovernError> {
    let Some(text) = &row.consent_event else {
        return Ok(false);
    };
    let refused =
        |what: &str| GovernError::input("change.consent_event", format!("The consent event counts not: {what}."));
    if row.kind != ChangeKind::Hold {
        return Err(refused("only a change that ends holds carries one"));
    }
    let token = CompactToken::parse(text, BYTES).map_err(|_| refused("it is no signed token (compact JWS)"))?;
    let header = token.header();
    if header.crit
        || !header
            .typ
            .as_deref()
            .is_some_and(|typ| same_type(typ, "consent-event+jwt"))
    {
        return Err(refused("its type is not `consent-event+jwt`"));
    }
    let claim = |name: &str| token.claims().get(name);
    let by = claim("iss").and_then(Value::as_str).unwrap_or_default();
    let service = broker
        .current()
        .load()
        .snapshot()
        .services
        .iter()
        .any(|service| service.id == by && service.roles.contains(ROLE) && !service.suspended);
    let client = broker
        .client(by)
        .await?
        .filter(|client| client.kind == ClientKind::Service);
    let keys = match client.map(|client| client.auth) {
        Some(ClientAuth::PrivateKeyJwt { jwks }) if service => KeySet::from_value(jwks).ok(),
        _ => None,
    };
    let keys = keys.ok_or_else(|| refused("its `iss` is no consent service of this node with a registered key"))?;
    keys.verify(&token, &BTreeSet::new())
        .map_err(|_| refused("its signature is not by a key of that service"))?;
    if claim("aud").and_then(Value::as_str) != Some(broker.config().issuer.as_str()) {
        return Err(refused("its `aud` is not this node's issuer"));
    }
    let written = row.drafted.unix();
    let issued = claim("iat").and_then(Value::as_i64).unwrap_or_default();
    if issued > written + LEEWAY || issued < written - OLDEST {
        return Err(refused(
            "its `iat` is not within the 30 days before the change was written",
        ));
    }
    let said = claim("visum_consent_event").cloned().unwrap_or_default();
    let said: Said = serde_json::from_value(said)
        .map_err(|_| refused("its claim `visum_consent_event` is not {\"dataset\": URL, \"ended\": [HOLD, …]}"))?;
    let ended = row.edits.iter().map(|found| edit::row_of(found).1);
    if row.dataset.as_ref() != Some(&said.dataset) || !ended.into_iter().all(|id| said.ended.contains(&id)) {
        return Err(refused("it does not name this dataset and each of these holds"));
    }
    Ok(true)
}
