//! Who may use what: the access review of a dataset or a person, and who gains or loses by a change of the snapshot.
//!
//! Each answer is the ordinary engine's, about the facts that the person's Passport would give now.

mod people;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use audit_log::EventType;
use policy_engine::decide::{Change, ChangeKind, ChangeStep, Engine, Facts, GovernQuestion};
use policy_engine::review::gains::{self, Gains, Known, Standing, Use};
use policy_engine::review::{Past, TurnedUses, uses_again};
use policy_engine::snapshot::{DatasetRecord, RoleGrant, Snapshot};
use serde::Serialize;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

pub(super) use self::people::ASSUMED;
use self::people::Someone;
use super::{Asked, GovernError};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::record;
use crate::store::grants::{Application, Grant};
use crate::store::people::PersonId;
use crate::store::roles::RoleRow;

/// Decisions that one comparison of snapshots may take.
const BUDGET: usize = 60_000;

/// A role or a membership.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Who, as named in the row.
    pub person: VisaIdentity,
    /// What.
    pub role: RoleGrant,
    /// Its end.
    pub until: Timestamp,
    /// In force now.
    pub in_force: bool,
}

/// One person of a review.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// As our tokens name them; whoever has never logged in, as grants and roles do.
    pub person: VisaIdentity,
    /// All identities that name them at present.
    pub identities: Vec<VisaIdentity>,
    /// They have logged in here.
    pub logged_in: bool,
    /// Suspended, by any identity ever linked with theirs.
    pub suspended: bool,
    /// Roles and memberships with their ends.
    pub roles: Vec<Held>,
    /// What they may do, a dataset and kind of use at a time.
    pub uses: Vec<Standing>,
}

/// A review.
#[derive(Clone, Debug, Serialize)]
pub struct Review {
    /// The dataset that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// When it was decided.
    pub at: Timestamp,
    /// On which snapshot.
    pub snapshot: u64,
    /// What is assumed of the login.
    pub assumes: &'static str,
    /// The people.
    pub people: Vec<Person>,
    /// Members of the dataset's committee, administrators and auditors of the node, with their ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Held>,
    /// People who were asked about and may do nothing but what is open to everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without: Option<usize>,
    /// Everybody was asked about.
    pub complete: bool,
}

/// What a reviewer sees.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Sight {
    /// Everything.
    All,
    /// These datasets.
    Of(Vec<String>),
}

impl Sight {
    fn sees(&self, dataset: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(datasets) => datasets.iter().any(|seen| seen == dataset),
        }
    }
}

/// Who may use a dataset, named by its id or short name. For its committee, auditors, and administrators who may know of it.
///
/// # Errors
/// [`GovernError`]; a dataset that the caller may not know of is an unknown one.
pub async fn who_can(broker: &Broker, caller: &Caller, name: &str) -> Result<Review, GovernError> {
    let asked = Asked::begin(broker, caller).await?;
    let engine = asked.engine.clone();
    let id = engine.dataset_named(name).map_or(name, DatasetRecord::id).to_owned();
    if !sight(broker, caller, &asked).sees(&id) || engine.dataset(&id).is_none() {
        let question = GovernQuestion::AuditRead {
            dataset: Some(id.clone()),
        };
        asked
            .ask(broker, caller, EventType::AuditRead, Some(&id), &question)
            .await?;
        return Err(GovernError::NoDataset { dataset: id });
    }
    record::read(broker, caller, Some(&id)).await?;
    let (everybody, complete) = people::everybody(broker).await?;
    let open = engine.dataset(&id).is_some_and(|record| record.discoverable);
    let mut without = 0_usize;
    let mut found = Vec::new();
    for someone in everybody {
        let facts = someone.facts(broker, engine.snapshot()).await?;
        let uses: Vec<Standing> = Use::ALL
            .into_iter()
            .map(|kind| gains::standing(&engine, &facts, &id, kind, broker.now()))
            .collect();
        let may = uses
            .iter()
            .any(|standing| standing.permit && (standing.kind != Use::Describe || !open));
        if may || gains::holds_approval(&engine, &facts, &id) {
            found.push(person(broker, someone, &facts, uses).await?);
        } else {
            without = without.saturating_add(1);
        }
        tokio::task::yield_now().await;
    }
    let dac = engine.dataset(&id).map(|record| record.dac.clone());
    let roles: Vec<RoleRow> = broker.live().await?;
    let of_interest = |row: &RoleRow| match &row.role {
        RoleGrant::Committee(committee) => Some(committee) == dac.as_ref(),
        RoleGrant::Role(_) => true,
    };
    Ok(Review {
        dataset: Some(id),
        at: broker.now(),
        snapshot: engine.snapshot().version,
        assumes: ASSUMED,
        people: found,
        roles: roles
            .into_iter()
            .filter(of_interest)
            .map(|row| held(broker, row))
            .collect(),
        without: Some(without),
        complete,
    })
}

