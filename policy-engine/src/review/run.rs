//! Running case files against a set of policies, and telling which policies no case made decide.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Outcome, hole,
    scenario::{Case, Suite},
};
use crate::{
    entity::Register,
    policy::{Origin, Policies},
};

/// One case, asked.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// The case's file.
    pub file: String,
    /// The case.
    pub case: String,
    /// What it shows.
    pub why: String,
    /// Whether it came out as expected.
    pub passed: bool,
    /// What was expected and found otherwise, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// What the policies said.
    pub outcome: Outcome,
}

/// A shipped case that a bundle decides otherwise than it ships.
#[derive(Clone, Debug, Serialize)]
pub struct ShippedChange {
    /// The case.
    pub case: String,
    /// What it shows.
    pub why: String,
    /// What the policies say now.
    pub outcome: Outcome,
    /// A file of the bundle says that this is on purpose.
    pub on_purpose: bool,
}

/// Which policies decided a case.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// Policies of the bundle that determined, or in observe mode would have determined, at least one case.
    pub decided: BTreeSet<String>,
    /// Policies of the bundle that no case made decide.
    pub idle: BTreeSet<String>,
}

/// All that a run found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The bundle's own cases, and behind each file's the stores with a hole.
    pub results: Vec<CaseResult>,
    /// How many shipped cases were asked.
    pub shipped: usize,
    /// Those of them that the bundle decides otherwise, or that it says to and does not.
    pub changed: Vec<ShippedChange>,
    /// Coverage of the bundle's policies; with no bundle, of the shipped ones.
    pub coverage: Coverage,
}

impl Report {
    /// Everything as expected.
    pub fn passed(&self) -> bool {
        self.results.iter().all(|result| result.passed) && self.changed.iter().all(|change| change.on_purpose)
    }
}

/// Runs a bundle's case files and the shipped ones against `policies`.
///
/// A shipped case that is decided otherwise than it ships fails, unless a file names it under `shipped` with the decision
/// that it now has: nothing that a bundle changes goes unseen.
pub fn run(policies: &Policies, suites: &[Suite], shipped: &Suite) -> Report {
    let mut decided = BTreeSet::new();
    let mut results = Vec::new();
    for suite in suites {
        for case in &suite.cases {
            let outcome = ask(policies, suite, case);
            decided.extend(outcome.policies.iter().chain(&outcome.observed).cloned());
            let faults = faults(policies, case, &outcome);
            results.push(CaseResult {
                file: suite.name.clone(),
                case: case.id.clone(),
                why: case.why.clone(),
                passed: faults.is_empty(),
                faults,
                outcome,
            });
        }
        results.extend(hole::asked(policies, suite));
    }
    let purposes: BTreeMap<&String, bool> = suites
        .iter()
        .flat_map(|suite| suite.shipped.iter().map(|(case, word)| (case, word.allows())))
        .collect();
    let mut changed = Vec::new();
    for case in &shipped.cases {
        let outcome = ask(policies, shipped, case);
        decided.extend(outcome.policies.iter().chain(&outcome.observed).cloned());
        let purpose = purposes.get(&case.id).copied();
        let as_shipped = outcome.allow == case.expect.decision.allows() && outcome.error.is_none();
        let as_meant = purpose.is_none_or(|allow| allow == outcome.allow);
        if !as_shipped || !as_meant {
            changed.push(ShippedChange {
                case: case.id.clone(),
                why: case.why.clone(),
                on_purpose: purpose == Some(outcome.allow) && outcome.error.is_none(),
                outcome,
            });
        }
    }
    let known: BTreeSet<&String> = shipped.cases.iter().map(|case| &case.id).collect();
    for (case, allow) in purposes.into_iter().filter(|(case, _)| !known.contains(case)) {
        changed.push(ShippedChange {
            case: case.clone(),
            why: "there is no such shipped case".to_owned(),
            outcome: Outcome {
                allow,
                policies: Vec::new(),
                error: None,
                observed: Vec::new(),
            },
            on_purpose: false,
        });
    }
    Report {
        results,
        shipped: shipped.cases.len(),
        changed,
        coverage: coverage(policies, decided),
    }
}

/// Asks one case as the engine does: a whole store or none, and any error of a policy is a denial.
pub(crate) fn ask(policies: &Policies, suite: &Suite, case: &Case) -> Outcome {
    ask_in(policies, &suite.register, case)
}

/// The same of a store of one's own.
pub(super) fn ask_in(policies: &Policies, register: &Register, case: &Case) -> Outcome {
    let linked;
    let policies = if case.links.is_empty() {
        policies
    } else {
        let mut with = policies.clone();
        for link in &case.links {
            if let Err(error) = with.link(link) {
                return Outcome::failed(error);
            }
        }
        linked = with;
        &linked
    };
    match register.store(Vec::new(), &case.seeds) {
        Ok(store) => Outcome::of(policies, &case.request, &store, case.now),
        Err(error) => Outcome::failed(error),
    }
}

/// What came out otherwise than expected.
fn faults(policies: &Policies, case: &Case, outcome: &Outcome) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(error) = &outcome.error {
        faults.push(format!("the question could not be decided: {error}"));
    }
    if outcome.allow != case.expect.decision.allows() {
        let by = if outcome.policies.is_empty() {
            "no permit holds".to_owned()
        } else {
            format!("by {}", outcome.policies.join(", "))
        };
        faults.push(format!("the decision is {}, {by}", outcome.word()));
    }
    let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
    let found: BTreeSet<String> = outcome.policies.iter().cloned().collect();
    if let Some(expected) = case.expect.policies.as_ref().filter(|expected| **expected != found) {
        faults.push(format!(
            "expected the policies [{}], found [{}]",
            list(expected),
            list(&found)
        ));
    }
    let links = case
        .links
        .iter()
        .filter_map(|link| Some((&link.id, policies.note(&link.template)?)));
    let links: BTreeMap<_, _> = links.collect();
    let note = |id: &String| policies.note(id).or_else(|| links.get(id).copied());
    let codes: BTreeSet<String> = found
        .iter()
        .filter_map(note)
        .filter(|note| note.forbids)
        .map(|note| note.code.clone())
        .collect();
    if let Some(expected) = case.expect.codes.as_ref().filter(|expected| **expected != codes) {
        faults.push(format!(
            "expected the codes [{}], found [{}]",
            list(expected),
            list(&codes)
        ));
    }
    faults
}

fn coverage(policies: &Policies, decided: BTreeSet<String>) -> Coverage {
    let own = |origin: &Origin| matches!(origin, Origin::File(_) | Origin::Link(_));
    let has_own = policies.notes().any(|note| own(&note.origin));
    let of_interest: BTreeSet<String> = policies
        .notes()
        .filter(|note| note.origin != Origin::Template && (own(&note.origin) || !has_own))
        .map(|note| note.id.clone())
        .collect();
    Coverage {
        idle: of_interest.difference(&decided).cloned().collect(),
        decided: of_interest.intersection(&decided).cloned().collect(),
    }
}
