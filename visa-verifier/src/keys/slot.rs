//! [`Slot`]: what is known of one key server, and what may be answered from it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::backoff::Backoff;
use super::server::KeyRequest;
use super::set::KeySet;
use super::store::KeyStoreSettings;
use super::supplied::{Stale, Supplied};
use crate::seam::{FetchError, Timestamp};

/// A clock that was set back by more than this makes what was fetched "later" old, not young.
const BACKWARDS: Duration = Duration::from_secs(300);

/// What is known of one server.
#[derive(Debug, Default)]
pub(super) struct Slot {
    // INVARIANT: never held across an await; who holds it only reads or writes the few fields.
    known: Mutex<Known>,
    // Its lock is the single flight: held across one fetch, never by who finds what it needs in `known`.
    pub(super) flight: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The last good fetch.
    pub(super) keys: Option<Kept>,
    /// The last fetch.
    pub(super) asked: Option<Timestamp>,
    /// Why the last one failed: the negative cache.
    pub(super) failure: Option<FetchError>,
    /// How long a server that failed is left alone.
    pub(super) backoff: Backoff,
}

/// Keys, when they were fetched and for how many seconds their server says that they are good.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) keys: KeySet,
    pub(super) at: Timestamp,
    pub(super) lifetime: Option<u64>,
}

/// How far a request can be answered from what is known.
#[derive(Debug)]
pub(super) enum Look {
    /// Fresh keys that hold what is asked for.
    Good(Supplied),
    /// Fresh keys without the `kid` that is asked for.
    WithoutKid(Supplied),
    /// Keys older than they should be, inside of their grace.
    Old(Supplied),
    /// None that count.
    Nothing(FetchError),
}

impl Slot {
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whether the server may be asked at `now`: not within the pause after the last time, not while it rests.
    pub(super) fn may_ask(&self, now: Timestamp, settings: &KeyStoreSettings) -> bool {
        let paused = self
            .asked
            .is_some_and(|asked| now.since(asked) < settings.pause && asked.since(now) < BACKWARDS);
        !paused && !self.backoff.rests(now)
    }

    pub(super) fn look(&self, request: &KeyRequest, now: Timestamp, settings: &KeyStoreSettings) -> Look {
        let gone = || {
            let resting = || FetchError::Resting {
                host: request.server.to_string(),
            };
            Look::Nothing(self.failure.clone().unwrap_or_else(resting))
        };
        let Some(Kept { keys, at, lifetime }) = &self.keys else {
            return gone();
        };
        let fresh = settings.fresh_for(*lifetime, request.grace);
        let until = at.plus(request.grace.max(fresh));
        let age = if at.since(now) >= BACKWARDS {
            Duration::MAX
        } else {
            now.since(*at)
        };
        let supplied = |stale| Supplied {
            keys: keys.clone(),
            stale,
            until: Some(until),
        };
        if age < fresh {
            if request.kid.as_ref().is_none_or(|kid| keys.has(kid)) {
                Look::Good(supplied(None))
            } else {
                Look::WithoutKid(supplied(None))
            }
        } else if age < request.grace {
            Look::Old(supplied(Some(Stale { since: *at, until })))
        } else {
            gone()
        }
    }
}
