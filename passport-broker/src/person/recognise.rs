//! Whose identity is this: a person that we know by (iss, sub), or a new one (architecture D2, section 4 hop 4).

use std::time::Duration;

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use crate::Broker;
use crate::store::people::{self, Fact, FactKind, PersonId};
use crate::store::{Db, StoreError};
use crate::upstream::{LoginProblem, UpstreamIdentity};

/// So long an affiliation counts after the login that stated it: institutions refresh theirs within a month
/// (REFEDS `ATP/ePA-1m`).
const AFFILIATION: Duration = Duration::from_secs(31 * 24 * 3600);

/// A person, as recognised by a login.
#[derive(Clone, Debug)]
pub(crate) struct Recognised {
    /// Who.
    pub(crate) person: PersonId,
    /// By which identity.
    pub(crate) identity: VisaIdentity,
}

/// Recognises the person behind a verified login, or enters a new one; and takes over what their institution states.
///
/// Never by name or address: (iss, sub) alone.
pub(crate) async fn recognise(
    broker: &Broker,
    login: &UpstreamIdentity,
    now: Timestamp,
) -> Result<Recognised, LoginProblem> {
    let identity = VisaIdentity::new(
        login.issuer.parse().map_err(|_| LoginProblem::NoIdentifier)?,
        login.subject.parse().map_err(|_| LoginProblem::NoIdentifier)?,
    );
    let mut tx = broker.db().begin().await?;
    let known = people::by_identity(&mut tx, &identity).await?;
    let person = match known {
        Some(person) if person.suspended.is_some() => return Err(LoginProblem::Suspended),
        Some(person) => {
            people::seen(&mut tx, &identity, now).await?;
            person.id
        }
        None => {
            let person = PersonId::random(broker.random());
            people::create(&mut tx, &person, now).await?;
            people::attach(&mut tx, &person, &identity, login.unique, now).await?;
            person
        }
    };
    take_over(&mut tx, &person, &identity, login, now).await?;
    tx.commit().await?;
    Ok(Recognised { person, identity })
}

/// Replaces what this institution stated before; what others asserted of the identity stays.
async fn take_over(
    db: &mut Db,
    person: &PersonId,
    identity: &VisaIdentity,
    login: &UpstreamIdentity,
    now: Timestamp,
) -> Result<(), StoreError> {
    let before: Vec<Fact> = people::facts(db, person, now)
        .await?
        .into_iter()
        .filter(|fact| fact.identity == *identity)
        .collect();
    let stays = |fact: &&Fact| matches!(fact.kind, FactKind::Terms | FactKind::ResearcherStatus);
    let mut facts: Vec<Fact> = before.iter().filter(stays).cloned().collect();
    facts.extend(login.affiliations.iter().map(|affiliation| Fact {
        kind: FactKind::Affiliation,
        value: format!("{}@{}", affiliation.role, affiliation.scope),
        source: affiliation.institution.clone(),
        by: "system".to_owned(),
        identity: identity.clone(),
        asserted: now,
        expires: now.plus(AFFILIATION),
    }));
    people::assert_facts(db, person, identity, &facts).await?;
    let said = |facts: &[Fact]| {
        let mut said: Vec<(String, String)> = facts
            .iter()
            .map(|fact| (fact.value.clone(), fact.source.clone()))
            .collect();
        said.sort();
        said
    };
    if said(&before) != said(&facts) {
        // Passports that hold the old facts are fetched anew.
        people::touch(db, person, now).await?;
    }
    Ok(())
}
