//! Closing an account, by its owner: rights end at once, bars stay, and the log keeps what it must (GDPR Art. 17(3)(b)).
//!
//! The person's key in the audit log's keystore is not touched here: erasure of the log's pseudonyms is `subject.erase`,
//! and waits until no law asks for the log any more (`specs/audit.md` section 4).

use audit_log::{AboutKind, Event, EventType, Outcome, What, Who, Why};
use policy_engine::snapshot::RoleGrant;

use super::record::{Unrecorded, actor, facts_of};
use crate::Broker;
use crate::catalogue::{Agreed, ChangeError, Changing};
use crate::limits;
use crate::provider::logout;
use crate::store::applications::AccessApplication;
use crate::store::governed::{Governed, Pending};
use crate::store::grants::{Application, ApplicationState, AttestedPurpose, DefaultPurpose, Grant};
use crate::store::links::LinkRow;
use crate::store::people::{self, PersonId};
use crate::store::sessions::SessionRow;
use crate::store::statements::StatementRow;
use crate::store::{StoreError, logout_notices, own, visas};

/// Something that others rest on: the person settles it first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Obstacle {
    /// What, in a sentence.
    pub(crate) words: String,
    /// Whose step it is, and where.
    pub(crate) remedy: &'static str,
    /// A page of ours where it is done.
    pub(crate) page: Option<String>,
}

