//! [`document`]: a JSON document of another server, or why there is none.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Request, StatusCode};

use super::fetch::{Fetch, Limit, Peer};
use super::fetch_error::FetchError;
use super::fetch_url::FetchUrl;

/// A document: 200, JSON by its content type, read to its end. Its body is not parsed yet.
#[derive(Clone, Debug)]
pub struct Document {
    /// The host that served it, for messages.
    pub host: String,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What the connection showed.
    pub peer: Peer,
}

/// Asks for the JSON document at `url`. Everything but a 200 with a JSON content type is an error: a redirect too, since
/// none is followed (the address that the trust names is the address that is believed).
pub async fn document(fetch: &dyn Fetch, url: &FetchUrl, limit: Limit) -> Result<Document, FetchError> {
    let host = url.host().to_owned();
    let request = Request::get(url.url().as_str())
        .header(ACCEPT, "application/jwk-set+json, application/json")
        .body(Bytes::new())
        .map_err(|e| FetchError::Document {
            host: host.clone(),
            why: e.to_string(),
        })?;
    let (answer, peer) = fetch.inspect(request, limit).await?;
    if answer.status != StatusCode::OK {
        return Err(FetchError::Status {
            host,
            status: answer.status.as_u16(),
        });
    }
    let said = answer.headers.get(CONTENT_TYPE).map(|value| value.to_str());
    match said {
        Some(Ok(kind)) if is_json(kind) => Ok(Document {
            host,
            headers: answer.headers,
            body: answer.body,
            peer,
        }),
        Some(kind) => Err(FetchError::ContentType {
            host,
            kind: kind.map_or_else(|_| "no text".to_owned(), |kind| kind.chars().take(60).collect()),
        }),
        None => Err(FetchError::ContentType {
            host,
            kind: "no content type".to_owned(),
        }),
    }
}

/// `application/json` and what ends in `+json` (`application/jwk-set+json`); `text/plain` is not: who serves keys says so.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let Some((kind, sub)) = essence.split_once('/') else {
        return false;
    };
    let token = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let sub = sub.to_ascii_lowercase();
    kind.eq_ignore_ascii_case("application") && token(&sub) && (sub == "json" || sub.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_json() {
        for (kind, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/jwk-set+json", true),
            ("application/entity-statement+json", true),
            (" application/json ", true),
            ("text/json", false),
            ("text/plain", false),
            ("text/html", false),
            ("application/octet-stream", false),
            ("application/jsonp", false),
            ("application/json, text/html", false),
            ("application/x y+json", false),
            ("json", false),
            ("", false),
        ] {
            assert_eq!(is_json(kind), json, "{kind}");
        }
    }
}