/// What a person may use. For auditors everything; for committees and administrators, the datasets that they may review.
///
/// # Errors
/// [`GovernError`]
pub async fn what_can(broker: &Broker, caller: &Caller, name: &str) -> Result<Review, GovernError> {
    let asked = Asked::begin(broker, caller).await?;
    let sight = sight(broker, caller, &asked);
    if sight == Sight::Of(Vec::new()) {
        let question = GovernQuestion::AuditRead { dataset: None };
        asked.ask(broker, caller, EventType::AuditRead, None, &question).await?;
    }
    let someone = people::find(broker, name).await?;
    record::read(broker, caller, None).await?;
    let someone = someone.ok_or_else(|| GovernError::Unknown {
        what: "person",
        id: name.to_owned(),
    })?;
    of_person(broker, &asked.engine, someone, &sight, false).await
}

/// What the caller themself may use: of the datasets that they may know of, without the codes that only committees see.
///
/// # Errors
/// [`GovernError`]
pub async fn own(broker: &Broker, caller: &Caller) -> Result<Review, GovernError> {
    let engine = broker.current().load();
    let someone = people::find(broker, caller.person.as_str())
        .await?
        .ok_or_else(|| GovernError::Unknown {
            what: "person",
            id: caller.person.as_str().to_owned(),
        })?;
    of_person(broker, &engine, someone, &Sight::All, true).await
}

/// What the caller's Passport would say now, on one snapshot.
///
/// # Errors
/// [`GovernError`]
pub async fn own_facts(broker: &Broker, caller: &Caller, snapshot: &Snapshot) -> Result<Facts, GovernError> {
    let someone = people::of_identity(broker, &caller.identity).await?;
    someone.facts(broker, snapshot).await
}

/// What a person's Passport would say if they had this grant too, which nobody has issued yet.
///
/// # Errors
/// [`GovernError`]
pub(super) async fn facts_with(broker: &Broker, grant: &Grant, snapshot: &Snapshot) -> Result<Facts, GovernError> {
    let someone = people::of_identity(broker, &grant.to).await?;
    someone.facts_with(broker, snapshot, Some(grant)).await
}

async fn of_person(
    broker: &Broker,
    engine: &Arc<Engine>,
    someone: Someone,
    sight: &Sight,
    oneself: bool,
) -> Result<Review, GovernError> {
    let now = broker.now();
    let facts = someone.facts(broker, engine.snapshot()).await?;
    let mut uses = Vec::new();
    for dataset in &engine.snapshot().datasets {
        let id = dataset.id();
        if !sight.sees(id) || (oneself && !engine.may_know(&facts, id, now)) {
            continue;
        }
        for kind in Use::ALL {
            let mut standing = gains::standing(engine, &facts, id, kind, now);
            if oneself {
                standing.consent.clear();
            }
            uses.push(standing);
        }
        tokio::task::yield_now().await;
    }
    Ok(Review {
        dataset: None,
        at: now,
        snapshot: engine.snapshot().version,
        assumes: ASSUMED,
        people: vec![person(broker, someone, &facts, uses).await?],
        roles: Vec::new(),
        without: None,
        complete: true,
    })
}

/// What a change of the snapshot does to people: who gains and who loses, and which recorded decisions would turn.
#[derive(Debug)]
pub struct Consequences {
    /// Who gains and who loses which use of which dataset.
    pub gains: Gains,
    /// Uses that were decided before, and would be decided otherwise now.
    pub recorded: TurnedUses,
}

