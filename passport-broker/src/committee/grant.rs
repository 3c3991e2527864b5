//! An application, a vote, a grant: three questions, three events; and taking a grant back.

use audit_log::{AboutKind, Class, Digest, Event, EventType, Outcome, What, Who};
use policy_engine::consent::ResearchPurpose;
use policy_engine::decide::{self, GovernQuestion};
use policy_engine::snapshot::DatasetRecord;
use serde::Deserialize;
use serde_json::Value;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::{Timestamp, token};

use super::houses::houses;
use super::stated::{check_purpose, one};
use super::{Asked, GovernError};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing};
use crate::limits;
use crate::record;
use crate::store::grants::{Application, ApplicationState, Grant};
use crate::store::people;
use crate::store::statements;
use crate::store::visas;

/// What a committee member asks for: access of one person to one dataset for one purpose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRequest {
    /// The dataset's id, or its short name.
    pub dataset: String,
    /// To whom, `sub,iss`.
    pub to: VisaIdentity,
    /// For what.
    pub purpose: ResearchPurpose,
    /// For which project.
    #[serde(default)]
    pub project: Option<String>,
    /// Acting for which institution.
    #[serde(default)]
    pub institution: Option<String>,
    /// On which conditions it counts: visas that the person must hold beside it (Passport 1.2 "conditions").
    #[serde(default)]
    pub conditions: Option<Value>,
    /// Until when.
    pub until: Timestamp,
}

/// What a grant gives, whatever application it answers.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// To whom.
    pub(crate) to: VisaIdentity,
    /// For what.
    pub(crate) purpose: ResearchPurpose,
    /// For which project.
    pub(crate) project: Option<String>,
    /// Acting for which institution.
    pub(crate) institution: Option<String>,
    /// On which conditions it counts.
    pub(crate) conditions: Option<Value>,
    /// Until when.
    pub(crate) until: Timestamp,
    /// The application's id.
    pub(crate) application: String,
}

/// How far it got.
#[derive(Clone, Debug)]
pub enum Granted {
    /// All votes are there: the grant is in force.
    Issued(Box<Grant>),
    /// The vote counts, and others are missing.
    Voted {
        /// The application, for the next member.
        application: Box<Application>,
        /// Votes that the dataset asks for.
        needed: u32,
    },
}

/// A request that this caller may vote on.
#[derive(Debug)]
pub(super) struct Considered {
    /// The caller's facts.
    pub(super) asked: Asked,
    /// The request, with project and institution beside its purpose.
    pub(super) request: GrantRequest,
    /// The dataset.
    pub(super) dataset: DatasetRecord,
    houses: Vec<String>,
    application: Application,
}

/// May this person vote at all? Judged for each house that the applicant belongs to. Nothing is stored.
pub(super) async fn consider(
    broker: &Broker,
    caller: &Caller,
    mut request: GrantRequest,
) -> Result<Considered, GovernError> {
    request.project = one(request.project, &mut request.purpose.project, "project")?;
    request.institution = one(request.institution, &mut request.purpose.institution, "institution")?;
    let now = broker.now();
    let asked = Asked::begin(broker, caller).await?;
    let dataset = dataset(&asked, &request.dataset)?;
    check(&request, now)?;
    let id = dataset.id().to_owned();
    let named: Vec<String> = request.institution.iter().cloned().collect();
    let houses = houses(broker, &asked, &named, std::slice::from_ref(&request.to)).await?;
    let application = open_application(broker, &id, &request)
        .await?
        .unwrap_or_else(|| Application {
            id: token(broker.random(), 12),
            applicant: request.to.clone(),
            dataset: id.clone(),
            purpose: request.purpose.clone(),
            project: request.project.clone(),
            institution: request.institution.clone(),
            conditions: request.conditions.clone(),
            until: request.until,
            entered_by: caller.person.as_str().to_owned(),
            yes: Vec::new(),
            state: ApplicationState::Submitted,
        });
    for house in &houses {
        let question = GovernQuestion::GrantDecide(as_asked(&application, house, decide::ApplicationState::Submitted));
        asked
            .ask(broker, caller, EventType::ChangeApprove, Some(&id), &question)
            .await?;
    }
    Ok(Considered {
        asked,
        request,
        dataset,
        houses,
        application,
    })
}

