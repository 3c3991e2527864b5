//! `visum policy test`: a bundle's case files and the shipped ones, and which policies no case made decide.

use std::path::PathBuf;

use policy_engine::review;

use super::bundle;
use crate::{error::CommandError, exit::Exit, output::Context};

/// Run a bundle's case files; the shipped cases always run too
///
/// A case file (`.json`) is asked of the shipped policies alone. Exit status 0 if all came out as expected, 1 if not, 2 if
/// bundle or cases are refused.
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// A bundle's folder, one case file, or `shipped`
    #[arg(default_value = bundle::SHIPPED)]
    path: PathBuf,
    /// A policy that no case makes decide fails too
    #[arg(long)]
    covered: bool,
}

/// Tests; exit 0 as expected, 1 not.
pub(crate) fn run(args: &Test, context: &Context) -> Result<Exit, CommandError> {
    let (loaded, policies) = bundle::sound(&args.path)?;
    let suites = bundle::suites(&loaded.bundle)?;
    let report = review::run(&policies, &suites, &bundle::shipped_suite()?);
    let passed = report.passed() && (report.coverage.idle.is_empty() || !args.covered);
    let document = serde_json::json!({ "passed": passed, "bundle": loaded.bundle.manifest.id,
        "digest": loaded.bundle.digest(), "report": report });
    context.show(&document, |_| people(&report, passed));
    Ok(if passed { Exit::Yes } else { Exit::No })
}

fn people(report: &review::Report, passed: bool) -> String {
    let mut lines = Vec::new();
    for result in report.results.iter().filter(|result| !result.passed) {
        lines.push(format!("FAILED {} ({}): {}", result.case, result.file, result.why));
        lines.extend(result.faults.iter().map(|fault| format!("  {fault}")));
    }
    for change in &report.changed {
        let head = if change.on_purpose {
            "changed on purpose"
        } else {
            "CHANGED"
        };
        let by = change.outcome.policies.join(", ");
        let by = change.outcome.error.clone().unwrap_or(by);
        let word = change.outcome.word();
        lines.push(format!(
            "{head}: shipped case {} is now {word} [{by}]: {}",
            change.case, change.why
        ));
        if !change.on_purpose {
            lines.push(format!(
                "  if you mean it, say so in a case file: \"shipped\": {{ \"{}\": \"{word}\" }}",
                change.case
            ));
        }
    }
    let good = report.results.iter().filter(|result| result.passed).count();
    lines.push(format!(
        "{good} of {} own cases and {} of {} shipped cases as expected.",
        report.results.len(),
        report
            .shipped
            .saturating_sub(report.changed.iter().filter(|change| !change.on_purpose).count()),
        report.shipped,
    ));
    let idle = &report.coverage.idle;
    let all = idle.len().saturating_add(report.coverage.decided.len());
    lines.push(format!(
        "Coverage: {} of {all} policies decided a case.",
        report.coverage.decided.len()
    ));
    lines.extend(idle.iter().map(|id| format!("  no case makes `{id}` decide")));
    lines.push(if passed { "Passed." } else { "NOT passed." }.to_owned());
    lines.join("\n")
}
