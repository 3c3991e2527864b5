//! What is known of a bundle before anybody approves it: validated, tested, compared and proven.

use std::time::Duration;

use policy_engine::policy::{Bundle, Policies};
use policy_engine::review::proof::{Budget, LintKind, NoSolver, SolverCommand, Task, Verdict, prove};
use policy_engine::review::{PolicyChange, Replay, Suite, again, difference, run};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use visa_verifier::seam::Timestamp;

use super::files::refused;
use crate::broker::Broker;
use crate::catalogue::Content;
use crate::committee::{GovernError, access};
use crate::past;

/// Sentences of one list.
const WORDS: usize = 200;
/// Time for all proofs of one bundle.
const WHOLE: Duration = Duration::from_secs(60);
/// Time for one question.
const QUERY: Duration = Duration::from_secs(20);
/// A solver takes a processor whole: one at a time.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// How far the proofs went.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofState {
    /// No policy errs or is dead, and nothing more is permitted than before.
    Proven,
    /// Proven, but that more is permitted: the examples say what.
    Wider,
    /// A policy errs, is dead, or is always overridden.
    Violated,
    /// Nobody knows.
    NotProven,
    /// There is no solver.
    Skipped,
}

/// What proofs said.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// How far they went.
    pub state: ProofState,
    /// The solver's version, or why there is none.
    pub solver: String,
    /// What is wrong with a policy, or why something is not proven.
    pub says: Vec<String>,
    /// Requests that were denied before, in words.
    pub examples: Vec<String>,
}

/// What case files said.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tests {
    /// Cases of the bundle.
    pub own: usize,
    /// Shipped cases asked.
    pub shipped: usize,
    /// Shipped cases that are decided otherwise, as the bundle says on purpose.
    pub on_purpose: Vec<String>,
    /// Policies of the bundle that no case made decide.
    pub idle: Vec<String>,
}

/// What recorded decisions, the newest of this node's log, would be.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Decided again.
    pub asked: usize,
    /// How many turn.
    pub turned: usize,
    /// How many people have one that turns.
    pub people: usize,
    /// The first of them, in words.
    pub words: Vec<String>,
}

/// All of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Warnings of validation.
    pub warnings: Vec<String>,
    /// Tests; all passed.
    pub tests: Tests,
    /// Policies that came, went or changed, against the bundle in force.
    pub changes: Vec<String>,
    /// Stored cases that turn, in words.
    pub turns: Vec<String>,
    /// Recorded decisions of this node that turn, in words.
    #[serde(default)]
    pub recorded: Recorded,
    /// Who gains and who loses which use of which dataset, in words.
    #[serde(default)]
    pub gains: Vec<String>,
    /// Policies that are only watched.
    pub watched: Vec<String>,
    /// Proofs.
    pub proof: Proof,
    /// More is permitted than before, or nobody can tell.
    pub widens: bool,
}

/// A bundle with what it would replace, and the whole node's policies with either.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) old: Bundle,
    pub(super) new: Bundle,
    pub(super) before: Policies,
    pub(super) after: Policies,
    /// All rows with either.
    pub(super) content: [Content; 2],
    /// Warnings of validation.
    pub(super) warnings: Vec<String>,
}

/// Judges a bundle, away from the threads that answer requests.
///
/// # Errors
/// `policy.unsound`, `policy.untested`, and of what a solver found `policy.errs`.
pub(super) async fn judge(broker: &Broker, subject: Subject) -> Result<Report, GovernError> {
    let now = broker.now();
    let solver = SolverCommand::find(broker.config().solver.as_deref());
    let past = Box::pin(past::read(broker)).await?;
    let gains = Box::pin(gains(broker, &subject)).await?;
    let turn = ONE_AT_A_TIME.acquire().await;
    let judged = tokio::task::spawn_blocking(move || {
        let mut report = look(&subject, solver, now)?;
        report.recorded = recorded(&again(&past, &subject.before, &subject.after));
        report.gains = gains;
        Ok(report)
    })
    .await;
    drop(turn);
    judged.map_err(|_| GovernError::Facts {
        why: "the check of the bundle was interrupted".to_owned(),
    })?
}

