//! UserInfo with an access token as bearer (OIDC Core §5.3.1; AAI 1.2 "UserInfo").

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use url::Url;

use super::answer::{header, later, refusal};
use super::error::SourceError;
use crate::seam::{Fetch, FetchError, Fetched, Limit};

/// Asks `endpoint`, whatever it answers.
pub(super) async fn call(fetch: &dyn Fetch, endpoint: &Url, bearer: &str) -> Result<Fetched, FetchError> {
    let unusable = || FetchError::Document {
        host: endpoint.host_str().unwrap_or_default().to_owned(),
        why: "the request could not be made".to_owned(),
    };
    let mut value = HeaderValue::try_from(format!("Bearer {bearer}")).map_err(|_| unusable())?;
    value.set_sensitive(true);
    let request = Request::get(endpoint.as_str())
        .header(header::AUTHORIZATION, value)
        .header(header::ACCEPT, "application/json, application/jwt;q=0.5")
        .body(Bytes::new())
        .map_err(|_| unusable())?;
    fetch.send(request, Limit::TOKENS).await
}

/// Asks for an access token's visas: content type and body of a success.
pub(super) async fn visas(
    fetch: &dyn Fetch,
    endpoint: &Url,
    access_token: &str,
) -> Result<(String, Bytes), SourceError> {
    let answer = call(fetch, endpoint, access_token)
        .await
        .map_err(SourceError::Unreachable)?;
    let status = answer.status;
    if status == StatusCode::OK {
        let kind = header(&answer.headers, header::CONTENT_TYPE).to_owned();
        return Ok((kind, answer.body));
    }
    let error = refusal(&answer.body);
    tracing::warn!(status = status.as_u16(), %error, "the broker refused UserInfo");
    let told = || {
        if error.is_empty() {
            status.as_u16().to_string()
        } else {
            error.clone()
        }
    };
    // RFC 6750 §3.1
    Err(match status {
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SourceError::Refused(told()),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
            SourceError::Unsupported(told())
        }
        other => later(&answer).unwrap_or_else(|| SourceError::Answer(format!("it has status {}", other.as_u16()))),
    })
}