/// What follows if one snapshot takes the place of another. Nothing is changed.
///
/// # Errors
/// [`GovernError::Input`] if the engine does not take one of them.
pub async fn consequences(
    broker: &Broker,
    before: Snapshot,
    after: Snapshot,
    past: Vec<Past>,
) -> Result<Consequences, GovernError> {
    let (everybody, all) = people::everybody(broker).await?;
    let mut known = Vec::with_capacity(everybody.len());
    for someone in everybody {
        known.push(Known {
            before: someone.facts(broker, &before).await?,
            after: someone.facts(broker, &after).await?,
            person: someone.who,
        });
    }
    let now = broker.now();
    let work = tokio::task::spawn_blocking(move || {
        let load = |snapshot| Engine::load(snapshot).map_err(|error| error.to_string());
        let (before, after) = (load(before)?, load(after)?);
        Ok::<_, String>(Consequences {
            gains: gains::compare(&before, &after, &known, now, BUDGET),
            recorded: uses_again((&before, &after), &known, &past, now, BUDGET),
        })
    });
    let mut found = work
        .await
        .map_err(|_| GovernError::Facts {
            why: "the comparison was interrupted".to_owned(),
        })?
        .map_err(|why| GovernError::input("change.does_not_hold", why))?;
    found.gains.complete &= all;
    found.recorded.complete &= all;
    Ok(found)
}

/// What the policies let the caller review. Nothing is on record yet.
fn sight(broker: &Broker, caller: &Caller, asked: &Asked) -> Sight {
    let engine = &asked.engine;
    let allowed = |question: &GovernQuestion| engine.govern(&asked.facts, question, broker.now()).allow();
    if allowed(&GovernQuestion::AuditRead { dataset: None }) {
        return Sight::All;
    }
    // whoever may give roles may see who has what; of the datasets that they may know of
    let gives_roles = allowed(&GovernQuestion::Change(
        ChangeStep::Draft,
        Change {
            id: "access-review".to_owned(),
            kind: ChangeKind::Role,
            author: caller.identity.clone(),
            approver: None,
            subject: None,
            dataset: None,
            widens: false,
            consent_event: false,
        },
    ));
    let ids = engine.snapshot().datasets.iter().map(DatasetRecord::id);
    let seen = ids.filter(|id| {
        let question = GovernQuestion::AuditRead {
            dataset: Some((*id).to_owned()),
        };
        (gives_roles && engine.may_know(&asked.facts, id, broker.now())) || allowed(&question)
    });
    Sight::Of(seen.map(str::to_owned).collect())
}

async fn person(broker: &Broker, someone: Someone, facts: &Facts, uses: Vec<Standing>) -> Result<Person, GovernError> {
    let roles = someone.roles(broker).await?;
    Ok(Person {
        logged_in: someone.id.is_some(),
        suspended: facts.is_suspended(broker.now()),
        roles: roles.into_iter().map(|row| held(broker, row)).collect(),
        person: someone.who,
        identities: someone.named,
        uses,
    })
}

fn held(broker: &Broker, row: RoleRow) -> Held {
    Held {
        in_force: broker.now() < row.until,
        person: row.person,
        role: row.role,
        until: row.until,
    }
}

/// Somebody who voted, and whether they still sit in the committee. A decision stays when its members leave.
#[derive(Clone, Debug, Serialize)]
pub struct Voter {
    /// Who (`sub` of our tokens).
    pub person: String,
    /// They are a member of the committee now.
    pub member: bool,
}

/// Who voted for an application, each marked if they are no member of the committee any more.
///
/// # Errors
/// [`GovernError`]
pub async fn voters(broker: &Broker, application: &Application, dac: &str) -> Result<Vec<Voter>, GovernError> {
    let seat = RoleGrant::Committee(dac.to_owned());
    let engine = broker.current().load();
    let mut voters = Vec::with_capacity(application.yes.len());
    for voter in &application.yes {
        let mut member = broker
            .roles_of(&PersonId::from_text(voter.as_str()))
            .await?
            .contains(&seat);
        if !member && let Some(someone) = people::find(broker, voter).await? {
            // or by a visa
            let facts = someone.facts(broker, engine.snapshot()).await?;
            member = facts.roles(broker.now()).any(|role| *role == seat);
        }
        voters.push(Voter {
            person: voter.clone(),
            member,
        });
    }
    Ok(voters)
}

/// What this node knows of a person by their id (`sub` of our tokens), as if they asked now after a good login.
pub(crate) async fn facts_of(broker: &Broker, person: &str, snapshot: &Snapshot) -> Result<Option<Facts>, GovernError> {
    match people::find(broker, person).await? {
        Some(someone) => someone.facts(broker, snapshot).await.map(Some),
        None => Ok(None),
    }
}
