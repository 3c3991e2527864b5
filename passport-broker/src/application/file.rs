//! The applicant's steps: begin, edit, hand in, answer, take back; amend and extend what was approved.

use policy_engine::consent::Name;
use visa_verifier::seam::{Timestamp, token};

use super::terms::{self, Wanted};
use super::write::{Step, agreed, at, save, turn};
use super::{papers, people, seat};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing};
use crate::committee::{Asked, GovernError};
use crate::store::applications::{AccessApplication, Stage, TurnKind};
use crate::tried::{self, TriedError, Try};

/// Applications of one person that are not over.
const OPEN: usize = 50;
/// Rows that one approval may change: half of what one event holds, since grants may be replaced.
pub(super) const GRANTS: usize = 120;

/// Begins one; nobody else sees it until it is handed in.
///
/// # Errors
/// [`GovernError`]: what was written makes no sense, or a dataset is not known to this person.
pub async fn begin(broker: &Broker, caller: &Caller, mut wanted: Wanted) -> Result<AccessApplication, GovernError> {
    let now = broker.now();
    let asked = Asked::begin(broker, caller).await?;
    let (dac, terms) = terms::read(&asked, &mut wanted, now)?;
    let institution = house(&asked, wanted.institution.as_deref(), now)?;
    let name = wanted.name.unwrap_or_else(|| caller.person.as_str().to_owned());
    terms::line(&name, "name")?;
    let mut changing = Changing::begin(broker).await;
    let mine: Vec<AccessApplication> = broker.of_person(caller.person.as_str()).await?;
    if mine.iter().filter(|row| !row.stage.is_over()).count() >= OPEN {
        return Err(GovernError::Conflict {
            code: "application.too_many",
            message: format!("You have {OPEN} applications that are not over."),
        });
    }
    let id = format!("app-{}", token(broker.random(), 12));
    if let Some(project) = &wanted.project {
        terms::line(project, "project")?;
    }
    let row = AccessApplication {
        project: wanted.project.unwrap_or_else(|| id.clone()),
        id,
        applicant: caller.person.as_str().to_owned(),
        name: name.trim().to_owned(),
        institution,
        dac,
        terms,
        members: Vec::new(),
        documents: Vec::new(),
        stage: Stage::Draft,
        since: now,
        begun: now,
        turns: Vec::new(),
        votes: Vec::new(),
        handler: None,
        approval: None,
        report: None,
    };
    let step = Step::researcher("application.begun");
    save(broker, caller, &mut changing, step, &row, Vec::new(), Agreed::default()).await?;
    Ok(row)
}

/// Changes what is asked for, before it is handed in or while it is back with questions.
///
/// # Errors
/// As [`begin`]; [`GovernError::Conflict`] while the committee has it.
pub async fn edit(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    mut wanted: Wanted,
) -> Result<AccessApplication, GovernError> {
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_applicant(broker, caller, id).await?;
    at(&row, &[Stage::Draft, Stage::Returned], "changed")?;
    rewrite(&asked, &mut row, &mut wanted, broker.now())?;
    let step = Step::researcher("application.changed");
    save(broker, caller, &mut changing, step, &row, Vec::new(), Agreed::default()).await?;
    Ok(row)
}

/// Hands it in.
///
/// # Errors
/// [`GovernError`]
pub async fn submit(broker: &Broker, caller: &Caller, id: &str) -> Result<AccessApplication, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_applicant(broker, caller, id).await?;
    at(&row, &[Stage::Draft], "handed in")?;
    ready(broker, caller, &row).await?;
    row.votes.clear();
    turn(broker, caller, &mut row, TurnKind::Submitted, "", Stage::Submitted)?;
    let step = Step::researcher("application.submitted");
    save(broker, caller, &mut changing, step, &row, Vec::new(), Agreed::default()).await?;
    Ok(row)
}

/// Answers the committee's questions; what is asked for may have been changed before.
///
/// # Errors
/// [`GovernError`]
pub async fn answer(broker: &Broker, caller: &Caller, id: &str, text: &str) -> Result<AccessApplication, GovernError> {
    terms::text(text, "text")?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_applicant(broker, caller, id).await?;
    at(&row, &[Stage::Returned], "answered")?;
    ready(broker, caller, &row).await?;
    turn(broker, caller, &mut row, TurnKind::Answered, text, Stage::Answered)?;
    // a vote is for one version: those on another one are over
    let digest = super::digest(&row)?;
    row.votes.retain(|vote| vote.digest == digest);
    let step = Step::researcher("application.answered");
    let agreed = agreed(broker, text, [])?;
    save(broker, caller, &mut changing, step, &row, Vec::new(), agreed).await?;
    Ok(row)
}

