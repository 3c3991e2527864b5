//! Is what is decided on still what is on record, and is the clock to be believed? (`policy.md` 6 "Freshness", E50, E81.)
//! A snapshot that stands still would go on permitting what was withdrawn elsewhere; a clock set back revives what ended.

use std::time::Duration;

use audit_log::{Ended, Event, Why};
use visa_verifier::seam::Timestamp;

use super::{Gate, NoPermit};
use crate::limits;

/// Why nothing that opens data is given now, though the snapshot in force would permit it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Doubt {
    /// The snapshot was last seen to be current so long ago.
    Stale(Duration),
    /// The machine's clock is so far behind what is on record.
    Clock(Duration),
}

impl Doubt {
    /// Stable code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Stale(_) => "gate.snapshot_stale",
            Self::Clock(_) => "gate.clock_disagrees",
        }
    }

    /// What is wrong and what to do, for the caller; the figures are for the node's own log.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Stale(_) => {
                "this node could not see for some minutes whether its permissions are still current, so it gives nothing; ask again later"
            }
            Self::Clock(_) => {
                "this node's clock is behind what it has on record, so it gives nothing; its operator has to set the clock"
            }
        }
    }
}

impl Gate {
    /// Whether there is a doubt right now.
    pub(crate) fn doubt(&self) -> Option<Doubt> {
        let behind = self.clock.behind();
        if behind > limits::CLOCK_BEHIND {
            return Some(Doubt::Clock(behind));
        }
        let age = self.current.age(self.now())?;
        (age > limits::SNAPSHOT_AGE).then_some(Doubt::Stale(age))
    }

    /// Whether a stream that was permitted until `ends` has to end now, whatever the ledger says.
    pub(crate) fn ended(&self, ends: Timestamp) -> Option<Ended> {
        match self.doubt() {
            Some(_) => Some(Ended::Withdrawn),
            None => (self.now() >= ends).then_some(Ended::Expired),
        }
    }

    /// Records that a permit was not given, as a denial of that one cause.
    pub(super) async fn doubted(&self, event: Event, doubt: Doubt) -> NoPermit {
        tracing::error!(code = doubt.code(), ?doubt, "nothing is given");
        let event = event.refused(Why::code(doubt.code()));
        match self.writer.note_denied(event).await {
            Ok(_) => NoPermit::Doubtful(doubt),
            Err(error) => {
                tracing::error!(error = %error, "a denial could not be made durable");
                NoPermit::Unrecorded
            }
        }
    }
}