/// Files the application (or finds the one that says the same), casts the caller's vote, issues if the votes suffice.
///
/// # Errors
/// [`GovernError`]. Nothing is stored before the policies permitted the vote.
pub async fn issue(broker: &Broker, caller: &Caller, request: GrantRequest) -> Result<Granted, GovernError> {
    // read and written under one lock: two members who vote at once are two votes on one application
    let mut changing = Changing::begin(broker).await;

    // 1: may this person vote at all?
    let Considered {
        asked,
        request,
        dataset,
        houses,
        mut application,
    } = consider(broker, caller, request).await?;
    let id = dataset.id().to_owned();
    let me = caller.person.as_str().to_owned();
    if application.yes.contains(&me) {
        return Err(GovernError::Conflict {
            code: "grant.voted_already",
            message: "You have voted for this application already; another member of the committee has to vote too."
                .to_owned(),
        });
    }

    // 2: file and vote, each with its event
    let who = record::who(broker, caller, Class::Dac)?;
    if application.yes.is_empty() {
        let filed = changing.draft(&application).await?;
        let event = event(EventType::ChangeDraft, &who, &id, &application.id);
        changing.write(event, &[filed], Agreed::default()).await?;
    }
    application.yes.push(me);
    let vote = changing.draft(&application).await?;
    changing
        .write(
            event(EventType::ChangeApprove, &who, &id, &application.id),
            &[vote],
            Agreed::default(),
        )
        .await?;

    // 3: are the votes enough, and may this person issue?
    let votes = u32::try_from(application.yes.len()).unwrap_or(u32::MAX);
    if votes < dataset.votes_needed() {
        changing.finish().await?;
        return Ok(Granted::Voted {
            application: Box::new(application),
            needed: dataset.votes_needed(),
        });
    }
    for house in &houses {
        let question = GovernQuestion::GrantIssue(as_asked(&application, house, decide::ApplicationState::Submitted));
        asked
            .ask(broker, caller, EventType::GrantIssue, Some(&id), &question)
            .await?;
    }
    let given = Given {
        to: request.to,
        purpose: request.purpose,
        project: request.project,
        institution: request.institution,
        conditions: request.conditions,
        until: request.until,
        application: application.id.clone(),
    };
    let grant = give(broker, caller, &dataset, given)?;
    application.state = ApplicationState::Approved;
    let mut agreed = Agreed::default();
    for voter in &application.yes {
        let voter = broker.identity_of(&people::PersonId::from_text(voter.as_str()))?;
        agreed.approvers.push(record::person(broker, &voter)?);
    }
    let rows = [changing.draft(&grant).await?, changing.draft(&application).await?];
    changing
        .write(event(EventType::GrantIssue, &who, &id, &grant.id), &rows, agreed)
        .await?;
    changing.finish().await?;
    Ok(Granted::Issued(Box::new(grant)))
}

/// The grant that an approval gives one person for one dataset, not yet written. Who decided it, and by which votes, was
/// asked before; a grant that would not count is none.
pub(crate) fn give(
    broker: &Broker,
    caller: &Caller,
    dataset: &DatasetRecord,
    given: Given,
) -> Result<Grant, GovernError> {
    check_purpose(&given.purpose)?;
    Ok(Grant {
        id: token(broker.random(), 12),
        to: given.to,
        dataset: dataset.id().to_owned(),
        source: source(dataset)?,
        purpose: Some(given.purpose),
        project: given.project,
        institution: given.institution,
        conditions: given.conditions,
        starts: broker.now(),
        until: given.until,
        application: given.application,
        issued_by: caller.person.as_str().to_owned(),
        revoked: None,
        elsewhere: None,
    })
}

