//! A [`Problem`] as each API shapes its errors; the only place that knows the shapes.

use axum::{body::Body, response::Response};
use http::{HeaderValue, Version, header};
use serde_json::{Map, Value, json};
use url::Url;

use crate::limits;

use super::{Api, Problem};

/// What the edge adds to every answer.
#[derive(Clone, Debug)]
pub(crate) struct Edge<'e> {
    /// The API that was called.
    pub(crate) api: Api,
    /// Ours, also in the log.
    pub(crate) request_id: &'e str,
    /// The configured public URL.
    pub(crate) origin: &'e Url,
    /// A reason phrase exists on HTTP/1 alone.
    pub(crate) version: Version,
}

/// The answer that tells of `problem`.
pub(crate) fn respond(problem: &Problem, edge: &Edge<'_>) -> Response {
    let mut body = body(problem, edge);
    body.insert("request_id".to_owned(), Value::from(edge.request_id));
    if let Some(decision) = &problem.denial.decision {
        body.insert("decision_id".to_owned(), Value::from(decision.as_str()));
    }
    if !problem.denial.reasons.is_empty() {
        body.insert(
            "reasons".to_owned(),
            serde_json::to_value(&problem.denial.reasons).unwrap_or_default(),
        );
    }
    // "come back later" of DRS has no body
    let waits = problem.status == http::StatusCode::ACCEPTED;
    let body = if waits {
        Body::empty()
    } else {
        Body::from(Value::Object(body).to_string())
    };
    let mut response = Response::new(body);
    *response.status_mut() = problem.status;
    let headers = response.headers_mut();
    if !waits {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(challenge) = problem.challenge
        && let Ok(value) = HeaderValue::from_str(&challenge.header(edge.origin))
    {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
    if let Some(nonce) = problem
        .denial
        .nonce
        .as_deref()
        .and_then(|text| HeaderValue::from_str(text).ok())
    {
        headers.insert("dpop-nonce", nonce);
    }
    if let Some(allow) = problem.allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    if let Some(receipt) = problem
        .denial
        .receipt
        .as_deref()
        .and_then(|text| HeaderValue::from_str(text).ok())
    {
        headers.insert("visum-audit", receipt);
    }
    if let Some(phrase) = phrase(problem, edge) {
        response.extensions_mut().insert(phrase);
    }
    response
}

fn body(problem: &Problem, edge: &Edge<'_>) -> Map<String, Value> {
    let status = problem.status.as_u16();
    let shaped = match edge.api {
        Api::Drs | Api::Wes => json!({"msg": problem.sentence, "status_code": status, "code": problem.code}),
        Api::Tes => json!({
            "error": problem.sentence, "message": problem.sentence, "status": status, "code": problem.code,
        }),
        Api::Trs => json!({"code": status, "message": problem.sentence, "error_code": problem.code}),
        Api::Registry => json!({
            "status": status, "title": problem.status.canonical_reason().unwrap_or("Error"),
            "detail": problem.sentence, "code": problem.code,
        }),
        Api::Own => json!({"error": problem.code, "code": problem.code, "message": problem.sentence}),
    };
    match shaped {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

/// `Forbidden: <code> <dataset> see <decision page>`: many TES and WES clients print nothing else (D15, E83).
fn phrase(problem: &Problem, edge: &Edge<'_>) -> Option<hyper::ext::ReasonPhrase> {
    let old = edge.version == Version::HTTP_11 || edge.version == Version::HTTP_10;
    if !old || problem.status != http::StatusCode::FORBIDDEN || !matches!(edge.api, Api::Tes | Api::Wes) {
        return None;
    }
    let mut text = format!("Forbidden: {}", problem.code);
    if let Some(dataset) = &problem.denial.dataset {
        text.push(' ');
        text.push_str(dataset);
    }
    if let Some(decision) = &problem.denial.decision {
        let page = format!(" see {}visum/v1/decisions/{decision}", edge.origin);
        if text.len().saturating_add(page.len()) <= limits::REASON_CHARS {
            text.push_str(&page);
        }
    }
    let clean: String = text
        .chars()
        .filter(|letter| (' '..='~').contains(letter))
        .take(limits::REASON_CHARS)
        .collect();
    hyper::ext::ReasonPhrase::try_from(clean.into_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn shaped(problem: &Problem, api: Api) -> (Value, Option<String>) {
        let origin = Url::parse("http://127.0.0.1:8081/").unwrap();
        let edge = Edge {
            api,
            request_id: "r1",
            origin: &origin,
            version: Version::HTTP_11,
        };
        let response = respond(problem, &edge);
        let phrase = response
            .extensions()
            .get::<hyper::ext::ReasonPhrase>()
            .map(|phrase| String::from_utf8(phrase.as_bytes().to_vec()).unwrap());
        let members = body(problem, &edge);
        (Value::Object(members), phrase)
    }

    #[test]
    fn each_api_has_its_own_error_shape() {
        let problem = Problem::new(StatusCode::FORBIDDEN, "consent.hold", "No.");
        let (drs, none) = shaped(&problem, Api::Drs);
        assert_eq!(drs, json!({"msg": "No.", "status_code": 403, "code": "consent.hold"}));
        assert_eq!(none, None, "DRS clients print the body");
        let (tes, phrase) = shaped(&problem, Api::Tes);
        assert_eq!(
            tes,
            json!({"error": "No.", "message": "No.", "status": 403, "code": "consent.hold"})
        );
        assert_eq!(phrase.as_deref(), Some("Forbidden: consent.hold"));
        let (trs, none) = shaped(&problem, Api::Trs);
        assert_eq!(
            trs,
            json!({"code": 403, "message": "No.", "error_code": "consent.hold"})
        );
        assert_eq!(none, None);
        assert_eq!(
            shaped(&problem, Api::Registry).0,
            json!({"status": 403, "title": "Forbidden", "detail": "No.", "code": "consent.hold"})
        );
        assert_eq!(shaped(&problem, Api::Own).0["error"], "consent.hold");
    }

    #[test]
    fn e83_the_reason_phrase_is_short_and_printable() {
        let mut problem = Problem::new(StatusCode::FORBIDDEN, "consent.approval_missing", "No.");
        problem.denial.dataset = Some("C\r\nX: y\u{e4}".to_owned());
        problem.denial.decision = Some("d".repeat(200));
        let phrase = shaped(&problem, Api::Wes).1.unwrap();
        assert_eq!(phrase, "Forbidden: consent.approval_missing CX: y");
        problem.denial.dataset = Some("C".repeat(500));
        assert_eq!(shaped(&problem, Api::Tes).1.unwrap().len(), limits::REASON_CHARS);
    }
}
