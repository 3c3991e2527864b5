//! `cargo xtask check`: what needs no running system. It goes on after a failure, and says at the end what ran.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{
    process::{Outcome, cargo, find, path_with, read, run},
    workspace::Workspace,
};

/// The version of cargo-deny that is installed and used, exactly.
const DENY: &str = "0.20.2";
/// Crates that must not be in the graph: a second crypto backend, a second TLS.
const FOREIGN: [&str; 2] = ["aws-lc-rs", "native-tls"];

/// Crates that the verification core does without.
const NETWORK: [&str; 7] = ["tokio", "reqwest", "rustls", "hyper", "http", "moka", "futures"];

/// Runs all checks.
pub(crate) fn run_all() -> Outcome<()> {
    let workspace = Workspace::find()?;
    let mut ended: Vec<(String, Outcome<String>)> = Vec::new();
    let mut note = |what: &str, outcome: Outcome<String>| ended.push((what.to_owned(), outcome));
    let ran = |outcome: Outcome<()>| outcome.map(|()| "ran".to_owned());

    note(
        "fmt",
        ran(run(
            "cargo fmt --all --check",
            cargo().args(["fmt", "--all", "--check"]),
        )),
    );
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    note(
        "clippy",
        ran(run(
            "cargo clippy --workspace --all-targets --locked -- -D warnings",
            cargo().args(clippy),
        )),
    );
    note("visa-verifier without `fetch`", core_alone(&workspace));
    note(
        "doc",
        ran(run(
            "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked",
            cargo()
                .args(["doc", "--workspace", "--no-deps", "--locked"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )),
    );
    for name in FOREIGN {
        note(&format!("no {name}"), absent(name));
    }
    match deny(&workspace) {
        Ok(folder) => {
            let deny = |words: &[&str]| {
                let mut command = cargo();
                command
                    .arg("deny")
                    .args(words)
                    .env("PATH", path_with(&folder))
                    .current_dir(&workspace.root);
                command
            };
            // What the lock file names has to lie here before cargo-deny may be told to stay off the network.
            let fetched = run("cargo fetch --locked", cargo().args(["fetch", "--locked"]));
            let offline = ["--offline", "check", "bans", "licenses", "sources"];
            let checked = fetched.and_then(|()| run("cargo deny check bans licenses sources", &mut deny(&offline)));
            note("deny: bans, licenses, sources", ran(checked));
            // Only the database can be missing; an advisory that is found is a failure.
            let outcome = match read("cargo deny fetch db", &mut deny(&["fetch", "db"])) {
                Ok(_) => ran(run(
                    "cargo deny check advisories",
                    &mut deny(&["--offline", "check", "advisories"]),
                )),
                Err(_) => Ok("did not run: the advisory database can't be had here".to_owned()),
            };
            note("deny: advisories", outcome);
        }
        Err(why) => note("deny", Err(why)),
    }

    eprintln!();
    let failed = ended.iter().filter(|(_, outcome)| outcome.is_err()).count();
    for (what, outcome) in &ended {
        let (Ok(word) | Err(word)) = outcome;
        let sign = if outcome.is_ok() { "ok    " } else { "FAILED" };
        eprintln!("{sign}  {what}: {word}");
    }
    if failed == 0 {
        Ok(())
    } else {
        Err(format!("{failed} of {} checks failed", ended.len()))
    }
}

/// The verification core compiles without a warning and without anything that goes to the network.
fn core_alone(workspace: &Workspace) -> Outcome<String> {
    let manifest = workspace.root.join("visa-verifier/Cargo.toml");
    let core = ["--no-default-features", "--locked"];
    let mut tree = cargo();
    tree.args(["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(core)
        .arg("--manifest-path")
        .arg(&manifest);
    let told = read("cargo tree of the core", &mut tree)?;
    let outside = |line: &&str| NETWORK.contains(&line.split(' ').next().unwrap_or_default());
    if let Some(found) = told.lines().find(outside) {
        return Err(format!("{found} is in the graph"));
    }
    // in the workspace's own target folder: what the core uses is compiled there for clippy already, mostly
    let mut check = cargo();
    check.arg("clippy").args(core).arg("--manifest-path").arg(&manifest);
    check.args(["--", "-D", "warnings"]);
    run("cargo clippy of visa-verifier without `fetch`", &mut check).map(|()| "ran".to_owned())
}

/// Nothing in the graph may lead to this crate.
fn absent(name: &str) -> Outcome<String> {
    let mut tree = cargo();
    tree.args(["tree", "--workspace", "--locked", "--edges", "all", "--invert", name])
        .stdin(Stdio::null());
    let output = tree.output().map_err(|problem| format!("cargo tree: {problem}"))?;
    let (found, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if !found.trim().is_empty() {
        return Err(format!("it is in the graph:\n{found}"));
    }
    // Either it is not in the lock file, or no edge leads to it.
    if said.contains("did not match any packages") || output.status.success() {
        return Ok("ran".to_owned());
    }
    Err(format!("cargo tree: {}", said.trim()))
}

/// The folder of the cargo-deny to use; installs it into the target folder if there is none of this version.
fn deny(workspace: &Workspace) -> Outcome<PathBuf> {
    let tools = workspace.target.join("tools");
    let is_it = |path: &PathBuf| {
        read("cargo-deny", Command::new(path).arg("--version")).is_ok_and(|told| told == format!("cargo-deny {DENY}"))
    };
    let ours = tools.join("bin/cargo-deny");
    if let Some(path) = [Some(ours.clone()), find("cargo-deny")]
        .into_iter()
        .flatten()
        .find(is_it)
    {
        return Ok(path.parent().map(PathBuf::from).unwrap_or_default());
    }
    let mut install = Command::new("nice");
    install.args(["-n", "10"]).arg(cargo().get_program());
    install
        .args(["install", "--locked", "cargo-deny", "--version", DENY, "--root"])
        .arg(&tools);
    install.arg("--target-dir").arg(tools.join("build"));
    run(&format!("install cargo-deny {DENY} (some minutes, once)"), &mut install)?;
    Ok(tools.join("bin"))
}
