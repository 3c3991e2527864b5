//! The grants of an application: one a person and dataset, made by the committee's one way of making grants.

use policy_engine::consent::{EthicsEntry, ResearchPurpose, VouchedBy};
use visa_verifier::VisaIdentity;

use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::Changing;
use crate::committee::{Asked, Given, GovernError, give};
use crate::store::applications::AccessApplication;
use crate::store::governed::Pending;
use crate::store::grants::Grant;
use crate::store::people::PersonId;
use crate::store::visas;

/// What an approval changes.
#[derive(Debug, Default)]
pub(super) struct Renewed {
    /// The rows to write.
    pub(super) rows: Vec<Pending>,
    /// New grants.
    pub(super) issued: Vec<Grant>,
    /// Grants that are over.
    pub(super) ended: Vec<Grant>,
}

/// Brings the application's grants to what its approval says: what says the same stays, the rest is given or ended.
pub(super) async fn of_approval(
    broker: &Broker,
    caller: &Caller,
    asked: &Asked,
    changing: &mut Changing<'_>,
    row: &AccessApplication,
) -> Result<Renewed, GovernError> {
    let mut renewed = Renewed::default();
    let Some(approval) = &row.approval else {
        return Ok(renewed);
    };
    let mut people: Vec<&str> = vec![&row.applicant];
    let named = row
        .members
        .iter()
        .filter(|member| member.takes_part() && approval.members.contains(&member.id));
    people.extend(named.filter_map(|member| member.person.as_deref()));
    let mut held = live(broker, row).await?;
    let purpose = with_papers(row, &approval.terms.purpose, &approval.ethics);
    for person in people {
        let to = broker.identity_of(&PersonId::from_text(person))?;
        for id in &approval.terms.datasets {
            let dataset = asked
                .engine
                .dataset(id)
                .ok_or_else(|| GovernError::NoDataset { dataset: id.clone() })?;
            let given = Given {
                to: to.clone(),
                purpose: purpose.clone(),
                project: Some(row.project.clone()),
                institution: Some(row.house_of(person)),
                conditions: None,
                until: approval.terms.until,
                application: row.id.clone(),
            };
            if let Some(place) = held.iter().position(|grant| same(grant, dataset.id(), &given)) {
                held.swap_remove(place);
                continue;
            }
            let grant = give(broker, caller, dataset, given)?;
            renewed.rows.push(changing.draft(&grant).await?);
            renewed.issued.push(grant);
        }
    }
    for mut over in held {
        over.revoked = Some(broker.now());
        renewed.rows.push(changing.draft(&over).await?);
        renewed.ended.push(over);
    }
    Ok(renewed)
}

/// The purpose with the ethics papers that the committee read: checked by it, for this project and these data.
pub(super) fn with_papers(row: &AccessApplication, purpose: &ResearchPurpose, named: &[String]) -> ResearchPurpose {
    let mut purpose = purpose.clone();
    let papers = row.documents.iter().filter(|paper| named.contains(&paper.id));
    purpose.ethics = papers
        .filter_map(|paper| {
            Some(EthicsEntry {
                id: paper.id.parse().ok()?,
                institution: paper.institution.as_deref()?.parse().ok()?,
                starts: paper.starts?,
                expires: paper.expires,
                verified_by: (!paper.read_by.is_empty()).then_some(VouchedBy::Dac),
                projects: Some(row.project.parse().into_iter().collect()),
                datasets: Some(row.terms.datasets.iter().filter_map(|id| id.parse().ok()).collect()),
            })
        })
        .collect();
    purpose
}

/// Ends grants of the application: all of them, or one person's.
pub(super) async fn end(
    broker: &Broker,
    changing: &mut Changing<'_>,
    row: &AccessApplication,
    person: Option<&VisaIdentity>,
) -> Result<Renewed, GovernError> {
    let mut renewed = Renewed::default();
    for mut over in live(broker, row).await? {
        if person.is_none_or(|person| over.to == *person) {
            over.revoked = Some(broker.now());
            renewed.rows.push(changing.draft(&over).await?);
            renewed.ended.push(over);
        }
    }
    Ok(renewed)
}

/// The visas of grants that are over.
pub(super) async fn end_visas(
    broker: &Broker,
    changing: &mut Changing<'_>,
    ended: &[Grant],
) -> Result<(), GovernError> {
    for grant in ended {
        visas::revoke_of_grant(changing.db(), &grant.id, broker.now()).await?;
    }
    Ok(())
}

/// The grants that the application has given and that are not over.
pub(super) async fn live(broker: &Broker, row: &AccessApplication) -> Result<Vec<Grant>, GovernError> {
    let mut held = Vec::new();
    let people = [row.applicant.as_str()]
        .into_iter()
        .chain(row.members.iter().filter_map(|member| member.person.as_deref()));
    for person in people {
        let to = broker.identity_of(&PersonId::from_text(person))?;
        let found: Vec<Grant> = broker.of_person(&to.to_string()).await?;
        held.extend(found.into_iter().filter(|grant| grant.application == row.id));
    }
    Ok(held)
}

fn same(grant: &Grant, dataset: &str, given: &Given) -> bool {
    grant.dataset == dataset
        && grant.to == given.to
        && grant.purpose.as_ref() == Some(&given.purpose)
        && grant.project == given.project
        && grant.institution == given.institution
        && grant.until == given.until
}

impl AccessApplication {
    /// The institution for which a person takes part.
    pub(super) fn house_of(&self, person: &str) -> String {
        let member = |member: &&crate::store::applications::Member| member.person.as_deref() == Some(person);
        self.members
            .iter()
            .find(member)
            .map_or_else(|| self.institution.clone(), |member| member.institution.clone())
    }
}