/// Takes it back. What was approved before an amendment stays as it was.
///
/// # Errors
/// [`GovernError`]
pub async fn withdraw(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    reason: &str,
) -> Result<AccessApplication, GovernError> {
    terms::text(reason, "reason")?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_applicant(broker, caller, id).await?;
    let open = [
        Stage::Draft,
        Stage::Submitted,
        Stage::Returned,
        Stage::Answered,
        Stage::InReview,
    ];
    at(&row, &open, "taken back (what is approved ends with its final report)")?;
    let to = back(broker, &mut row);
    turn(broker, caller, &mut row, TurnKind::Withdrawn, reason, to)?;
    let step = Step::researcher("application.withdrawn");
    let agreed = agreed(broker, reason, [])?;
    save(broker, caller, &mut changing, step, &row, Vec::new(), agreed).await?;
    papers::retain(broker, &mut changing, &row).await?;
    Ok(row)
}

/// Begins an amendment: another purpose, other data, other people. What is approved stays in force meanwhile.
///
/// # Errors
/// As [`edit`].
pub async fn amend(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    mut wanted: Wanted,
) -> Result<AccessApplication, GovernError> {
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_applicant(broker, caller, id).await?;
    at(&row, &[Stage::Approved], "amended")?;
    rewrite(&asked, &mut row, &mut wanted, broker.now())?;
    turn(broker, caller, &mut row, TurnKind::Amended, "", Stage::Draft)?;
    let step = Step::researcher("application.amended");
    save(broker, caller, &mut changing, step, &row, Vec::new(), Agreed::default()).await?;
    Ok(row)
}

/// Asks for a later end, and nothing else: straight to the committee.
///
/// # Errors
/// [`GovernError`]
pub async fn extend(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    until: Timestamp,
    reason: &str,
) -> Result<AccessApplication, GovernError> {
    terms::text(reason, "reason")?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_applicant(broker, caller, id).await?;
    at(&row, &[Stage::Approved], "extended")?;
    terms::end(until, broker.now())?;
    let granted = row.approval.as_ref().map(|approval| approval.terms.until);
    if granted.is_none_or(|granted| until <= granted) {
        return Err(GovernError::input(
            "application.until",
            "`until` is no later than the end that was approved.",
        ));
    }
    row.terms.until = until;
    row.votes.clear();
    ready(broker, caller, &row).await?;
    turn(broker, caller, &mut row, TurnKind::Extended, reason, Stage::Submitted)?;
    let step = Step::researcher("application.extended");
    let agreed = agreed(broker, reason, [])?;
    save(broker, caller, &mut changing, step, &row, Vec::new(), agreed).await?;
    Ok(row)
}

/// Back to what was approved, if something was; else over.
pub(super) fn back(broker: &Broker, row: &mut AccessApplication) -> Stage {
    row.votes.clear();
    let Some(approval) = row.approval.clone() else {
        return Stage::Withdrawn;
    };
    people::drop_unapproved(row, &approval.members, broker.now());
    row.terms = approval.terms;
    Stage::Approved
}

/// What was written in the place of what stood there. The committee stays the one that has it.
fn rewrite(asked: &Asked, row: &mut AccessApplication, wanted: &mut Wanted, now: Timestamp) -> Result<(), GovernError> {
    let (dac, terms) = terms::read(asked, wanted, now)?;
    if dac != row.dac {
        return Err(GovernError::input(
            "application.one_committee",
            "An application goes to one committee: write one for each.",
        ));
    }
    if let Some(named) = &wanted.institution
        && *named != row.institution
    {
        row.institution = house(asked, Some(named), now)?;
    }
    if let Some(name) = &wanted.name {
        terms::line(name, "name")?;
        row.name = name.trim().to_owned();
    }
    row.terms = terms;
    Ok(())
}

/// Whether it may go to the committee: bounded, not in the past; its purpose is counted as one that was tried.
async fn ready(broker: &Broker, caller: &Caller, row: &AccessApplication) -> Result<(), GovernError> {
    terms::end(row.terms.until, broker.now())?;
    let members = row.members.iter().filter(|member| member.left.is_none()).count();
    if members.saturating_add(1).saturating_mul(row.terms.datasets.len()) > GRANTS {
        return Err(GovernError::Conflict {
            code: "application.too_many",
            message: format!("People times datasets are more than {GRANTS}: split the application."),
        });
    }
    let mut purpose = row.terms.purpose.clone();
    purpose.institution = Name::try_from(row.institution.as_str()).ok();
    let counted = tried::count(
        broker,
        Try {
            person: &caller.identity,
            datasets: &row.terms.datasets,
            purpose: &purpose,
            door: "application",
        },
    )
    .await;
    match counted {
        Ok(_) => Ok(()),
        Err(TriedError::TooMany { .. }) => Err(GovernError::Conflict {
            code: "application.too_many",
            message: "More than a hundred purposes were tried on these data within a day.".to_owned(),
        }),
        Err(TriedError::Store(source)) => Err(source.into()),
        Err(TriedError::Audit(source)) => Err(source.into()),
    }
}

/// The institution that somebody acts for: one that vouches for them.
fn house(asked: &Asked, named: Option<&str>, now: Timestamp) -> Result<String, GovernError> {
    let mut houses = asked.facts.institutions(now);
    let found = match named {
        Some(named) => houses.find(|house| *house == named),
        None => houses.next(),
    };
    found.map(str::to_owned).ok_or_else(|| {
        GovernError::input(
            "application.institution",
            "No such institution vouches for you here: log in through it, then name it.",
        )
    })
}
