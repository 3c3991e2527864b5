//! [`Metadata`]: the endpoints of issuers that are configured here, by discovery, kept a while (CLH-15, CLH-16).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use url::Url;

use crate::keys::{Discovery, discover};
use crate::seam::{Clock, Fetch, FetchError, FetchUrl, Timestamp};
use crate::token::Issuer;

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
    good: Option<(Discovery, Timestamp)>,
    failed: Option<(FetchError, Timestamp)>,
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

    async fn document(&self, issuer: &Issuer) -> Result<Discovery, FetchError> {
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
                let fetched = discover(issuer, self.fetch.as_ref(), self.loopback_http).await;
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