fn recorded(found: &Replay) -> Recorded {
    Recorded {
        asked: found.asked,
        turned: found.turned.len(),
        people: found.people,
        words: found
            .turned
            .iter()
            .take(WORDS)
            .map(|turned| format!("{} {}: {}", turned.time, turned.event, turned.changed.words))
            .collect(),
    }
}

/// Who gains and who loses, by the whole node with either bundle.
async fn gains(broker: &Broker, subject: &Subject) -> Result<Vec<String>, GovernError> {
    let frame = broker.current().load().snapshot().clone();
    let mut snapshots = [frame.clone(), frame];
    for (snapshot, content) in snapshots.iter_mut().zip(&subject.content) {
        let filled = content.clone().fill(snapshot);
        filled.map_err(|error| GovernError::input("policy.unsound", error.to_string()))?;
    }
    let [before, after] = snapshots;
    let found = access::consequences(broker, before, after, Vec::new()).await?.gains;
    let told = found.list.iter().take(WORDS).map(|gain| {
        let now = if gain.gains() { "may now" } else { "may no longer" };
        format!("{} {now} {} {}", gain.person, gain.action.word(), gain.dataset)
    });
    let mut words: Vec<String> = told.collect();
    if let Some(more) = found.list.len().checked_sub(WORDS).filter(|more| *more > 0) {
        words.push(format!("and {more} more"));
    }
    if !found.complete {
        words.push("perhaps others: not every question could be asked within the bounds".to_owned());
    }
    Ok(words)
}

fn look(subject: &Subject, solver: Result<SolverCommand, NoSolver>, now: Timestamp) -> Result<Report, GovernError> {
    let (tests, turns, changes) = test(subject, now)?;
    let watched: Vec<String> = subject
        .new
        .manifest
        .observe
        .iter()
        .map(|row| row.policy.clone())
        .collect();
    let proof = proof(subject, solver)?;
    let unchanged = changes.is_empty();
    // To watch what denied, or for longer, opens something, whatever a solver says of it (policy.md 6).
    let old = &subject.old.manifest.observe;
    let watches = subject.new.manifest.observe.iter().any(|row| {
        let before = old.iter().find(|before| before.policy == row.policy);
        before.is_none_or(|before| before.until < row.until)
    });
    Ok(Report {
        warnings: subject.warnings.clone(),
        tests,
        turns,
        recorded: Recorded::default(),
        gains: Vec::new(),
        widens: watches || (!unchanged && proof.state != ProofState::Proven),
        changes,
        watched,
        proof,
    })
}

/// The bundle's cases and the shipped ones, and what turns.
fn test(subject: &Subject, now: Timestamp) -> Result<(Tests, Vec<String>, Vec<String>), GovernError> {
    let broken = |error: &dyn std::fmt::Display| GovernError::input("policy.unsound", error.to_string());
    let shipped = Suite::shipped().map_err(|finding| refused("policy.untested", &[*finding]))?;
    let suites = subject
        .new
        .tests
        .iter()
        .map(|file| Suite::parse(&file.name, &file.text));
    let suites: Vec<Suite> = suites
        .collect::<Result<_, _>>()
        .map_err(|finding| refused("policy.untested", &[*finding]))?;
    let policies = subject.new.compile(now).map_err(|error| broken(&error))?;
    let report = run(&policies, &suites, &shipped);
    let unsaid = unsaid(subject, &suites, &shipped, &report, now)?;
    if report.results.iter().any(|result| !result.passed) || !unsaid.is_empty() {
        let own = report.results.iter().filter(|result| !result.passed);
        let own = own.map(|result| format!("{} {}: {}", result.file, result.case, result.faults.join(", ")));
        let turned = report.changed.iter().filter(|change| unsaid.contains(&change.case));
        let turned =
            turned.map(|change| format!("the shipped case `{}` is now {}", change.case, change.outcome.word()));
        let words: Vec<String> = own.chain(turned).take(8).collect();
        return Err(GovernError::input("policy.untested", words.join("; ")));
    }
    // What was watched and is past its end can't be compiled anew: then the old version stands as it is in force.
    let old = subject.old.compile(now).unwrap_or_else(|_| subject.before.clone());
    let all: Vec<&Suite> = suites.iter().chain([&shipped]).collect();
    let told = difference((&subject.old, &old), (&subject.new, &policies), &all);
    let changes = told.policies.iter().map(|change| match change {
        PolicyChange::Added(id) => format!("added {id}"),
        PolicyChange::Removed(id) => format!("removed {id}"),
        PolicyChange::Changed(id) => format!("changed {id}"),
    });
    let changes = changes.collect();
    let turns = told
        .cases
        .into_iter()
        .map(|(_, case, changed)| format!("{case}: {}", changed.words));
    let tests = Tests {
        own: report.results.len(),
        shipped: report.shipped,
        on_purpose: report.changed.iter().map(|change| change.case.clone()).collect(),
        idle: report.coverage.idle.into_iter().collect(),
    };
    Ok((tests, turns.collect(), changes))
}

