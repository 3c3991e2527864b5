//! What looks at several visas at once: who is one person, and whose conditions hold (steps 16 and 17).
//!
//! All of it can be asked "counting only visas that stand until T": what holds until when is then the largest T
//! for which it holds, over every way in which links and conditions can be met (EXP-04, A-23). Fewer visas never
//! make more hold, so that T is found by halving.

use std::collections::{BTreeSet, HashMap};

use super::linking::{Joined, Linking};
use crate::passport::{Code, Draft, People, Visa};
use crate::seam::Timestamp;
use crate::token::Issuer;
use crate::visa::{Budget, Clause, Conditions, VisaIdentity, VisaType};

/// The visas of one Passport, and which of them can meet which clause.
pub(crate) struct Judge<'d> {
    drafts: Vec<&'d Draft>,
    /// Per visa: its groups, their clauses, and for each clause the visas that match it. `None`: no conditions.
    wanted: Vec<Option<Vec<Vec<Vec<usize>>>>>,
    linking: Linking,
    /// Whether the conditions would cost more steps than one Passport may take.
    spent: bool,
}

/// What holds, as far as one instant is concerned.
pub(crate) struct Standing {
    joined: Joined,
    /// Per visa.
    pub(crate) holds: Vec<bool>,
}

impl<'d> Judge<'d> {
    pub(crate) fn new(drafts: Vec<&'d Draft>, unique: &BTreeSet<Issuer>) -> Self {
        let mut budget = Budget::full();
        let wanted = drafts.iter().map(|draft| {
            let groups = conditions(draft)?.groups().iter();
            Some(
                groups
                    .map(|group| group.iter().map(|c| matching(c, &drafts, &mut budget)).collect())
                    .collect(),
            )
        });
        let wanted = wanted.collect();
        let linking = Linking::new(&drafts, unique);
        Self {
            drafts,
            wanted,
            linking,
            spent: budget.is_spent(),
        }
    }

    /// What holds if only visas count whose `limit` is `at` or later.
    pub(crate) fn standing(&self, at: Timestamp, limit: &dyn Fn(&Draft) -> Timestamp) -> Standing {
        let alive: Vec<bool> = self.drafts.iter().map(|d| limit(d) >= at).collect();
        let is_alive = |i: usize| alive.get(i).copied().unwrap_or(false);
        // links without conditions first; then those whose conditions hold by them; no further rounds
        let by_plain = self.linking.join(|i| is_alive(i) && self.is_plain(i));
        let joined = self.linking.join(|i| is_alive(i) && self.met(i, &by_plain, &is_alive));
        let holds = (0..self.drafts.len())
            .map(|i| {
                let by = if self.is_link(i) { &by_plain } else { &joined };
                is_alive(i) && !joined.contradicted.contains(&i) && self.met(i, by, &is_alive)
            })
            .collect();
        Standing { joined, holds }
    }

    fn is_plain(&self, i: usize) -> bool {
        self.wanted.get(i).is_some_and(Option::is_none)
    }

    fn is_link(&self, i: usize) -> bool {
        self.drafts
            .get(i)
            .is_some_and(|d| *d.object.kind() == VisaType::LinkedIdentities)
    }

    /// Whether visa `i` has no conditions or one of its groups holds by living visas of the same person.
    fn met(&self, i: usize, joined: &Joined, alive: &dyn Fn(usize) -> bool) -> bool {
        let (Some(own), Some(wanted)) = (self.drafts.get(i), self.wanted.get(i)) else {
            return false;
        };
        let Some(groups) = wanted else { return true };
        let witness = |c: usize| {
            let same = || self.drafts.get(c).is_some_and(|d| d.identity == own.identity);
            alive(c) && (same() || self.linking.same(joined, c, i))
        };
        groups
            .iter()
            .any(|group| !group.is_empty() && group.iter().all(|clause| clause.iter().any(|&c| witness(c))))
    }

    /// All instants at which something ends, latest first.
    pub(crate) fn ends(&self, limit: &dyn Fn(&Draft) -> Timestamp) -> Vec<Timestamp> {
        let ends: BTreeSet<Timestamp> = self.drafts.iter().map(|d| limit(d)).collect();
        ends.into_iter().rev().collect()
    }

    /// The visas that hold, gathered by whom they speak of: once for each identity, once for each proven person.
    pub(crate) fn gathered(&self, standing: &Standing) -> Vec<Vec<&'d Draft>> {
        let mut identities: HashMap<&VisaIdentity, Vec<&'d Draft>> = HashMap::new();
        let mut persons: HashMap<usize, Vec<&'d Draft>> = HashMap::new();
        let holding = self.drafts.iter().zip(&standing.holds).enumerate();
        for (i, (draft, _)) in holding.filter(|(_, (_, holds))| **holds) {
            identities.entry(&draft.identity).or_default().push(draft);
            for person in self.linking.persons(&standing.joined, i) {
                persons.entry(person).or_default().push(draft);
            }
        }
        identities.into_values().chain(persons.into_values()).collect()
    }

    /// Per visa: until when it holds, `None` if it does not. `all` is what holds now, free of contradictions.
    fn until(&self, all: &Standing) -> Vec<Option<Timestamp>> {
        let ends = self.ends(&|d| d.expires);
        let holds = |i: &usize| all.holds.get(*i).copied().unwrap_or(false);
        let mut until: Vec<Option<Timestamp>> = self.drafts.iter().map(|d| Some(d.expires)).collect();
        for i in (0..until.len()).filter(|i| !holds(i)) {
            set(&mut until, i, None);
        }
        let conditioned: Vec<usize> = (0..until.len()).filter(|i| holds(i) && !self.is_plain(*i)).collect();
        let (links, others): (Vec<usize>, Vec<usize>) = conditioned.into_iter().partition(|i| self.is_link(*i));
        let met_at = |at: Timestamp, open: &[usize], joined: &Joined| {
            let alive = |c: usize| self.drafts.get(c).is_some_and(|d| d.expires >= at);
            open.iter().map(|&i| alive(i) && self.met(i, joined, &alive)).collect()
        };
        // links first, by links without conditions; then the others by all links as long as each holds
        let plain = until.clone();
        halved(&ends, links, &mut until, |at, open| {
            let stands = |i: usize| self.is_plain(i) && plain.get(i).is_some_and(|u| *u >= Some(at));
            met_at(at, open, &self.linking.join(stands))
        });
        let linked = until.clone();
        halved(&ends, others, &mut until, |at, open| {
            let stands = |i: usize| linked.get(i).is_some_and(|u| *u >= Some(at));
            met_at(at, open, &self.linking.join(stands))
        });
        until
    }
}

