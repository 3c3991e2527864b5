//! [`KeyStore`]: keys of issuers, fetched through the seam and kept: refreshed on an unknown `kid` (seldom),
//! good for a grace that ends when the server cannot be reached, one fetch at a time per server (D1, CLH-16).

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use moka::sync::Cache;
use serde::Deserialize;

use super::server::{KeyRequest, KeyServer};
use super::set::KeySet;
use super::supplied::{Stale, Supplied};
use crate::seam::{Clock, Fetch, FetchError, FetchUrl, Limit, Timestamp};
use crate::token::{Issuer, json, limits};
use crate::verify::VerifiedTokens;

/// How keys are kept. The defaults are good for most.
#[derive(Clone, Debug)]
pub struct KeyStoreSettings {
    /// How long a fetched set is used without asking again. Default 15 min; the grace counts from the same fetch.
    pub fresh: Duration,
    /// At least this long between two fetches from one server, however many unknown `kid`s come. Default 60 s.
    pub pause: Duration,
    /// How many servers are remembered. Default 1,000.
    pub servers: u64,
    /// `http://` to loopback addresses (demo and tests). Default no.
    pub allow_loopback_http: bool,
}

impl Default for KeyStoreSettings {
    fn default() -> Self {
        Self {
            fresh: Duration::from_secs(900),
            pause: Duration::from_secs(60),
            servers: 1_000,
            allow_loopback_http: false,
        }
    }
}

/// Keys of issuers, cached. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct KeyStore {
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    settings: KeyStoreSettings,
    slots: Cache<KeyServer, Arc<Slot>>,
    memory: VerifiedTokens,
}

/// What is known of one server.
#[derive(Debug, Default)]
struct Slot {
    // INVARIANT: never held across an await; who holds it only reads or writes the few fields.
    known: Mutex<Known>,
    // Its lock is the single flight: held across one fetch, never by who finds what it needs in `known`.
    flight: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    keys: Option<(KeySet, Timestamp)>,
    asked: Option<Timestamp>,
    failure: Option<FetchError>,
}

impl Slot {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyStore {
    /// An empty store.
    #[must_use]
    pub fn new(fetch: Arc<dyn Fetch>, clock: Arc<dyn Clock>, settings: KeyStoreSettings) -> Self {
        let slots = Cache::new(settings.servers);
        Self {
            fetch,
            clock,
            settings,
            slots,
            memory: VerifiedTokens::default(),
        }
    }

    /// Visas that these keys verified before; who drives a verification with this store uses it.
    #[must_use]
    pub const fn memory(&self) -> &VerifiedTokens {
        &self.memory
    }

    /// The keys of a server: from the cache if they are fresh and hold the asked `kid`; else fetched, at most once
    /// a pause; else, if the server fails, the old ones until their grace ends.
    pub async fn get(&self, request: &KeyRequest) -> Result<Supplied, FetchError> {
        let slot = self.slots.get_with(request.server.clone(), Arc::default);
        let good = self.good(&slot.known(), request);
        if let Some(good) = good {
            return Ok(good);
        }
        let flight = match Arc::clone(&slot.flight).try_lock_owned() {
            Ok(flight) => flight,
            Err(_) => {
                // while another fetches, who can live by the grace does not wait
                let known = slot.known().clone();
                match self.old(&known, request) {
                    Ok(old) => return Ok(old),
                    Err(_) => Arc::clone(&slot.flight).lock_owned().await,
                }
            }
        };
        let known = slot.known().clone();
        if let Some(good) = self.good(&known, request) {
            return Ok(good);
        }
        let now = self.clock.now();
        if known.asked.is_some_and(|asked| now.since(asked) < self.settings.pause) {
            return self.old(&known, request);
        }
        // on its own task: a caller that hangs up must not leave a server marked as asked and nothing known
        let (store, asked, request_server) = (self.clone(), Arc::clone(&slot), request.server.clone());
        let fetching = tokio::spawn(async move {
            let _flight = flight;
            store.fetch_into(&asked, &request_server).await;
        });
        if fetching.await.is_err() {
            tracing::error!(server = %request.server, "fetching keys ended early");
        }
        let known = slot.known().clone();
        self.good(&known, request).map_or_else(|| self.old(&known, request), Ok)
    }

