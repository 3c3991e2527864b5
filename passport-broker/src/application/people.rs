//! One study, many people: invited by institutional address, each accepts for themself, who leaves ends their own part.

use audit_log::{Class, EventType};
use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;
use visa_verifier::seam::{Timestamp, token};

use super::ask::gains;
use super::write::{Step, agreed, at, save, turn};
use super::{grants, seat, terms};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing};
use crate::committee::{Asked, GovernError};
use crate::store::applications::{AccessApplication, Member, Stage, TurnKind};
use crate::store::governed::RowDigest;
use crate::store::people::{self, FactKind};

/// Members of one application.
const MEMBERS: usize = 30;

/// An invitation: its code is shown once, to whoever invites, and goes to the person by a way of theirs.
#[derive(Debug)]
pub struct Invited {
    /// The application.
    pub row: AccessApplication,
    /// The member's id within it.
    pub member: String,
    /// The code.
    pub code: String,
}

/// Invites somebody by their institutional address.
///
/// # Errors
/// [`GovernError`]
pub async fn invite(broker: &Broker, caller: &Caller, id: &str, address: &str) -> Result<Invited, GovernError> {
    let address = address.trim().to_owned();
    let asked = Asked::begin(broker, caller).await?;
    let institution = institution(&asked, &address)?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_applicant(broker, caller, id).await?;
    at(
        &row,
        &[Stage::Draft, Stage::Returned],
        "given another member (amend it first)",
    )?;
    let there = row.members.iter().filter(|member| member.left.is_none());
    if there
        .clone()
        .any(|member| member.address.eq_ignore_ascii_case(&address))
    {
        return Err(GovernError::Conflict {
            code: "application.invited_already",
            message: "This address was invited before.".to_owned(),
        });
    }
    if there.count() >= MEMBERS {
        return Err(GovernError::Conflict {
            code: "application.too_many",
            message: format!("An application has at most {MEMBERS} members."),
        });
    }
    // words of ours go in front, so that no command takes one for an option
    let member = format!("m-{}", token(broker.random(), 6));
    let code = format!("join-{}", token(broker.random(), 16));
    row.members.push(Member {
        id: member.clone(),
        address,
        institution,
        invited: broker.now(),
        code: Some(of_code(&code)),
        person: None,
        joined: None,
        left: None,
    });
    let step = Step::researcher("application.invited");
    save(broker, caller, &mut changing, step, &row, Vec::new(), Agreed::default()).await?;
    Ok(Invited { row, member, code })
}

/// Accepts an invitation: by its code, and as somebody for whom the invited institution vouches.
///
/// # Errors
/// [`GovernError`]; a code that is not good is answered like an application that is not there.
pub async fn join(broker: &Broker, caller: &Caller, id: &str, code: &str) -> Result<AccessApplication, GovernError> {
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::find(broker, id).await?;
    let sent = of_code(code);
    let open = row.members.iter().position(|member| {
        let good = member
            .code
            .as_ref()
            .is_some_and(|kept| bool::from(kept.as_bytes().ct_eq(sent.as_bytes())));
        good && member.person.is_none() && member.left.is_none()
    });
    let me = caller.person.as_str();
    let Some(place) = open.filter(|_| !row.stage.is_over()) else {
        return Err(seat::unknown(id));
    };
    if gains(&row, me) {
        return Err(GovernError::Conflict {
            code: "application.member_already",
            message: "You take part in this application already, or did: ask for an invitation of another person."
                .to_owned(),
        });
    }
    // who has decided on it may not gain by it afterwards
    let approved = row.approval.iter().flat_map(|approval| &approval.votes);
    if row.votes.iter().chain(approved).any(|vote| vote.by == me) {
        return Err(GovernError::Conflict {
            code: "application.member_voted",
            message: "You have voted on this application, so you cannot take part in it.".to_owned(),
        });
    }
    let wanted = row
        .members
        .get(place)
        .map(|member| member.institution.clone())
        .unwrap_or_default();
    if !vouched(broker, caller, &asked, &wanted).await? {
        return Err(GovernError::Conflict {
            code: "application.join_institution",
            message: format!(
                "You were invited as somebody of {wanted}, which does not vouch for you here: log in \
                              through it, then accept."
            ),
        });
    }
    if let Some(member) = row.members.get_mut(place) {
        member.person = Some(me.to_owned());
        member.joined = Some(broker.now());
        member.code = None;
    }
    let stage = row.stage;
    turn(broker, caller, &mut row, TurnKind::Joined, "", stage)?;
    let step = Step::researcher("application.joined");
    save(broker, caller, &mut changing, step, &row, Vec::new(), Agreed::default()).await?;
    Ok(row)
}