/// The latest of `ends` (latest first) at which each of `open` holds: all do at the last of them. Each half of the
/// ends is asked only about its own visas.
fn halved(
    ends: &[Timestamp],
    open: Vec<usize>,
    until: &mut [Option<Timestamp>],
    holds: impl Fn(Timestamp, &[usize]) -> Vec<bool>,
) {
    let mut parts = vec![(ends, open)];
    while let Some((ends, open)) = parts.pop() {
        let (late, early) = ends.split_at(ends.len() / 2);
        match (late.last(), early) {
            _ if open.is_empty() => {}
            (None, [only, ..]) => open.into_iter().for_each(|i| set(until, i, Some(*only))),
            (Some(&middle), _) => {
                let held = holds(middle, &open);
                let half = |yes: bool| -> Vec<usize> {
                    let both = open.iter().zip(&held);
                    both.filter(|(_, held)| **held == yes).map(|(i, _)| *i).collect()
                };
                parts.extend([(late, half(true)), (early, half(false))]);
            }
            (None, []) => {}
        }
    }
}

fn set(until: &mut [Option<Timestamp>], i: usize, at: Option<Timestamp>) {
    if let Some(slot) = until.get_mut(i) {
        *slot = at;
    }
}

/// The conditions that must hold: `[]` are none.
fn conditions(draft: &Draft) -> Option<&Conditions> {
    draft.object.conditions().filter(|c| !c.is_empty())
}

/// The visas that meet a clause. All are tried, so that the steps taken do not hang on their order.
fn matching(clause: &Clause, drafts: &[&Draft], budget: &mut Budget) -> Vec<usize> {
    let candidates = drafts.iter().enumerate();
    candidates
        // a visa with conditions of its own is no witness, even if they are empty (CND-18, A-12)
        .filter(|(_, c)| c.object.conditions().is_none() && clause.is_met_by(&c.object, budget))
        .map(|(at, _)| at)
        .collect()
}

/// The result for one Passport: what counts until when, what does not, who is one person.
pub(crate) struct Judgement {
    pub(crate) visas: Vec<Visa>,
    pub(crate) dropped: Vec<(Draft, Code)>,
    pub(crate) people: People,
}

pub(crate) fn judge(drafts: Vec<Draft>, unique: &BTreeSet<Issuer>) -> Judgement {
    let always = Timestamp::from_unix(i64::MIN);
    let plain = |d: &Draft| d.expires;
    let (mut dropped, mut drafts) = (Vec::new(), drafts);
    let mut drop = |drafts: Vec<Draft>, code: Code, is: &dyn Fn(usize, &Draft) -> bool| {
        let (gone, rest): (Vec<_>, Vec<_>) = drafts.into_iter().enumerate().partition(|(i, d)| is(*i, d));
        dropped.extend(gone.into_iter().map(|(_, draft)| (draft, code)));
        rest.into_iter().map(|(_, draft)| draft).collect::<Vec<Draft>>()
    };
    // nothing that looks at other visas: each stands for itself
    if drafts
        .iter()
        .all(|d| conditions(d).is_none() && *d.object.kind() != VisaType::LinkedIdentities)
    {
        let alone = |draft: Draft| Visa {
            holds_until: draft.expires,
            draft,
        };
        return Judgement {
            visas: drafts.into_iter().map(alone).collect(),
            dropped,
            people: People::default(),
        };
    }
    let mut judge = Judge::new(drafts.iter().collect(), unique);
    // whose share of the steps it was does not matter: then no order of the visas does either
    if judge.spent {
        drafts = drop(drafts, Code::TooManyConditions, &|_, d| conditions(d).is_some());
        judge = Judge::new(drafts.iter().collect(), unique);
    }
    let mut all = judge.standing(always, &plain);
    if !all.joined.contradicted.is_empty() {
        drafts = drop(drafts, Code::LinksContradict, &|i, _| {
            all.joined.contradicted.contains(&i)
        });
        judge = Judge::new(drafts.iter().collect(), unique);
        all = judge.standing(always, &plain);
    }
    let (until, people) = (judge.until(&all), judge.linking.people(&all.joined));
    let mut visas = Vec::new();
    for (draft, until) in drafts.into_iter().zip(until) {
        match until {
            Some(holds_until) => visas.push(Visa { draft, holds_until }),
            None => dropped.push((draft, Code::ConditionsNotMet)),
        }
    }
    Judgement { visas, dropped, people }
}
