//! Format, clippy, cargo-deny, and the crates that must not be linked.

use std::process::Command;

use crate::run::{Done, cargo, must, output, say, target};

/// The cargo-deny that the project's `deny.toml` is written for.
const DENY: &str = "0.20.2";

/// All checks, in the order of their cost.
pub(crate) fn all() -> Done {
    must(&mut cargo(&["fmt", "--all", "--check"]), "cargo fmt")?;
    must(
        &mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]),
        "cargo clippy",
    )?;
    for banned in ["aws-lc-rs", "aws-lc-sys", "native-tls"] {
        // `cargo tree -i` fails when the crate is not in the graph: that is what we want.
        if output(&mut cargo(&["tree", "--locked", "--workspace", "-i", banned]))
            .is_some_and(|tree| tree.contains(banned))
        {
            return Err(format!(
                "the crate `{banned}` is linked; all cryptography is ring's (deny.toml)"
            ));
        }
    }
    deny()
}

fn deny() -> Done {
    let tools = target().join("tools");
    let program = tools.join("bin").join("cargo-deny");
    let have = output(Command::new(&program).arg("--version")).is_some_and(|version| version.ends_with(DENY));
    if !have {
        must(
            cargo(&["install", "--locked", "--version", DENY, "cargo-deny", "--root"])
                .arg(&tools)
                .env("CARGO_TARGET_DIR", tools.join("build")),
            "cargo install cargo-deny (once; it is kept in the target folder)",
        )?;
        let _ = std::fs::remove_dir_all(tools.join("build"));
    }
    must(
        Command::new(&program).current_dir(crate::run::root()).args([
            "--offline",
            "check",
            "bans",
            "licenses",
            "sources",
        ]),
        "cargo deny: bans, licences, sources",
    )?;
    // The advisories' database is a repository of its own; where it can't be reached that is said, and is no failure.
    let advisories = Command::new(&program)
        .current_dir(crate::run::root())
        .args(["check", "advisories"])
        .output();
    match advisories {
        Ok(ran) if ran.status.success() => say("==> cargo deny: advisories: ran, none that concern us"),
        Ok(ran) => {
            let words = String::from_utf8_lossy(&ran.stderr);
            let reached = ![
                "failed to fetch",
                "unable to",
                "failed to load",
                "failed to clone",
                "failed to acquire",
            ]
            .iter()
            .any(|sign| words.contains(sign));
            if reached {
                return Err(format!("cargo deny: advisories:\n{words}"));
            }
            say("==> cargo deny: advisories: NOT RUN, their database can't be reached from here");
        }
        Err(source) => return Err(format!("cargo deny: advisories: {source}")),
    }
    say("==> checks passed: fmt, clippy, bans, licences, sources");
    Ok(())
}
