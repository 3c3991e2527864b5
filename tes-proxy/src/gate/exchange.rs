//! A caller's Passport from the broker, by token exchange (RFC 8693), as a client with a key (RFC 7523).

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use url::Url;
use visa_verifier::seam::{Fetch, FetchError, Limit, Random, Timestamp, token};

use crate::{
    config::BrokerLink,
    problem::{Challenge, Problem},
    proxy::Seams,
};

/// Life of an assertion, in seconds.
const ASSERTION_SECONDS: i64 = 60;

/// Asks the broker's token endpoint.
pub(crate) struct Exchange {
    fetch: Arc<dyn Fetch>,
    random: Arc<dyn Random>,
    endpoint: Url,
    issuer: String,
    client_id: String,
    key_id: String,
    key: EncodingKey,
    audience: String,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Exchange")
            .field("endpoint", &self.endpoint.as_str())
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    issued_token_type: String,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
}

const PASSPORT_TYPE: &str = "urn:ga4gh:params:oauth:token-type:passport";

impl Exchange {
    /// To this broker.
    ///
    /// # Errors
    /// The sentence of what is wrong with our key.
    pub(crate) fn new(link: BrokerLink, audience: String, seams: &Seams) -> Result<Self, &'static str> {
        visa_verifier::keys::provider::install();
        if link.private_key.is_empty() {
            return Err("the proxy's key at the broker is empty");
        }
        Ok(Self {
            fetch: Arc::clone(&seams.fetch),
            random: Arc::clone(&seams.random),
            endpoint: link.token_endpoint,
            issuer: link.issuer,
            client_id: link.client_id,
            key_id: link.key_id,
            key: EncodingKey::from_ec_der(&link.private_key),
            audience,
        })
    }

    fn assertion(&self, now: Timestamp) -> Result<String, Problem> {
        let claims = Assertion {
            iss: &self.client_id,
            sub: &self.client_id,
            aud: &self.issuer,
            jti: token(&*self.random, 16),
            iat: now.unix(),
            exp: now.unix().saturating_add(ASSERTION_SECONDS),
        };
        let header = Header {
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|_| {
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "broker.assertion",
                "the proxy could not sign its request to the broker",
            )
        })
    }

    /// The Passport of the person whose access token this is, for us as audience.
    ///
    /// # Errors
    /// 401 where the broker says that the token does not count any more, 502 or 503 where it cannot be had.
    pub(crate) async fn passport(&self, access_token: &str, now: Timestamp) -> Result<String, Problem> {
        let unavailable = |code, sentence| Problem::unavailable(code, sentence, 10);
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
            .append_pair("subject_token", access_token)
            .append_pair("subject_token_type", "urn:ietf:params:oauth:token-type:access_token")
            .append_pair("requested_token_type", PASSPORT_TYPE)
            .append_pair("audience", &self.audience)
            .append_pair("client_id", &self.client_id)
            .append_pair(
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            )
            .append_pair("client_assertion", &self.assertion(now)?)
            .finish();
        let request = Request::post(self.endpoint.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Bytes::from(body))
            .map_err(|_| unavailable("broker.request", "the request to the broker could not be made"))?;
        let answer = self
            .fetch
            .send(request, Limit::TOKENS)
            .await
            .map_err(|error| told(&error))?;
        if answer.status == StatusCode::OK {
            let answer: Answer = serde_json::from_slice(&answer.body)
                .map_err(|_| unavailable("broker.answer", "the broker's answer cannot be read"))?;
            if answer.issued_token_type != PASSPORT_TYPE {
                return Err(unavailable("broker.answer", "the broker gave another kind of token"));
            }
            return Ok(answer.access_token);
        }
        let refusal =
            serde_json::from_slice::<Refusal>(&answer.body).map_or_else(|_| String::new(), |refusal| refusal.error);
        tracing::warn!(status = answer.status.as_u16(), error = %refusal.chars().filter(char::is_ascii_graphic).take(60).collect::<String>(), "the broker refused a Passport");
        match refusal.as_str() {
            "invalid_grant" | "invalid_token" | "invalid_request" | "access_denied" => Err(Problem::unauthenticated(
                Challenge::InvalidToken,
                "token.refused",
                "the broker gives no Passport for this token; log in again",
            )),
            _ => Err(unavailable("broker.refused", "the broker gave no Passport")),
        }
    }
}

fn told(error: &FetchError) -> Problem {
    tracing::warn!(error = %error, "the broker could not be asked");
    Problem::unavailable(
        "broker.unreachable",
        "the broker that knows your Passport cannot be reached",
        5,
    )
}
