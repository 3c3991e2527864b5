//! [`Exchange`]: an access token for a Passport at its broker's token endpoint (RFC 8693; AAI 1.2 "Conformance for
//! Passport Issuers" 3). TX-06 to TX-16 as they bind the one who asks.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use serde::Deserialize;
use url::Url;

use super::answer::{is_json, later, refusal, word};
use super::client::ClientAuthentication;
use super::error::SourceError;
use crate::seam::{Fetch, Limit, Random, Timestamp};
use crate::token::{json, limits};

/// The token type of a Passport (AAI 1.2 "Passport Issuer").
const PASSPORT_TYPE: &str = "urn:ga4gh:params:oauth:token-type:passport";
const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What is asked of one broker, by whom, for whom.
#[derive(Clone, Debug)]
pub struct ExchangeSettings {
    /// The broker's issuer identifier: the audience of our assertions.
    pub issuer: String,
    /// Who we are there.
    pub client: ClientAuthentication,
    /// `audience`: our own identifiers, so that the Passport is for us and nobody else. May be empty.
    pub audience: Vec<String>,
    /// `resource` (RFC 8707): the URLs that the Passport shall be for. Absolute, without fragment. May be empty.
    pub resource: Vec<Url>,
}

/// Exchanges access tokens for Passports. What comes back is text: [`Passport::parse`](crate::Passport::parse) and a
/// [`Verification`](crate::Verification) say what it is worth.
#[derive(Clone, Debug)]
pub struct Exchange {
    fetch: Arc<dyn Fetch>,
    random: Arc<dyn Random>,
    settings: ExchangeSettings,
}

/// A Passport as the broker gave it.
#[derive(Clone)]
pub struct Exchanged {
    /// The compact Passport, at most 1 MiB, unverified.
    pub passport: String,
    /// `expires_in`, seconds, if told. The Passport's own `exp` is what counts.
    pub expires_in: Option<u64>,
}

impl std::fmt::Debug for Exchanged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchanged")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    issued_token_type: String,
    token_type: String,
    #[serde(default)]
    expires_in: Option<f64>,
}

impl Exchange {
    /// With these settings. `None` if a `resource` has a fragment (TX-15).
    #[must_use]
    pub fn new(fetch: Arc<dyn Fetch>, random: Arc<dyn Random>, settings: ExchangeSettings) -> Option<Self> {
        settings
            .resource
            .iter()
            .all(|r| r.fragment().is_none())
            .then_some(Self {
                fetch,
                random,
                settings,
            })
    }

    /// The Passport for this access token, asked at `endpoint`.
    ///
    /// Refresh tokens and everything else in the answer are dropped.
    pub async fn passport(&self, endpoint: &Url, access_token: &str, now: Timestamp) -> Result<Exchanged, SourceError> {
        let answer = self
            .fetch
            .send(self.request(endpoint, access_token, now)?, Limit::TOKENS)
            .await
            .map_err(SourceError::Unreachable)?;
        if answer.status == StatusCode::OK {
            return if is_json(&answer.headers) {
                read(&answer.body)
            } else {
                Err(SourceError::Answer("it is not application/json".to_owned()))
            };
        }
        let error = refusal(&answer.body);
        tracing::warn!(status = answer.status.as_u16(), %error, "the broker refused a Passport");
        Err(refused(&answer, error))
    }

    fn request(&self, endpoint: &Url, access_token: &str, now: Timestamp) -> Result<Request<Bytes>, SourceError> {
        let ExchangeSettings {
            issuer,
            client,
            audience,
            resource,
        } = &self.settings;
        let proof = client.prove(issuer, now, &*self.random)?;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", GRANT_TYPE)
            .append_pair("subject_token", access_token)
            .append_pair("subject_token_type", ACCESS_TOKEN_TYPE)
            .append_pair("requested_token_type", PASSPORT_TYPE);
        for one in audience {
            form.append_pair("audience", one);
        }
        for one in resource {
            form.append_pair("resource", one.as_str());
        }
        for (name, value) in &proof.fields {
            form.append_pair(name, value);
        }
        let mut request = Request::post(endpoint.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(value) = proof.authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        request
            .body(Bytes::from(form.finish()))
            .map_err(|_| SourceError::Answer("the request could not be made".to_owned()))
    }
}

/// TX-11: the three members that must be there. `N_A` is what RFC 8693 says of a token that is no access token;
/// brokers send `Bearer`.
fn read(body: &[u8]) -> Result<Exchanged, SourceError> {
    let wrong = |why: &str| SourceError::Answer(why.to_owned());
    let answer: Answer =
        json::parse(body, Limit::TOKENS.bytes, limits::DOCUMENT_DEPTH).map_err(|_| wrong("it is no token answer"))?;
    if answer.issued_token_type != PASSPORT_TYPE {
        return Err(wrong("it holds another kind of token"));
    }
    if !["Bearer", "N_A"]
        .iter()
        .any(|t| t.eq_ignore_ascii_case(&answer.token_type))
    {
        let kind = word(&answer.token_type);
        return Err(SourceError::Answer(format!("its token type is `{kind}`")));
    }
    if answer.access_token.len() > limits::PASSPORT_BYTES {
        return Err(wrong("its Passport is over 1 MiB"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and nothing rests on it"
    )]
    let expires_in = answer.expires_in.map(|seconds| seconds as u64);
    Ok(Exchanged {
        passport: answer.access_token,
        expires_in,
    })
}

/// TX-13, TX-14, RFC 6749 §5.2: what a refusal means for us.
fn refused(answer: &crate::seam::Fetched, error: String) -> SourceError {
    match error.as_str() {
        "invalid_request" | "invalid_grant" | "invalid_token" | "invalid_scope" | "access_denied" => {
            SourceError::Refused(error)
        }
        "unsupported_grant_type" | "unsupported_token_type" | "unauthorized_client" => SourceError::Unsupported(error),
        "invalid_client" => SourceError::Client(error),
        "invalid_target" => SourceError::Target(error),
        _ => later(answer).unwrap_or_else(|| match answer.status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                SourceError::Unsupported(answer.status.as_u16().to_string())
            }
            StatusCode::UNAUTHORIZED => SourceError::Client(answer.status.as_u16().to_string()),
            other => SourceError::Answer(format!("it has status {}", other.as_u16())),
        }),
    }
}
