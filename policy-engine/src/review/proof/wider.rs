//! Does a new version permit anything that the old one denies? By counterexamples, so that the cost follows the change and
//! not the number of policies (policy.md 7).
//!
//! Two claims make "no more than before", each of every request that the new version permits:
//!
//! 1. some permit of the old version applies to it. Of a permit that stayed this is plain, so only new and changed permits
//!    are asked about;
//! 2. no forbid of the old version that is gone or changed applies to it. Of a forbid that stayed this is plain.
//!
//! The solver is asked with as few policies as can be: forbids of the new version and permits of the old one are left out,
//! which only makes the claim harder. If it finds an example, the concrete engine is asked with both versions whole. Either
//! it is a true one, or the engine names policies that were left out: these come in, and the solver is asked again. Each
//! round adds a policy, so there is an end.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Instant,
};

use cedar_policy::RequestEnv;
use visa_verifier::seam::Timestamp;

use super::{
    parts::{self, Concrete, One, PERMIT_ALL, Said},
    report::{Counterexample, EnvironmentName, Verdict, WiderProof},
    session::{Answer, Session},
    words,
};
use crate::{error::BundleError, policy::Policies};

/// Both versions, and what differs.
struct Change {
    /// In force before. What was only watched is among it: at its end it would have denied.
    old: Vec<One>,
    /// In force after. What is only watched is not.
    new: Vec<One>,
    /// Permits of the new version that the old one has not.
    fresh: Vec<One>,
    /// Permits of the old version that the new one has not.
    replaced: Vec<One>,
    /// Forbids of the old version that the new one has not.
    gone: Vec<One>,
}

/// Whether `new` permits nothing that `old` denies.
pub(super) fn wider(session: &mut Session<'_>, old: &Policies, new: &Policies) -> Result<WiderProof, BundleError> {
    let started = Instant::now();
    let asked = session.queries();
    let change = Change::of(session, old, new)?;
    let environments = parts::environments(session.schema);
    let mut proof = WiderProof {
        verdict: Verdict::Proven,
        changed: change.names(),
        environments: 0,
        rounds: 0,
        counterexamples: Vec::new(),
        why: None,
        millis: 0,
    };
    for (name, at) in environments {
        let mut claims = Vec::new();
        if change.fresh.iter().any(|one| one.at.contains(name)) {
            claims.push(None);
        }
        claims.extend(change.gone.iter().filter(|one| one.at.contains(name)).map(Some));
        proof.environments = proof.environments.saturating_add(usize::from(!claims.is_empty()));
        for gone in claims {
            let mut claim = Claim::new(session, &change, name, gone)?;
            match claim.settle(session, at)? {
                Settled::Holds => {}
                Settled::Wider(example) => {
                    proof.verdict = Verdict::Violated;
                    proof.counterexamples.push(*example);
                    break;
                }
                Settled::Unknown(why) => {
                    proof.verdict = proof.verdict.worse(Verdict::NotProven);
                    proof.why.get_or_insert_with(|| format!("{name}: {why}"));
                }
            }
        }
    }
    proof.rounds = session.queries().saturating_sub(asked);
    proof.millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(proof)
}

impl Change {
    fn of(session: &Session<'_>, before: &Policies, after: &Policies) -> Result<Self, BundleError> {
        let schema = session.schema;
        let watched = |policies: &Policies| {
            let each = policies
                .watching()
                .map(|(policy, until)| Ok((One::new(policy, schema)?, until)));
            each.collect::<Result<Vec<(One, Timestamp)>, BundleError>>()
        };
        let (mut old, new) = (parts::in_force(before, schema)?, parts::in_force(after, schema)?);
        let (watched_before, watched_after) = (watched(before)?, watched(after)?);
        let texts = |ones: &[One]| ones.iter().map(|one| one.text.clone()).collect::<HashSet<String>>();
        let (before, after) = (texts(&old), texts(&new));
        let fresh = new.iter().filter(|one| !one.forbids && !before.contains(&one.text));
        let fresh = fresh.cloned().collect();
        let missing = |forbids: bool| {
            let all = old.iter().filter(move |one| one.forbids == forbids);
            all.filter(|one| !after.contains(&one.text))
                .cloned()
                .collect::<Vec<One>>()
        };
        let (replaced, mut gone) = (missing(false), missing(true));
        // Watched as before, and no longer than before, is no change.
        let still = |one: &One, until: Timestamp| {
            let same = |(other, end): &(One, Timestamp)| other.text == one.text && *end <= until;
            after.contains(&one.text) || watched_after.iter().any(same)
        };
        let dropped = watched_before.iter().filter(|(one, until)| !still(one, *until));
        gone.extend(dropped.map(|(one, _)| one.clone()));
        old.extend(watched_before.into_iter().map(|(one, _)| one));
        Ok(Self {
            old,
            new,
            fresh,
            replaced,
            gone,
        })
    }

