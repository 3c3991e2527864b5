//! Errors of our own API: `{"error", "code", "message", "reasons", "request_id"}`; 401 with its pointers (RFC 6750, 9470).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use visa_verifier::seam::{SystemRandom, token};

use crate::catalogue::{ChangeError, PublishError};
use crate::committee::GovernError;
use crate::store::StoreError;
use crate::tried::TriedError;

/// An answer that is no success.
#[derive(Debug)]
pub struct ApiProblem {
    status: StatusCode,
    code: String,
    message: String,
    reasons: Vec<serde_json::Value>,
    challenge: Option<String>,
}

impl ApiProblem {
    /// With this status, code and sentence.
    pub(super) fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            reasons: Vec::new(),
            challenge: None,
        }
    }

    /// The input is refused.
    pub(super) fn input(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// There is no such thing, or the caller may not know of it.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "admin.not_found",
            format!("There is no such {what} here."),
        )
    }

    /// A refusal that was made before any handler was asked; `None` if it is none of these.
    pub(crate) fn unhandled(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::NOT_FOUND => Some(Self::not_found("route")),
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::new(
                status,
                "admin.method",
                "This route does not take this method: `Allow` names those that it takes.",
            )),
            StatusCode::BAD_REQUEST => Some(Self::input(
                "admin.input_invalid",
                "The path or the query cannot be read: compare its members with the documentation of this route.",
            )),
            _ => None,
        }
    }

    /// The token does not carry the scope.
    pub(super) fn scope(wanted: &str) -> Self {
        Self {
            challenge: Some(format!("Bearer error=\"insufficient_scope\", scope=\"{wanted}\"")),
            ..Self::new(
                StatusCode::FORBIDDEN,
                "admin.scope",
                format!("The token does not carry the scope `{wanted}`: log in again and ask for it."),
            )
        }
    }

    /// No token, or none that counts.
    pub(super) fn bearer(error: Option<&str>) -> Self {
        let (challenge, code, message) = match error {
            None => (
                "Bearer".to_owned(),
                "admin.no_token",
                "This needs an access token: `visum login`.",
            ),
            Some(error) => (
                format!("Bearer error=\"{error}\""),
                "admin.invalid_token",
                "The access token does not count here, or is over: `visum login`.",
            ),
        };
        Self {
            challenge: Some(challenge),
            ..Self::new(StatusCode::UNAUTHORIZED, code, message)
        }
    }

    /// Too often.
    pub(super) fn throttled(wait: std::time::Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "admin.too_many",
            format!("Too many requests: try again in {} seconds.", wait.as_secs()),
        )
    }
}

impl From<StoreError> for ApiProblem {
    fn from(error: StoreError) -> Self {
        tracing::error!(code = error.code(), error = ?error, "the database did not answer a request");
        if matches!(error, StoreError::Conflict { .. }) {
            return Self::new(
                StatusCode::CONFLICT,
                error.code(),
                "Somebody changed this at the same time: try again.",
            );
        }
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            error.code(),
            "The database does not answer at present; nothing was changed. Try again.",
        )
    }
}

impl From<GovernError> for ApiProblem {
    fn from(error: GovernError) -> Self {
        let code = error.code().to_owned();
        match error {
            GovernError::Denied { reasons } => denied(&code, &reasons),
            GovernError::NoDataset { dataset } => Self::new(
                StatusCode::NOT_FOUND,
                code,
                format!("There is no dataset `{dataset}` here."),
            ),
            GovernError::Unknown { what, id } => {
                Self::new(StatusCode::NOT_FOUND, code, format!("There is no {what} `{id}` here."))
            }
            GovernError::Input { message, .. } => Self::new(StatusCode::BAD_REQUEST, code, message),
            GovernError::Conflict { message, .. } => Self::new(StatusCode::CONFLICT, code, message),
            GovernError::Store { source } => source.into(),
            GovernError::Change {
                source: ChangeError::Store { source },
            } => source.into(),
            GovernError::Change {
                source: ChangeError::NotInForce { source },
            } => not_in_force(&source),
            GovernError::Change { source } => {
                tracing::error!(code, error = ?source, "a change did not take place");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    code,
                    "The change could not be recorded, so it did not take place.",
                )
            }
            GovernError::Audit { source } => {
                tracing::error!(code, error = ?source, "the audit log cannot be written");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    code,
                    "The audit log cannot be written, so nothing was done.",
                )
            }
            GovernError::Facts { why } => {
                tracing::error!(code, why, "a caller's facts could not be put together");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    code,
                    "What is known of you could not be put together.",
                )
            }
        }
    }
}

impl From<TriedError> for ApiProblem {
    fn from(error: TriedError) -> Self {
        match error {
            TriedError::TooMany { dataset } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "explain.too_many_purposes",
                format!(
                    "so many purposes were tried on {dataset} within a day that no more are judged; ask its committee"
                ),
            ),
            TriedError::Store(source) => source.into(),
            TriedError::Audit(source) => {
                tracing::error!(error = ?source, "what was tried cannot be counted");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "explain.uncounted",
                    "what is tried cannot be counted at present, so nothing is answered",
                )
            }
        }
    }
}

fn not_in_force(source: &PublishError) -> ApiProblem {
    ApiProblem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        source.code(),
        "The change is on record, but the node could not put it in force: the catalogue before it still counts. An \
         administrator has to look at this at once.",
    )
}

fn denied(code: &str, reasons: &[policy_engine::decide::Reason]) -> ApiProblem {
    let step_up = reasons.iter().any(|reason| reason.code == "policy.step_up");
    let message = reasons
        .first()
        .map_or("The policies of this node do not permit this.", |reason| {
            reason.sentence.as_str()
        });
    let (status, challenge) = if step_up {
        // RFC 9470: a fresh login with a second factor would do
        let acr = crate::caller::REFEDS_MFA;
        let text = format!("Bearer error=\"insufficient_user_authentication\", acr_values=\"{acr}\", max_age=\"900\"");
        (StatusCode::UNAUTHORIZED, Some(text))
    } else {
        (StatusCode::FORBIDDEN, None)
    };
    ApiProblem {
        reasons: reasons
            .iter()
            .map(|reason| json!({ "code": reason.code, "sentence": reason.sentence, "remedy": reason.remedy }))
            .collect(),
        challenge,
        ..ApiProblem::new(status, code, message)
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let request_id = token(&SystemRandom::new(), 9);
        let body = json!({
            "error": self.code,
            "code": self.code,
            "message": self.message,
            "reasons": self.reasons,
            "request_id": request_id,
        });
        tracing::info!(
            status = self.status.as_u16(),
            code = self.code,
            request.id = request_id,
            "refused"
        );
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(value) = self
            .challenge
            .and_then(|challenge| HeaderValue::from_str(&challenge).ok())
        {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}
