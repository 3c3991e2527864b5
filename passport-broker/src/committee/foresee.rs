//! What a grant would be worth, told before it is given: which facts would still deny its use, and who can record them.
//!
//! The ordinary engine decides, about the facts that the person's Passport would give with this grant in it. Nothing is
//! stored. A committee may grant all the same: the grant then waits for what is lacking.

use policy_engine::consent::{Access, Code, Effect, Recorder, ResearchPurpose};
use policy_engine::decide::{Engine, Facts, Reason};
use policy_engine::review::gains::{self, Standing, Use};
use policy_engine::snapshot::{DatasetMode, DatasetRecord};
use serde::Serialize;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::GovernError;
use super::access::{self, ASSUMED};
use super::grant::{self, GrantRequest};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::store::grants::Grant;

/// A fact or a judgement that is lacking.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lack {
    /// What the engine says: code, sentence, term, what helps.
    #[serde(flatten)]
    pub reason: Reason,
    /// A judgement, which a committee can give; else a fact, which no approval changes.
    pub judgement: bool,
    /// Who can record it.
    pub recorder: Recorder,
    /// The same in words.
    pub who: &'static str,
}

/// What a grant would be worth.
#[derive(Clone, Debug, Serialize)]
pub struct Foresight {
    /// The dataset.
    pub dataset: String,
    /// The person.
    pub to: VisaIdentity,
    /// How the dataset is used: bytes to the person, or to a task.
    #[serde(rename = "use")]
    pub kind: Use,
    /// With this grant the use is permitted, as things stand.
    pub works: bool,
    /// Until when, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What is lacking, facts first.
    pub lacks: Vec<Lack>,
    /// Exact codes of consent, which only the committee sees.
    pub consent: Vec<String>,
    /// Votes that this dataset asks for.
    pub votes_needed: u32,
    /// What is assumed of the login.
    pub assumes: &'static str,
}

/// Foresees what a grant would be worth; for those who may vote on it.
///
/// # Errors
/// [`GovernError`]: also why it could not be issued at all.
pub async fn foresee(broker: &Broker, caller: &Caller, request: GrantRequest) -> Result<Foresight, GovernError> {
    let considered = grant::consider(broker, caller, request).await?;
    let (asked, dataset, request) = (considered.asked, considered.dataset, considered.request);
    let engine = asked.engine;
    let now = broker.now();
    let planned = Grant {
        id: "foreseen".to_owned(),
        to: request.to,
        dataset: dataset.id().to_owned(),
        source: grant::source(&dataset)?,
        purpose: Some(request.purpose),
        project: request.project,
        institution: request.institution,
        conditions: request.conditions,
        starts: now,
        until: request.until,
        application: "foreseen".to_owned(),
        issued_by: caller.person.as_str().to_owned(),
        revoked: None,
        elsewhere: None,
    };
    let facts = access::facts_with(broker, &planned, engine.snapshot()).await?;
    let work = tokio::task::spawn_blocking(move || of(&engine, &facts, &dataset, &planned, now));
    work.await.map_err(|_| GovernError::Facts {
        why: "the question was interrupted".to_owned(),
    })
}

