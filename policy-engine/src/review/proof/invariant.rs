//! The invariants, proven for every policy set that anybody will ever put on this baseline (policy.md 3 and 7).
//!
//! Forbids only take away: whatever a set on the baseline permits, the baseline with one policy that permits everything
//! permits too. So what holds for that holds for all, and needs no new proof when a bundle is published.

use std::time::Instant;

use super::{
    parts::{self, One, PERMIT_ALL},
    property::{Property, properties},
    report::{PropertyProof, Verdict},
    session::{Answer, Session},
    words,
};
use crate::{
    error::BundleError,
    policy::{Origin, Policies},
};

/// A set of policies with its name.
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) policies: Vec<One>,
}

pub(super) fn prove(session: &mut Session<'_>, policies: &Policies) -> Result<Vec<PropertyProof>, BundleError> {
    let mut sets = vec![floor(
        session,
        &parts::in_force(&Policies::shipped()?, session.schema)?,
        |_| true,
    )?];
    let own = |origin: &Origin| matches!(origin, Origin::File(_) | Origin::Link(_));
    if !policies.notes().any(|note| own(&note.origin)) {
        sets.push(Named {
            name: "shipped",
            policies: parts::in_force(policies, session.schema)?,
        });
    }
    let goals = properties()?;
    goals.iter().map(|property| hold(session, property, &sets)).collect()
}

/// Baseline and permit-all; of the baseline, those that `keep` says.
pub(super) fn floor(session: &Session<'_>, shipped: &[One], keep: impl Fn(&str) -> bool) -> Result<Named, BundleError> {
    let baseline = shipped
        .iter()
        .filter(|one| one.id.starts_with("visum.baseline.") && keep(&one.id));
    let mut policies: Vec<One> = baseline.cloned().collect();
    policies.push(One::parse("permit-all", PERMIT_ALL, session.schema)?);
    Ok(Named {
        name: "baseline and permit-all",
        policies,
    })
}

/// Proves one invariant on each set, in each environment of its action group.
pub(super) fn hold(
    session: &mut Session<'_>,
    property: &Property,
    sets: &[Named],
) -> Result<PropertyProof, BundleError> {
    let started = Instant::now();
    let environments = property.environments(session.schema);
    let goal = One::parse(&property.id, &property.goal, session.schema)?;
    let mut proof = PropertyProof {
        id: property.id.clone(),
        says: property.says.clone(),
        on: sets.iter().map(|set| set.name.to_owned()).collect(),
        environments: environments.len(),
        // Of no environment nothing is proven.
        verdict: if environments.is_empty() {
            Verdict::NotProven
        } else {
            Verdict::Proven
        },
        counterexamples: Vec::new(),
        why: environments
            .is_empty()
            .then(|| "its action group has no questions".to_owned()),
        millis: 0,
    };
    let goals = parts::set([&goal])?;
    for set in sets {
        let mut shown = false;
        for at in &environments {
            let name = parts::name(at);
            let here: Vec<&One> = set.policies.iter().filter(|one| one.at.contains(&name)).collect();
            match session.implies(&parts::set(here.iter().copied())?, &goals, at) {
                Answer::Holds => {}
                Answer::Unknown(why) => {
                    proof.verdict = proof.verdict.worse(Verdict::NotProven);
                    proof.why.get_or_insert_with(|| format!("{name}: {why}"));
                }
                Answer::Fails(example) => {
                    let store = parts::store(&example, session.schema)?;
                    let (permits, forbids) = parts::asked(here.iter().copied(), &example, &store)?;
                    let (meant, _) = parts::asked([&goal], &example, &store)?;
                    let clean = forbids.apply.is_empty() && permits.erred.is_empty() && forbids.erred.is_empty();
                    if permits.apply.is_empty() || !clean || !meant.apply.is_empty() {
                        proof.verdict = proof.verdict.worse(Verdict::NotProven);
                        let why = format!("{name}: the solver's example does not hold on the engine");
                        proof.why.get_or_insert(why);
                        continue;
                    }
                    proof.verdict = Verdict::Violated;
                    if !shown {
                        shown = true;
                        let by: Vec<String> = permits.apply.into_iter().collect();
                        let told = words::counterexample(name, &example, &store, [&goal], &by);
                        proof.counterexamples.push(told);
                    }
                }
            }
        }
    }
    proof.millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(proof)
}
