//! What of a person's ends soon: grants, roles and seats, identities, what they accepted. Announced a month and a week
//! ahead, once each, by a notice at the next sign-in, and by mail.

use std::collections::{BTreeMap, BTreeSet};

use policy_engine::snapshot::RoleGrant;
use visa_verifier::seam::{Timestamp, token};

use crate::Broker;
use crate::limits;
use crate::mail;
use crate::store::announced;
use crate::store::governed::Governed as _;
use crate::store::grants::Grant;
use crate::store::notices::{self, Notice};
use crate::store::people::PersonId;
use crate::store::roles::RoleRow;
use crate::store::terms::AcceptanceRow;
use crate::store::{StoreError, people};

/// Something that ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Ending {
    /// `grant`, `role`, `statement`, `identity` or `acceptance`.
    pub(crate) kind: &'static str,
    /// Its row.
    id: String,
    /// What it is, as a sentence begins.
    pub(crate) words: String,
    /// What helps.
    pub(crate) remedy: &'static str,
    /// Since when, if it is known.
    since: Option<Timestamp>,
    /// When.
    pub(crate) ends: Timestamp,
}

impl Ending {
    /// Whether it is announced now, and how far ahead. What never lasted so long is not announced so far ahead.
    fn stage(&self, now: Timestamp) -> Option<Stage> {
        let stage = Stage::of(self.ends, now)?;
        let ahead = match stage {
            Stage::Month => limits::SOON,
            Stage::Week => limits::VERY_SOON,
        };
        let lasts = self.since.is_none_or(|since| since.plus(ahead) < self.ends);
        lasts.then_some(stage)
    }
}

/// How far ahead.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Stage {
    Month,
    Week,
}

impl Stage {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
        }
    }

    fn of(ends: Timestamp, now: Timestamp) -> Option<Self> {
        if ends <= now || now.plus(limits::SOON) < ends {
            None
        } else if ends <= now.plus(limits::VERY_SOON) {
            Some(Self::Week)
        } else {
            Some(Self::Month)
        }
    }
}

