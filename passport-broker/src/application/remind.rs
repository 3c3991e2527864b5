//! Who is told of a turn, and reminded of what waits: after 7 days, and after 14.

use std::time::Duration;

use policy_engine::snapshot::RoleGrant;
use visa_verifier::seam::{Timestamp, token};

use super::ask::gains;
use crate::broker::Broker;
use crate::mail;
use crate::store::StoreError;
use crate::store::announced;
use crate::store::applications::{AccessApplication, Stage};
use crate::store::notices::{self, Notice};
use crate::store::people::PersonId;
use crate::store::roles::RoleRow;

/// Days after which a side is reminded: first, and urgently.
pub(super) const REMIND: [i64; 2] = [7, 14];
const DAY: u64 = 86_400;
/// How long it is known that somebody was reminded.
const KEPT: Duration = Duration::from_secs(10 * 366 * DAY);

/// Whose turn it is to read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Side {
    /// The committee.
    Committee,
    /// Who leads the study.
    Applicant,
    /// Everybody who takes part.
    Study,
    /// Who looks after it in the committee.
    Handler,
}

/// Who reads what a step did; none for steps that are no turn of the conversation.
fn side(step: &str) -> Option<Side> {
    Some(match step {
        "application.submitted"
        | "application.answered"
        | "application.withdrawn"
        | "application.amended"
        | "application.extended" => Side::Committee,
        "application.returned" | "application.voted" | "application.joined" | "application.left" => Side::Applicant,
        "application.approved" | "application.denied" | "application.admitted" => Side::Study,
        "application.closed" => Side::Committee,
        "application.reassigned" => Side::Handler,
        _ => return None,
    })
}

/// Tells those whose turn it is by mail, all but who made the step.
pub(super) async fn turned(broker: &Broker, me: &str, step: &str, row: &AccessApplication) {
    let Some(side) = side(step).filter(|_| broker.config().mail.is_some()) else {
        return;
    };
    match people(broker, row, side).await {
        Ok(mut people) => {
            people.retain(|person| person.as_str() != me);
            mail::tell(broker, &people, &format!("/applications/{}", row.id)).await;
        }
        Err(error) => tracing::error!(error.code = error.code(), %error, "nobody could be told of a turn"),
    }
}

/// The people of a side who have signed in here before.
async fn people(broker: &Broker, row: &AccessApplication, side: Side) -> Result<Vec<PersonId>, StoreError> {
    let named = |text: &str| PersonId::from_text(text.to_owned());
    Ok(match (side, &row.handler) {
        (Side::Applicant, _) => vec![named(&row.applicant)],
        (Side::Study, _) => {
            let members = row.members.iter().filter(|member| member.takes_part());
            let members = members.filter_map(|member| member.person.as_deref());
            std::iter::once(row.applicant.as_str())
                .chain(members)
                .map(named)
                .collect()
        }
        (Side::Handler, Some(handler)) => vec![named(handler)],
        (Side::Handler | Side::Committee, _) => committee(broker, row).await?,
    })
}

/// Who sits in the committee by role now and may decide; a seat by visa is known only while its holder is here.
async fn committee(broker: &Broker, row: &AccessApplication) -> Result<Vec<PersonId>, StoreError> {
    let (seat, now) = (RoleGrant::Committee(row.dac.clone()), broker.now());
    let mut all: Vec<PersonId> = Vec::new();
    for role in broker.live::<RoleRow>().await? {
        if role.role == seat
            && now < role.until
            && let Some(person) = broker.person_of(&role.person).await?
            && !gains(row, person.as_str())
            && !all.contains(&person)
        {
            all.push(person);
        }
    }
    Ok(all)
}

/// Reminds those for whom an application waits, once after each of the days; by a notice at the next sign-in, and by mail.
///
/// # Errors
/// The database is down.
pub(crate) async fn remind(broker: &Broker) -> Result<(), StoreError> {
    let now = broker.now();
    for row in broker.live::<AccessApplication>().await? {
        let side = if row.stage == Stage::Returned {
            Side::Applicant
        } else if row.stage.with_committee() {
            Side::Handler
        } else {
            continue;
        };
        let Some(days) = due(&row, now) else { continue };
        let words = match side {
            Side::Applicant => format!(
                "The committee's questions on your application {} have waited for your answer for {days} days.",
                row.id
            ),
            Side::Committee | Side::Handler | Side::Study => {
                format!(
                    "The application {} has waited for your committee for {days} days.",
                    row.id
                )
            }
        };
        let people = people(broker, &row, side).await?;
        let mut told = Vec::new();
        for person in people {
            let mut tx = broker.db().begin().await?;
            let what = format!("remind {} {days}", row.id);
            if !announced::first(&mut tx, &person, &what, row.since.plus(KEPT), "wait", now).await? {
                continue;
            }
            let notice = Notice {
                id: token(broker.random(), 12),
                at: now,
                words: words.clone(),
            };
            notices::put(&mut tx, &person, &notice).await?;
            tx.commit().await?;
            told.push(person);
        }
        mail::tell(broker, &told, &format!("/applications/{}", row.id)).await;
    }
    Ok(())
}

/// The last of the days that has passed since the stage began.
fn due(row: &AccessApplication, now: Timestamp) -> Option<i64> {
    let passed = |days: &&i64| row.since.plus(Duration::from_secs(days.unsigned_abs() * DAY)) <= now;
    REMIND.iter().rev().find(passed).copied()
}
