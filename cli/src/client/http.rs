//! Plain requests of the command line, through the one hardened outgoing client.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header, request::Builder};
use serde_json::Value;
use visa_verifier::seam::{Fetch, FetchError, FetchSettings, HttpsFetch, Limit};

use crate::error::CommandError;

/// One answer may take this long and be this large; files are fetched piece by piece by their own command.
const LIMIT: Limit = Limit {
    time: Duration::from_secs(60),
    idle: Duration::from_secs(30),
    bytes: 64 << 20,
};

/// Calls to one node and its login providers.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    fetch: Arc<dyn Fetch>,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// Status.
    pub(crate) status: StatusCode,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// Body.
    pub(crate) body: Bytes,
    /// Who answered: scheme, host and path, without the query (it may hold what is secret).
    from: String,
}

impl Reply {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, `null` if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Where a redirect leads.
    pub(crate) fn redirect(&self) -> Option<String> {
        self.status
            .is_redirection()
            .then(|| self.headers.get(header::LOCATION))??
            .to_str()
            .ok()
            .map(str::to_owned)
    }

    /// The JSON of a successful answer; else what the server said, as an error of this command.
    ///
    /// # Errors
    /// 401 and 403 are "no" (exit 1), other 4xx "refused" (exit 2), the rest "could not find out" (exit 3).
    pub(crate) fn ok(self) -> Result<Value, CommandError> {
        if self.status.is_success() {
            return Ok(self.json());
        }
        Err(self.problem())
    }

    /// What the server said, in the shape that its API has.
    pub(crate) fn problem(&self) -> CommandError {
        let body = self.json();
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let code = text("code")
            .or_else(|| text("error"))
            .unwrap_or_else(|| format!("http.{}", self.status.as_u16()));
        let message = text("message")
            .or_else(|| text("msg"))
            .or_else(|| text("error_description"))
            .unwrap_or_else(|| format!("{} answered {}", self.from, self.status));
        let mut wrong = match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                CommandError::denied(code, message)
            }
            status if status.is_client_error() => CommandError::refused(code, message),
            _ => CommandError::unknown(code, message),
        };
        let remedies: Vec<String> = body
            .get("reasons")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|reason| reason.get("remedy").and_then(Value::as_str).map(str::to_owned))
            .filter(|remedy| !remedy.is_empty())
            .collect();
        if let Some(first) = remedies.first() {
            wrong = wrong.hint(first.clone());
        } else if self.status == StatusCode::UNAUTHORIZED {
            wrong = wrong.hint("log in again: visum login");
        }
        wrong
    }
}

impl Client {
    /// A client; `loopback_http` lets plain http to this very machine by (demo and tests).
    ///
    /// # Errors
    /// If the system's certificate authorities, or the file given, can't be read.
    pub(crate) fn new(loopback_http: bool, ca_file: Option<std::path::PathBuf>) -> Result<Self, CommandError> {
        let fetch = HttpsFetch::new(settings(loopback_http, ca_file))
            .map_err(|source| CommandError::unknown(source.code(), source.to_string()))?;
        Ok(Self { fetch: Arc::new(fetch) })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// If no answer comes (exit 3).
    pub(crate) async fn send(&self, request: Builder, body: Vec<u8>) -> Result<Reply, CommandError> {
        let request = request
            .body(Bytes::from(body))
            .map_err(|source| CommandError::refused("http.request", format!("the request can't be made: {source}")))?;
        let from = request.uri().to_string();
        let from = from.split('?').next().unwrap_or_default().to_owned();
        let answer = self.fetch.send(request, LIMIT).await.map_err(unreachable)?;
        Ok(Reply {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            from,
        })
    }

    /// `GET url`, with a bearer token if given.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) async fn get(&self, url: &str, token: Option<&str>) -> Result<Reply, CommandError> {
        self.send(
            bearer(http::Request::builder().method(Method::GET).uri(url), token),
            Vec::new(),
        )
        .await
    }

    /// `POST url` with JSON.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) async fn post(&self, url: &str, token: Option<&str>, body: &Value) -> Result<Reply, CommandError> {
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/json");
        self.send(bearer(request, token), body.to_string().into_bytes()).await
    }

    /// `POST url` with a form.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) async fn form(&self, url: &str, fields: &[(&str, &str)]) -> Result<Reply, CommandError> {
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(request, body.into_bytes()).await
    }
}

/// How this program calls a node: TLS verified, no redirect followed, no proxy of the environment.
pub(crate) fn settings(loopback_http: bool, ca_file: Option<std::path::PathBuf>) -> FetchSettings {
    FetchSettings {
        ca_file,
        allow_loopback_http: loopback_http,
        allow_private: true,
        ..FetchSettings::default()
    }
}

fn bearer(request: Builder, token: Option<&str>) -> Builder {
    match token {
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
}

fn unreachable(source: FetchError) -> CommandError {
    CommandError::unknown(source.code(), source.to_string()).hint("is the node up, and is the address right?")
}
