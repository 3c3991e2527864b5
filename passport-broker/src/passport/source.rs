//! One call to a source of visas: a visa issuer's endpoint with our credential, or a login provider's UserInfo with what the
//! person's last sign-in there opened.

use bytes::Bytes;
use http::{Request, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::{Fetch, Limit, Secret, Timestamp};
use visa_verifier::token::{json, limits};

use crate::Broker;
use crate::store::StoreError;
use crate::store::claim_map::ClaimNames;
use crate::store::collections;
use crate::store::people::PersonId;
use crate::upstream::UserInfoAccess;

/// Most visas that are taken of one answer.
pub(super) const VISAS: usize = 100;

/// What is kept of a sign-in to ask UserInfo again.
#[derive(Deserialize, Serialize)]
struct Kept {
    endpoint: String,
    token: String,
}

/// Keeps what opens UserInfo, sealed under the node's key.
pub(super) async fn keep_access(
    broker: &Broker,
    person: &PersonId,
    login: &VisaIdentity,
    access: &UserInfoAccess,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(token) = access.token.expose_str() else {
        return Ok(());
    };
    let kept = Kept {
        endpoint: access.endpoint.clone(),
        token: token.to_owned(),
    };
    let bad = StoreError::Inconsistent {
        table: "upstream_tokens",
        column: "sealed",
    };
    let text = serde_json::to_vec(&kept).map_err(|_| bad)?;
    let Ok(sealed) = broker
        .at_rest()
        .seal(&label(login.iss.as_str(), login.sub.as_str()), &text)
    else {
        tracing::error!("what opens UserInfo could not be sealed and is not kept");
        return Ok(());
    };
    collections::keep_token(&mut broker.db(), person, login, &sealed, now.plus(access.life)).await
}

fn label(iss: &str, sub: &str) -> String {
    format!("upstream-token {} {iss} {sub}", iss.len())
}

/// The visas that UserInfo gives now, by the claims that the provider's row names.
pub(super) async fn userinfo(
    broker: &Broker,
    person: &PersonId,
    (iss, sub): (&str, &str),
    names: &ClaimNames,
    now: Timestamp,
) -> Result<Vec<String>, String> {
    let sealed = collections::token(&mut broker.db(), person, iss, sub, now)
        .await
        .map_err(|error| error.to_string())?
        .ok_or("sign in there again: what the last sign-in opened has ended")?;
    let opened = broker
        .at_rest()
        .open(&label(iss, sub), &sealed)
        .map_err(|error| error.to_string())?;
    let kept: Kept = serde_json::from_slice(opened.expose()).map_err(|error| error.to_string())?;
    let answer = ask(&kept.endpoint, Some(&kept.token), broker.fetch().as_ref()).await?;
    if answer.get("sub").and_then(Value::as_str) != Some(sub) {
        return Err("it answered for somebody else".to_owned());
    }
    Ok(names
        .iter()
        .filter_map(|name| answer.get(name))
        .flat_map(texts)
        .take(VISAS)
        .collect())
}

/// The visas that a visa issuer gives for the person with this `sub`.
pub(super) async fn issuer(
    endpoint: &Url,
    credential: Option<&Secret>,
    sub: &str,
    fetch: &dyn Fetch,
) -> Result<Vec<String>, String> {
    let mut url = endpoint.clone();
    url.query_pairs_mut().append_pair("sub", sub);
    let credential = credential.and_then(Secret::expose_str);
    let answer = ask(url.as_str(), credential, fetch).await?;
    // under its own word or under that of UserInfo
    let visas = ["visas", "ga4gh_passport_v1"].iter().find_map(|name| answer.get(*name));
    Ok(visas.map(texts).unwrap_or_default().into_iter().take(VISAS).collect())
}

fn texts(value: &Value) -> Vec<String> {
    let many = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    many.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn ask(url: &str, bearer: Option<&str>, fetch: &dyn Fetch) -> Result<Map<String, Value>, String> {
    let mut request = Request::get(url).header(header::ACCEPT, "application/json");
    if let Some(bearer) = bearer {
        request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
    }
    let request = request.body(Bytes::new()).map_err(|error| error.to_string())?;
    let fetched = fetch
        .send(request, Limit::TOKENS)
        .await
        .map_err(|error| error.to_string())?;
    if !fetched.status.is_success() {
        return Err(format!("it answered {}", fetched.status.as_u16()));
    }
    json::parse(&fetched.body, Limit::TOKENS.bytes, limits::DOCUMENT_DEPTH).map_err(|error| error.to_string())
}
