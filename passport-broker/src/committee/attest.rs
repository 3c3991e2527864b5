//! A purpose said by the person themself, for a grant of another issuer that carries none: signed into the log, frozen
//! for the grant's life (consent.md 2.9, D4). And the default purpose, which counts where nothing else says one.

use audit_log::{AboutKind, Basis, Class, Event, EventType, Outcome, What, Why};
use policy_engine::consent::ResearchPurpose;
use serde::Deserialize;

use super::foreign::{ForeignGrant, foreign_grants};
use super::stated::{check_purpose, one};
use super::{Asked, GovernError, grant};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing};
use crate::limits;
use crate::record;
use crate::store::grants::{AttestedPurpose, DefaultPurpose};
use crate::store::people::PersonId;

/// What a person attests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The dataset's id, or its short name.
    pub dataset: String,
    /// For which project; may stand in the purpose instead.
    #[serde(default)]
    pub project: Option<String>,
    /// Acting for which institution.
    #[serde(default)]
    pub institution: Option<String>,
    /// For what.
    pub purpose: ResearchPurpose,
}

/// Attests a purpose; repeating the same one changes nothing.
///
/// # Errors
/// [`GovernError`]: among others, another purpose stands for this dataset and project already.
pub async fn attest(broker: &Broker, caller: &Caller, mut said: Attestation) -> Result<AttestedPurpose, GovernError> {
    said.institution = one(said.institution, &mut said.purpose.institution, "institution")?;
    let project = one(said.project, &mut said.purpose.project, "project")?.unwrap_or_default();
    check_purpose(&said.purpose)?;
    if project.trim().is_empty() || project.len() > limits::NAME_BYTES {
        return Err(GovernError::input(
            "purpose.project",
            "Name the project, in 1 to 1024 bytes.",
        ));
    }
    let asked = Asked::begin(broker, caller).await?;
    let dataset = grant::dataset(&asked, &said.dataset)?.id().to_owned();
    let foreign = foreign_grants(broker, &caller.person).await?;
    // of several grants for one dataset the one that lasts longest
    let Some(foreign) = foreign
        .into_iter()
        .filter(|grant| grant.dataset == dataset)
        .max_by_key(|grant| grant.until)
    else {
        return Err(GovernError::Conflict {
            code: "purpose.no_foreign_grant",
            message: "You hold no grant of another issuer for this dataset. Grants given here carry their purpose \
                      already."
                .to_owned(),
        });
    };
    let row = AttestedPurpose {
        id: format!("{}#{dataset}#{project}", caller.person),
        person: caller.person.as_str().to_owned(),
        dataset: dataset.clone(),
        project: Some(project),
        institution: said.institution,
        purpose: said.purpose,
        source: foreign.source,
        asserted: foreign.asserted,
        until: foreign.until,
        attested: broker.now(),
    };
    let mut changing = Changing::begin(broker).await;
    if let Some(before) = broker.find::<AttestedPurpose>(&row.id).await?
        && (&before.source, before.asserted) == (&row.source, row.asserted)
    {
        if before.purpose == row.purpose && before.institution == row.institution {
            return Ok(AttestedPurpose {
                until: row.until,
                ..before
            });
        }
        return Err(GovernError::Conflict {
            code: "purpose.frozen",
            message: "You attested another purpose for this dataset and project; it is frozen for the life of the \
                      grant. Use another project, or ask the committee."
                .to_owned(),
        });
    }
    let draft = changing.draft(&row).await?;
    let event = Event::new(EventType::PurposeAttest, Outcome::Success)
        .who(record::who(broker, caller, Class::Researcher)?)
        .what(What::dataset(dataset.as_str()))
        .why(Why::default().purpose(None, Basis::Attested, words(&row.purpose)));
    changing.write(event, &[draft], Agreed::default()).await?;
    changing.finish().await?;
    Ok(row)
}

/// Chooses the default purpose, or takes it back.
///
/// # Errors
/// [`GovernError`]
pub async fn choose_default(
    broker: &Broker,
    caller: &Caller,
    purpose: Option<ResearchPurpose>,
) -> Result<(), GovernError> {
    if let Some(purpose) = &purpose {
        check_purpose(purpose)?;
    }
    let row = DefaultPurpose {
        person: caller.person.as_str().to_owned(),
        purpose,
    };
    let mut changing = Changing::begin(broker).await;
    let draft = changing.draft(&row).await?;
    let categories = row.purpose.as_ref().map(words).unwrap_or_default();
    let event = Event::new(EventType::PurposeChange, Outcome::Success)
        .who(record::who(broker, caller, Class::Researcher)?)
        .why(Why::default().purpose(None, Basis::None, categories))
        .about(AboutKind::Change, "default-purpose");
    changing.write(event, &[draft], Agreed::default()).await?;
    changing.finish().await?;
    Ok(())
}

/// The grants of other issuers for which no purpose was attested yet.
///
/// # Errors
/// The database is down.
pub async fn waiting(broker: &Broker, person: &PersonId) -> Result<Vec<ForeignGrant>, GovernError> {
    let attested = broker.attested_of(person).await?;
    let mut foreign = foreign_grants(broker, person).await?;
    foreign.retain(|grant| {
        !attested
            .iter()
            .any(|row| row.dataset == grant.dataset && row.source == grant.source)
    });
    Ok(foreign)
}

fn words(purpose: &ResearchPurpose) -> Vec<&'static str> {
    purpose.categories.iter().map(|category| category.as_str()).collect()
}