    async fn fetch_into(&self, slot: &Slot, server: &KeyServer) {
        let now = self.clock.now();
        slot.known().asked = Some(now);
        let fetched = self.fetched(server).await;
        let mut known = slot.known();
        match fetched {
            Ok(keys) => {
                known.keys = Some((keys, now));
                known.failure = None;
            }
            Err(error) => {
                tracing::warn!(server = %server, code = error.code(), "keys could not be fetched: {error}");
                known.failure = Some(error);
            }
        }
    }

    /// Fresh keys that hold the asked `kid`.
    fn good(&self, known: &Known, request: &KeyRequest) -> Option<Supplied> {
        let (keys, at) = known.keys.as_ref()?;
        let fresh = self.clock.now().since(*at) < self.settings.fresh;
        let holds = request.kid.as_ref().is_none_or(|kid| keys.has(kid));
        (fresh && holds).then(|| keys.clone().into())
    }

    /// The second best: fresh keys without the `kid` (the issuer does not have it, as far as we may ask), or older
    /// ones inside of their grace.
    fn old(&self, known: &Known, request: &KeyRequest) -> Result<Supplied, FetchError> {
        let resting = || FetchError::Resting {
            host: request.server.to_string(),
        };
        let Some((keys, at)) = &known.keys else {
            return Err(known.failure.clone().unwrap_or_else(resting));
        };
        let age = self.clock.now().since(*at);
        if age < self.settings.fresh {
            Ok(keys.clone().into())
        } else if age < request.grace {
            Ok(Supplied {
                keys: keys.clone(),
                stale: Some(Stale {
                    since: *at,
                    until: at.plus(request.grace),
                }),
                until: Some(at.plus(request.grace)),
            })
        } else {
            Err(known.failure.clone().unwrap_or_else(resting))
        }
    }

    async fn fetched(&self, server: &KeyServer) -> Result<KeySet, FetchError> {
        let url = match server {
            KeyServer::Jku { url, .. } => url.clone(),
            KeyServer::Discovery { issuer } => self.discovered(issuer).await?,
        };
        let (host, body) = self.document(&url).await?;
        KeySet::from_slice(&body).map_err(|e| FetchError::Document {
            host,
            why: e.to_string(),
        })
    }

    /// The `jwks_uri` of the discovery document, which must name the very issuer (BRK-26, BRK-27).
    async fn discovered(&self, issuer: &Issuer) -> Result<String, FetchError> {
        #[derive(Deserialize)]
        struct Metadata {
            issuer: String,
            jwks_uri: String,
        }
        let base = issuer.as_str().trim_end_matches('/');
        let (host, body) = self
            .document(&format!("{base}/.well-known/openid-configuration"))
            .await?;
        let unusable = |why: String| FetchError::Document {
            host: host.clone(),
            why,
        };
        let metadata: Metadata =
            json::parse(&body, Limit::DOCUMENT.bytes, limits::DOCUMENT_DEPTH).map_err(|e| unusable(e.to_string()))?;
        if metadata.issuer != issuer.as_str() {
            return Err(unusable("its `issuer` is another".to_owned()));
        }
        Ok(metadata.jwks_uri)
    }

    async fn document(&self, url: &str) -> Result<(String, Bytes), FetchError> {
        let url = FetchUrl::parse(url, self.settings.allow_loopback_http)?;
        let host = url.host().to_owned();
        let request = http::Request::get(url.url().as_str())
            .header(http::header::ACCEPT, "application/jwk-set+json, application/json")
            .body(Bytes::new())
            .map_err(|e| FetchError::Document {
                host: host.clone(),
                why: e.to_string(),
            })?;
        let answer = self.fetch.send(request, Limit::DOCUMENT).await?;
        if answer.status != http::StatusCode::OK {
            return Err(FetchError::Status {
                host,
                status: answer.status.as_u16(),
            });
        }
        Ok((host, answer.body))
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore")
            .field("settings", &self.settings)
            .field("servers", &self.slots.entry_count())
            .finish_non_exhaustive()
    }
}