/// Takes a grant back: its visas end, decisions that rest on it end with the new snapshot.
///
/// # Errors
/// [`GovernError`]
pub async fn revoke(broker: &Broker, caller: &Caller, grant: &str, reason: &str) -> Result<Grant, GovernError> {
    let unknown = || GovernError::Unknown {
        what: "grant",
        id: grant.to_owned(),
    };
    if reason.trim().is_empty() || reason.len() > limits::TEXT_BYTES {
        return Err(GovernError::input(
            "grant.reason",
            "Give a reason of 1 to 4096 bytes; the committee will be asked.",
        ));
    }
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut found: Grant = broker.find(grant).await?.ok_or_else(unknown)?;
    let application: Option<Application> = broker.find(&found.application).await?;
    let house = found.institution.clone().unwrap_or_default();
    // a grant of a study's application is one of many: it ends alone, and the application goes on
    let asks = decide::Application {
        id: found.application.clone(),
        dataset: found.dataset.clone(),
        applicant: found.to.clone(),
        beneficiaries: Vec::new(),
        institution: house.clone(),
        votes: 0,
        state: decide::ApplicationState::Approved,
    };
    let asks = application.as_ref().map_or(asks, |application| {
        as_asked(application, &house, decide::ApplicationState::Approved)
    });
    let question = GovernQuestion::GrantRevoke(asks);
    asked
        .ask(broker, caller, EventType::GrantRevoke, Some(&found.dataset), &question)
        .await?;
    if found.revoked.is_some() {
        return Err(GovernError::Conflict {
            code: "grant.revoked_already",
            message: "This grant was revoked before.".to_owned(),
        });
    }
    let now = broker.now();
    found.revoked = Some(now);
    let mut rows = vec![changing.draft(&found).await?];
    if let Some(mut application) = application {
        application.state = ApplicationState::Revoked;
        rows.push(changing.draft(&application).await?);
    }
    let who = record::who(broker, caller, Class::Dac)?;
    let agreed = Agreed {
        reason: Some(Digest::of(reason.as_bytes())),
        ..Agreed::default()
    };
    changing
        .write(
            event(EventType::GrantRevoke, &who, &found.dataset, &found.id),
            &rows,
            agreed,
        )
        .await?;
    visas::revoke_of_grant(changing.db(), &found.id, now).await?;
    changing.finish().await?;
    Ok(found)
}

/// A dataset by its id or short name, if it is in the snapshot.
pub(super) fn dataset(asked: &Asked, name: &str) -> Result<DatasetRecord, GovernError> {
    asked
        .engine
        .dataset_named(name)
        .cloned()
        .ok_or_else(|| GovernError::NoDataset {
            dataset: name.to_owned(),
        })
}

/// The `source` of the dataset's own grants: its committee, which consent must list among the sources that count.
pub(super) fn source(dataset: &DatasetRecord) -> Result<String, GovernError> {
    if dataset.consent.dac.iter().any(|source| source.as_str() == dataset.dac) {
        return Ok(dataset.dac.clone());
    }
    Err(GovernError::Conflict {
        code: "grant.foreign_dataset",
        message: "Grants for this dataset are given by another source than this node's committee, so one given here \
                  would not count."
            .to_owned(),
    })
}

fn check(request: &GrantRequest, now: Timestamp) -> Result<(), GovernError> {
    check_purpose(&request.purpose)?;
    for name in [&request.project, &request.institution].into_iter().flatten() {
        if name.trim().is_empty() || name.len() > limits::NAME_BYTES {
            return Err(GovernError::input(
                "grant.name",
                "Project and institution have 1 to 1024 bytes.",
            ));
        }
    }
    if let Some(conditions) = &request.conditions {
        statements::sound(conditions).map_err(|error| GovernError::input("grant.conditions", error.to_string()))?;
    }
    if request.until <= now {
        return Err(GovernError::input("grant.until", "`until` lies in the past."));
    }
    if request.until > now.plus(limits::GRANT) {
        return Err(GovernError::input(
            "grant.until",
            "`until` is more than five years ahead.",
        ));
    }
    Ok(())
}

/// An application that asks for exactly this and waits for more votes.
async fn open_application(
    broker: &Broker,
    dataset: &str,
    request: &GrantRequest,
) -> Result<Option<Application>, GovernError> {
    let all: Vec<Application> = broker.of_dataset(dataset).await?;
    Ok(all.into_iter().find(|open| {
        open.state == ApplicationState::Submitted
            && open.applicant == request.to
            && open.purpose == request.purpose
            && open.project == request.project
            && open.institution == request.institution
            && open.conditions == request.conditions
            && open.until == request.until
    }))
}

fn as_asked(application: &Application, house: &str, state: decide::ApplicationState) -> decide::Application {
    decide::Application {
        id: application.id.clone(),
        dataset: application.dataset.clone(),
        applicant: application.applicant.clone(),
        beneficiaries: Vec::new(),
        institution: house.to_owned(),
        votes: u32::try_from(application.yes.len()).unwrap_or(u32::MAX),
        state,
    }
}

fn event(kind: EventType, who: &Who, dataset: &str, id: &str) -> Event {
    Event::new(kind, Outcome::Success)
        .who(who.clone())
        .what(What::dataset(dataset))
        .about(AboutKind::Grant, id)
}
