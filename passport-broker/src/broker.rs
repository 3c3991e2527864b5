//! `Broker`: database, keys, record, seams, settings. What every handler holds; cheap to clone.

use std::fmt;
use std::sync::{Arc, OnceLock};

use audit_log::{AboutKind, Event, EventType, Keystore, Outcome, Why, Writer};
use futures::future::BoxFuture;
use policy_engine::decide::Current;
use tokio::sync::Mutex;
use visa_verifier::seam::{Clock, Fetch, Random, Timestamp};
use visa_verifier::{KeyStore, KeyStoreSettings};
use zeroize::Zeroizing;

use crate::catalogue::{self, Files, Ledger, Others, PublishError};
use crate::config::Config;
use crate::keys::{AtRest, KeyError, KeyRing, KeyUse, Signer};
use crate::sessions::Sessions;
use crate::store::{Db, StoreError};

/// Time, randomness and the network, as the node chose them.
#[derive(Clone, Debug)]
pub struct Seams {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// The one client for calls to others.
    pub fetch: Arc<dyn Fetch>,
}

/// The node's audit log: one a process, shared with the proxy.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Appends events.
    pub writer: Writer,
    /// The keys behind the pseudonyms.
    pub keystore: Keystore,
}

/// Who knows what runs at the moment: the proxy, where it lives in the same process.
pub trait Affected: Send + Sync + fmt::Debug {
    /// How many tasks and runs on this dataset (`None`: all of them) are not over yet; `None`: nobody can tell.
    fn running<'a>(&'a self, dataset: Option<&'a str>) -> BoxFuture<'a, Option<u64>>;
}

/// Nobody knows: a broker alone.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Affected for Nothing {
    fn running<'a>(&'a self, _dataset: Option<&'a str>) -> BoxFuture<'a, Option<u64>> {
        Box::pin(async { None })
    }
}

/// A broker that could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The database.
    #[error("the broker's database could not be opened")]
    Store {
        /// What it said.
        source: StoreError,
    },
    /// The signing keys.
    #[error("the broker's keys could not be opened")]
    Keys {
        /// What went wrong.
        source: KeyError,
    },
    /// The catalogue does not fit the log, or cannot be published.
    #[error("the catalogue could not be published")]
    Publish {
        /// What went wrong.
        source: PublishError,
    },
}

impl BrokerError {
    /// Stable: tests and dashboards compare it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store { source } => source.code(),
            Self::Keys { source } => source.code(),
            Self::Publish { source } => source.code(),
        }
    }
}

struct Inner {
    config: Config,
    seams: Seams,
    audit: Audit,
    db: Db,
    at_rest: AtRest,
    signer: Signer,
    current: Arc<Current>,
    /// INVARIANT: held from the first pending row of a change until its rows are sealed and the snapshot is replaced,
    /// so that the builder never meets half a change of this process.
    changing: Mutex<()>,
    /// What the log knows of governed rows; held for lookups only, never while anything waits.
    ledger: std::sync::Mutex<Ledger>,
    /// The logs of the other replicas.
    others: Others,
    /// Files that the published rows name; held for lookups only.
    files: std::sync::Mutex<Files>,
    affected: OnceLock<Arc<dyn Affected>>,
    sessions: OnceLock<Arc<dyn Sessions>>,
    /// Keys of other visa issuers, kept.
    visa_keys: KeyStore,
}

/// The broker. Clones share everything.
#[derive(Clone)]
pub struct Broker(Arc<Inner>);

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker")
            .field("issuer", &self.0.config.issuer)
            .finish_non_exhaustive()
    }
}

impl Broker {
    /// Opens the database, makes or opens the keys, finishes what a crash left half done, publishes.
    ///
    /// # Errors
    /// [`BrokerError`]. A catalogue that is not as logged is an error of its own: nothing is published.
    pub async fn open(config: Config, seams: Seams, audit: Audit) -> Result<Self, BrokerError> {
        let keys = |source| BrokerError::Keys { source };
        let mut db = Db::open(&config.database)
            .await
            .map_err(|source| BrokerError::Store { source })?;
        let at_rest = AtRest::new(config.node_key.clone()).map_err(keys)?;
        let ring = KeyRing::open(&mut db, &at_rest, seams.clock.now())
            .await
            .map_err(keys)?;
        let signer = Signer::new(ring, format!("{}/jwks", config.issuer.as_str().trim_end_matches('/')));
        let current = catalogue::nothing_yet(&config, seams.clock.now()).map_err(|source| BrokerError::Publish {
            source: PublishError::Bundle { source },
        })?;
        // Whether http is called at all is for the one client to say: it refuses what the configuration does not allow.
        let settings = KeyStoreSettings {
            allow_loopback_http: true,
            ..KeyStoreSettings::default()
        };
        let visa_keys = KeyStore::new(seams.fetch.clone(), seams.clock.clone(), settings);
        let others = Others::of(&config.other_logs);
        let broker = Self(Arc::new(Inner {
            config,
            seams,
            audit,
            db,
            at_rest,
            signer,
            current: Arc::new(current),
            changing: Mutex::new(()),
            ledger: std::sync::Mutex::default(),
            others,
            files: std::sync::Mutex::default(),
            affected: OnceLock::new(),
            sessions: OnceLock::new(),
            visa_keys,
        }));
        let publish = |source| BrokerError::Publish { source };
        broker.publish().await.map_err(publish)?;
        Ok(broker)
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// What is sealed under the node's key.
    pub(crate) fn at_rest(&self) -> &AtRest {
        &self.0.at_rest
    }

    /// A handle on the database, outside of any transaction.
    #[must_use]
    pub fn db(&self) -> Db {
        self.0.db.clone()
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.seams.clock.now()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.seams.clock
    }

    /// Random bytes.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        self.0.seams.random.as_ref()
    }

