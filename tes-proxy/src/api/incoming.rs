//! A request after the entry: nothing of it is believed beyond what stands in these fields.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::{limits, problem::Problem};

use super::{Query, Segment, parse_json, parse_wire};

/// One request, its target parsed.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// Ours, in every answer and event.
    pub(crate) request_id: String,
    /// The method; HEAD is answered as GET without body.
    pub(crate) method: Method,
    /// The path as it came.
    pub(crate) path: String,
    /// The decoded segments.
    pub(crate) segments: Vec<Segment>,
    /// The query, raw.
    pub(crate) query: Option<String>,
    /// The headers as they came.
    pub(crate) headers: HeaderMap,
    /// The address of the peer of the connection.
    pub(crate) address: Option<IpAddr>,
    /// The peer showed a certificate of a compute node.
    pub(crate) certified: bool,
}

impl Incoming {
    /// The text of a segment.
    pub(crate) fn segment(&self, at: usize) -> &str {
        self.segments.get(at).map_or("", |segment| segment.text.as_str())
    }

    /// The query by the route's known keys.
    ///
    /// # Errors
    /// A [`Problem`] 400 for an unknown or doubled key.
    pub(crate) fn query(&self, once: &[&'static str], many: &[&'static str]) -> Result<Query, Problem> {
        Ok(Query::parse(self.query.as_deref(), once, many)?)
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "request.too_large",
        format!("the body is larger than {limit} bytes"),
    )
}

/// The whole body, at most `limit` bytes, of exactly this content type.
///
/// # Errors
/// 413 before more than `limit` bytes are read, 415 for another type or an encoding, 408 when it does not come.
pub(crate) async fn body(headers: &HeaderMap, body: Body, types: &[&str], limit: usize) -> Result<Bytes, Problem> {
    content_type(headers, types)?;
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let collected = tokio::time::timeout(limits::BODY_TIME, Limited::new(body, limit).collect()).await;
    match collected {
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "request.slow",
            "the body did not arrive in time",
        )),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(_)) => Err(Problem::refused("request.body", "the body could not be read")),
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
    }
}

/// The body as strict JSON.
///
/// # Errors
/// As [`body`], and 400 for what [`parse_json`] refuses.
pub(crate) async fn json_body<T: DeserializeOwned>(headers: &HeaderMap, bytes: Body) -> Result<T, Problem> {
    let bytes = body(headers, bytes, &["application/json"], limits::API_BYTES).await?;
    Ok(parse_json(&bytes)?)
}

/// The same for a body of DRS or TES, where no member may be `null`.
///
/// # Errors
/// As [`json_body`], and 400 for a `null`.
pub(crate) async fn wire_body<T: DeserializeOwned>(headers: &HeaderMap, bytes: Body) -> Result<T, Problem> {
    let bytes = body(headers, bytes, &["application/json"], limits::API_BYTES).await?;
    Ok(parse_wire(&bytes)?)
}

/// No body: none at all, or what the interface lets stand for none, `{}`.
///
/// # Errors
/// As [`json_body`], and 400 for anything that is there.
pub(crate) async fn no_body(headers: &HeaderMap, bytes: Body) -> Result<(), Problem> {
    if bytes.is_end_stream() && !headers.contains_key(header::CONTENT_ENCODING) {
        return Ok(());
    }
    if !headers.contains_key(header::CONTENT_TYPE) {
        // what is announced and then is nothing has no type
        let mut headers = headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return nothing(&body(&headers, bytes, &["application/json"], limits::NO_BODY_BYTES).await?);
    }
    nothing(&body(headers, bytes, &["application/json"], limits::NO_BODY_BYTES).await?)
}

fn nothing(bytes: &Bytes) -> Result<(), Problem> {
    if bytes.is_empty() {
        return Ok(());
    }
    let members: BTreeMap<String, serde_json::Value> = parse_json(bytes)?;
    if members.is_empty() {
        return Ok(());
    }
    Err(Problem::refused("request.body", "this route takes no body, or `{}`"))
}

fn content_type(headers: &HeaderMap, types: &[&str]) -> Result<(), Problem> {
    let unsupported = |code, sentence: String| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, sentence);
    if headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(unsupported(
            "request.encoding",
            "an encoded body is not accepted; send it as it is".to_owned(),
        ));
    }
    let expected = || {
        unsupported(
            "request.content_type",
            format!("the body must be {}", types.join(" or ")),
        )
    };
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let value = values.next().ok_or_else(expected)?;
    if values.next().is_some() {
        return Err(Problem::refused(
            "request.headers",
            "a header that says how to read the body stands twice",
        ));
    }
    let value = value.to_str().map_err(|_| expected())?;
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    if !types.iter().any(|known| essence.trim().eq_ignore_ascii_case(known)) {
        return Err(expected());
    }
    for parameter in parameters
        .split(';')
        .map(str::trim)
        .filter(|parameter| !parameter.is_empty())
    {
        let (name, value) = parameter.split_once('=').ok_or_else(expected)?;
        match name.trim().to_ascii_lowercase().as_str() {
            "charset" if value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8") => {}
            "boundary" if essence.trim().eq_ignore_ascii_case("multipart/form-data") => {}
            _ => return Err(expected()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e7_the_content_type_is_the_routes_own() {
        let cases: [(&str, &[&str], u16); 9] = [
            ("plain", &["application/json"], 200),
            ("with utf-8", &["application/json; charset=UTF-8"], 200),
            ("another charset", &["application/json; charset=utf-16"], 415),
            ("text", &["text/plain"], 415),
            ("a form", &["application/x-www-form-urlencoded"], 415),
            ("none", &[], 415),
            ("two", &["application/json", "application/json"], 400),
            ("a profile", &["application/json; profile=x"], 415),
            ("a boundary on JSON", &["application/json; boundary=x"], 415),
        ];
        for (name, values, taken) in cases {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_TYPE, value.parse().unwrap());
            }
            let got = content_type(&headers, &["application/json"]);
            assert_eq!(
                got.map_or_else(|problem| problem.status.as_u16(), |()| 200),
                taken,
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn e6_an_encoded_body_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
        let problem = body(&headers, Body::from("{}"), &["application/json"], 10)
            .await
            .unwrap_err();
        assert_eq!(
            (problem.status.as_u16(), problem.code.as_ref()),
            (415, "request.encoding")
        );
    }

    #[tokio::test]
    async fn e5_a_body_over_its_limit_is_413_whether_it_says_so_or_not() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        let problem = body(&headers, Body::from("12345678901"), &["application/json"], 10)
            .await
            .unwrap_err();
        assert_eq!(problem.status.as_u16(), 413);
        headers.insert(header::CONTENT_LENGTH, "104857600".parse().unwrap());
        let never = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let problem = body(&headers, never, &["application/json"], 10).await.unwrap_err();
        assert_eq!(problem.status.as_u16(), 413, "answered without reading");
    }
}
