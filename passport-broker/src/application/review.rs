//! The committee's steps short of an approval: send back with questions, vote, deny, hand to another member.

use super::ask::{Asks, ask, gains, needed};
use super::terms;
use super::write::{Step, agreed, at, save, turn};
use super::{file, papers, seat};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::Changing;
use crate::committee::{Asked, GovernError};
use crate::store::applications::{AccessApplication, Stage, TurnKind, Vote};
use crate::store::people::{self, PersonId};

/// The stages in which the committee has it.
pub(super) const HERE: [Stage; 3] = [Stage::Submitted, Stage::Answered, Stage::InReview];

/// Sends it back with questions.
///
/// # Errors
/// [`GovernError`]
pub async fn send_back(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    questions: &str,
) -> Result<AccessApplication, GovernError> {
    terms::text(questions, "questions")?;
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_committee(broker, id).await?;
    ask(broker, caller, &asked, &row, Asks::Decide).await?;
    at(&row, &HERE, "sent back")?;
    turn(broker, caller, &mut row, TurnKind::Returned, questions, Stage::Returned)?;
    let step = Step::committee("application.returned");
    let agreed = agreed(broker, questions, [])?;
    save(broker, caller, &mut changing, step, &row, Vec::new(), agreed).await?;
    Ok(row)
}

/// Votes on exactly the version whose digest was shown.
///
/// # Errors
/// [`GovernError`]
pub async fn vote(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    yes: bool,
    reason: &str,
    digest: &str,
) -> Result<AccessApplication, GovernError> {
    terms::text(reason, "reason")?;
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_committee(broker, id).await?;
    ask(broker, caller, &asked, &row, Asks::Decide).await?;
    at(&row, &HERE, "voted on")?;
    cast(broker, caller, &mut row, yes, reason, digest)?;
    let step = Step::committee("application.voted");
    let agreed = agreed(broker, reason, [])?;
    save(broker, caller, &mut changing, step, &row, Vec::new(), agreed).await?;
    Ok(row)
}

/// Denies it, with the reason that the applicant reads. It takes as many votes as a yes would.
///
/// # Errors
/// [`GovernError`]
pub async fn deny(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    reason: &str,
    digest: &str,
) -> Result<AccessApplication, GovernError> {
    terms::text(reason, "reason")?;
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_committee(broker, id).await?;
    ask(broker, caller, &asked, &row, Asks::Decide).await?;
    at(&row, &HERE, "denied")?;
    let me = caller.person.as_str();
    let voted = |vote: &Vote| vote.by == me && !vote.yes && vote.digest == digest;
    if !row.votes.iter().any(voted) {
        cast(broker, caller, &mut row, false, reason, digest)?;
    }
    let no: Vec<String> = row
        .votes
        .iter()
        .filter(|vote| !vote.yes && vote.digest == digest && !gains(&row, &vote.by))
        .map(|vote| vote.by.clone())
        .collect();
    if u32::try_from(no.len()).unwrap_or(u32::MAX) < needed(&asked, &row) {
        let step = Step::committee("application.voted");
        let agreed = agreed(broker, reason, [])?;
        save(broker, caller, &mut changing, step, &row, Vec::new(), agreed).await?;
        return Ok(row);
    }
    let to = if file::back(broker, &mut row) == Stage::Approved {
        Stage::Approved
    } else {
        Stage::Denied
    };
    turn(broker, caller, &mut row, TurnKind::Denied, reason, to)?;
    let step = Step::committee("application.denied");
    let agreed = agreed(broker, reason, no.iter().map(String::as_str))?;
    save(broker, caller, &mut changing, step, &row, Vec::new(), agreed).await?;
    papers::retain(broker, &mut changing, &row).await?;
    Ok(row)
}

/// Hands it to another member of the committee, or to nobody in particular.
///
/// # Errors
/// [`GovernError`]
pub async fn reassign(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    to: Option<&str>,
    reason: &str,
) -> Result<AccessApplication, GovernError> {
    terms::text(reason, "reason")?;
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_committee(broker, id).await?;
    ask(broker, caller, &asked, &row, Asks::Decide).await?;
    at(&row, &HERE, "handed on")?;
    row.handler = match to {
        None => None,
        Some(to) => Some(member(broker, &row, to).await?),
    };
    let stage = row.stage;
    turn(broker, caller, &mut row, TurnKind::Reassigned, reason, stage)?;
    let step = Step::committee("application.reassigned");
    let agreed = agreed(broker, reason, [])?;
    save(broker, caller, &mut changing, step, &row, Vec::new(), agreed).await?;
    Ok(row)
}

/// Adds a vote. One person has one vote on one version; a new version asks them anew.
pub(super) fn cast(
    broker: &Broker,
    caller: &Caller,
    row: &mut AccessApplication,
    yes: bool,
    reason: &str,
    digest: &str,
) -> Result<(), GovernError> {
    let now = super::digest(row)?;
    if digest != now {
        return Err(GovernError::Conflict {
            code: "application.digest",
            message: "What is asked for has changed since you read it: read it again, then vote.".to_owned(),
        });
    }
    let me = caller.person.as_str();
    if row.votes.iter().any(|vote| vote.by == me && vote.digest == now) {
        return Err(GovernError::Conflict {
            code: "application.voted_already",
            message: "You have voted on this version; another member of the committee has to vote too.".to_owned(),
        });
    }
    row.votes.retain(|vote| vote.by != me);
    row.votes.push(Vote {
        by: me.to_owned(),
        at: broker.now(),
        yes,
        reason: reason.trim().to_owned(),
        digest: now,
    });
    turn(broker, caller, row, TurnKind::Voted, reason, Stage::InReview)
}

/// A person who sits in the application's committee now, by the `sub` of our tokens or as `sub,iss`.
async fn member(broker: &Broker, row: &AccessApplication, named: &str) -> Result<String, GovernError> {
    let person = match named.parse::<visa_verifier::VisaIdentity>() {
        Ok(identity) => broker.person_of(&identity).await?,
        Err(_) => people::by_id(&mut broker.db(), &PersonId::from_text(named))
            .await?
            .map(|person| person.id),
    };
    let seat = policy_engine::snapshot::RoleGrant::Committee(row.dac.clone());
    let person = match person {
        Some(person) if broker.roles_of(&person).await?.contains(&seat) => person,
        _ => {
            return Err(GovernError::input(
                "application.handler",
                "This is nobody who sits in the application's committee.",
            ));
        }
    };
    if gains(row, person.as_str()) {
        return Err(GovernError::input(
            "application.handler",
            "They gain by the application, so they cannot look after it.",
        ));
    }
    Ok(person.as_str().to_owned())
}
