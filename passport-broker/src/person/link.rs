//! A further identity for an account, and taking one off (`specs/trust.md` C.29, architecture D2).
//!
//! Both identities are proven in one browser session within minutes; names and addresses prove nothing. An identity
//! belongs to one person. Unlinking ends rights, the row and [`LinkRow::before`] keep bars.

use audit_log::{AboutKind, Event, EventType, Outcome, Why};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::{Timestamp, token};

use super::offer::identity_of;
use super::recognise::take_over;
use super::record::{Unrecorded, actor, facts_of};
use crate::Broker;
use crate::catalogue::{Agreed, ChangeError, Changing};
use crate::limits;
use crate::store::governed::{self, Governed as _, RowKind};
use crate::store::grants::Grant;
use crate::store::links::LinkRow;
use crate::store::notices::{self, Notice};
use crate::store::people::{self, PersonId};
use crate::store::sessions::SessionRow;
use crate::store::statements::StatementRow;
use crate::store::{StoreError, own, visas};
use crate::upstream::{LoginProblem, UpstreamIdentity};

/// What adding an identity to an account would mean.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Judged {
    /// It counts for this account already.
    Own,
    /// Nobody's: it is added.
    Free,
    /// It was taken off this account before: it is added again.
    Again,
    /// Another account's that holds nothing: that account is closed.
    Closing(PersonId),
    /// Another account's that holds something: nothing can be done here.
    Taken {
        /// That account.
        person: PersonId,
        /// What it holds, in words.
        holds: Vec<&'static str>,
    },
    /// The account has another identity of the same provider, which gives everybody one.
    Contradicts(VisaIdentity),
    /// The account has as many as it may have.
    TooMany,
}

