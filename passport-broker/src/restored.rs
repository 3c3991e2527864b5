//! After a backup was put back: what was ended since it was made would be alive again, so all of it ends (D10).

use audit_log::{AboutKind, AuditError, Class, Event, EventType, Outcome, Who};
use serde::Serialize;

use crate::broker::Broker;
use crate::store::{StoreError, own};

/// Why nothing was ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoredError {
    /// The database.
    #[error("what has to end could not be ended")]
    Store {
        /// What it said.
        #[from]
        source: StoreError,
    },
    /// The log.
    #[error("the restore could not be put on record")]
    Audit {
        /// What it said.
        #[from]
        source: AuditError,
    },
}

impl RestoredError {
    /// Stable: tests and dashboards compare it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store { source } => source.code(),
            Self::Audit { source } => source.code(),
        }
    }
}

/// What was ended.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Ended {
    /// Sign-ins in browsers.
    pub sessions: u64,
    /// Families of tokens.
    pub tokens: u64,
    /// Keys of the command line.
    pub keys: u64,
    /// Visas that would still be good.
    pub visas: u64,
    /// Remembered consents: people are asked again.
    pub consents: u64,
}

/// Ends every sign-in, token, key and visa, and forgets consents: on record first.
///
/// # Errors
/// [`RestoredError`]; then nothing was ended.
pub async fn restored(broker: &Broker) -> Result<Ended, RestoredError> {
    let event = Event::new(EventType::ConfigChange, Outcome::Success)
        .who(Who::nobody(Class::Admin))
        .about(AboutKind::Change, "restore");
    broker.writer().append(event).await?;
    let mut tx = broker.db().begin().await?;
    let ended = own::end_everything(&mut tx, broker.now()).await?;
    tx.commit().await?;
    Ok(ended)
}