    /// The client for calls to others.
    #[must_use]
    pub fn fetch(&self) -> &Arc<dyn Fetch> {
        &self.0.seams.fetch
    }

    /// Looks after the signing keys: makes those that are due (all of them, if `now_due`), lets the ones that have been
    /// published for an hour sign, and reads what other replicas did. How many began to sign.
    ///
    /// # Errors
    /// [`KeyError`]; the keys stay as they were.
    pub async fn tend_keys(&self, now_due: bool) -> Result<usize, KeyError> {
        let due: &[KeyUse] = if now_due { &KeyUse::TURNING } else { &[] };
        let (mut db, now) = (self.db(), self.now());
        let begun = self.0.signer.ring().tend(&mut db, &self.0.at_rest, due, now).await?;
        self.note_keys(&begun).await;
        Ok(begun.len())
    }

    /// Makes the next keys of these uses, or replaces the current ones at once.
    ///
    /// # Errors
    /// [`KeyError`]; the keys stay as they were.
    pub(crate) async fn turn_keys(&self, uses: &[KeyUse], at_once: bool) -> Result<(), KeyError> {
        let (mut db, now) = (self.db(), self.now());
        let (ring, at_rest) = (self.0.signer.ring(), &self.0.at_rest);
        let begun = if at_once {
            ring.replace(&mut db, at_rest, uses, now).await?
        } else {
            ring.tend(&mut db, at_rest, uses, now).await?
        };
        self.note_keys(&begun).await;
        Ok(())
    }

    /// Which keys sign from now on. They do already: a log that is down is told of, and stops what rests on it by itself.
    async fn note_keys(&self, begun: &[String]) {
        if begun.is_empty() {
            return;
        }
        let event = Event::new(EventType::KeyRotate, Outcome::Success).why(Why::code("keys.begun"));
        let event = begun
            .iter()
            .fold(event, |event, kid| event.about(AboutKind::Key, kid.as_str()));
        if let Err(error) = self.writer().append(event).await {
            tracing::error!(error.code = error.code(), %error, "that new signing keys are in use could not be recorded");
        }
    }

    /// Signs our tokens, visas and Passports.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }

    /// The log's writer.
    #[must_use]
    pub fn writer(&self) -> &Writer {
        &self.0.audit.writer
    }

    /// The keys behind the log's pseudonyms.
    #[must_use]
    pub fn keystore(&self) -> &Keystore {
        &self.0.audit.keystore
    }

    /// A key of 32 bytes for one use, such as `cookies`; the same at every replica and after a restart.
    ///
    /// # Errors
    /// The derivation failed.
    pub fn derived_key(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        self.0.at_rest.derive(purpose)
    }

    /// The snapshot in force: shared with the proxy, replaced after each change.
    #[must_use]
    pub fn current(&self) -> &Arc<Current> {
        &self.0.current
    }

    /// Builds a snapshot from rows that the log knows, and puts it in force.
    ///
    /// # Errors
    /// [`PublishError`]; the snapshot before stays in force.
    pub async fn publish(&self) -> Result<(), PublishError> {
        catalogue::publish(self).await
    }

    /// Says who knows what runs (once; later calls change nothing).
    pub fn wire_affected(&self, affected: Arc<dyn Affected>) {
        let _ = self.0.affected.set(affected);
    }

    /// Who knows what runs.
    #[must_use]
    pub fn affected(&self) -> &dyn Affected {
        self.0.affected.get().map_or(&Nothing, |affected| affected.as_ref())
    }

    /// Says who starts workflow sessions (once; later calls change nothing).
    pub fn wire_sessions(&self, sessions: Arc<dyn Sessions>) {
        let _ = self.0.sessions.set(sessions);
    }

    /// Who starts workflow sessions; nobody at a broker alone.
    pub(crate) fn sessions(&self) -> Option<&dyn Sessions> {
        self.0.sessions.get().map(AsRef::as_ref)
    }

    /// Keys of other visa issuers.
    pub(crate) fn visa_keys(&self) -> &KeyStore {
        &self.0.visa_keys
    }

    pub(crate) fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.0.ledger.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn others(&self) -> &Others {
        &self.0.others
    }

    pub(crate) fn files(&self) -> std::sync::MutexGuard<'_, Files> {
        self.0.files.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn changing(&self) -> &Mutex<()> {
        &self.0.changing
    }
}
