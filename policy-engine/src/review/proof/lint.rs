//! The policies one by one: none errs, none is dead, no permit is always overridden.

use std::{collections::BTreeMap, time::Instant};

use cedar_policy::RequestEnv;

use super::{
    parts::{self, Concrete, One},
    report::{EnvironmentName, Lint, LintKind, PolicyLints, Verdict},
    session::{Answer, Session},
};
use crate::{
    error::BundleError,
    policy::{Origin, Policies},
};

/// Looks at a bundle's own policies; with no bundle, at the shipped ones.
pub(super) fn lint(session: &mut Session<'_>, policies: &Policies) -> Result<PolicyLints, BundleError> {
    let started = Instant::now();
    let all = parts::in_force(policies, session.schema)?;
    let own = |id: &str| {
        let origin = policies.note(id).map(|note| &note.origin);
        matches!(origin, Some(Origin::File(_) | Origin::Link(_)))
    };
    let has_own = all.iter().any(|one| own(&one.id)) || policies.watching().next().is_some();
    let mut of_interest: Vec<One> = all.iter().filter(|one| !has_own || own(&one.id)).cloned().collect();
    // What is only watched now will be in force at its end.
    for (policy, _) in policies.watching() {
        of_interest.push(One::new(policy, session.schema)?);
    }
    let told = look(session, &of_interest, &all)?;
    Ok(PolicyLints {
        millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        ..told
    })
}

/// Looks at `ones`, which are of `all`.
pub(super) fn look(session: &mut Session<'_>, ones: &[One], all: &[One]) -> Result<PolicyLints, BundleError> {
    let environments = parts::environments(session.schema);
    let mut told = PolicyLints {
        verdict: Verdict::Proven,
        policies: ones.len(),
        pairs: 0,
        findings: Vec::new(),
        millis: 0,
    };
    for one in ones {
        let mut find = |kind: LintKind, says: String| {
            told.verdict = told.verdict.worse(match kind {
                LintKind::NotProven => Verdict::NotProven,
                LintKind::Errs | LintKind::Dead | LintKind::AlwaysOverridden => Verdict::Violated,
            });
            told.findings.push(Lint {
                policy: one.id.clone(),
                kind,
                says,
            });
        };
        told.pairs = told.pairs.saturating_add(one.at.len());
        for name in &one.at {
            let Some(at) = environments.get(name) else { continue };
            match session.never_errs(&one.policy, at) {
                Answer::Holds => continue,
                Answer::Fails(_) => find(
                    LintKind::Errs,
                    format!("errs for some request ({name}), and a policy that errs closes the question for everybody"),
                ),
                Answer::Unknown(why) => find(LintKind::NotProven, format!("{name}: {why}")),
            }
            break;
        }
        match effect(session, one, all, environments)? {
            Effect::Real => {}
            Effect::Dead => find(LintKind::Dead, "never applies to any request".to_owned()),
            Effect::Overridden(by) => {
                let by: Vec<&str> = by.iter().map(String::as_str).collect();
                let says = format!("whenever it applies, a forbid denies: {}", by.join(", "));
                find(LintKind::AlwaysOverridden, says);
            }
            Effect::Unknown(why) => find(LintKind::NotProven, why),
        }
    }
    Ok(told)
}

enum Effect {
    /// There is a request that it decides.
    Real,
    Dead,
    Overridden(Vec<String>),
    Unknown(String),
}

/// Whether there is a request to which the policy applies, and which, if it is a permit, no forbid denies.
///
/// Forbids are asked for only if an example meets them: taking all would cost the solver dear (policy.md 7).
fn effect(
    session: &mut Session<'_>,
    one: &One,
    all: &[One],
    environments: &BTreeMap<EnvironmentName, RequestEnv>,
) -> Result<Effect, BundleError> {
    let (mut overridden, mut unknown) = (Vec::new(), None);
    for name in &one.at {
        let Some(at) = environments.get(name) else { continue };
        let example = match session.never_matches(&one.policy, at) {
            Answer::Holds => continue,
            Answer::Fails(_) if one.forbids => return Ok(Effect::Real),
            Answer::Fails(example) => example,
            Answer::Unknown(why) => {
                unknown.get_or_insert_with(|| format!("{name}: {why}"));
                continue;
            }
        };
        let rivals: Vec<&One> = all
            .iter()
            .filter(|other| other.forbids && other.at.contains(name))
            .collect();
        let concrete = Concrete::new(rivals.iter().copied())?;
        let mut example = Some(example);
        let mut taken: Vec<&One> = Vec::new();
        while let Some(found) = example.take() {
            let store = parts::store(&found, session.schema)?;
            let (_, said) = concrete.ask(&found, &store);
            let met = |other: &&&One| said.apply.contains(&other.id) || said.erred.contains(&other.id);
            let further = rivals
                .iter()
                .filter(met)
                .filter(|other| taken.iter().all(|one| one.id != other.id));
            let further: Vec<&One> = further.copied().collect();
            if further.is_empty() {
                if said.apply.is_empty() && said.erred.is_empty() {
                    return Ok(Effect::Real);
                }
                unknown.get_or_insert_with(|| format!("{name}: the solver's example does not hold on the engine"));
                break;
            }
            taken.extend(further);
            let with = parts::set(taken.iter().copied().chain([one]))?;
            match session.implies(&with, &parts::set([])?, at) {
                Answer::Holds => overridden.extend(taken.iter().map(|other| other.id.clone())),
                Answer::Fails(next) => example = Some(next),
                Answer::Unknown(why) => {
                    unknown.get_or_insert_with(|| format!("{name}: {why}"));
                }
            }
        }
    }
    overridden.sort();
    overridden.dedup();
    Ok(match unknown {
        Some(why) => Effect::Unknown(why),
        None if overridden.is_empty() => Effect::Dead,
        None => Effect::Overridden(overridden),
    })
}
