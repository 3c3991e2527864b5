//! The consent service's new signed event that the end of a withdrawal needs (consent.md 5.1).

use crate::broker::Broker;
use crate::committee::GovernError;
use crate::store::changes::ChangeRow;

/// Whether the change carries an event that is signed by a consent service of this node and says that these holds end.
///
/// # Errors
/// [`GovernError::Input`]: there is an event, and it does not say so.
#[expect(clippy::unused_async, reason = "reading the service's keys will ask the database")]
pub(super) async fn check(_broker: &Broker, row: &ChangeRow) -> Result<bool, GovernError> {
    match &row.consent_event {
        None => Ok(false),
        Some(_) => Err(GovernError::input(
            "change.consent_event",
            "No consent service of this node has a key by which this event could be checked.",
        )),
    }
}
