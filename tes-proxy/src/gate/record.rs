//! `Recording`: the record of a permit is on its way to the disk. `Permit`: it is there. Nothing leaves without one.

use std::sync::Arc;

use audit_log::{Pending, Receipt};
use policy_engine::decide::{Decision, Engine};

use super::{Live, NoPermit};

/// A permission and all that belongs to it.
#[derive(Debug)]
pub(crate) struct Decided {
    /// The decision's id.
    pub(crate) id: String,
    /// The decision.
    pub(crate) decision: Decision,
    /// The one snapshot of this request.
    pub(crate) engine: Arc<Engine>,
}

/// A permission whose record is being written: a backend may be asked to read, its answer waits.
#[must_use = "a recording that is not awaited leaves a record of access that did not happen"]
pub(crate) struct Recording {
    pub(crate) decided: Decided,
    pub(crate) live: Live,
    pub(crate) pending: Pending,
}

/// A permission that is durable in the audit log. One permit, one request: no `Clone`.
#[must_use = "a permit that is not used leaves a record of access that did not happen"]
#[derive(Debug)]
pub(crate) struct Permit {
    pub(crate) decided: Decided,
    pub(crate) live: Live,
    /// The log's promise.
    pub(crate) receipt: Receipt,
}

/// Proof that somebody was permitted and that it is, or is about to be, on record.
pub(crate) trait Recorded {}

impl Recorded for Recording {}
impl Recorded for Permit {}

impl std::fmt::Debug for Recording {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Recording")
            .field("decision", &self.decided.id)
            .finish_non_exhaustive()
    }
}

impl Recording {
    /// Waits until the record is durable.
    ///
    /// # Errors
    /// [`NoPermit::Unrecorded`] if the log did not take it, [`NoPermit::Overtaken`] if what it rests on went meanwhile.
    pub(crate) async fn durable(self) -> Result<Permit, NoPermit> {
        let receipt = self.pending.await.map_err(|error| {
            tracing::error!(error = %error, "an event could not be made durable");
            NoPermit::Unrecorded
        })?;
        let permit = Permit {
            decided: self.decided,
            live: self.live,
            receipt,
        };
        permit.still()?;
        Ok(permit)
    }
}

impl Permit {
    /// Does it still hold? Asked right before it acts.
    ///
    /// # Errors
    /// [`NoPermit::Overtaken`].
    pub(crate) fn still(&self) -> Result<(), NoPermit> {
        if self.live.is_gone() {
            Err(NoPermit::Overtaken)
        } else {
            Ok(())
        }
    }

    /// The value of the `Visum-Audit` header.
    pub(crate) fn header(&self) -> String {
        self.receipt.header_value()
    }
}
