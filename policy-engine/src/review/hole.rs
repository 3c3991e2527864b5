//! Stores with a hole (policy.md 9): Cedar skips a policy that misses an entity, so that a forbid which does would permit.
//! The engine denies instead; a case file's `missing_entity` says for which questions that is shown.

use super::{
    Outcome,
    run::{CaseResult, ask_in},
    scenario::{Case, Hole, Suite},
};
use crate::policy::Policies;

/// Asks each case of the file that has a hole, of the store that lacks the entity.
pub(super) fn asked(policies: &Policies, suite: &Suite) -> Vec<CaseResult> {
    let found = suite.holes.iter().filter_map(|hole| {
        let case = suite.cases.get(hole.case)?;
        let (outcome, faults) = ask(policies, suite, case, hole);
        Some(CaseResult {
            file: suite.name.clone(),
            case: format!("{} without {}", case.id, hole.drop),
            why: case.why.clone(),
            passed: faults.is_empty(),
            faults,
            outcome,
        })
    });
    found.collect()
}

fn ask(policies: &Policies, suite: &Suite, case: &Case, hole: &Hole) -> (Outcome, Vec<String>) {
    let register = suite.register.without(&hole.drop);
    let outcome = ask_in(policies, &register, case);
    let mut faults = Vec::new();
    if outcome.allow != hole.engine.allows() {
        faults.push(format!("the decision is {}", outcome.word()));
    }
    // A denial must be the guard's: one that a policy gave says nothing of the hole.
    if !hole.engine.allows() && outcome.error.is_none() {
        faults.push(format!("the question could be decided without {}", hole.drop));
    }
    if let Some(expected) = hole.cedar_alone {
        match register.everything() {
            Ok(store) => {
                let alone = policies.ask(&case.request, &store, case.now).allow;
                if alone != expected.allows() {
                    let word = if alone { "allow" } else { "deny" };
                    faults.push(format!("Cedar alone says {word}"));
                }
            }
            Err(error) => faults.push(format!("Cedar alone could not be asked: {error}")),
        }
    }
    (outcome, faults)
}
