//! A snapshot for the proxies, made only of rows that the log knows (D16, policy.md 6).

use std::collections::BTreeSet;
use std::sync::Arc;

use audit_log::{AboutKind, AuditError, Event, EventType, Outcome, Why};
use policy_engine::decide::Current;
use policy_engine::error::BundleError;
use policy_engine::policy::baseline_digest;
use policy_engine::snapshot::{Bar, BarKind, Manifest, PersonKey, Snapshot};
use visa_verifier::seam::Timestamp;
use visa_verifier::trust::TrustPolicy;

use super::closure::Closures;
use super::content::{Content, ContentError, add_stop, register_node};
use super::ledger::Mismatch;
use super::{files, governance};
use crate::broker::Broker;
use crate::config::Config;
use crate::keys::KeyError;
use crate::store::governed::RowDigest;
use crate::store::snapshots::{self, SnapshotRow};
use crate::store::stops::StopRow;
use crate::store::{StoreError, counters, governed, people, visas};

/// A snapshot that could not be put in force; the one before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Table and log differ.
    #[error("the database is not as logged")]
    NotAsLogged {
        /// How.
        source: Mismatch,
    },
    /// Another replica's log can't be read, or is damaged.
    #[error("the log of another replica can't be followed")]
    OtherLog {
        /// What is wrong with it.
        source: AuditError,
    },
    /// Rows contradict each other.
    #[error("the catalogue cannot be published")]
    Content {
        /// How.
        source: ContentError,
    },
    /// The engine does not take it.
    #[error("the policy engine does not take the snapshot")]
    Bundle {
        /// Why.
        source: BundleError,
    },
    /// The database.
    #[error("the catalogue could not be read")]
    Store {
        /// What it said.
        source: StoreError,
    },
    /// The audit log.
    #[error("the publication could not be recorded")]
    Audit {
        /// What it said.
        source: AuditError,
    },
    /// The key that names people in snapshots, or the one that signs them.
    #[error("a key of the snapshot could not be used")]
    Key {
        /// What it said.
        source: KeyError,
    },
}

impl PublishError {
    /// Stable: tests and dashboards compare it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAsLogged { .. } => "catalogue.db_not_as_logged",
            Self::Content { source } => source.code(),
            Self::Bundle { source } => source.code(),
            Self::Store { source } => source.code(),
            Self::Audit { source } | Self::OtherLog { source } => source.code(),
            Self::Key { source } => source.code(),
        }
    }
}

/// Before the first publication: no data, nobody trusted, nothing permitted.
pub(crate) fn nothing_yet(config: &Config, now: Timestamp) -> Result<Current, BundleError> {
    let mut snapshot = Snapshot::empty(0, now, config.node.clone(), TrustPolicy::default());
    register_node(&mut snapshot);
    Current::open(snapshot)
}

/// Finishes what a crash left half done: a pending row whose event is in the log is sealed, any other dropped.
pub(crate) async fn recover(broker: &Broker) -> Result<(), PublishError> {
    let store = |source| PublishError::Store { source };
    let mut db = broker.db();
    let origin = broker.writer().origin();
    for row in governed::pending_of(&mut db, origin).await.map_err(store)? {
        let place = {
            let mut ledger = broker.ledger();
            ledger.follow(broker.writer());
            ledger.place(&row.digest, origin)
        };
        match place {
            Some((index, leaf)) => governed::seal(&mut db, &row.digest, index, &leaf)
                .await
                .map_err(store)?,
            None => governed::drop_pending(&mut db, &row.digest).await.map_err(store)?,
        }
    }
    Ok(())
}

/// Publishes, in its turn among the changes.
pub(crate) async fn publish(broker: &Broker) -> Result<(), PublishError> {
    let _one_at_a_time = broker.changing().lock().await;
    publish_locked(broker).await
}

