//! Answers: the agent's own, in a shape that each API's clients read, and the node's, without what belongs to one hop.

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

/// Headers of one hop (RFC 9110 §7.6.1), beside those that `Connection` names.
const HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What the agent says instead of the node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    words: String,
    wait: Option<u64>,
}

impl Refusal {
    /// With a status, a stable code and a sentence.
    pub(crate) fn new(status: StatusCode, code: &'static str, words: impl Into<String>) -> Self {
        Self {
            status,
            code,
            words: words.into(),
            wait: None,
        }
    }

    /// 503, to be tried again after so many seconds: what is away comes back, and a client that is told 401 would give up.
    pub(crate) fn later(code: &'static str, words: impl Into<String>, seconds: u64) -> Self {
        Self {
            wait: Some(seconds.max(1)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, words)
        }
    }

    /// Its status.
    #[cfg(test)]
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// Its code.
    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    /// Its sentence.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// The answer. TES reads `code` and `message`, DRS and WES `msg` and `status_code`.
    pub(crate) fn response(&self) -> Response {
        let body =
            json!({ "code": self.code, "message": self.words, "msg": self.words, "status_code": self.status.as_u16() });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Takes away what belongs to one hop.
pub(crate) fn strip_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP {
        headers.remove(name);
    }
}

/// A request's headers as the node gets them: nothing of the hop, of the caller's credential, or of where it came from.
pub(crate) fn outgoing(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    strip_hop(&mut kept);
    for name in [
        header::AUTHORIZATION,
        header::COOKIE,
        header::HOST,
        header::EXPECT,
        header::FORWARDED,
        header::VIA,
    ] {
        kept.remove(name);
    }
    for name in [
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        "dpop",
    ] {
        kept.remove(name);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_one_hop_and_no_credential_goes_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-mine"),
            ("x-mine", "1"),
            ("te", "trailers"),
            ("authorization", "Bearer secret"),
            ("cookie", "a=b"),
            ("host", "127.0.0.1:1"),
            ("x-forwarded-for", "192.0.2.1"),
            ("accept", "application/json"),
            ("visum-purpose", "e30"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let kept = outgoing(&headers);
        let names: Vec<&str> = kept.keys().map(HeaderName::as_str).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(kept.contains_key("accept") && kept.contains_key("visum-purpose"));
    }

    #[test]
    fn what_is_away_for_a_while_is_told_with_a_time() {
        let response = Refusal::later("agent.unreachable", "the node does not answer", 0).response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "1");
    }
}
