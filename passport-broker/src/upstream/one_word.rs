//! ID Tokens whose `amr` is one word and no list, as ORCID's member API writes it (OpenID Connect Core §2 wants a list).
//! The library refuses to read such a token at all. It is taken out of the answer before the library sees it, and held
//! to the same checks here: nothing else about it is forgiven.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use openidconnect::core::CoreGenderClaim;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, IdTokenClaims};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use visa_verifier::seam::{Fetch, FetchError, Limit, Timestamp};
use visa_verifier::token::{CompactToken, NumericDate, json as strict, limits};

use super::claims::UpstreamClaims;
use super::provider::Discovered;
use super::{LoginProblem, Outside};

/// The hardened client, which keeps such a token back.
pub(super) struct KeepsBack<'f> {
    fetch: &'f dyn Fetch,
    kept: Mutex<Option<CompactToken>>,
}

impl<'f> KeepsBack<'f> {
    pub(super) fn new(fetch: &'f dyn Fetch) -> Self {
        Self {
            fetch,
            kept: Mutex::new(None),
        }
    }

    /// The token that was kept back, if there was one.
    pub(super) fn kept(self) -> Option<CompactToken> {
        self.kept.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer without a token of one word.
    fn without(&self, body: &[u8]) -> Option<Vec<u8>> {
        let mut answer: Value = strict::parse(body, Limit::TOKENS.bytes, limits::DOCUMENT_DEPTH).ok()?;
        let members = answer.as_object_mut()?;
        let token = CompactToken::parse(members.get("id_token")?.as_str()?, Limit::TOKENS.bytes).ok()?;
        token.claims().get("amr")?.as_str()?;
        members.remove("id_token");
        let rest = serde_json::to_vec(&answer).ok()?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Some(rest)
    }
}

impl<'c> AsyncHttpClient<'c> for KeepsBack<'_> {
    type Error = FetchError;
    type Future = BoxFuture<'c, Result<HttpResponse, FetchError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let sent: http::Request<Vec<u8>> = request;
            let mut response = Outside(self.fetch).call(sent).await?;
            if response.status().is_success()
                && let Some(rest) = self.without(response.body())
            {
                *response.body_mut() = rest;
                response.headers_mut().remove(http::header::CONTENT_LENGTH);
            }
            Ok(response)
        })
    }
}

/// What the checks compare with.
pub(super) struct Expected<'e> {
    pub(super) nonce: &'e str,
    pub(super) access_token: &'e str,
    /// So far an institution's clock may be ahead of ours.
    pub(super) clocks: Duration,
    pub(super) now: Timestamp,
}

/// The claims of a token that was kept back, once signature, issuer, audience, times, nonce and `at_hash` hold.
pub(super) fn check(
    at: &Discovered,
    token: &CompactToken,
    expected: &Expected<'_>,
) -> Result<IdTokenClaims<UpstreamClaims, CoreGenderClaim>, LoginProblem> {
    let wrong = |why: &str| LoginProblem::Unverified { why: why.to_owned() };
    let keys = at
        .key_set()
        .ok_or_else(|| wrong("the provider's keys cannot be read"))?;
    keys.verify(token, &BTreeSet::new())
        .map_err(|error| wrong(&error.to_string()))?;
    let claims = token.claims();
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let when = |name: &'static str| -> Result<Timestamp, LoginProblem> {
        let value = claims.get(name).ok_or_else(|| wrong("no time"))?;
        Ok(NumericDate::read(value, name)
            .map_err(|_| wrong("a time that is none"))?
            .floor())
    };
    if text("iss") != Some(at.upstream.issuer.as_str()) {
        return Err(wrong("another issuer"));
    }
    let ours = at.upstream.client_id.as_str();
    let (is_ours, others) = match claims.get("aud") {
        Some(Value::String(one)) => (one == ours, false),
        Some(Value::Array(many)) => (
            many.iter().any(|one| one.as_str() == Some(ours)),
            many.iter().any(|one| one.as_str() != Some(ours)),
        ),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => (false, true),
    };
    let party = claims.get("azp");
    if !is_ours || others || party.is_some_and(|party| party.as_str() != Some(ours)) {
        return Err(wrong("another audience"));
    }
    let (issued, expires) = (when("iat")?, when("exp")?);
    if expires <= expected.now {
        return Err(LoginProblem::Clock {
            why: format!("the ID Token ended at {expires}"),
        });
    }
    if expected.now.plus(expected.clocks) < issued {
        return Err(LoginProblem::Clock {
            why: format!("the ID Token was issued at {issued}, which is to come"),
        });
    }
    let nonce = text("nonce").unwrap_or_default();
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(wrong("another nonce"));
    }
    if let Some(hash) = claims.get("at_hash") {
        let own = digest(&SHA256, expected.access_token.as_bytes());
        let half = own.as_ref().get(..16).unwrap_or_default();
        if hash.as_str() != Some(URL_SAFE_NO_PAD.encode(half).as_str()) {
            return Err(wrong("at_hash does not fit the access token"));
        }
    }
    let mut claims = claims.clone();
    let amr = text("amr").unwrap_or_default();
    claims.insert("amr".to_owned(), json!([amr]));
    serde_json::from_value(Value::Object(claims)).map_err(|error| wrong(&error.to_string()))
}
