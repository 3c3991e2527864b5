//! Who sees an application, and in which seat: who makes it, who takes part, the committee.

use audit_log::EventType;
use policy_engine::decide::GovernQuestion;
use policy_engine::snapshot::RoleGrant;

use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::{Asked, GovernError};
use crate::limits;
use crate::record;
use crate::store::applications::{AccessApplication, Stage};

/// From where somebody looks at an application.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Seat {
    /// They make it.
    Applicant,
    /// They take part.
    Member,
    /// They may read what concerns its datasets: the committee, and auditors. What they may do, the policies say.
    Reader,
}

/// An application, and from where it is seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The application.
    pub row: AccessApplication,
    /// The seat.
    pub seat: Seat,
}

/// An application by its id.
///
/// # Errors
/// [`GovernError::Unknown`] for whoever may not know of it, as for one that is not there; a login too weak to tell.
pub async fn open(broker: &Broker, caller: &Caller, id: &str) -> Result<Seen, GovernError> {
    let row = find(broker, id).await?;
    if let Some(seat) = own(&row, caller) {
        return Ok(Seen { row, seat });
    }
    let Some(dataset) = readable(&row) else {
        return Err(unknown(id));
    };
    let asked = Asked::begin(broker, caller).await?;
    let question = GovernQuestion::AuditRead {
        dataset: Some(dataset.to_owned()),
    };
    match asked
        .ask(broker, caller, EventType::AuditRead, Some(dataset), &question)
        .await
    {
        Ok(_) => {}
        Err(GovernError::Denied { reasons }) if !(is_step_up(&reasons) && has_office(broker, &asked, &row)) => {
            return Err(unknown(id));
        }
        Err(GovernError::NoDataset { .. }) => return Err(unknown(id)),
        Err(error) => return Err(error),
    }
    record::read(broker, caller, Some(dataset)).await?;
    Ok(Seen {
        row,
        seat: Seat::Reader,
    })
}

/// Applications, the newest first: one's own, or those of the committees whose data one may read about.
///
/// # Errors
/// [`GovernError`]
pub async fn list(broker: &Broker, caller: &Caller, committee: bool) -> Result<Vec<AccessApplication>, GovernError> {
    let mut rows: Vec<AccessApplication> = broker.live().await?;
    if committee {
        let asked = Asked::begin(broker, caller).await?;
        let mut readable_now: Vec<(String, bool)> = Vec::new();
        let mut kept = Vec::new();
        for row in rows {
            let Some(dataset) = readable(&row).map(str::to_owned) else {
                continue;
            };
            let known = readable_now
                .iter()
                .find(|(dac, _)| *dac == row.dac)
                .map(|(_, may)| *may);
            let may = match known {
                Some(may) => may,
                None => {
                    let question = GovernQuestion::AuditRead {
                        dataset: Some(dataset.clone()),
                    };
                    let may = asked.engine.govern(&asked.facts, &question, broker.now()).allow();
                    if may {
                        record::read(broker, caller, Some(&dataset)).await?;
                    }
                    readable_now.push((row.dac.clone(), may));
                    may
                }
            };
            if may && own(&row, caller).is_none() {
                kept.push(row);
            }
        }
        rows = kept;
    } else {
        rows.retain(|row| own(row, caller).is_some());
    }
    rows.sort_by(|a, b| b.since.cmp(&a.since).then_with(|| a.id.cmp(&b.id)));
    rows.truncate(limits::LIST_ROWS);
    Ok(rows)
}

/// The row, whoever asks.
pub(super) async fn find(broker: &Broker, id: &str) -> Result<AccessApplication, GovernError> {
    broker.find(id).await?.ok_or_else(|| unknown(id))
}

/// The row of whoever makes it; another person's is not there.
pub(super) async fn of_applicant(broker: &Broker, caller: &Caller, id: &str) -> Result<AccessApplication, GovernError> {
    let row = find(broker, id).await?;
    if row.applicant == caller.person.as_str() {
        Ok(row)
    } else {
        Err(unknown(id))
    }
}

/// The row of the committee's step: not there while nobody handed it in.
pub(super) async fn of_committee(broker: &Broker, id: &str) -> Result<AccessApplication, GovernError> {
    let row = find(broker, id).await?;
    if readable(&row).is_some() {
        Ok(row)
    } else {
        Err(unknown(id))
    }
}

fn own(row: &AccessApplication, caller: &Caller) -> Option<Seat> {
    let me = caller.person.as_str();
    if row.applicant == me {
        return Some(Seat::Applicant);
    }
    let mine =
        |member: &crate::store::applications::Member| member.takes_part() && member.person.as_deref() == Some(me);
    // who has left sees no more of it than anybody else
    row.members.iter().any(mine).then_some(Seat::Member)
}

/// The dataset for which the right to read is asked; none while it is nobody's but the applicant's.
fn readable(row: &AccessApplication) -> Option<&str> {
    let filed = !row.turns.is_empty() && (row.stage != Stage::Draft || row.approval.is_some());
    filed.then(|| row.terms.datasets.first().map(String::as_str)).flatten()
}

pub(super) fn unknown(id: &str) -> GovernError {
    GovernError::Unknown {
        what: "application",
        id: id.to_owned(),
    }
}

/// Whether a better login could help at all: nobody else is told that there is something to see.
fn has_office(broker: &Broker, asked: &Asked, row: &AccessApplication) -> bool {
    let seat = RoleGrant::Committee(row.dac.clone());
    let mut roles = asked.facts.roles(broker.now());
    roles.any(|role| *role == seat || matches!(role, RoleGrant::Role(_)))
}

fn is_step_up(reasons: &[policy_engine::decide::Reason]) -> bool {
    reasons.iter().any(|reason| reason.code == "policy.step_up")
}
