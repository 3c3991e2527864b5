//! Proofs with Cedar's symbolic compiler and an SMT solver (policy.md 7): the invariants, dead and erring policies, and
//! that a new version permits nothing more than an old one.
//!
//! "Proven" is said only when the solver said so for every request environment. No solver, a dead one, one that talks
//! nonsense, or one that took too long: not proven. A counterexample is asked again of the concrete engine before it is
//! shown.
//!
//! What the solver can't see: it assumes that every entity that a question names exists and fits the schema. Missing
//! entities are the builders' affair, and have tests of their own.

mod invariant;
mod lint;
mod parts;
mod property;
mod report;
mod session;
mod solver;
mod wider;
mod words;

pub use property::{Property, properties};
pub use report::{
    Counterexample, EnvironmentName, Lint, LintKind, PolicyLints, ProofReport, PropertyProof, Verdict, WiderProof,
};
pub use solver::{Budget, NoSolver, SolverCommand};

use std::{panic::resume_unwind, thread};

use session::Session;

use crate::{
    entity::SchemaParts,
    error::BundleError,
    policy::{Policies, baseline_digest},
};

/// The compiler walks policies by recursion: a thousand of them overflow an ordinary stack.
const STACK: usize = 512 << 20;

/// What is to be proven.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The policies, shipped ones and all.
    pub policies: &'a Policies,
    /// Prove the invariants, on these policies if they are the shipped ones, and on baseline and permit-all always.
    pub invariants: bool,
    /// The version that they may permit no more than.
    pub against: Option<&'a Policies>,
}

/// Proves what can be proven within the budget.
///
/// # Errors
/// [`BundleError`] if the build's own policies or schema are broken. Everything that has to do with the solver is in the
/// report.
pub fn prove(solver: &SolverCommand, task: Task<'_>, budget: Budget) -> Result<ProofReport, BundleError> {
    on_a_large_stack(|| run(solver, task, budget))
}

/// Whether `new` permits nothing that `old` denies.
///
/// # Errors
/// As [`prove`].
pub fn no_wider(
    solver: &SolverCommand,
    old: &Policies,
    new: &Policies,
    budget: Budget,
) -> Result<WiderProof, BundleError> {
    on_a_large_stack(|| {
        let schema = SchemaParts::shared()?;
        let mut session = Session::new(solver, budget, schema);
        wider::wider(&mut session, old, new)
    })
}

fn run(solver: &SolverCommand, task: Task<'_>, budget: Budget) -> Result<ProofReport, BundleError> {
    let schema = SchemaParts::shared()?;
    let mut session = Session::new(solver, budget, schema);
    let version = session.version();
    let properties = if task.invariants {
        invariant::prove(&mut session, task.policies)?
    } else {
        Vec::new()
    };
    let lints = lint::lint(&mut session, task.policies)?;
    let against = match task.against {
        Some(old) => Some(wider::wider(&mut session, old, task.policies)?),
        None => None,
    };
    let mut verdict = lints.verdict;
    for part in &properties {
        verdict = verdict.worse(part.verdict);
    }
    if let Some(against) = &against {
        verdict = verdict.worse(against.verdict);
    }
    Ok(ProofReport {
        verdict,
        solver: solver.path().display().to_string(),
        version,
        baseline: baseline_digest(),
        properties,
        policies: lints,
        against,
        queries: session.queries(),
        millis: session.elapsed_millis(),
    })
}

/// Runs `work` on a thread of its own with room for the compiler.
fn on_a_large_stack<T: Send>(work: impl FnOnce() -> Result<T, BundleError> + Send) -> Result<T, BundleError> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("visum-proof".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(error) => Err(BundleError::Schema {
                message: format!("no thread for the proofs: {error}"),
            }),
        }
    })
}

#[cfg(test)]
mod tests;