    fn names(&self) -> Vec<String> {
        let all = self.fresh.iter().chain(&self.replaced).chain(&self.gone);
        let names: BTreeSet<String> = all.map(|one| one.id.clone()).collect();
        names.into_iter().collect()
    }
}

/// How a claim came out.
enum Settled {
    Holds,
    Wider(Box<Counterexample>),
    Unknown(String),
}

/// One claim in one environment, with the policies that it is asked with by now.
struct Claim<'c> {
    name: &'c EnvironmentName,
    /// Policies of the versions that fit here.
    old: Vec<&'c One>,
    new: Vec<&'c One>,
    before: Concrete,
    after: Concrete,
    /// The forbid that is gone; `None`: the claim about permits.
    gone: Option<&'c One>,
    /// Permits that stand for the new version's, and what they stand for, if for more than themselves.
    permits: Vec<(One, Vec<&'c One>)>,
    /// Its forbids, as far as they are needed.
    forbids: Vec<&'c One>,
    /// The old version's permits, as far as they are needed; or permit-all with the forbid that is gone.
    others: Vec<One>,
}

impl<'c> Claim<'c> {
    fn new(
        session: &Session<'_>,
        change: &'c Change,
        name: &'c EnvironmentName,
        gone: Option<&'c One>,
    ) -> Result<Self, BundleError> {
        let here = |ones: &'c [One]| ones.iter().filter(|one| one.at.contains(name)).collect::<Vec<_>>();
        let new = here(&change.new);
        let (permits, forbids, others) = match gone {
            None => {
                let fresh = here(&change.fresh).into_iter().map(|one| (one.clone(), Vec::new()));
                (
                    fresh.collect(),
                    Vec::new(),
                    here(&change.replaced).into_iter().cloned().collect(),
                )
            }
            Some(gone) => {
                let all = One::parse("permit-all", PERMIT_ALL, session.schema)?;
                let stands_for = new.iter().copied().filter(|one| !one.forbids).collect();
                // The new version's form of it, if there is one, mostly does.
                let form = new
                    .iter()
                    .copied()
                    .filter(|one| one.forbids && one.id == gone.id)
                    .collect();
                (vec![(all.clone(), stands_for)], form, vec![all, gone.clone()])
            }
        };
        Ok(Self {
            name,
            before: Concrete::new(here(&change.old))?,
            after: Concrete::new(new.iter().copied())?,
            old: here(&change.old),
            new,
            gone,
            permits,
            forbids,
            others,
        })
    }

    fn settle(&mut self, session: &mut Session<'_>, at: &RequestEnv) -> Result<Settled, BundleError> {
        loop {
            let ours = parts::set(
                self.permits
                    .iter()
                    .map(|(one, _)| one)
                    .chain(self.forbids.iter().copied()),
            )?;
            let theirs = parts::set(&self.others)?;
            let example = match session.implies(&ours, &theirs, at) {
                Answer::Holds => return Ok(Settled::Holds),
                Answer::Unknown(why) => return Ok(Settled::Unknown(why)),
                Answer::Fails(example) => example,
            };
            let store = parts::store(&example, session.schema)?;
            let (may, may_not) = self.after.ask(&example, &store);
            let (might, might_not) = self.before.ask(&example, &store);
            let mut more = self.take_forbids(&may_not) || self.take_erring(&may, &might);
            if !more && may.apply.is_empty() {
                let matched: Vec<One> = self.permits.iter().map(|(one, _)| one.clone()).collect();
                let (matched, _) = parts::asked(&matched, &example, &store)?;
                more = self.take_closer_permits(session, &matched)?;
            } else if !more && self.gone.is_none() {
                more = self.take_old_permits(&might);
            }
            if more {
                continue;
            }
            let clean = may.erred.is_empty() && may_not.erred.is_empty();
            let new_permits = clean && may_not.apply.is_empty() && !may.apply.is_empty();
            let old_denies = might.apply.is_empty() || !might_not.apply.is_empty();
            if !new_permits || !old_denies {
                return Ok(Settled::Unknown(
                    "the solver's example does not hold on the engine".to_owned(),
                ));
            }
            let by: Vec<String> = may.apply.iter().cloned().collect();
            // What the new form of a forbid that is gone lets be is a fact that matters.
            let form = self
                .forbids
                .iter()
                .copied()
                .filter(|one| self.gone.is_some_and(|gone| gone.id == one.id));
            let reads = self.permits.iter().map(|(one, _)| one).chain(&self.others).chain(form);
            let reads = reads.filter(|one| one.id != "permit-all");
            let mut told = words::counterexample(self.name.clone(), &example, &store, reads, &by);
            told.words.push_str(&match self.gone {
                Some(gone) => format!(" Before, `{}` denied it.", gone.id),
                None => " Before, no permit applied.".to_owned(),
            });
            return Ok(Settled::Wider(Box::new(told)));
        }
    }