/// A link that was not made or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// It cannot be.
    #[error("this identity cannot be added")]
    Refused(Judged),
    /// The one that is left.
    #[error("the last identity of an account stays")]
    Last,
    /// No such identity of this account.
    #[error("this account has no such identity")]
    Unknown,
    /// The login.
    #[error("the identity cannot be used")]
    Login(#[from] LoginProblem),
    /// The database.
    #[error("the identity could not be stored")]
    Store(#[from] StoreError),
    /// The log or the catalogue.
    #[error("the identity could not be put on record")]
    Change(#[from] ChangeError),
    /// The actor.
    #[error("the identity could not be put on record")]
    Unrecorded(#[from] Unrecorded),
}

/// What would come of adding `login` to the account of `person`.
pub(crate) async fn judge(broker: &Broker, person: &PersonId, login: &UpstreamIdentity) -> Result<Judged, LinkError> {
    let identity = identity_of(login)?;
    let mut db = broker.db();
    let counting = broker.counting(person).await?;
    if counting.iter().any(|entry| entry.identity == identity) {
        return Ok(Judged::Own);
    }
    if let Some(other) = counting
        .iter()
        .find(|entry| entry.identity.iss == identity.iss && entry.unique && login.unique)
    {
        return Ok(Judged::Contradicts(other.identity.clone()));
    }
    if people::identities(&mut db, person).await?.len() >= limits::IDENTITIES {
        return Ok(Judged::TooMany);
    }
    let Some(known) = people::by_identity(&mut db, &identity).await? else {
        return Ok(Judged::Free);
    };
    if known.suspended.is_some() {
        return Err(LoginProblem::Suspended.into());
    }
    if known.id == *person {
        return Ok(Judged::Again);
    }
    // a closed account holds nothing any more, whatever its rows say of the time before
    let holds = match known.closed {
        Some(_) => Vec::new(),
        None => holds(broker, &known.id).await?,
    };
    Ok(if holds.is_empty() {
        Judged::Closing(known.id)
    } else {
        Judged::Taken {
            person: known.id,
            holds,
        }
    })
}

/// What an account holds that would be lost or would change hands, in words.
pub(crate) async fn holds(broker: &Broker, person: &PersonId) -> Result<Vec<&'static str>, StoreError> {
    let mut db = broker.db();
    let linked = people::identities(&mut db, person).await?;
    let mut holds = Vec::new();
    if linked.len() > 1 {
        holds.push("further identities");
    }
    let mut names = vec![person.as_str().to_owned(), broker.identity_of(person)?.to_string()];
    names.extend(linked.into_iter().map(|entry| entry.identity.to_string()));
    for (kind, words) in [
        (RowKind::Grant, "grants"),
        (RowKind::Role, "roles or seats in committees"),
        (RowKind::Statement, "visas by this node's word"),
        (RowKind::Application, "applications for access"),
        (RowKind::Purpose, "attested purposes"),
        (RowKind::Hold, "holds on its access"),
        (RowKind::Stop, "a stop on its access"),
    ] {
        for name in &names {
            let rows = governed::newest_of_person(&mut db, kind, name).await?;
            if rows.iter().any(|row| row.live) && !holds.contains(&words) {
                holds.push(words);
            }
        }
    }
    Ok(holds)
}

/// Adds a proven identity to the account of a session: on record, then in the tables, then in force.
pub(crate) async fn link(
    broker: &Broker,
    session: &SessionRow,
    login: &UpstreamIdentity,
    name: &str,
) -> Result<(), LinkError> {
    let now = broker.now();
    let (identity, person) = (identity_of(login)?, &session.person);
    let mut changing = Changing::begin(broker).await;
    let judged = judge(broker, person, login).await?;
    let closing = match &judged {
        Judged::Own => return Ok(()),
        Judged::Free | Judged::Again => None,
        Judged::Closing(other) => Some(other.clone()),
        Judged::Taken { .. } | Judged::Contradicts(_) | Judged::TooMany => {
            drop(changing);
            let why = if matches!(judged, Judged::Contradicts(_)) {
                "identity.links_contradict"
            } else {
                "link.taken"
            };
            let who = actor(
                broker,
                person,
                Some(identity.iss.as_str()),
                None,
                Some(&facts_of(session)),
            )?;
            let event = Event::new(EventType::LinkIdentity, Outcome::Denied)
                .who(who)
                .why(Why::code(why));
            broker.writer().append(event).await.map_err(Unrecorded::from)?;
            return Err(LinkError::Refused(judged));
        }
    };
    let mut before = broker
        .find::<LinkRow>(&identity.to_string())
        .await?
        .map_or(Vec::new(), |row| row.before);
    if let Some(other) = &closing {
        before.retain(|one| one != other);
        before.push(other.clone());
    }
    let row = LinkRow {
        identity: identity.clone(),
        person: person.clone(),
        since: now,
        ended: None,
        before,
    };
    let draft = changing.draft(&row).await?;
    let event = step(broker, session, &identity, "link")?;
    changing.write(event, &[draft], Agreed::default()).await?;

    let mut tx = broker.db().begin().await?;
    if let Some(other) = &closing {
        own::end_account(&mut tx, other, now).await?;
        people::close(&mut tx, other, now).await?;
    }
    if judged == Judged::Free {
        people::attach(&mut tx, person, &identity, login.unique, now).await?;
    } else {
        people::reattach(&mut tx, person, &identity, login.unique, now).await?;
    }
    take_over(&mut tx, person, &identity, login, now).await?;
    let words = format!("The identity {} at {name} was added to your account.", identity.sub);
    notices::put(&mut tx, person, &notice(broker, now, words)).await?;
    tx.commit().await?;
    changing.finish().await?;
    Ok(())
}

/// Takes an identity off an account. What rests on a sign-in with it ends at once; grants and roles that were given to
/// it count no more.
pub(crate) async fn unlink(
    broker: &Broker,
    session: &SessionRow,
    identity: &VisaIdentity,
    name: &str,
) -> Result<(), LinkError> {
    let now = broker.now();
    let person = &session.person;
    let mut changing = Changing::begin(broker).await;
    let linked = people::identities(&mut broker.db(), person).await?;
    let Some(entry) = linked
        .iter()
        .find(|entry| entry.identity == *identity && entry.unlinked.is_none())
    else {
        return Err(LinkError::Unknown);
    };
    if !broker
        .counting(person)
        .await?
        .iter()
        .any(|other| other.identity != *identity)
    {
        return Err(LinkError::Last);
    }
    let before = broker.find::<LinkRow>(&identity.to_string()).await?;
    let row = LinkRow {
        identity: identity.clone(),
        person: person.clone(),
        since: before.as_ref().map_or(entry.first_seen, |row| row.since),
        ended: Some(now),
        before: before.map_or(Vec::new(), |row| row.before),
    };
    let draft = changing.draft(&row).await?;
    let event = step(broker, session, identity, "unlink")?;
    changing.write(event, &[draft], Agreed::default()).await?;

    let grants: Vec<Grant> = broker.of_person(&identity.to_string()).await?;
    let mut tx = broker.db().begin().await?;
    for grant in &grants {
        visas::revoke_of_grant(&mut tx, &grant.id, now).await?;
    }
    let said: Vec<StatementRow> = broker.of_person(&identity.to_string()).await?;
    for row in &said {
        visas::revoke_of_grant(&mut tx, &row.id(), now).await?;
    }
    people::unlink(&mut tx, identity, now).await?;
    own::end_identity(&mut tx, person, identity, now).await?;
    let words = format!("The identity {} at {name} was taken off your account.", identity.sub);
    notices::put(&mut tx, person, &notice(broker, now, words)).await?;
    tx.commit().await?;
    changing.finish().await?;
    Ok(())
}

fn step(broker: &Broker, session: &SessionRow, identity: &VisaIdentity, what: &str) -> Result<Event, Unrecorded> {
    let who = actor(
        broker,
        &session.person,
        Some(identity.iss.as_str()),
        None,
        Some(&facts_of(session)),
    )?;
    Ok(Event::new(EventType::LinkIdentity, Outcome::Success)
        .who(who)
        .about(AboutKind::Change, what))
}

fn notice(broker: &Broker, now: Timestamp, words: String) -> Notice {
    Notice {
        id: token(broker.random(), 12),
        at: now,
        words,
    }
}
