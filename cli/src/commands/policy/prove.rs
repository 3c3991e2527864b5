//! `visum policy prove`: what a solver can show of policies, and the request for which it does not hold.

use std::{path::PathBuf, time::Duration};

use policy_engine::review::proof::{
    Budget, Counterexample, LintKind, NoSolver, ProofReport, SolverCommand, Task, Verdict, WiderProof, prove,
};

use super::bundle;
use crate::{error::CommandError, exit::Exit, output::Context};

/// Prove policies with cvc5: the invariants, dead and erring policies, no more permissive than before
///
/// The invariants hold for every policy set that anybody puts on this baseline: they are proven on the baseline with one policy
/// that permits everything. Of BUNDLE it is shown that no policy of its own errs, never applies, or is always overridden;
/// with --against, that it permits nothing that OLD denies. What does not hold is shown as a request in words.
///
/// Exit status 0 proven, 1 violated, 3 no solver, or not proven.
#[derive(Debug, clap::Args)]
pub(crate) struct Prove {
    /// A bundle's folder; without one, the shipped policies
    #[arg(default_value = bundle::SHIPPED)]
    path: PathBuf,
    /// The version that it may permit no more than: a bundle's folder, or `shipped`
    #[arg(long, value_name = "OLD")]
    against: Option<PathBuf>,
    /// The solver's program; else the environment's CVC5, else cvc5 on the PATH
    #[arg(long, value_name = "PROGRAM")]
    solver: Option<PathBuf>,
    /// Seconds for all proofs; what was not asked by then is not proven
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    budget: u64,
}

/// Proves; exit 0 proven, 1 violated, 3 not proven.
pub(crate) fn run(args: &Prove, context: &Context) -> Result<Exit, CommandError> {
    let (_, policies) = bundle::sound(&args.path)?;
    let old = args.against.as_deref().map(bundle::sound).transpose()?;
    let solver = SolverCommand::find(args.solver.as_deref())
        .map_err(|error| CommandError::unknown(NoSolver::CODE, error.to_string()).hint(NoSolver::HINT))?;
    let task = Task {
        policies: &policies,
        invariants: true,
        against: old.as_ref().map(|(_, policies)| policies),
    };
    let budget = Budget {
        whole: Duration::from_secs(args.budget),
        ..Budget::default()
    };
    let report =
        prove(&solver, task, budget).map_err(|error| CommandError::unknown(error.code(), error.to_string()))?;
    context.show(&report, people);
    Ok(match report.verdict {
        Verdict::Proven => Exit::Yes,
        Verdict::Violated => Exit::No,
        Verdict::NotProven => Exit::Unknown,
    })
}

fn people(report: &ProofReport) -> String {
    let mut lines = Vec::new();
    for property in &report.properties {
        lines.push(format!("{:<10}  {}", property.verdict.word(), property.says));
        lines.extend(property.why.iter().map(|why| format!("            {why}")));
        lines.extend(property.counterexamples.iter().map(example));
    }
    let lints = &report.policies;
    lines.push(format!(
        "{:<10}  none of {} policies errs, is dead, or is always overridden",
        lints.verdict.word(),
        lints.policies
    ));
    for lint in &lints.findings {
        let mark = if lint.kind == LintKind::NotProven { "?" } else { "-" };
        lines.push(format!("          {mark} {}: {}", lint.policy, lint.says));
    }
    lines.extend(report.against.iter().flat_map(against));
    lines.push(format!(
        "{}: {} questions in {:.1} s to {} ({}).",
        match report.verdict {
            Verdict::Proven => "Proven",
            Verdict::NotProven => "NOT PROVEN",
            Verdict::Violated => "VIOLATED",
        },
        report.queries,
        Duration::from_millis(report.millis).as_secs_f64(),
        report.solver,
        if report.version.is_empty() {
            "which says no version"
        } else {
            &report.version
        },
    ));
    lines.push(format!("Baseline sha256 {}", report.baseline));
    lines.join("\n")
}

fn against(proof: &WiderProof) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<10}  permits nothing that the old version denies",
        proof.verdict.word()
    )];
    lines.extend(proof.why.iter().map(|why| format!("            {why}")));
    lines.extend(proof.counterexamples.iter().map(example));
    lines
}

fn example(example: &Counterexample) -> String {
    format!("          - {}", example.words)
}
