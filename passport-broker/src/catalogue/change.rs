//! A change of governed rows: row pending, event durable, row sealed, snapshot replaced; in this order, under one lock.

use std::time::Duration;

use audit_log::{AuditError, Did, Digest, Event, PersonKey, Receipt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::MutexGuard;
use visa_verifier::VisaIdentity;

use super::{PublishError, publish};
use crate::broker::Broker;
use crate::limits;
use crate::store::governed::{self, Governed, Pending};
use crate::store::people::{self, PersonId};
use crate::store::{Db, StoreError};

/// A change that did not happen, or happened and could not be put in force.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The database; nothing was changed.
    #[error("the change could not be stored")]
    Store {
        /// What it said.
        source: StoreError,
    },
    /// The audit log; nothing was changed.
    #[error("the change could not be recorded")]
    Audit {
        /// What it said.
        source: AuditError,
    },
    /// More rows than one event holds.
    #[error("{rows} rows are more than the {limit} of one change")]
    TooMany {
        /// How many.
        rows: usize,
        /// The bound.
        limit: usize,
    },
    /// It is on record, but the snapshot before it stays in force.
    #[error("the change is on record, and could not be put in force")]
    NotInForce {
        /// Why.
        source: PublishError,
    },
}

impl ChangeError {
    /// Stable: tests and dashboards compare it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store { source } => source.code(),
            Self::Audit { source } => source.code(),
            Self::TooMany { .. } => "catalogue.too_many_rows",
            Self::NotInForce { source } => source.code(),
        }
    }
}

/// What an event says beside its rows: who agreed, and the digest of the reason's text.
#[derive(Debug, Default)]
pub struct Agreed {
    /// Who agreed, beside the actor.
    pub approvers: Vec<PersonKey>,
    /// SHA-256 of the reason's text.
    pub reason: Option<Digest>,
}

/// The right to change governed rows: one at a time in this process.
#[derive(Debug)]
#[must_use = "a change that is not finished is not in force"]
pub struct Changing<'b> {
    broker: &'b Broker,
    db: Db,
    _one_at_a_time: MutexGuard<'b, ()>,
}

impl<'b> Changing<'b> {
    /// Waits for its turn.
    pub async fn begin(broker: &'b Broker) -> Changing<'b> {
        let guard = broker.changing().lock().await;
        Changing {
            broker,
            db: broker.db(),
            _one_at_a_time: guard,
        }
    }

    /// The database, for what has to be read under the same lock.
    pub fn db(&mut self) -> &mut Db {
        &mut self.db
    }

    /// The next version of a row.
    ///
    /// # Errors
    /// The database, or a row without canonical form.
    pub async fn draft<T: Governed>(&mut self, row: &T) -> Result<Pending, ChangeError> {
        let now = self.broker.now();
        governed::draft(&mut self.db, row, now)
            .await
            .map_err(|source| ChangeError::Store { source })
    }

    /// The version that ends a row.
    ///
    /// # Errors
    /// As [`Changing::draft`].
    pub async fn draft_removal<T: Governed>(&mut self, row: &T) -> Result<Pending, ChangeError> {
        let now = self.broker.now();
        governed::draft_removal(&mut self.db, row, now)
            .await
            .map_err(|source| ChangeError::Store { source })
    }

    /// Stores rows and their one event. When this returns, both are durable and belong together.
    ///
    /// # Errors
    /// [`ChangeError::Store`] and [`ChangeError::Audit`]: nothing counts. After a crash or an error between the event
    /// and its rows, the next publication seals them.
    pub async fn write(&mut self, event: Event, rows: &[Pending], agreed: Agreed) -> Result<Receipt, ChangeError> {
        let store = |source| ChangeError::Store { source };
        if rows.len() > limits::ROWS_PER_EVENT {
            return Err(ChangeError::TooMany {
                rows: rows.len(),
                limit: limits::ROWS_PER_EVENT,
            });
        }
        let event = event.did(did(rows, agreed));
        let origin = self.broker.writer().origin().to_owned();
        let mut tx = self.db.begin().await.map_err(store)?;
        for row in rows {
            governed::pend(&mut tx, row, &origin).await.map_err(store)?;
        }
        tx.commit().await.map_err(store)?;

        let receipt = match self.broker.writer().append(event).await {
            Ok(receipt) => receipt,
            Err(source) => {
                // if this fails too, the next start drops them: the log does not know their digests
                for row in rows {
                    let _ = governed::drop_pending(&mut self.db, &row.digest).await;
                }
                return Err(ChangeError::Audit { source });
            }
        };

        let mut tx = self.db.begin().await.map_err(store)?;
        let leaf = STANDARD.encode(receipt.leaf());
        for row in rows {
            governed::seal(&mut tx, &row.digest, receipt.index(), &leaf)
                .await
                .map_err(store)?;
        }
        tx.commit().await.map_err(store)?;
        for row in rows {
            self.touch(row).await.map_err(store)?;
        }
        Ok(receipt)
    }

    /// Passports of whom the row concerns are fetched anew.
    async fn touch(&mut self, row: &Pending) -> Result<(), StoreError> {
        let Some(concerned) = &row.person else { return Ok(()) };
        let person = match concerned.parse::<VisaIdentity>() {
            Ok(identity) => self.broker.person_of(&identity).await?,
            Err(_) => Some(PersonId::from_text(concerned.as_str())),
        };
        match person {
            // a second later than now: a Passport fetched in this very second may be older than the change
            Some(person) => people::touch(&mut self.db, &person, self.broker.now().plus(Duration::from_secs(1))).await,
            None => Ok(()),
        }
    }

    /// Puts what was written in force.
    ///
    /// # Errors
    /// [`ChangeError::NotInForce`]; the change is on record all the same.
    pub async fn finish(self) -> Result<(), ChangeError> {
        publish::publish_locked(self.broker)
            .await
            .map_err(|source| ChangeError::NotInForce { source })
    }
}

fn did(rows: &[Pending], agreed: Agreed) -> Did {
    let digest = |row: &governed::RowDigest| row.bytes().map(Digest::from_bytes);
    let mut did = rows.iter().fold(Did::default(), |did, row| {
        did.and_row(row.before.as_ref().and_then(digest), digest(&row.digest))
    });
    for approver in &agreed.approvers {
        did = did.approver(approver);
    }
    if let Some(reason) = agreed.reason {
        did = did.reason(reason);
    }
    did
}
