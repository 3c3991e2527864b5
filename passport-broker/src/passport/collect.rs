//! Visas of other issuers: those that came with a login, and those that a configured visa issuer gives for it.
//!
//! What is collected is kept as it came and believed by nobody: whoever uses it verifies it anew.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use serde::Deserialize;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::{Fetch, Limit, Timestamp};
use visa_verifier::token::{CompactToken, NumericDate, limits};

use crate::front::Front;
use crate::store::StoreError;
use crate::store::people::PersonId;
use crate::store::visas::{self, CollectedVisa};
use crate::upstream::{self, Upstream, VisaSource};

/// Most visas that are kept of one source for one person.
const VISAS: usize = 100;
/// Collected visas are asked for anew after this long: theirs last about an hour.
const FRESH: Duration = Duration::from_secs(15 * 60);

/// Keeps the visas of a login, and asks the visa issuers that belong to its institution. A source that does not answer
/// keeps nobody from logging in: its visas are missing until it does.
pub(crate) async fn collect_at_login(
    front: &Front,
    person: &PersonId,
    upstream: &Upstream,
    login: &VisaIdentity,
    brought: &[String],
    now: Timestamp,
) {
    let kept = brought.iter().filter_map(|visa| read(visa, None, now)).collect();
    if let Err(error) = keep(front, person, login, kept).await {
        tracing::error!(error.code = error.code(), %error, "the visas of a login could not be kept");
    }
    for source in &upstream.visa_sources {
        ask_and_keep(front, person, source, login, now).await;
    }
}

/// Asks those sources anew of which nothing fresh is kept.
pub(super) async fn freshen(
    front: &Front,
    person: &PersonId,
    login: &VisaIdentity,
    now: Timestamp,
) -> Result<(), StoreError> {
    let upstreams = upstream::upstreams(&front.broker).await?;
    let Some(upstream) = upstreams.iter().find(|upstream| upstream.issuer == login.iss.as_str()) else {
        return Ok(());
    };
    let kept = visas::collected(&mut front.broker.db(), person, now).await?;
    for source in &upstream.visa_sources {
        let fresh = |visa: &CollectedVisa| {
            visa.identity.iss.as_str() == source.endpoint.as_str() && now < visa.collected.plus(FRESH)
        };
        if !kept.iter().any(fresh) {
            ask_and_keep(front, person, source, login, now).await;
        }
    }
    Ok(())
}

async fn ask_and_keep(front: &Front, person: &PersonId, source: &VisaSource, login: &VisaIdentity, now: Timestamp) {
    let host = source.endpoint.host_str().unwrap_or_default();
    match ask(source, login.sub.as_str(), front.broker.fetch().as_ref()).await {
        Ok(visas) => {
            let kept = visas
                .iter()
                .filter_map(|visa| read(visa, Some(login.sub.as_str()), now))
                .collect();
            // Kept under the source, so that a visa that it no longer gives goes.
            let Ok(issuer) = source.endpoint.as_str().parse() else {
                return;
            };
            if let Err(error) = keep(front, person, &VisaIdentity::new(issuer, login.sub.clone()), kept).await {
                tracing::error!(error.code = error.code(), %error, "collected visas could not be kept");
            }
        }
        Err(why) => tracing::warn!(source.host = host, why, "a visa issuer gave no visas"),
    }
}

/// The answer of a visa issuer: under our word or under that of UserInfo.
#[derive(Deserialize)]
struct Answer {
    #[serde(default, alias = "ga4gh_passport_v1")]
    visas: Vec<String>,
}

async fn ask(source: &VisaSource, subject: &str, fetch: &dyn Fetch) -> Result<Vec<String>, String> {
    let mut url = source.endpoint.clone();
    url.query_pairs_mut().append_pair("sub", subject);
    let mut request = Request::get(url.as_str()).header(header::ACCEPT, "application/json");
    if let Some(credential) = source.credential.as_ref().and_then(visa_verifier::Secret::expose_str) {
        request = request.header(header::AUTHORIZATION, format!("Bearer {credential}"));
    }
    let request = request.body(Bytes::new()).map_err(|error| error.to_string())?;
    let fetched = fetch
        .send(request, Limit::TOKENS)
        .await
        .map_err(|error| error.to_string())?;
    if !fetched.status.is_success() {
        return Err(format!("it answered {}", fetched.status.as_u16()));
    }
    let answer: Answer = visa_verifier::token::json::parse(&fetched.body, Limit::TOKENS.bytes, limits::DOCUMENT_DEPTH)
        .map_err(|error| error.to_string())?;
    Ok(answer.visas)
}

/// A visa's shape: enough to keep it and to know when it is over. `subject`: of whom it must speak.
fn read(visa: &str, subject: Option<&str>, now: Timestamp) -> Option<CollectedVisa> {
    let token = CompactToken::parse(visa, limits::VISA_BYTES).ok()?;
    let text = |name: &str| token.claims().get(name).and_then(serde_json::Value::as_str);
    let identity = VisaIdentity::new(text("iss")?.parse().ok()?, text("sub")?.parse().ok()?);
    if subject.is_some_and(|subject| identity.sub.as_str() != subject) {
        return None;
    }
    let expires = NumericDate::read(token.claims().get("exp")?, "exp").ok()?.floor();
    (now < expires).then(|| CollectedVisa {
        digest: token.digest().to_string(),
        identity,
        visa: visa.to_owned(),
        collected: now,
        expires,
    })
}

async fn keep(
    front: &Front,
    person: &PersonId,
    under: &VisaIdentity,
    mut kept: Vec<CollectedVisa>,
) -> Result<(), StoreError> {
    kept.truncate(VISAS);
    let mut tx = front.broker.db().begin().await?;
    visas::collect(&mut tx, person, under, &kept).await?;
    tx.commit().await
}
