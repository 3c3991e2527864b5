//! `cargo xtask fuzz`: the targets of `fuzz/` on stable Rust, for a time. What is found is kept in the corpus.

use crate::{
    process::{Outcome, cargo, run},
    workspace::Workspace,
};

/// Seconds for each target, if not said.
const SECONDS: u64 = 60;

/// Fuzzes all targets, or one; `words` is what stood after `fuzz`.
pub(crate) fn run_targets(words: &[&str]) -> Outcome<()> {
    let usage = || "usage: cargo xtask fuzz [--seconds N] [TARGET]".to_owned();
    let (seconds, target) = match words {
        [] => (SECONDS, None),
        ["--seconds", seconds] => (seconds.parse().map_err(|_| usage())?, None),
        ["--seconds", seconds, target] => (seconds.parse().map_err(|_| usage())?, Some(*target)),
        [target] if !target.starts_with('-') => (SECONDS, Some(*target)),
        _ => return Err(usage()),
    };
    let corpus = Workspace::find()?.root.join("fuzz/corpus");
    let mut known: Vec<String> = std::fs::read_dir(&corpus)
        .map_err(|problem| format!("{}: {problem}", corpus.display()))?
        .filter_map(|folder| folder.ok()?.file_name().into_string().ok())
        .collect();
    known.sort();
    if let Some(target) = target
        && !known.iter().any(|name| name == target)
    {
        return Err(format!("there is no target `{target}`: {}", known.join(", ")));
    }
    // one test is one target
    let tests = target.map_or_else(|| "fuzz::fuzz_".to_owned(), |target| format!("fuzz::fuzz_{target}"));
    let mut command = cargo();
    command
        .args([
            "test",
            "--workspace",
            "--locked",
            "--test",
            "verifier",
            "--test",
            "engine_fuzz",
            "--",
            &tests,
        ])
        .args(["--nocapture", "--test-threads", "2"])
        .env("VISUM_FUZZ_SECONDS", seconds.to_string());
    if target.is_some() {
        command.arg("--exact");
    }
    let what = format!("fuzz {} for {seconds} s each", target.unwrap_or("all targets"));
    run(&what, &mut command)
}
