//! What endpoints answer, as far as exchange and UserInfo have it in common. Words of others are cut before they are
//! shown.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::error::SourceError;
use crate::seam::Fetched;
use crate::token::{json, limits};

/// The longest wait that an answer may ask of us.
const AFTER: Duration = Duration::from_secs(3_600);

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
}

/// A header as text; empty if it is not there or no text.
pub(super) fn header(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// Whether the body says that it is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = header(headers, header::CONTENT_TYPE);
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// The `error` member of a refusal (RFC 6749 §5.2), cut to what may be shown and logged.
pub(super) fn refusal(body: &[u8]) -> String {
    let refusal = json::parse::<Refusal>(body, limits::KEY_SET_BYTES, limits::DOCUMENT_DEPTH);
    word(&refusal.map(|r| r.error).unwrap_or_default())
}

/// A word of theirs, cut to what may be shown and logged.
pub(super) fn word(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(60).collect()
}

/// Statuses at which nothing is known yet; `None` for all others.
pub(super) fn later(answer: &Fetched) -> Option<SourceError> {
    let again = matches!(
        answer.status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
    ) || (answer.status.is_server_error() && answer.status != StatusCode::NOT_IMPLEMENTED);
    again.then(|| SourceError::Later {
        status: answer.status.as_u16(),
        after: header(&answer.headers, header::RETRY_AFTER)
            .trim()
            .parse()
            .ok()
            .map(|seconds| Duration::from_secs(seconds).min(AFTER)),
    })
}
