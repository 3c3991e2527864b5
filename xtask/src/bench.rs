//! `cargo xtask bench`: what it costs, as ratios of one run.

use crate::process::{Outcome, cargo, run};

/// Runs one bench; `words` is what stood after `bench`.
pub(crate) fn run_one(words: &[&str]) -> Outcome<()> {
    if words.first() == Some(&"broker") {
        // a login needs an institution: the one of the broker's own tests
        let name = "many_log_in_and_exchange";
        let test = [
            "test",
            "--release",
            "--workspace",
            "--test",
            "login",
            "--",
            "--nocapture",
            name,
        ];
        return run(
            "cargo test --release --workspace --test login",
            cargo().args(test).env("VISUM_BENCH_LOGINS", "400"),
        );
    }
    let Some((name @ ("verify" | "decide" | "catalogue" | "drill"), rest)) =
        words.split_first().map(|(name, rest)| (*name, rest))
    else {
        return Err("which bench? cargo xtask bench verify|decide|catalogue|drill|broker [-- …]".to_owned());
    };
    let rest = rest.strip_prefix(&["--"]).unwrap_or(rest);
    if name == "drill" {
        // it drives the binary, which a bench of another crate does not build
        run(
            "cargo build --release",
            cargo().args(["build", "--release", "--workspace"]),
        )?;
    }
    run(
        &format!("cargo bench --workspace --bench {name}"),
        cargo().args(["bench", "--workspace", "--bench", name, "--"]).args(rest),
    )?;
    if name != "verify" {
        return Ok(());
    }
    let counted = ["test", "--workspace", "--test", "allocations", "--", "--nocapture"];
    run("cargo test --workspace --test allocations", cargo().args(counted))
}
