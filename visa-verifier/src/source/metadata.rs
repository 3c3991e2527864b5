//! [`Metadata`]: the endpoints of issuers that are configured here, by discovery, kept a while (CLH-15, CLH-16).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use moka::sync::Cache;
use serde::Deserialize;
use url::Url;

use crate::seam::{Clock, Fetch, FetchError, FetchUrl, Limit, Timestamp};
use crate::token::{Issuer, json, limits};

/// Issuers remembered.
const ISSUERS: u64 = 1_000;
/// A discovery document is used this long without asking again.
const FRESH: Duration = Duration::from_secs(3_600);
/// After a failure the issuer is left alone this long.
const PAUSE: Duration = Duration::from_secs(60);

/// Where an endpoint is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Endpoint {
    /// Where the broker's discovery document says.
    Discovered,
    /// Here.
    At(Url),
}

/// Endpoints of issuers, cached. It asks only about issuers that it is asked for: who asks has them in configuration.
#[derive(Clone)]
pub struct Metadata {
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    loopback_http: bool,
    known: Cache<Issuer, Arc<tokio::sync::Mutex<Known>>>,
}

#[derive(Debug, Default)]
struct Known {
    good: Option<(Document, Timestamp)>,
    failed: Option<(FetchError, Timestamp)>,
}

#[derive(Clone, Debug, Deserialize)]
struct Document {
    issuer: String,
    #[serde(default)]
    token_endpoint: Option<String>,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
}

impl Metadata {
    /// Nothing known yet. `loopback_http` lets `http://` to this very machine by (demo and tests).
    #[must_use]
    pub fn new(fetch: Arc<dyn Fetch>, clock: Arc<dyn Clock>, loopback_http: bool) -> Self {
        Self {
            fetch,
            clock,
            loopback_http,
            known: Cache::new(ISSUERS),
        }
    }

    /// The token endpoint of `issuer`.
    pub async fn token_endpoint(&self, issuer: &Issuer) -> Result<Url, FetchError> {
        let document = self.document(issuer).await?;
        self.url(issuer, document.token_endpoint.as_deref(), "it names no token endpoint")
    }

    /// The UserInfo endpoint of `issuer`.
    pub async fn userinfo_endpoint(&self, issuer: &Issuer) -> Result<Url, FetchError> {
        let document = self.document(issuer).await?;
        let endpoint = document.userinfo_endpoint.as_deref();
        self.url(issuer, endpoint, "it names no UserInfo endpoint")
    }

    fn url(&self, issuer: &Issuer, text: Option<&str>, lacking: &str) -> Result<Url, FetchError> {
        let text = text.ok_or_else(|| FetchError::Document {
            host: host(issuer),
            why: lacking.to_owned(),
        })?;
        FetchUrl::parse(text, self.loopback_http).map(|url| url.url().clone())
    }

    async fn document(&self, issuer: &Issuer) -> Result<Document, FetchError> {
        let slot = self.known.get_with(issuer.clone(), Arc::default);
        // held across the fetch: one at a time for an issuer
        let mut known = slot.lock().await;
        let now = self.clock.now();
        if let Some((document, at)) = &known.good
            && now.since(*at) < FRESH
        {
            return Ok(document.clone());
        }
        let resting = |at: Timestamp| now.since(at) < PAUSE;
        let fetched = match &known.failed {
            Some((error, at)) if resting(*at) => Err(error.clone()),
            Some(_) | None => {
                let fetched = self.fetched(issuer).await;
                known.failed = fetched.as_ref().err().map(|error| (error.clone(), now));
                fetched
            }
        };
        match (fetched, &known.good) {
            (Ok(document), _) => {
                known.good = Some((document.clone(), now));
                Ok(document)
            }
            // where an endpoint is changes seldom, and the call itself will tell
            (Err(_), Some((document, _))) => Ok(document.clone()),
            (Err(error), None) => Err(error),
        }
    }

    /// BRK-26, BRK-27: at the issuer without its final slash; it must name the very issuer.
    async fn fetched(&self, issuer: &Issuer) -> Result<Document, FetchError> {
        let base = issuer.as_str().trim_end_matches('/');
        let url = FetchUrl::parse(&format!("{base}/.well-known/openid-configuration"), self.loopback_http)?;
        let unusable = |why: String| FetchError::Document {
            host: url.host().to_owned(),
            why,
        };
        let request = Request::get(url.url().as_str())
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|e| unusable(e.to_string()))?;
        let answer = self.fetch.send(request, Limit::DOCUMENT).await?;
        if answer.status != StatusCode::OK {
            return Err(FetchError::Status {
                host: url.host().to_owned(),
                status: answer.status.as_u16(),
            });
        }
        let document: Document = json::parse(&answer.body, Limit::DOCUMENT.bytes, limits::DOCUMENT_DEPTH)
            .map_err(|e| unusable(e.to_string()))?;
        if document.issuer != issuer.as_str() {
            return Err(unusable("its `issuer` is another".to_owned()));
        }
        Ok(document)
    }
}

fn host(issuer: &Issuer) -> String {
    Url::parse(issuer.as_str())
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("issuers", &self.known.entry_count())
            .finish_non_exhaustive()
    }
}