/// How much was announced: by kind and stage, of nobody in particular.
pub(crate) type Counts = BTreeMap<(&'static str, Stage), u64>;

/// What of this person's ends within a month, the first first.
pub(crate) async fn of(broker: &Broker, person: &PersonId, now: Timestamp) -> Result<Vec<Ending>, StoreError> {
    let mut found = Vec::new();
    for grant in broker.grants_of(person).await? {
        found.push(Ending {
            kind: "grant",
            words: format!("Your grant for {} of {}", grant.dataset, grant.source),
            remedy: "Ask the committee to extend it if you still need it.",
            since: Some(grant.starts),
            ends: grant.until,
            id: grant.id,
        });
    }
    let mut seats: BTreeMap<String, (RoleGrant, Timestamp)> = BTreeMap::new();
    for identity in broker.identities(person).await? {
        let rows: Vec<RoleRow> = broker.of_person(&identity.to_string()).await?;
        for row in rows {
            // the same seat under two identities ends with the later one
            let name = match &row.role {
                RoleGrant::Role(name) => format!("role {name}"),
                RoleGrant::Committee(id) => format!("committee {id}"),
            };
            let seat = seats.entry(name).or_insert((row.role, row.until));
            seat.1 = seat.1.max(row.until);
        }
    }
    for (id, (role, ends)) in seats {
        found.push(Ending {
            kind: "role",
            words: match role {
                RoleGrant::Role(name) => format!("Your role {name}"),
                RoleGrant::Committee(id) => format!("Your seat in the committee {id}"),
            },
            remedy: "An administrator can give it anew.",
            since: None,
            ends,
            id,
        });
    }
    for said in broker.statements_of(person).await? {
        found.push(Ending {
            kind: "statement",
            id: said.id(),
            words: format!("Your visa {} of {}", said.kind, said.source),
            remedy: "An administrator can issue it anew.",
            since: Some(said.asserted),
            ends: said.until,
        });
    }
    let upstreams = broker.upstreams().await?;
    for entry in broker.counting(person).await? {
        let iss = entry.identity.iss.as_str();
        let name = upstreams
            .iter()
            .find(|row| row.issuer == iss)
            .map_or(iss, |row| &row.name);
        found.push(Ending {
            kind: "identity",
            words: format!("Your identity {} at {name}", entry.identity.sub),
            remedy: "Sign in with it, and it counts for another year.",
            since: Some(entry.last_login),
            ends: entry.proven_until(),
            id: entry.identity.to_string(),
        });
    }
    for standing in super::terms::standing(broker, person, now).await? {
        let Some(accepted) = standing.accepted else { continue };
        found.push(Ending {
            kind: "acceptance",
            words: format!(
                "What you accepted ({}, version {})",
                standing.terms.title, accepted.version
            ),
            remedy: "You are asked again when it has ended; or take it back and accept it anew on the page of terms.",
            since: Some(accepted.at),
            ends: accepted.until,
            id: standing.terms.id,
        });
    }
    found.retain(|ending| ending.stage(now).is_some());
    found.sort_by(|one, other| one.ends.cmp(&other.ends).then_with(|| one.id.cmp(&other.id)));
    Ok(found)
}

/// Writes the notices that are due to a person; how many of which kind.
pub(crate) async fn announce_to(broker: &Broker, person: &PersonId, now: Timestamp) -> Result<Counts, StoreError> {
    let mut counts = Counts::new();
    let found = of(broker, person, now).await?;
    if found.is_empty() {
        return Ok(counts);
    }
    let mut tx = broker.db().begin().await?;
    for ending in found {
        let Some(stage) = ending.stage(now) else {
            continue;
        };
        let what = format!("{} {}", ending.kind, ending.id);
        if !announced::first(&mut tx, person, &what, ending.ends, stage.word(), now).await? {
            continue;
        }
        let day: String = ending.ends.to_string().chars().take(10).collect();
        let notice = Notice {
            id: token(broker.random(), 12),
            at: now,
            words: format!("{} ends on {day}. {}", ending.words, ending.remedy),
        };
        notices::put(&mut tx, person, &notice).await?;
        *counts.entry((ending.kind, stage)).or_default() += 1;
    }
    tx.commit().await?;
    if !counts.is_empty() {
        mail::tell(broker, std::slice::from_ref(person), "/account").await;
    }
    Ok(counts)
}

/// The same for everybody who has something that ends soon.
pub(crate) async fn announce(broker: &Broker) -> Result<Counts, StoreError> {
    let now = broker.now();
    let mut counts = Counts::new();
    for person in concerned(broker, now).await? {
        for (what, count) in announce_to(broker, &person, now).await? {
            *counts.entry(what).or_default() += count;
        }
    }
    announced::tidy(&mut broker.db(), now).await?;
    Ok(counts)
}

/// Who has something that ends within a month. Somebody who never signed in cannot be told.
async fn concerned(broker: &Broker, now: Timestamp) -> Result<BTreeSet<PersonId>, StoreError> {
    let soon = |ends: Timestamp| Stage::of(ends, now).is_some();
    let grants: Vec<Grant> = broker.live().await?;
    let roles: Vec<RoleRow> = broker.live().await?;
    let accepted: Vec<AcceptanceRow> = broker.live().await?;
    let named = grants
        .into_iter()
        .filter(|grant| soon(grant.until))
        .map(|grant| grant.to)
        .chain(roles.into_iter().filter(|row| soon(row.until)).map(|row| row.person));
    let mut people = BTreeSet::new();
    let mut known = BTreeSet::new();
    for identity in named {
        if known.insert(identity.to_string()) {
            people.extend(broker.person_of(&identity).await?);
        }
    }
    people.extend(
        accepted
            .into_iter()
            .filter(|row| soon(row.until))
            .map(|row| PersonId::from_text(row.person)),
    );
    let (from, to) = (now.minus(limits::LINK), now.minus(limits::LINK).plus(limits::SOON));
    let seen = announced::last_seen_between(&mut broker.db(), from, to).await?;
    people.extend(seen.into_iter().map(|(person, _)| person));
    let mut there = BTreeSet::new();
    for person in people {
        if people::by_id(&mut broker.db(), &person).await?.is_some() {
            there.insert(person);
        }
    }
    Ok(there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_is_announced_a_month_and_a_week_ahead() {
        let now = Timestamp::from_unix(1_795_000_000);
        let day = 24 * 3600;
        let cases = [
            (-1, None),
            (0, None),
            (day, Some(Stage::Week)),
            (7 * day, Some(Stage::Week)),
            (7 * day + 1, Some(Stage::Month)),
            (31 * day, Some(Stage::Month)),
            (31 * day + 1, None),
        ];
        for (seconds, stage) in cases {
            assert_eq!(
                Stage::of(Timestamp::from_unix(now.unix() + seconds), now),
                stage,
                "{seconds}"
            );
        }
    }

    #[test]
    fn what_never_lasted_a_month_is_not_announced_a_month_ahead() {
        let now = Timestamp::from_unix(1_795_000_000);
        let day = 24 * 3600;
        let stage = |since: Option<i64>, ends: i64| {
            let ending = Ending {
                kind: "grant",
                id: "g".to_owned(),
                words: String::new(),
                remedy: "",
                since: since.map(|days| Timestamp::from_unix(now.unix() + days * day)),
                ends: Timestamp::from_unix(now.unix() + ends * day),
            };
            ending.stage(now)
        };
        let cases = [
            ("a month's grant, on its first day", Some(0), 30, None),
            ("the same in its last week", Some(-25), 5, Some(Stage::Week)),
            ("a week's grant", Some(0), 7, None),
            ("a year's grant in its last month", Some(-340), 25, Some(Stage::Month)),
            ("nobody knows since when", None, 25, Some(Stage::Month)),
        ];
        for (name, since, ends, wanted) in cases {
            assert_eq!(stage(since, ends), wanted, "{name}");
        }
    }
}
