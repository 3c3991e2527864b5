//! The engine in force: read without a lock, swapped whole (D8, D14).

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use visa_verifier::seam::Timestamp;

use super::Engine;
use crate::{error::BundleError, snapshot::Snapshot};

/// Nobody looks whether the snapshot is still current.
const NOT_WATCHED: i64 = i64::MIN;

type Listener = Box<dyn Fn(&Arc<Engine>) + Send + Sync>;

/// The snapshot in force, with its engine. A request loads it once and uses that one to its end.
pub struct Current {
    engine: ArcSwap<Engine>,
    /// Held while a new one is put in force, so that versions only grow; never while an engine is read.
    replacing: Mutex<()>,
    listeners: Mutex<Vec<Listener>>,
    /// When it was last seen to be what is on record, in unix seconds.
    confirmed: AtomicI64,
}

impl Current {
    /// Loads the first snapshot.
    ///
    /// # Errors
    /// [`BundleError`] if it can't be put in force.
    pub fn open(snapshot: Snapshot) -> Result<Self, BundleError> {
        Ok(Self {
            engine: ArcSwap::from_pointee(Engine::load(snapshot)?),
            replacing: Mutex::new(()),
            listeners: Mutex::new(Vec::new()),
            confirmed: AtomicI64::new(NOT_WATCHED),
        })
    }

    /// The one in force.
    pub fn load(&self) -> Arc<Engine> {
        self.engine.load_full()
    }

    /// Whether this engine is still the one in force (D7: asked after a permit entered the ledger).
    pub fn is_current(&self, engine: &Arc<Engine>) -> bool {
        Arc::ptr_eq(&self.engine.load(), engine)
    }

    /// Puts a newer snapshot in force and tells the listeners. On an error the old one stays.
    ///
    /// # Errors
    /// [`BundleError::Older`] for a version that isn't higher; any other if it can't be loaded.
    pub fn replace(&self, snapshot: Snapshot) -> Result<Arc<Engine>, BundleError> {
        let guard = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.engine.load();
        let (current, offered) = (before.snapshot().version, snapshot.version);
        if offered <= current {
            return Err(BundleError::Older { current, offered });
        }
        let engine = Arc::new(before.next(snapshot)?);
        self.engine.store(Arc::clone(&engine));
        drop(guard);
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.iter() {
            listener(&engine);
        }
        Ok(engine)
    }

    /// At `at` the snapshot in force was seen to be the newest that is on record. From the first time on its age counts.
    pub fn confirm(&self, at: Timestamp) {
        self.confirmed.fetch_max(at.unix(), Ordering::SeqCst);
    }

    /// How long ago the snapshot in force was last seen to be the newest on record (policy.md 6 "Freshness"). `None` where
    /// nobody ever looked: a process that is given one snapshot, such as a test or an offline question.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        let confirmed = self.confirmed.load(Ordering::SeqCst);
        (confirmed != NOT_WATCHED).then(|| now.since(Timestamp::from_unix(confirmed)))
    }

    /// Calls `listener` after each replacement, in the thread that replaces: it must be quick and call nothing here
    /// but [`Current::load`]. For an async wait, let it send into a channel.
    pub fn on_change(&self, listener: impl Fn(&Arc<Engine>) + Send + Sync + 'static) {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(listener));
    }
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Current")
            .field("version", &self.load().snapshot().version)
            .finish_non_exhaustive()
    }
}
