//! The committee's steps before the policies: one question for each dataset and each house that gains.

use audit_log::EventType;
use policy_engine::decide::{self, GovernQuestion};
use visa_verifier::VisaIdentity;

use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::{Asked, GovernError, houses};
use crate::store::applications::{AccessApplication, Stage, Vote};
use crate::store::people::PersonId;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asks {
    /// May this person vote, return, deny, reassign?
    Decide,
    /// May this person put it in force?
    Issue,
}

/// Everybody who would gain: the applicant first.
pub(super) fn people(broker: &Broker, row: &AccessApplication) -> Result<Vec<VisaIdentity>, GovernError> {
    let members = row.members.iter().filter(|member| member.takes_part());
    let mut all = Vec::new();
    for person in [row.applicant.as_str()]
        .into_iter()
        .chain(members.filter_map(|member| member.person.as_deref()))
    {
        all.push(broker.identity_of(&PersonId::from_text(person))?);
    }
    Ok(all)
}

/// Asks for each dataset and house; the first denial is on record and ends it.
pub(super) async fn ask(
    broker: &Broker,
    caller: &Caller,
    asked: &Asked,
    row: &AccessApplication,
    asks: Asks,
) -> Result<(), GovernError> {
    // the houses that were named, and those that are known of whoever takes part
    let mut named = vec![row.institution.clone()];
    let invited = row.members.iter().filter(|member| member.left.is_none());
    named.extend(invited.map(|member| member.institution.clone()));
    let houses = houses(broker, asked, &named, &people(broker, row)?).await?;
    let kind = match asks {
        Asks::Decide => EventType::ChangeApprove,
        Asks::Issue => EventType::GrantIssue,
    };
    for question in questions(broker, row, asks, &houses)? {
        let dataset =
            if let GovernQuestion::GrantDecide(application) | GovernQuestion::GrantIssue(application) = &question {
                Some(application.dataset.clone())
            } else {
                None
            };
        asked.ask(broker, caller, kind, dataset.as_deref(), &question).await?;
    }
    Ok(())
}

/// The questions: one for each dataset and house.
pub(super) fn questions(
    broker: &Broker,
    row: &AccessApplication,
    asks: Asks,
    houses: &[String],
) -> Result<Vec<GovernQuestion>, GovernError> {
    let people = people(broker, row)?;
    let Some((applicant, others)) = people.split_first() else {
        return Ok(Vec::new());
    };
    let digest = super::digest(row)?;
    // of an approval that is in force the votes behind it count
    let approved = row.approval.as_ref().filter(|_| row.stage == Stage::Approved);
    let (votes, digest) = approved.map_or((&row.votes, digest.as_str()), |yes| (&yes.votes, yes.digest.as_str()));
    let votes = u32::try_from(yes(row, votes, digest).count()).unwrap_or(u32::MAX);
    let mut all = Vec::new();
    for dataset in &row.terms.datasets {
        for house in houses {
            let application = decide::Application {
                id: row.id.clone(),
                dataset: dataset.clone(),
                applicant: applicant.clone(),
                beneficiaries: others.to_vec(),
                institution: house.clone(),
                votes,
                state: state(row.stage),
            };
            all.push(match asks {
                Asks::Decide => GovernQuestion::GrantDecide(application),
                Asks::Issue => GovernQuestion::GrantIssue(application),
            });
        }
    }
    Ok(all)
}

/// The yes votes for this digest of people who do not gain.
pub(super) fn yes<'v>(
    row: &'v AccessApplication,
    votes: &'v [Vote],
    digest: &'v str,
) -> impl Iterator<Item = &'v Vote> + use<'v> {
    votes
        .iter()
        .filter(move |vote| vote.yes && vote.digest == digest && !gains(row, &vote.by))
}

/// Whether a person would gain by it.
pub(super) fn gains(row: &AccessApplication, person: &str) -> bool {
    let member = |member: &crate::store::applications::Member| member.person.as_deref() == Some(person);
    row.applicant == person || row.members.iter().any(member)
}

/// Votes that its datasets ask for: the most of them.
pub(super) fn needed(asked: &Asked, row: &AccessApplication) -> u32 {
    let datasets = row.terms.datasets.iter().filter_map(|id| asked.engine.dataset(id));
    datasets
        .map(policy_engine::snapshot::DatasetRecord::votes_needed)
        .max()
        .unwrap_or(1)
}

const fn state(stage: Stage) -> decide::ApplicationState {
    match stage {
        Stage::Draft => decide::ApplicationState::Draft,
        Stage::Submitted | Stage::Returned | Stage::Answered | Stage::InReview => decide::ApplicationState::Submitted,
        Stage::Approved => decide::ApplicationState::Approved,
        Stage::Denied => decide::ApplicationState::Refused,
        Stage::Withdrawn | Stage::Closed => decide::ApplicationState::Revoked,
    }
}