/// Publishes, under the lock of a change.
pub(super) async fn publish_locked(broker: &Broker) -> Result<(), PublishError> {
    let published = build_and_replace(broker).await;
    let event = match &published {
        Ok(snapshot) => Event::new(EventType::PolicyPublish, Outcome::Success)
            .about(AboutKind::Snapshot, snapshot.version.to_string().as_str())
            .about(AboutKind::Snapshot, format!("sha256:{}", snapshot.digest).as_str()),
        Err(error) => {
            tracing::error!(code = error.code(), error = %chain(error), "the snapshot before stays in force");
            Event::new(EventType::PolicyPublish, Outcome::Error).why(Why::code(error.code()))
        }
    };
    let recorded = broker
        .writer()
        .append(event)
        .await
        .map_err(|source| PublishError::Audit { source });
    published?;
    recorded.map(drop)
}

async fn build_and_replace(broker: &Broker) -> Result<SnapshotRow, PublishError> {
    recover(broker).await?;
    // Before the rows are read: of two replicas that publish at once, the higher version has what the lower one has.
    let version = counters::next_snapshot(&mut broker.db())
        .await
        .map_err(|source| PublishError::Store { source })?;
    let content = logged_content(broker).await?;
    governance::settle(broker, &content).await?;
    let snapshot = assemble(broker, content, version).await?;
    let signed = sign(broker, &snapshot).await?;
    put_in_force(broker.current().clone(), snapshot).await?;
    snapshots::insert(&mut broker.db(), &signed, broker.now())
        .await
        .map_err(|source| PublishError::Store { source })?;
    Ok(signed)
}

/// The snapshot of these rows.
async fn assemble(broker: &Broker, content: Content, version: u64) -> Result<Snapshot, PublishError> {
    let mut snapshot = frame(broker, version, &content).await?;
    files::keep(broker, &content);
    content
        .fill(&mut snapshot)
        .map_err(|source| PublishError::Content { source })?;
    Ok(snapshot)
}

/// Puts in force here what another replica published under this version, from the same rows. Under the lock of a change.
pub(super) async fn build_again(broker: &Broker, version: u64) -> Result<(), PublishError> {
    let content = logged_content(broker).await?;
    let snapshot = assemble(broker, content, version).await?;
    put_in_force(broker.current().clone(), snapshot).await
}

/// Its manifest, under the key of snapshots, after the one that was in force before it.
async fn sign(broker: &Broker, snapshot: &Snapshot) -> Result<SnapshotRow, PublishError> {
    let store = |source| PublishError::Store { source };
    let parent = snapshots::newest(&mut broker.db()).await.map_err(store)?;
    let manifest = Manifest::of(snapshot, parent.map(|row| row.digest), &baseline_digest()).map_err(|error| {
        PublishError::Bundle {
            source: BundleError::Invalid {
                message: format!("the snapshot has no manifest: {error}"),
            },
        }
    })?;
    let signed = broker
        .signer()
        .sign_snapshot(&manifest)
        .map_err(|source| PublishError::Key { source })?;
    Ok(SnapshotRow {
        version: i64::try_from(snapshot.version).unwrap_or(i64::MAX),
        digest: RowDigest::of_bytes(signed.as_bytes()).as_str().to_owned(),
        manifest: signed,
    })
}

/// All rows, after each was compared with the log and the log with them.
pub(crate) async fn logged_content(broker: &Broker) -> Result<Content, PublishError> {
    let store = |source| PublishError::Store { source };
    let other = |source| PublishError::OtherLog { source };
    // An event up to here has its row by now, pending at least; a row read now has its event by then.
    broker.follow().await.map_err(other)?;
    let reach = broker.ledger().reach();
    let (rows, pending) = {
        let mut db = broker.db();
        let pending = governed::pending(&mut db).await.map_err(store)?;
        (governed::everything(&mut db).await.map_err(store)?, pending)
    };
    broker.follow().await.map_err(other)?;
    broker
        .ledger()
        .compare(&rows, &pending, &reach)
        .map_err(|source| PublishError::NotAsLogged { source })?;
    let mut content = Content::read(&rows).map_err(store)?;
    files::complete(broker, &mut content).await.map_err(store)?;
    Ok(content)
}

