//! OAuth errors in their shape (RFC 6749 §5.2, RFC 6750 §3). Every answer that could hold a token says `no-store`.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::details;
use super::dpop::BadProof;
use super::refusal::Refusal;
use crate::keys::KeyError;
use crate::page::FieldProblem;
use crate::store::StoreError;

/// Headers of answers with tokens or secrets (BRK-25).
pub(crate) const NO_STORE: [(header::HeaderName, &str); 2] = [
    (header::CACHE_CONTROL, "no-cache, no-store"),
    (header::PRAGMA, "no-cache"),
];

/// A refusal of the token endpoint and its neighbours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TokenProblem {
    /// OAuth's word.
    pub(crate) error: &'static str,
    /// A sentence for whoever wrote the client.
    pub(crate) description: String,
    status: StatusCode,
    /// The client used the `Authorization` header, so it is told which scheme (RFC 6749 §5.2).
    basic: bool,
    /// When it may be tried again.
    wait: Option<Duration>,
}

impl TokenProblem {
    fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self {
            error,
            description: description.into(),
            status,
            basic: false,
            wait: None,
        }
    }

    /// `invalid_request`
    pub(crate) fn request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// `invalid_grant`: equal words for unknown, used, over and wrong.
    pub(crate) fn grant() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "the code or token is not valid for this client",
        )
    }

    /// `invalid_scope`
    pub(crate) fn scope(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_scope", description)
    }

    /// `invalid_target`
    pub(crate) fn target(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_target", description)
    }

    /// `unauthorized_client`
    pub(crate) fn unauthorized(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unauthorized_client", description)
    }

    /// `unsupported_grant_type`
    pub(crate) fn unsupported() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "this grant type is not supported",
        )
    }

    /// `invalid_client`: equal words for unknown and wrong.
    pub(crate) fn client(basic: bool) -> Self {
        let mut problem = Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "the client could not be authenticated",
        );
        problem.basic = basic;
        problem
    }

    /// A request that would be refused at the authorization endpoint (RFC 9126 §2.3).
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        Self::new(StatusCode::BAD_REQUEST, refusal.error, refusal.description.clone())
    }

    /// `invalid_authorization_details` (RFC 9396 §5).
    pub(crate) fn details(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, details::ERROR, description)
    }

    /// A DPoP proof that does not count (RFC 9449 §5, §8).
    pub(crate) fn proof(bad: BadProof) -> Self {
        if bad == BadProof::Store {
            return Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "try again later",
            );
        }
        Self::new(StatusCode::BAD_REQUEST, bad.error(), bad.to_string())
    }

    /// A word of the device grant (RFC 8628 §3.5).
    pub(crate) fn device(error: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, description)
    }

    /// Too often.
    pub(crate) fn throttled(wait: Duration) -> Self {
        let mut problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "temporarily_unavailable",
            "too many requests in this minute",
        );
        problem.wait = Some(wait);
        problem
    }

    /// Another part of the node cannot answer now.
    pub(crate) fn later(wait: Duration) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "temporarily_unavailable",
            "try again later",
        );
        problem.wait = Some(wait);
        problem
    }

    /// Our own fault: logged here, told in general.
    pub(crate) fn server(code: &str, error: &dyn std::error::Error) -> Self {
        tracing::error!(error.code = code, %error, "a token request could not be served");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "temporarily_unavailable",
            "try again later",
        )
    }
}

impl From<StoreError> for TokenProblem {
    fn from(error: StoreError) -> Self {
        Self::server(error.code(), &error)
    }
}

impl From<KeyError> for TokenProblem {
    fn from(error: KeyError) -> Self {
        Self::server(error.code(), &error)
    }
}

impl From<FieldProblem> for TokenProblem {
    fn from(problem: FieldProblem) -> Self {
        Self::request(problem.to_string())
    }
}

impl IntoResponse for TokenProblem {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let mut response = (self.status, NO_STORE, Json(body)).into_response();
        if let Some(wait) = self.wait {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if self.basic {
            let scheme = HeaderValue::from_static("Basic realm=\"token\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// A refusal of an endpoint that takes a bearer token (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BearerProblem {
    /// None was shown.
    Missing,
    /// It is malformed, not ours, over, or ended.
    Invalid,
    /// It does not carry the scope.
    Scope(&'static str),
    /// The token is bound to a key, and the proof of it does not count (RFC 9449 §7.1).
    Proof(BadProof),
    /// Our own fault.
    Server,
}

impl IntoResponse for BearerProblem {
    fn into_response(self) -> Response {
        let (status, challenge) = match self {
            Self::Missing => (StatusCode::UNAUTHORIZED, "Bearer".to_owned()),
            Self::Proof(BadProof::Store) => return (StatusCode::SERVICE_UNAVAILABLE, NO_STORE).into_response(),
            Self::Proof(bad) => (
                StatusCode::UNAUTHORIZED,
                format!("DPoP error=\"{}\", algs=\"ES256 RS256\"", bad.error()),
            ),
            Self::Invalid => (StatusCode::UNAUTHORIZED, "Bearer error=\"invalid_token\"".to_owned()),
            Self::Scope(scope) => (
                StatusCode::FORBIDDEN,
                format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""),
            ),
            Self::Server => return (StatusCode::SERVICE_UNAVAILABLE, NO_STORE).into_response(),
        };
        let mut response = (status, NO_STORE).into_response();
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<StoreError> for BearerProblem {
    fn from(error: StoreError) -> Self {
        tracing::error!(error.code = error.code(), %error, "a bearer request could not be served");
        Self::Server
    }
}
