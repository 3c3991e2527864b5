//! The committee's yes: the last vote, the approval with its conditions and end, the grants that follow from it.

use audit_log::{Class, EventType};
use visa_verifier::seam::Timestamp;

use super::ask::{Asks, ask, needed, yes};
use super::grants;
use super::review::{HERE, cast};
use super::seat;
use super::terms;
use super::write::{Step, agreed, at, save, turn};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::Changing;
use crate::committee::{Asked, GovernError};
use crate::store::applications::{AccessApplication, Approval, DocumentKind, Stage, TurnKind};
use crate::store::grants::Grant;

/// Conditions of one approval.
const CONDITIONS: usize = 20;

/// What a member of the committee says yes to.
#[derive(Clone, Debug)]
pub struct Yes<'a> {
    /// Why.
    pub reason: &'a str,
    /// The digest that was shown.
    pub digest: &'a str,
    /// What the people have to keep to.
    pub conditions: Vec<String>,
    /// An earlier end than was asked for.
    pub until: Option<Timestamp>,
}

/// How far it got.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// All votes are there: the grants are in force.
    Approved(Box<AccessApplication>, Vec<Grant>),
    /// The vote counts, and others are missing.
    Voted {
        /// The application.
        row: Box<AccessApplication>,
        /// Votes that its datasets ask for.
        needed: u32,
    },
}

/// Votes yes, and puts it in force if the votes suffice: each person's grant for each dataset, under the project.
///
/// # Errors
/// [`GovernError`]
pub async fn approve(broker: &Broker, caller: &Caller, id: &str, said: Yes<'_>) -> Result<Outcome, GovernError> {
    terms::text(said.reason, "reason")?;
    if said.conditions.len() > CONDITIONS {
        return Err(GovernError::input(
            "application.text",
            format!("At most {CONDITIONS} conditions."),
        ));
    }
    for condition in &said.conditions {
        terms::text(condition, "conditions")?;
    }
    let now = broker.now();
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_committee(broker, id).await?;
    ask(broker, caller, &asked, &row, Asks::Decide).await?;
    at(&row, &HERE, "approved")?;
    let until = said.until.unwrap_or(row.terms.until);
    if until > row.terms.until {
        return Err(GovernError::input(
            "application.until",
            "`until` is later than was asked for.",
        ));
    }
    terms::end(until, now)?;
    let digest = super::digest(&row)?;
    let mine = |vote: &crate::store::applications::Vote| {
        vote.by == caller.person.as_str() && vote.yes && vote.digest == digest && said.digest == digest
    };
    if !row.votes.iter().any(mine) {
        cast(broker, caller, &mut row, true, said.reason, said.digest)?;
    }
    let needed = needed(&asked, &row);
    let votes: Vec<_> = yes(&row, &row.votes, &digest).cloned().collect();
    if u32::try_from(votes.len()).unwrap_or(u32::MAX) < needed {
        let step = Step::committee("application.voted");
        let agreed = agreed(broker, said.reason, [])?;
        save(broker, caller, &mut changing, step, &row, Vec::new(), agreed).await?;
        return Ok(Outcome::Voted {
            row: Box::new(row),
            needed,
        });
    }
    ask(broker, caller, &asked, &row, Asks::Issue).await?;

    let mut allowed = row.terms.clone();
    allowed.until = until;
    let members = row.members.iter().filter(|member| member.left.is_none());
    row.approval = Some(Approval {
        terms: allowed.clone(),
        digest: digest.clone(),
        conditions: said.conditions.iter().map(|text| text.trim().to_owned()).collect(),
        members: members.map(|member| member.id.clone()).collect(),
        ethics: row
            .documents
            .iter()
            .filter(|paper| paper.kind == DocumentKind::Ethics && paper.deleted.is_none() && !paper.read_by.is_empty())
            .map(|paper| paper.id.clone())
            .collect(),
        at: now,
        by: caller.person.as_str().to_owned(),
        votes: votes.clone(),
    });
    row.terms = allowed;
    row.votes.clear();
    turn(
        broker,
        caller,
        &mut row,
        TurnKind::Approved,
        said.reason,
        Stage::Approved,
    )?;
    let renewed = grants::of_approval(broker, caller, &asked, &mut changing, &row).await?;
    let step = Step {
        class: Class::Dac,
        kind: EventType::GrantIssue,
        code: "application.approved",
    };
    let agreed = agreed(broker, said.reason, votes.iter().map(|vote| vote.by.as_str()))?;
    save(broker, caller, &mut changing, step, &row, renewed.rows, agreed).await?;
    grants::end_visas(broker, &mut changing, &renewed.ended).await?;
    changing.finish().await?;
    Ok(Outcome::Approved(Box::new(row), renewed.issued))
}

/// Gives those who accepted after the approval what it names them for.
///
/// # Errors
/// [`GovernError`]
pub async fn admit(broker: &Broker, caller: &Caller, id: &str) -> Result<(AccessApplication, Vec<Grant>), GovernError> {
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_committee(broker, id).await?;
    at(&row, &[Stage::Approved], "opened to later members")?;
    // by the votes on what was approved, with everybody who gains now
    ask(broker, caller, &asked, &row, Asks::Decide).await?;
    ask(broker, caller, &asked, &row, Asks::Issue).await?;
    let renewed = grants::of_approval(broker, caller, &asked, &mut changing, &row).await?;
    if renewed.issued.is_empty() {
        return Err(GovernError::Conflict {
            code: "application.nobody_waits",
            message: "Everybody whom the approval names and who has accepted holds their grants already.".to_owned(),
        });
    }
    turn(broker, caller, &mut row, TurnKind::Admitted, "", Stage::Approved)?;
    let step = Step {
        class: Class::Dac,
        kind: EventType::GrantIssue,
        code: "application.admitted",
    };
    let votes = row
        .approval
        .as_ref()
        .map(|approval| approval.votes.clone())
        .unwrap_or_default();
    let agreed = agreed(broker, "", votes.iter().map(|vote| vote.by.as_str()))?;
    save(broker, caller, &mut changing, step, &row, renewed.rows, agreed).await?;
    grants::end_visas(broker, &mut changing, &renewed.ended).await?;
    changing.finish().await?;
    Ok((row, renewed.issued))
}
