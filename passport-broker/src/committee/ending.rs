//! The end of a hold, by its origin only: a committee's own by that committee, a service's by that service
//! (consent.md 5.1). A participant's withdrawal, opt-out or dispute ends by a service's word and never by a member's.

use audit_log::{AboutKind, Class, Digest, Event, EventType, Outcome, What, Who};
use policy_engine::decide::GovernQuestion;

use super::{Asked, GovernError};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing};
use crate::limits;
use crate::record;
use crate::store::governed::{self, Governed as _, RowKind};
use crate::store::holds::HoldRow;

/// Ends a hold, if the policies let this person. When this returns, the snapshot without it is in force.
///
/// # Errors
/// [`GovernError`]; `policy.withdrawal_stays` for what a participant's word placed.
pub async fn release(broker: &Broker, caller: &Caller, id: &str, reason: &str) -> Result<HoldRow, GovernError> {
    check_reason(reason)?;
    let row = standing(broker, id).await?;
    let asked = Asked::begin(broker, caller).await?;
    let question = GovernQuestion::HoldRelease(row.record.clone());
    asked
        .ask(
            broker,
            caller,
            EventType::HoldRelease,
            Some(&row.record.dataset),
            &question,
        )
        .await?;
    end(broker, record::who(broker, caller, Class::Dac)?, row, reason).await
}

/// A hold that is in force.
pub(super) async fn standing(broker: &Broker, id: &str) -> Result<HoldRow, GovernError> {
    let holds: Vec<HoldRow> = broker.live().await?;
    holds
        .into_iter()
        .find(|row| row.id() == id)
        .ok_or_else(|| GovernError::Unknown {
            what: "hold in force",
            id: id.to_owned(),
        })
}

pub(super) fn check_reason(reason: &str) -> Result<(), GovernError> {
    if reason.trim().is_empty() || reason.len() > limits::TEXT_BYTES {
        return Err(GovernError::input(
            "hold.reason",
            "Give a reason of 1 to 4096 bytes; the log keeps its digest.",
        ));
    }
    Ok(())
}

/// Row, event, snapshot.
pub(super) async fn end(broker: &Broker, who: Who, row: HoldRow, reason: &str) -> Result<HoldRow, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let newest = governed::newest(changing.db(), RowKind::Hold, &row.id()).await?;
    if !newest.is_some_and(|sealed| sealed.live) {
        return Err(GovernError::Conflict {
            code: "hold.ended",
            message: "Somebody else ended this hold meanwhile.".to_owned(),
        });
    }
    let draft = changing.draft_removal(&row).await?;
    let event = Event::new(EventType::HoldRelease, Outcome::Success)
        .who(who)
        .what(What::dataset(row.record.dataset.as_str()))
        .about(AboutKind::Hold, row.id().as_str());
    let agreed = Agreed {
        reason: Some(Digest::of(reason.as_bytes())),
        ..Agreed::default()
    };
    changing.write(event, &[draft], agreed).await?;
    changing.finish().await?;
    Ok(row)
}
