//! One step: the next version of the application with its event, and what a turn of the conversation says.

use audit_log::{AboutKind, Class, Digest, Event, EventType, Outcome, What, Why};

use super::remind;
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing};
use crate::committee::GovernError;
use crate::limits;
use crate::record;
use crate::store::applications::{AccessApplication, Stage, Turn, TurnKind};
use crate::store::governed::Pending;
use crate::store::people::PersonId;

/// Turns of one conversation.
const TURNS: usize = 400;

/// What a step's event says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// In which role the caller acts.
    pub(super) class: Class,
    /// The event's type.
    pub(super) kind: EventType,
    /// The step, as a stable code.
    pub(super) code: &'static str,
}

impl Step {
    /// A step of those who ask for access.
    pub(super) const fn researcher(code: &'static str) -> Self {
        Self {
            class: Class::Researcher,
            kind: EventType::ChangeDraft,
            code,
        }
    }

    /// A step of the committee.
    pub(super) const fn committee(code: &'static str) -> Self {
        Self {
            class: Class::Dac,
            kind: EventType::ChangeApprove,
            code,
        }
    }
}

/// Writes the application, and rows that change with it, with one event; tells those whose turn it is.
pub(super) async fn save(
    broker: &Broker,
    caller: &Caller,
    changing: &mut Changing<'_>,
    step: Step,
    row: &AccessApplication,
    others: Vec<Pending>,
    agreed: Agreed,
) -> Result<(), GovernError> {
    let mut rows = others;
    rows.push(changing.draft(row).await?);
    let event = Event::new(step.kind, Outcome::Success)
        .who(record::who(broker, caller, step.class)?)
        .whats(row.terms.datasets.iter().map(|id| What::dataset(id.as_str())))
        .why(Why::code(step.code))
        .about(AboutKind::Application, row.id.as_str());
    changing.write(event, &rows, agreed).await?;
    remind::turned(broker, caller.person.as_str(), step.code, row).await;
    Ok(())
}

/// Adds a turn of the conversation and moves on.
pub(super) fn turn(
    broker: &Broker,
    caller: &Caller,
    row: &mut AccessApplication,
    kind: TurnKind,
    text: &str,
    to: Stage,
) -> Result<(), GovernError> {
    if row.turns.len() >= TURNS {
        return Err(GovernError::Conflict {
            code: "application.too_many",
            message: format!("The application has {TURNS} turns already: close it and begin another."),
        });
    }
    let now = broker.now();
    row.turns.push(Turn {
        at: now,
        by: caller.person.as_str().to_owned(),
        kind,
        text: text.trim().to_owned(),
    });
    if row.stage != to {
        row.stage = to;
        row.since = now;
    }
    Ok(())
}

/// Refuses a step that the application's stage does not have.
pub(super) fn at(row: &AccessApplication, stages: &[Stage], what: &str) -> Result<(), GovernError> {
    if stages.contains(&row.stage) {
        return Ok(());
    }
    Err(GovernError::Conflict {
        code: "application.state",
        message: format!("The application is {}: it cannot be {what} now.", row.stage.word()),
    })
}

/// What the event says of a written reason: its digest, and who agreed.
pub(super) fn agreed<'v>(
    broker: &Broker,
    reason: &str,
    voters: impl IntoIterator<Item = &'v str>,
) -> Result<Agreed, GovernError> {
    let mut agreed = Agreed {
        reason: (!reason.is_empty()).then(|| Digest::of(reason.as_bytes())),
        ..Agreed::default()
    };
    for voter in voters.into_iter().take(limits::KEYS_PER_PERSON) {
        let voter = broker.identity_of(&PersonId::from_text(voter))?;
        agreed.approvers.push(record::person(broker, &voter)?);
    }
    Ok(agreed)
}