/// Decides twice: as the person's session will be, which says the recorded purpose and nothing else, and with all that
/// the committee read, its papers and agreements among it. What works is what the session may do.
fn of(engine: &Engine, facts: &Facts, dataset: &DatasetRecord, grant: &Grant, now: Timestamp) -> Foresight {
    let kind = match dataset.mode {
        DatasetMode::Download => Use::Download,
        DatasetMode::ComputeOnly => Use::Compute,
    };
    let judge = |purpose: &ResearchPurpose| gains::standing_for(engine, facts, dataset.id(), kind, purpose, now);
    let stated = purpose(grant);
    let mut recorded = ResearchPurpose::of(stated.categories);
    recorded.diseases.clone_from(&stated.diseases);
    recorded.commercial = stated.commercial;
    recorded.project.clone_from(&stated.project);
    recorded.institution.clone_from(&stated.institution);
    let standing = judge(&recorded);
    let read = (recorded != stated).then(|| judge(&stated));
    let mut lacks: Vec<Lack> = Vec::new();
    for reason in reasons(&standing, read.as_ref(), dataset) {
        let lack = lack(engine, reason.clone(), grant);
        if !lacks.contains(&lack) {
            lacks.push(lack);
        }
    }
    lacks.sort_by_key(|lack| lack.judgement);
    let mut consent = standing.consent;
    consent.extend(read.into_iter().flat_map(|read| read.consent));
    consent.sort_unstable();
    consent.dedup();
    Foresight {
        dataset: dataset.id().to_owned(),
        to: grant.to.clone(),
        kind,
        works: standing.permit,
        until: standing.until.filter(|_| standing.permit),
        lacks,
        consent,
        votes_needed: dataset.votes_needed(),
        assumes: ASSUMED,
    }
}

/// The purpose as the committee reads it, with project and institution.
fn purpose(grant: &Grant) -> ResearchPurpose {
    let mut purpose = grant.purpose.clone().unwrap_or_else(ResearchPurpose::unstated);
    let name = |text: &Option<String>| text.as_deref().and_then(|text| text.try_into().ok());
    purpose.project = name(&grant.project);
    purpose.institution = name(&grant.institution);
    purpose
}

/// What either decision denies. What the committee read says more of a paper than that the session has none, so where it
/// speaks of ethics the session's word on it is left out; and whatever is behind the gate's own "consent does not permit"
/// or "no rule permits" stands beside it already.
fn reasons<'s>(
    standing: &'s Standing,
    read: Option<&'s Standing>,
    dataset: &DatasetRecord,
) -> impl Iterator<Item = &'s Reason> {
    let denied = |standing: &'s Standing| if standing.permit { &[] } else { standing.why.as_slice() };
    let first: &[Reason] = read.map_or(&[], denied);
    let ethics = |reason: &Reason| reason.code.contains("ethics");
    let spoken = first.iter().any(ethics);
    let rest = denied(standing)
        .iter()
        .filter(move |reason| !(spoken && ethics(reason)));
    let all = first.iter().chain(rest);
    let controlled = dataset.consent.access == Access::Controlled;
    let told = standing.why.iter().any(|reason| reason.code.starts_with("consent."));
    all.filter(move |reason| {
        let gate = matches!(
            reason.code.as_str(),
            "policy.consent_not_permitted" | "policy.no_grant" | "policy.no_rule_permits"
        );
        !(controlled && told && gate)
    })
}

fn lack(engine: &Engine, reason: Reason, grant: &Grant) -> Lack {
    let code = reason.code.parse::<Code>().ok();
    // nobody can prove to belong to a house that the register does not know
    let known = |house: &String| engine.snapshot().institutions.iter().any(|row| row.id == *house);
    let unknown = grant.institution.as_ref().is_some_and(|house| !known(house));
    let recorder = match code {
        Some(Code::AffiliationMissing) if unknown => Recorder::RegisterKeeper,
        Some(code) => code.recorder(),
        None => of_policy(&reason.code),
    };
    Lack {
        judgement: code.is_some_and(|code| engine.tables().effect(code) == Effect::Review),
        recorder,
        who: recorder.says(),
        reason,
    }
}

/// Who can turn a policy's no. Logins are assumed to be good, so what is left is the place and the person.
fn of_policy(code: &str) -> Recorder {
    match code {
        "policy.identity_assurance" | "policy.affiliation_stale" | "policy.not_registered" => Recorder::Institution,
        "policy.sender_constrained" | "policy.step_up" | "policy.network" | "policy.commercial" => Recorder::Person,
        "policy.dataset_inactive" => Recorder::Custodian,
        "policy.no_grant" | "policy.other_project" => Recorder::Committee,
        _ => Recorder::Provider,
    }
}
