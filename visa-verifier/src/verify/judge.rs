//! What looks at several visas at once: who is one person, and whose conditions hold (steps 16 and 17).
//!
//! All of it can be asked "counting only visas that stand until T": what holds until when is then the largest T
//! for which it holds, over every way in which links and conditions can be met (EXP-04, A-23).

use std::collections::{BTreeSet, HashSet};

use crate::passport::{Code, Draft, People, Visa, people};
use crate::seam::Timestamp;
use crate::token::Issuer;
use crate::visa::{Budget, VisaType};

/// The visas of one Passport, and which of them can meet which clause.
pub(crate) struct Judge<'d> {
    drafts: Vec<&'d Draft>,
    /// Per visa: its groups, their clauses, and for each clause the visas that match it. `None`: no conditions.
    wanted: Vec<Option<Vec<Vec<Vec<usize>>>>>,
}

/// What holds, as far as one instant is concerned.
pub(crate) struct Standing {
    pub(crate) people: People,
    /// Per visa.
    pub(crate) holds: Vec<bool>,
    contradicted: HashSet<usize>,
}

impl<'d> Judge<'d> {
    pub(crate) fn new(drafts: Vec<&'d Draft>) -> Self {
        let mut budget = Budget::full();
        let wanted = drafts
            .iter()
            .map(|draft| {
                let conditions = draft.object.conditions().filter(|c| !c.is_empty())?;
                let matching = |clause: &crate::visa::Clause, budget: &mut Budget| {
                    let candidates = drafts.iter().enumerate();
                    candidates
                        // a visa with conditions of its own is no witness, even if they are empty (CND-18, A-12)
                        .filter(|(_, c)| c.object.conditions().is_none() && clause.is_met_by(&c.object, budget))
                        .map(|(at, _)| at)
                        .collect()
                };
                Some(
                    conditions
                        .groups()
                        .iter()
                        .map(|g| g.iter().map(|c| matching(c, &mut budget)).collect())
                        .collect(),
                )
            })
            .collect();
        Self { drafts, wanted }
    }

    /// What holds if only visas count whose `limit` is `at` or later.
    pub(crate) fn standing(&self, at: Timestamp, limit: &dyn Fn(&Draft) -> Timestamp) -> Standing {
        let alive: Vec<bool> = self.drafts.iter().map(|d| limit(d) >= at).collect();
        let is_alive = |i: usize| alive.get(i).copied().unwrap_or(false);
        // a provider that never gives two subjects, in whatever role it is trusted
        let unique: BTreeSet<&Issuer> = self
            .drafts
            .iter()
            .map(|d| d.evidence.entry())
            .filter(|e| e.unique_ids)
            .map(|e| &e.id)
            .collect();
        let links = |with: &dyn Fn(usize) -> bool| {
            let chosen = self
                .drafts
                .iter()
                .enumerate()
                .filter(|(i, d)| *d.object.kind() == VisaType::LinkedIdentities && is_alive(*i) && with(*i));
            people(chosen.map(|(_, d)| *d), &|iss| unique.contains(iss))
        };
        // links without conditions first; then those whose conditions hold by them; no further rounds
        let (by_plain, _) = links(&|i| self.wanted.get(i).is_some_and(Option::is_none));
        let (people, contradicted) = links(&|i| self.met(i, &by_plain, &is_alive));
        let contradicted: HashSet<usize> = contradicted.into_iter().collect();
        let holds = (0..self.drafts.len())
            .map(|i| {
                let link = self
                    .drafts
                    .get(i)
                    .is_some_and(|d| *d.object.kind() == VisaType::LinkedIdentities);
                let by = if link { &by_plain } else { &people };
                is_alive(i)
                    && self.met(i, by, &is_alive)
                    && !self.drafts.get(i).is_some_and(|d| contradicted.contains(&d.index))
            })
            .collect();
        Standing {
            people,
            holds,
            contradicted,
        }
    }

    /// Whether visa `i` has no conditions or one of its groups holds by living visas of the same person.
    fn met(&self, i: usize, people: &People, alive: &dyn Fn(usize) -> bool) -> bool {
        let (Some(own), Some(wanted)) = (self.drafts.get(i), self.wanted.get(i)) else {
            return false;
        };
        let Some(groups) = wanted else { return true };
        let witness = |c: usize| {
            alive(c)
                && self
                    .drafts
                    .get(c)
                    .is_some_and(|d| people.same(&d.identity, &own.identity))
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

    pub(crate) fn drafts(&self) -> &[&'d Draft] {
        &self.drafts
    }
}

/// The result for one Passport: what counts until when, what does not, who is one person.
pub(crate) struct Judgement {
    pub(crate) visas: Vec<Visa>,
    pub(crate) dropped: Vec<(Draft, Code)>,
    pub(crate) people: People,
}

pub(crate) fn judge(drafts: Vec<Draft>) -> Judgement {
    let plain = |d: &Draft| d.expires;
    let (mut contradicted, mut drafts) = (Vec::new(), drafts);
    let first = Judge::new(drafts.iter().collect()).standing(Timestamp::from_unix(i64::MIN), &plain);
    if !first.contradicted.is_empty() {
        let (refused, rest) = drafts.into_iter().partition(|d| first.contradicted.contains(&d.index));
        (contradicted, drafts) = (refused, rest);
    }
    let judge = Judge::new(drafts.iter().collect());
    let all = judge.standing(Timestamp::from_unix(i64::MIN), &plain);
    let until = ends_of(&judge, &all);
    let mut visas = Vec::new();
    let mut dropped: Vec<(Draft, Code)> = contradicted.into_iter().map(|d| (d, Code::LinksContradict)).collect();
    for (draft, until) in drafts.into_iter().zip(until) {
        match until {
            Some(holds_until) => visas.push(Visa { draft, holds_until }),
            None => dropped.push((draft, Code::ConditionsNotMet)),
        }
    }
    Judgement {
        visas,
        dropped,
        people: all.people,
    }
}

/// Per visa: until when it holds, `None` if it does not.
fn ends_of(judge: &Judge<'_>, all: &Standing) -> Vec<Option<Timestamp>> {
    let conditioned = judge.wanted.iter().any(Option::is_some);
    let mut until: Vec<Option<Timestamp>> = judge
        .drafts
        .iter()
        .zip(&judge.wanted)
        .zip(&all.holds)
        .map(|((draft, wanted), holds)| (*holds && wanted.is_none()).then_some(draft.expires))
        .collect();
    if conditioned {
        for end in judge.ends(&|d| d.expires) {
            if until
                .iter()
                .zip(&all.holds)
                .all(|(until, holds)| until.is_some() || !holds)
            {
                break;
            }
            let standing = judge.standing(end, &|d| d.expires);
            for (until, holds) in until.iter_mut().zip(standing.holds) {
                if holds && until.is_none() {
                    *until = Some(end);
                }
            }
        }
    }
    until
}
