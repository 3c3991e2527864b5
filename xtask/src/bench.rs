//! `cargo xtask bench`: what it costs, as ratios of one run.

use crate::process::{Outcome, cargo, run};

/// Runs one bench; `words` is what stood after `bench`.
pub(crate) fn run_one(words: &[&str]) -> Outcome<()> {
    let ["verify", rest @ ..] = words else {
        return Err("which bench? cargo xtask bench verify [-- …]".to_owned());
    };
    let rest = rest.strip_prefix(&["--"]).unwrap_or(rest);
    run(
        "cargo bench --workspace --bench verify",
        cargo()
            .args(["bench", "--workspace", "--bench", "verify", "--"])
            .args(rest),
    )?;
    let counted = ["test", "--workspace", "--test", "allocations", "--", "--nocapture"];
    run("cargo test --workspace --test allocations", cargo().args(counted))
}
