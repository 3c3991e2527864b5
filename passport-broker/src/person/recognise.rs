//! Whose identity is this: a person that we know by (iss, sub), or a new one (architecture D2, section 4 hop 4).

use std::time::Duration;

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::offer::identity_of;
use crate::Broker;
use crate::store::links::LinkRow;
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

/// What a login came to.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// Somebody whom we know.
    Known(Recognised),
    /// Nobody knows this identity.
    Stranger(VisaIdentity),
    /// Its account was closed.
    Closed,
}

/// Recognises the person behind a verified login, and takes over what their institution states.
///
/// Never by name or address: (iss, sub) alone.
pub(crate) async fn recognise(
    broker: &Broker,
    login: &UpstreamIdentity,
    now: Timestamp,
) -> Result<Found, LoginProblem> {
    let identity = identity_of(login)?;
    let link = broker.find::<LinkRow>(&identity.to_string()).await?;
    let mut tx = broker.db().begin().await?;
    let Some(known) = people::identity_row(&mut tx, &identity).await? else {
        return Ok(Found::Stranger(identity));
    };
    let person = people::by_id(&mut tx, &known.person).await?;
    if let Some(closed) = person.as_ref().filter(|person| person.closed.is_some()) {
        return if closed.suspended.is_some() {
            Err(LoginProblem::Suspended)
        } else {
            Ok(Found::Closed)
        };
    }
    if known.unlinked.is_some() || link.as_ref().is_some_and(|link| link.ended.is_some()) {
        return Err(LoginProblem::TakenOff);
    }
    if link.is_some_and(|link| link.person != known.person) {
        // A row that was changed by hand: the log says whose the identity is.
        tracing::error!(
            code = "catalogue.db_not_as_logged",
            "an identity does not lead where its link says"
        );
        return Err(LoginProblem::Unavailable);
    }
    if person.is_none_or(|person| person.suspended.is_some()) {
        return Err(LoginProblem::Suspended);
    }
    people::seen(&mut tx, &identity, now).await?;
    take_over(&mut tx, &known.person, &identity, login, now).await?;
    tx.commit().await?;
    Ok(Found::Known(Recognised {
        person: known.person,
        identity,
    }))
}

/// Enters a new person with this identity. Somebody who was faster with the same identity wins.
pub(crate) async fn enter(
    broker: &Broker,
    login: &UpstreamIdentity,
    now: Timestamp,
) -> Result<Recognised, LoginProblem> {
    let identity = identity_of(login)?;
    let person = PersonId::random(broker.random());
    let mut tx = broker.db().begin().await?;
    people::create(&mut tx, &person, now).await?;
    match people::attach(&mut tx, &person, &identity, login.unique, now).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => {
            drop(tx);
            // Two tabs at once: both are this person, whom the other one entered.
            return match recognise(broker, login, now).await? {
                Found::Known(recognised) => Ok(recognised),
                Found::Stranger(_) | Found::Closed => Err(LoginProblem::Unavailable),
            };
        }
        Err(error) => return Err(error.into()),
    }
    take_over(&mut tx, &person, &identity, login, now).await?;
    tx.commit().await?;
    Ok(Recognised { person, identity })
}

/// Replaces what this institution stated before; what others asserted of the identity stays.
pub(super) async fn take_over(
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
    facts.extend(login.groups.iter().map(|membership| Fact {
        kind: if membership.visa {
            FactKind::GroupVisa
        } else {
            FactKind::Group
        },
        value: membership.group.clone(),
        source: login.issuer.clone(),
        by: "system".to_owned(),
        identity: identity.clone(),
        asserted: now,
        expires: now.plus(AFFILIATION),
    }));
    people::assert_facts(db, person, identity, &facts).await?;
    let said = |facts: &[Fact]| {
        let mut said: Vec<(&'static str, String, String)> = facts
            .iter()
            .map(|fact| (fact.kind.word(), fact.value.clone(), fact.source.clone()))
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