/// An account that was not closed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CloseError {
    /// Others rest on it.
    #[error("something has to be settled first")]
    Obstacles(Vec<Obstacle>),
    /// The database.
    #[error("the account could not be closed")]
    Store(#[from] StoreError),
    /// The log or the catalogue.
    #[error("the end of the account could not be put on record")]
    Change(#[from] ChangeError),
    /// The actor.
    #[error("the end of the account could not be put on record")]
    Unrecorded(#[from] Unrecorded),
}

/// What stands in the way.
pub(crate) async fn obstacles(broker: &Broker, person: &PersonId) -> Result<Vec<Obstacle>, StoreError> {
    let me = person.as_str();
    let mut all = Vec::new();
    for role in broker.roles_of(person).await? {
        let name = match role {
            RoleGrant::Role(name) => format!("You hold the role {name}."),
            RoleGrant::Committee(id) => format!("You are a member of the committee {id}."),
        };
        all.push(Obstacle {
            words: name,
            remedy: "Whoever governs this node has to take it off you first, so that somebody else can do the work.",
            page: None,
        });
    }
    for row in broker.live::<AccessApplication>().await? {
        if row.stage.is_over() {
            continue;
        }
        let page = Some(format!("/applications/{}", row.id));
        if row.applicant == me {
            all.push(Obstacle {
                words: format!("You lead the study \"{}\".", crate::change::harmless(&row.terms.title)),
                remedy: "Take the application back, or hand in its final report: other people's access rests on it.",
                page,
            });
        } else if row
            .members
            .iter()
            .any(|member| member.takes_part() && member.person.as_deref() == Some(me))
        {
            all.push(Obstacle {
                words: format!(
                    "You take part in the study \"{}\".",
                    crate::change::harmless(&row.terms.title)
                ),
                remedy: "Leave it first: its lead sees that you did.",
                page,
            });
        }
    }
    Ok(all)
}

/// Closes the account of a session: grants, purposes, links and tokens end, each with its event, then the account.
pub(crate) async fn close(broker: &Broker, session: &SessionRow) -> Result<(), CloseError> {
    let (now, person) = (broker.now(), &session.person);
    let who = actor(
        broker,
        person,
        Some(session.identity.iss.as_str()),
        None,
        Some(&facts_of(session)),
    )?;
    let mut changing = Changing::begin(broker).await;
    let obstacles = obstacles(broker, person).await?;
    if !obstacles.is_empty() {
        drop(changing);
        let event = event(EventType::LinkIdentity, Outcome::Denied, &who).why(Why::code("account.obstacles"));
        broker.writer().append(event).await.map_err(Unrecorded::from)?;
        return Err(CloseError::Obstacles(obstacles));
    }
    let linked = people::identities(&mut broker.db(), person).await?;
    let mut names = vec![broker.identity_of(person)?.to_string()];
    names.extend(linked.iter().map(|entry| entry.identity.to_string()));

    let mut ended: Vec<Grant> = Vec::new();
    for name in &names {
        for mut grant in broker.of_person::<Grant>(name).await? {
            grant.revoked = Some(now);
            let mut rows = vec![changing.draft(&grant).await?];
            if let Some(mut asked) = broker.find::<Application>(&grant.application).await? {
                asked.state = ApplicationState::Revoked;
                rows.push(changing.draft(&asked).await?);
            }
            let event = event(EventType::GrantRevoke, Outcome::Success, &who)
                .what(What::dataset(grant.dataset.as_str()))
                .about(AboutKind::Grant, grant.id.as_str());
            changing.write(event, &rows, Agreed::default()).await?;
            ended.push(grant);
        }
    }
    let mut rows = Vec::new();
    for purpose in broker.of_person::<AttestedPurpose>(person.as_str()).await? {
        rows.push(changing.draft_removal(&purpose).await?);
    }
    let default: Option<DefaultPurpose> = broker.find(person.as_str()).await?;
    if let Some(mut default) = default.filter(Governed::live) {
        default.purpose = None;
        rows.push(changing.draft(&default).await?);
    }
    write(&mut changing, EventType::PurposeChange, &who, rows).await?;
    let mut rows = Vec::new();
    for name in &names {
        for said in broker.of_person::<StatementRow>(name).await? {
            rows.push(changing.draft_removal(&said).await?);
        }
    }
    write(&mut changing, EventType::ChangeApply, &who, rows).await?;
    let mut rows = Vec::new();
    for mut link in broker.of_person::<LinkRow>(person.as_str()).await? {
        link.ended = Some(now);
        rows.push(changing.draft(&link).await?);
    }
    write(&mut changing, EventType::LinkIdentity, &who, rows).await?;
    // the end itself, also of an account that held nothing
    let closed = event(EventType::LinkIdentity, Outcome::Success, &who);
    broker.writer().append(closed).await.map_err(Unrecorded::from)?;

    let mut notices = Vec::new();
    let mut told: Vec<String> = Vec::new();
    for family in own::families(&mut broker.db(), person, now).await? {
        if let Some(sid) = family.sid.filter(|sid| !told.contains(sid)) {
            notices.extend(logout::notices(broker, &sid, None, now).await?);
            told.push(sid);
        }
    }
    let mut tx = broker.db().begin().await?;
    for grant in &ended {
        visas::revoke_of_grant(&mut tx, &grant.id, now).await?;
    }
    visas::revoke_of_person(&mut tx, person, now).await?;
    for entry in linked.iter().filter(|entry| entry.unlinked.is_none()) {
        people::unlink(&mut tx, &entry.identity, now).await?;
    }
    own::end_account(&mut tx, person, now).await?;
    people::close(&mut tx, person, now).await?;
    people::touch(&mut tx, person, now).await?;
    for notice in &notices {
        logout_notices::put(&mut tx, notice).await?;
    }
    tx.commit().await?;
    changing.finish().await?;
    if !notices.is_empty() {
        logout::deliver_soon(broker);
    }
    Ok(())
}

/// As many events as the rows need.
async fn write(changing: &mut Changing<'_>, kind: EventType, who: &Who, rows: Vec<Pending>) -> Result<(), ChangeError> {
    for rows in rows.chunks(limits::ROWS_PER_EVENT) {
        changing
            .write(event(kind, Outcome::Success, who), rows, Agreed::default())
            .await?;
    }
    Ok(())
}

fn event(kind: EventType, outcome: Outcome, who: &Who) -> Event {
    Event::new(kind, outcome)
        .who(who.clone())
        .about(AboutKind::Change, "close-account")
}