/// All but the governed rows: version, people, bars, revocations, settings.
async fn frame(broker: &Broker, version: u64, content: &Content) -> Result<Snapshot, PublishError> {
    let store = |source| PublishError::Store { source };
    let config = broker.config();
    let mut db = broker.db();
    let now = broker.now();
    let mut audience = vec![config.issuer.as_str().to_owned()];
    audience.extend(config.proxy_audience.clone());
    let trust = TrustPolicy::new(audience, Vec::new()).map_err(|source| PublishError::Content {
        source: ContentError::Trust { source },
    })?;
    let mut snapshot = Snapshot::empty(version, now, config.node.clone(), trust);
    snapshot.governance = broker.governance();
    snapshot.drs_hosts = config.drs_hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
    let key = broker
        .derived_key("snapshot people")
        .map_err(|source| PublishError::Key { source })?;
    snapshot.person_key = PersonKey::new(key.as_ref());
    let mut closures = Closures::default();
    for person in people::everybody(&mut db).await.map_err(store)? {
        // every identity ever proven: unlinking ends rights, not bars
        let mut digests = BTreeSet::from([snapshot.person(&broker.identity_of(&person.id).map_err(store)?)]);
        for linked in people::identities(&mut db, &person.id).await.map_err(store)? {
            digests.insert(snapshot.person(&linked.identity));
        }
        for digest in &digests {
            snapshot.changed.insert(digest.clone(), person.facts_changed);
        }
        closures.add(person.id, digests, person.suspended.is_some());
    }
    for link in content.links.values() {
        for before in &link.before {
            closures.join(&link.person, before);
        }
    }
    for (digests, barred) in closures.sets() {
        for digest in digests.iter().filter(|_| barred) {
            snapshot.bars.push(Bar {
                person: digest.clone(),
                kind: BarKind::Suspended,
                until: None,
            });
        }
        snapshot.persons.push(digests);
    }
    snapshot.revocations.visas = visas::revoked(&mut db, now)
        .await
        .map_err(store)?
        .into_iter()
        .map(|visa| visa.jti)
        .collect();
    Ok(snapshot)
}

/// Whether the engine would take these rows: asked before a change is written, so that no change stops publication.
pub(crate) async fn try_out(broker: &Broker, content: Content) -> Result<(), PublishError> {
    let mut snapshot = Snapshot::empty(1, broker.now(), broker.config().node.clone(), TrustPolicy::default());
    snapshot.governance = broker.governance();
    content
        .fill(&mut snapshot)
        .map_err(|source| PublishError::Content { source })?;
    off_the_runtime(move || Current::open(snapshot).map(drop)).await
}

/// Adds a stop to the snapshot in force, whatever keeps a new one from being published: it only narrows. The row is on
/// record already, so the next publication has it too.
pub(crate) async fn narrow_by(broker: &Broker, stop: StopRow) -> Result<(), PublishError> {
    let _one_at_a_time = broker.changing().lock().await;
    let mut snapshot = broker.current().load().snapshot().clone();
    let next = counters::next_snapshot(&mut broker.db()).await;
    snapshot.version = next.unwrap_or(0).max(snapshot.version.saturating_add(1));
    add_stop(stop, &mut snapshot);
    put_in_force(broker.current().clone(), snapshot).await
}

async fn put_in_force(current: Arc<Current>, snapshot: Snapshot) -> Result<(), PublishError> {
    off_the_runtime(move || current.replace(snapshot).map(drop)).await
}

/// Loading a snapshot parses policies and builds stores: not on a thread that answers requests.
async fn off_the_runtime(work: impl FnOnce() -> Result<(), BundleError> + Send + 'static) -> Result<(), PublishError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|source| PublishError::Bundle { source }),
        Err(_) => Err(PublishError::Bundle {
            source: BundleError::Invalid {
                message: "loading the snapshot was interrupted".to_owned(),
            },
        }),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
