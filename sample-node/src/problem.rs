//! Errors of the three APIs, and the credential that all three demand.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::Credential;

/// An error in a body that the clients of all three APIs read: `msg` and `status_code` are DRS's and WES's, `error`
/// is what TES servers send, `code` is stable.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "sample.not_found", format!("{what} not found"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "msg": self.message, "message": self.message, "error": self.message,
            "status_code": self.status.as_u16(), "status": self.status.as_u16(), "code": self.code,
        });
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let headers = response.headers_mut();
            headers.insert(
                header::WWW_AUTHENTICATE,
                header::HeaderValue::from_static("Bearer realm=\"sample\""),
            );
        }
        response
    }
}

/// The bearer credential of a request, if there is exactly one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Lets nobody pass who does not show the credential.
pub(crate) async fn demand(State(credential): State<Credential>, request: Request, next: Next) -> Response {
    match bearer(request.headers()) {
        Some(shown) if credential.is(shown) => next.run(request).await,
        _ => Problem::new(
            StatusCode::UNAUTHORIZED,
            "sample.credential",
            "this sample server takes calls of the gate only",
        )
        .into_response(),
    }
}

/// What is not routed.
pub(crate) async fn unknown_route() -> Problem {
    Problem::missing("route")
}
