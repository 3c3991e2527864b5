//! Coming back after one closed one's account: a new one begins, empty, and on record as what it is. What barred the
//! closed account bars the new one (architecture D2).

use audit_log::{AboutKind, Event, EventType, Outcome};
use visa_verifier::seam::Timestamp;

use super::offer::identity_of;
use super::recognise::{Recognised, take_over};
use super::record::actor;
use crate::Broker;
use crate::catalogue::{Agreed, ChangeError, Changing};
use crate::store::links::LinkRow;
use crate::store::people::{self, PersonId};
use crate::upstream::{LoginProblem, UpstreamIdentity};

/// Enters a new person with an identity whose account was closed.
pub(crate) async fn enter_again(
    broker: &Broker,
    login: &UpstreamIdentity,
    now: Timestamp,
) -> Result<Recognised, LoginProblem> {
    let identity = identity_of(login)?;
    let mut changing = Changing::begin(broker).await;
    let known = people::by_identity(&mut broker.db(), &identity).await?;
    let Some(known) = known.filter(|known| known.closed.is_some()) else {
        // somebody was faster, in another tab
        return Err(LoginProblem::NotPending);
    };
    if known.suspended.is_some() {
        return Err(LoginProblem::Suspended);
    }
    let link: Option<LinkRow> = broker.find(&identity.to_string()).await?;
    let mut before = link.map_or(Vec::new(), |row| row.before);
    before.retain(|one| *one != known.id);
    before.push(known.id);
    let person = PersonId::random(broker.random());
    let row = LinkRow {
        identity: identity.clone(),
        person: person.clone(),
        since: now,
        ended: None,
        before,
    };
    let who = actor(broker, &person, Some(identity.iss.as_str()), None, None)
        .map_err(|error| LoginProblem::unrecorded(&error))?;
    let event = Event::new(EventType::LinkIdentity, Outcome::Success)
        .who(who)
        .about(AboutKind::Change, "begin-again");
    let draft = changing.draft(&row).await.map_err(failed)?;
    changing
        .write(event, &[draft], Agreed::default())
        .await
        .map_err(failed)?;

    let mut tx = broker.db().begin().await?;
    people::create(&mut tx, &person, now).await?;
    people::reattach(&mut tx, &person, &identity, login.unique, now).await?;
    take_over(&mut tx, &person, &identity, login, now).await?;
    tx.commit().await?;
    changing.finish().await.map_err(failed)?;
    Ok(Recognised { person, identity })
}

fn failed(error: ChangeError) -> LoginProblem {
    if let ChangeError::Store { source } = error {
        return source.into();
    }
    LoginProblem::unrecorded(&error)
}
