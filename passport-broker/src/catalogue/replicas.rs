//! Other replicas of this node: each has an audit log of its own, and one database is everybody's. Their logs are followed,
//! so that a row which one of them made is believed here, and only with its event; their snapshots are taken up.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use audit_log::{AboutKind, AuditError, Event, EventType, Follower, Outcome};

use super::PublishError;
use super::publish::build_again;
use crate::broker::Broker;
use crate::config::OtherLog;
use crate::store::counters;
use crate::store::governed::Sealed;

/// Between two looks at what the others published: a stop placed at one replica is in force at all within 5 s.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

/// The logs of the other replicas.
#[derive(Debug, Default)]
pub(crate) struct Others(Mutex<Vec<Follower>>);

impl Others {
    pub(crate) fn of(logs: &[OtherLog]) -> Self {
        Self(Mutex::new(
            logs.iter()
                .map(|log| Follower::new(&log.folder, log.key.clone()))
                .collect(),
        ))
    }
}

impl Broker {
    /// Takes in what all logs got since the last time: this replica's own, and those of the others.
    ///
    /// # Errors
    /// Another replica's log can't be read, or is damaged: what it says from there on is not believed.
    pub(crate) async fn follow(&self) -> Result<(), AuditError> {
        self.ledger().follow(self.writer());
        if self.config().other_logs.is_empty() {
            return Ok(());
        }
        let broker = self.clone();
        // Files on storage that others share: not on a thread that answers requests.
        let read = tokio::task::spawn_blocking(move || {
            let mut others = broker.others().0.lock().unwrap_or_else(PoisonError::into_inner);
            for other in others.iter_mut() {
                let events = other.catch_up()?;
                let origin = other.origin().to_owned();
                broker.ledger().take(&origin, events);
            }
            Ok(())
        });
        read.await.unwrap_or_else(|_| {
            Err(AuditError::Unavailable {
                reason: "reading another replica's log was interrupted".to_owned(),
            })
        })
    }

    /// The same before rows are believed one by one: those whose log can't be read now are left out.
    pub(crate) async fn follow_for(&self, rows: &[Sealed]) {
        let own = self.writer().origin();
        if rows.iter().any(|row| row.origin != own)
            && let Err(error) = self.follow().await
        {
            tracing::error!(code = error.code(), %error, "another replica's log can't be followed");
        }
    }

    /// Puts in force what another replica changed since. Whether there was anything.
    ///
    /// A replica draws its snapshot's version when its rows are on record, and before it publishes: what a version stands
    /// for can be built here, also where that replica could not publish it.
    ///
    /// # Errors
    /// [`PublishError`]: the snapshot before stays in force.
    pub(crate) async fn take_up(&self) -> Result<bool, PublishError> {
        let _one_at_a_time = self.changing().lock().await;
        let version = counters::snapshot(&mut self.db())
            .await
            .map_err(|source| PublishError::Store { source })?;
        let looked = self.now();
        if version <= self.current().load().snapshot().version {
            self.current().confirm(looked);
            return Ok(false);
        }
        build_again(self, version).await?;
        self.current().confirm(looked);
        let event = Event::new(EventType::PolicyPublish, Outcome::Success)
            .about(AboutKind::Snapshot, version.to_string().as_str());
        self.writer()
            .append(event)
            .await
            .map_err(|source| PublishError::Audit { source })?;
        Ok(true)
    }
}
