//! [`KeyStore`]: keys of issuers, fetched through the seam and kept (D1, CLH-16).
//!
//! One fetch at a time per server; an unknown `kid` asks again at most once a minute per issuer; who failed rests,
//! longer each time, and so does its host; keys that cannot be renewed count until their grace ends, and say so. All
//! that is remembered is bounded, whatever tokens come.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::backoff::Growth;
use super::bounded::Bounded;
use super::hosts::Hosts;
use super::served::{lifetime, served};
use super::server::{KeyRequest, KeyServer};
use super::slot::{Kept, Look, Slot};
use super::supplied::Supplied;
use crate::seam::{Clock, Fetch, FetchError, Random, SystemRandom, Timestamp};
use crate::token::Issuer;
use crate::verify::VerifiedTokens;

/// How keys are kept. The defaults are good for most.
#[derive(Clone, Debug)]
pub struct KeyStoreSettings {
    /// How long a set is used without asking again if its server does not say (`Cache-Control`). Default 15 min.
    pub fresh: Duration,
    /// The least of that, whatever the server says (`no-store` too). Default 60 s.
    pub fresh_least: Duration,
    /// The most of that, whatever the server says. Default 24 h; never more than half of the grace, so that an
    /// outage is bridged and no key outlives its server's silence by more than the grace.
    pub fresh_most: Duration,
    /// At least this long between two fetches from one server, and between two fetches for an unknown `kid` of one
    /// issuer, however many tokens come. Default 60 s.
    pub pause: Duration,
    /// The longest rest of a server or host that fails again and again. Default 15 min.
    pub rest_most: Duration,
    /// How many servers, hosts and issuers are remembered. Default 1,000 each.
    pub servers: usize,
    /// `http://` to loopback addresses (demo and tests). Default no.
    pub allow_loopback_http: bool,
    /// Where the jitter of rests comes from. Default: the system.
    pub random: Arc<dyn Random>,
}

impl Default for KeyStoreSettings {
    fn default() -> Self {
        Self {
            fresh: Duration::from_secs(900),
            fresh_least: Duration::from_secs(60),
            fresh_most: Duration::from_secs(24 * 3_600),
            pause: Duration::from_secs(60),
            rest_most: Duration::from_secs(900),
            servers: 1_000,
            allow_loopback_http: false,
            random: Arc::new(SystemRandom::new()),
        }
    }
}

impl KeyStoreSettings {
    /// How long a set is fresh whose server says `lifetime` seconds, for an entry of this grace.
    pub(super) fn fresh_for(&self, lifetime: Option<u64>, grace: Duration) -> Duration {
        let most = self.fresh_most.min(grace / 2).max(self.fresh_least);
        lifetime
            .map_or(self.fresh, Duration::from_secs)
            .clamp(self.fresh_least, most)
    }

    const fn growth(&self) -> Growth {
        Growth {
            first: self.pause,
            most: self.rest_most,
        }
    }
}

/// How much a [`KeyStore`] remembers of servers: for metrics, and to see that nothing grows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KeyStoreState {
    /// Key servers.
    pub servers: usize,
    /// Hosts that failed at some time.
    pub hosts: usize,
    /// Issuers of which an unknown `kid` was looked for.
    pub issuers: usize,
}

/// Keys of issuers, cached. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct KeyStore(Arc<Inner>);

struct Inner {
    hosts: Hosts,
    settings: KeyStoreSettings,
    slots: Bounded<KeyServer, Arc<Slot>>,
    /// When an unknown `kid` of an issuer was last looked for, at whichever of its servers.
    looked: Bounded<Issuer, Option<Timestamp>>,
    memory: VerifiedTokens,
}

impl KeyStore {
    /// An empty store.
    #[must_use]
    pub fn new(fetch: Arc<dyn Fetch>, clock: Arc<dyn Clock>, settings: KeyStoreSettings) -> Self {
        Self(Arc::new(Inner {
            hosts: Hosts {
                fetch,
                clock,
                random: Arc::clone(&settings.random),
                growth: settings.growth(),
                known: Bounded::new(settings.servers),
            },
            slots: Bounded::new(settings.servers),
            looked: Bounded::new(settings.servers),
            memory: VerifiedTokens::default(),
            settings,
        }))
    }