/// Leaves a study: one's own part ends, with its grants, and nobody else's.
///
/// # Errors
/// [`GovernError`]
pub async fn leave(broker: &Broker, caller: &Caller, id: &str) -> Result<AccessApplication, GovernError> {
    let changing = Changing::begin(broker).await;
    let row = seat::find(broker, id).await?;
    let me = caller.person.as_str();
    let mine = |member: &Member| member.takes_part() && member.person.as_deref() == Some(me);
    let Some(place) = row.members.iter().position(mine) else {
        return Err(seat::unknown(id));
    };
    part(broker, caller, changing, row, place, "").await
}

/// Takes somebody out of one's study.
///
/// # Errors
/// [`GovernError`]
pub async fn remove(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    member: &str,
    reason: &str,
) -> Result<AccessApplication, GovernError> {
    terms::text(reason, "reason")?;
    let changing = Changing::begin(broker).await;
    let row = seat::of_applicant(broker, caller, id).await?;
    let there = |known: &Member| known.id == member && known.left.is_none();
    let Some(place) = row.members.iter().position(there) else {
        return Err(GovernError::Unknown {
            what: "member",
            id: member.to_owned(),
        });
    };
    part(broker, caller, changing, row, place, reason).await
}

async fn part(
    broker: &Broker,
    caller: &Caller,
    mut changing: Changing<'_>,
    mut row: AccessApplication,
    place: usize,
    reason: &str,
) -> Result<AccessApplication, GovernError> {
    if row.stage.is_over() {
        return Err(GovernError::Conflict {
            code: "application.state",
            message: "The application is over, and everybody's part with it.".to_owned(),
        });
    }
    let mut renewed = grants::Renewed::default();
    if let Some(member) = row.members.get_mut(place) {
        member.left = Some(broker.now());
        member.code = None;
    }
    let person = row.members.get(place).and_then(|member| member.person.clone());
    if let Some(person) = person {
        let identity = broker.identity_of(&people::PersonId::from_text(person))?;
        renewed = grants::end(broker, &mut changing, &row, Some(&identity)).await?;
    }
    let stage = row.stage;
    turn(broker, caller, &mut row, TurnKind::Left, reason, stage)?;
    let step = Step {
        class: Class::Researcher,
        kind: if renewed.ended.is_empty() {
            EventType::ChangeDraft
        } else {
            EventType::GrantRevoke
        },
        code: "application.left",
    };
    let agreed = agreed(broker, reason, [])?;
    save(broker, caller, &mut changing, step, &row, renewed.rows, agreed).await?;
    grants::end_visas(broker, &mut changing, &renewed.ended).await?;
    changing.finish().await?;
    Ok(row)
}

/// People whom an amendment would have brought and who were never approved.
pub(super) fn drop_unapproved(row: &mut AccessApplication, approved: &[String], now: Timestamp) {
    for member in &mut row.members {
        if member.left.is_none() && !approved.contains(&member.id) {
            member.left = Some(now);
            member.code = None;
        }
    }
}

/// The institution of the register whose scope is the domain of the address.
fn institution(asked: &Asked, address: &str) -> Result<String, GovernError> {
    let refused = || {
        GovernError::input(
            "application.address",
            "Invite by an address of an institution that this node's register knows, such as `ada@uni.example.org`.",
        )
    };
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | '+' | '\''))
    };
    let (local, domain) = address.split_once('@').ok_or_else(refused)?;
    if address.len() > 254 || !plain(local) || !plain(domain) {
        return Err(refused());
    }
    let domain = domain.to_ascii_lowercase();
    let known = asked.engine.snapshot().institutions.iter();
    let mut known = known.filter(|house| house.scopes.contains(&domain));
    known.next().map(|house| house.id.clone()).ok_or_else(refused)
}

/// Whether an institution vouches for the caller now.
async fn vouched(broker: &Broker, caller: &Caller, asked: &Asked, institution: &str) -> Result<bool, GovernError> {
    let now = broker.now();
    let house = asked
        .engine
        .snapshot()
        .institutions
        .iter()
        .find(|house| house.id == institution);
    let Some(house) = house else { return Ok(false) };
    let facts = people::facts(&mut broker.db(), &caller.person, now).await?;
    Ok(facts.iter().any(|fact| {
        let scope = fact.value.split_once('@').map(|(_, scope)| scope.to_ascii_lowercase());
        fact.kind == FactKind::Affiliation && scope.is_some_and(|scope| house.scopes.contains(&scope))
    }))
}

fn of_code(code: &str) -> String {
    RowDigest::from_bytes(digest(&SHA256, code.trim().as_bytes()).as_ref())
        .as_str()
        .to_owned()
}