/// Shipped cases that turn and that nothing says should: save those that turn only because a policy that would deny them
/// is only watched, which is told beside the report and counts as widening.
fn unsaid(
    subject: &Subject,
    suites: &[Suite],
    shipped: &Suite,
    report: &policy_engine::review::Report,
    now: Timestamp,
) -> Result<Vec<String>, GovernError> {
    let turned = || report.changed.iter().filter(|change| !change.on_purpose);
    let watched = |change: &policy_engine::review::ShippedChange| {
        change.outcome.error.is_none() && !change.outcome.observed.is_empty()
    };
    if !turned().any(watched) {
        return Ok(turned().map(|change| change.case.clone()).collect());
    }
    let mut enforced = subject.new.clone();
    enforced.manifest.observe.clear();
    let policies = enforced
        .compile(now)
        .map_err(|error| GovernError::input("policy.unsound", error.to_string()))?;
    let enforced = run(&policies, suites, shipped);
    let turns = |case: &str| {
        enforced
            .changed
            .iter()
            .any(|change| change.case == case && !change.on_purpose)
    };
    let left = turned().filter(|change| !watched(change) || turns(&change.case));
    Ok(left.map(|change| change.case.clone()).collect())
}

fn proof(subject: &Subject, solver: Result<SolverCommand, NoSolver>) -> Result<Proof, GovernError> {
    let solver = match solver {
        Ok(solver) => solver,
        Err(none) => {
            return Ok(Proof {
                state: ProofState::Skipped,
                solver: format!("{none}; {}", NoSolver::HINT),
                says: Vec::new(),
                examples: Vec::new(),
            });
        }
    };
    let task = Task {
        policies: &subject.after,
        // They come proven with the release, for whatever stands on its baseline.
        invariants: false,
        against: Some(&subject.before),
    };
    let budget = Budget {
        query: QUERY,
        whole: WHOLE,
    };
    let told = prove(&solver, task, budget).map_err(|error| GovernError::input("policy.unsound", error.to_string()))?;
    let lints = &told.policies.findings;
    if let Some(lint) = lints.iter().find(|lint| lint.kind == LintKind::Errs) {
        return Err(GovernError::input(
            "policy.errs",
            format!("`{}` {}.", lint.policy, lint.says),
        ));
    }
    let mut says: Vec<String> = lints
        .iter()
        .map(|lint| format!("`{}` {}", lint.policy, lint.says))
        .collect();
    let against = told.against.as_ref();
    says.extend(against.and_then(|proof| proof.why.clone()));
    let examples = against.map(|proof| &proof.counterexamples).into_iter().flatten();
    let wider = against.map_or(Verdict::NotProven, |proof| proof.verdict);
    let state = match (told.policies.verdict, wider) {
        (Verdict::Violated, _) => ProofState::Violated,
        (Verdict::NotProven, _) | (_, Verdict::NotProven) => ProofState::NotProven,
        (Verdict::Proven, Verdict::Violated) => ProofState::Wider,
        (Verdict::Proven, Verdict::Proven) => ProofState::Proven,
    };
    Ok(Proof {
        state,
        solver: told.version.clone(),
        says,
        examples: examples.map(|example| example.words.clone()).collect(),
    })
}