    /// The keys of a server: from the cache if they are fresh and hold the asked `kid`; else fetched, if it may be
    /// asked; else, if the server fails, the old ones until their grace ends. Fresh keys without the `kid` are an
    /// answer too: the issuer does not have it, as far as we may ask.
    pub async fn get(&self, request: &KeyRequest) -> Result<Supplied, FetchError> {
        let inner = &self.0;
        let slot = inner.slots.with(&request.server, |slot| Arc::clone(slot));
        let flight = match inner.look(&slot, request) {
            Look::Good(supplied) => return Ok(supplied),
            // while another fetches, who can live by the grace does not wait
            Look::Old(supplied) => match Arc::clone(&slot.flight).try_lock_owned() {
                Ok(flight) => flight,
                Err(_) => return Ok(supplied),
            },
            Look::WithoutKid(_) | Look::Nothing(_) => Arc::clone(&slot.flight).lock_owned().await,
        };
        // another may have fetched meanwhile
        let look = inner.look(&slot, request);
        if !inner.may_fetch(&slot, request, &look) {
            return answer(look);
        }
        // on its own task: a caller that hangs up must not leave a server marked as asked and nothing known
        let (store, asked, server) = (self.clone(), Arc::clone(&slot), request.server.clone());
        let fetching = tokio::spawn(async move {
            let _flight = flight;
            store.0.fetch_into(&asked, &server).await;
        });
        if fetching.await.is_err() {
            tracing::error!(server = %request.server, "fetching keys ended early");
        }
        answer(inner.look(&slot, request))
    }

    /// Visas that these keys verified before; who drives a verification with this store uses it.
    #[must_use]
    pub fn memory(&self) -> &VerifiedTokens {
        &self.0.memory
    }

    /// How much is remembered.
    #[must_use]
    pub fn state(&self) -> KeyStoreState {
        KeyStoreState {
            servers: self.0.slots.len(),
            hosts: self.0.hosts.known.len(),
            issuers: self.0.looked.len(),
        }
    }
}

impl Inner {
    fn look(&self, slot: &Slot, request: &KeyRequest) -> Look {
        slot.known().look(request, self.hosts.clock.now(), &self.settings)
    }

    /// Whether a fetch is due and allowed. Looking for an unknown `kid` uses up the issuer's turn.
    fn may_fetch(&self, slot: &Slot, request: &KeyRequest, look: &Look) -> bool {
        let now = self.hosts.clock.now();
        if matches!(look, Look::Good(_)) || !slot.known().may_ask(now, &self.settings) {
            return false;
        }
        if !matches!(look, Look::WithoutKid(_)) {
            return true;
        }
        self.looked.with(request.server.issuer(), |looked| {
            let due = looked.is_none_or(|before| now < before || now.since(before) >= self.settings.pause);
            if due {
                *looked = Some(now);
            }
            due
        })
    }

    async fn fetch_into(&self, slot: &Slot, server: &KeyServer) {
        let at = self.hosts.clock.now();
        slot.known().asked = Some(at);
        let result = served(server, &self.hosts, self.settings.allow_loopback_http).await;
        let mut known = slot.known();
        match result {
            Ok(served) => {
                known.keys = Some(Kept {
                    lifetime: lifetime(&served.document.headers),
                    keys: served.keys,
                    at,
                });
                known.failure = None;
                known.backoff.succeeded();
            }
            Err(error) => {
                tracing::warn!(server = %server, code = error.code(), "keys could not be fetched: {error}");
                // a host that rests was not asked: its own rest is enough
                if !matches!(error, FetchError::Resting { .. }) {
                    let random = self.hosts.random.as_ref();
                    known.backoff.failed(at, self.settings.growth(), random);
                }
                known.failure = Some(error);
            }
        }
    }
}

/// What a request gets in the end.
fn answer(look: Look) -> Result<Supplied, FetchError> {
    match look {
        Look::Good(supplied) | Look::WithoutKid(supplied) | Look::Old(supplied) => Ok(supplied),
        Look::Nothing(why) => Err(why),
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore")
            .field("settings", &self.0.settings)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