    /// Forbids of the new version that apply to the example, or err on it.
    fn take_forbids(&mut self, said: &Said) -> bool {
        let met = |one: &&&One| one.forbids && (said.apply.contains(&one.id) || said.erred.contains(&one.id));
        let known: BTreeSet<&String> = self.forbids.iter().map(|one| &one.id).collect();
        let further: Vec<&One> = self
            .new
            .iter()
            .filter(met)
            .filter(|one| !known.contains(&one.id))
            .copied()
            .collect();
        let more = !further.is_empty();
        self.forbids.extend(further);
        more
    }

    /// Permits that err on the example: the solver then makes the entities that they read. A permit that stayed comes to
    /// both sides, so that it claims nothing new.
    fn take_erring(&mut self, may: &Said, might: &Said) -> bool {
        let ours: BTreeSet<String> = self.permits.iter().map(|(one, _)| one.id.clone()).collect();
        let fresh = |one: &&&One| !one.forbids && may.erred.contains(&one.id) && !ours.contains(&one.id);
        let further: Vec<(One, Vec<&One>)> = self
            .new
            .iter()
            .filter(fresh)
            .map(|one| ((**one).clone(), Vec::new()))
            .collect();
        let mut more = !further.is_empty();
        self.permits.extend(further);
        if self.gone.is_none() {
            let theirs: BTreeSet<String> = self.others.iter().map(|one| one.id.clone()).collect();
            let met = |one: &&&One| {
                let erred = might.erred.contains(&one.id) || may.erred.contains(&one.id);
                !one.forbids && erred && !theirs.contains(&one.id)
            };
            let further: Vec<One> = self.old.iter().filter(met).map(|one| (**one).clone()).collect();
            more |= !further.is_empty();
            self.others.extend(further);
        }
        more
    }

    /// Permits of the old version that apply to the example.
    fn take_old_permits(&mut self, said: &Said) -> bool {
        let known: BTreeSet<String> = self.others.iter().map(|one| one.id.clone()).collect();
        let met = |one: &&&One| !one.forbids && said.apply.contains(&one.id) && !known.contains(&one.id);
        let further: Vec<One> = self.old.iter().filter(met).map(|one| (**one).clone()).collect();
        let more = !further.is_empty();
        self.others.extend(further);
        more
    }

    /// What stood for permits of the new version, and applies where none of them does, gives way to what it stood for:
    /// permit-all to the permits with open scopes, these to the permits themselves.
    fn take_closer_permits(&mut self, session: &Session<'_>, matched: &Said) -> Result<bool, BundleError> {
        let mut more = false;
        let mut next: Vec<(One, Vec<&'c One>)> = Vec::new();
        for (one, stands_for) in std::mem::take(&mut self.permits) {
            if stands_for.is_empty() && one.id != "permit-all" || !matched.apply.contains(&one.id) {
                next.push((one, stands_for));
                continue;
            }
            more = true;
            if one.id != "permit-all" {
                next.extend(stands_for.into_iter().map(|exact| (exact.clone(), Vec::new())));
                continue;
            }
            // Links of one template differ in their scopes only, and are one when these are open.
            let mut open: BTreeMap<String, (One, Vec<&'c One>)> = BTreeMap::new();
            for exact in stands_for {
                let wide = exact.opened(session.schema)?;
                open.entry(wide.text.clone())
                    .or_insert_with(|| (wide, Vec::new()))
                    .1
                    .push(exact);
            }
            next.extend(open.into_values().map(|(wide, exact)| {
                let itself = exact.iter().all(|one| one.text == wide.text);
                (wide, if itself { Vec::new() } else { exact })
            }));
        }
        // An erring permit may have come in by itself before.
        let mut seen = BTreeSet::new();
        next.retain(|(one, _)| seen.insert(one.id.clone()));
        self.permits = next;
        Ok(more)
    }
}
