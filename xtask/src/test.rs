//! `cargo xtask test`: what the tests need, the release binary, all tests, and then nothing left running.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    keeper::Keeper,
    packages, postgres,
    process::{Outcome, cargo},
    tally::Tally,
    workspace::Workspace,
};

/// Runs all tests; `words` is what stood after `test`.
pub(crate) fn run(words: &[&str]) -> Outcome<()> {
    run_with(words, &[])
}

/// The same, with these variables for the tests.
pub(crate) fn run_with(words: &[&str], variables: &[(&str, &str)]) -> Outcome<()> {
    let mut halves = words.splitn(2, |word| *word == "--");
    let (ours, theirs) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let sqlite_only = match ours {
        [] => false,
        ["--sqlite"] => true,
        other => {
            return Err(format!(
                "`{}` is not understood: cargo xtask test [--sqlite] [-- …]",
                other.join(" ")
            ));
        }
    };
    let begun = Instant::now();
    let workspace = Workspace::find()?;
    packages::for_tests(!sqlite_only)?;
    let mut keeper = Keeper::start()?;
    let peers = workspace.target.join("peers");
    keeper.at_end(&format!(
        "VISUM_PEERS_DIR='{}' '{}/tests/peers/stop.sh'",
        peers.display(),
        workspace.root.display()
    ))?;
    let whole = |keeper: &mut Keeper, what: &str, command: &mut Command| {
        eprintln!("xtask: {what}");
        let child = keeper.spawn(what, command)?;
        let status = keeper.wait(what, child)?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("{what}: failed ({status})"))
        }
    };
    let install = workspace.root.join("tests/peers/install.sh");
    whole(
        &mut keeper,
        "install the peers",
        Command::new(install).env("VISUM_PEERS_DIR", &peers),
    )?;
    let release = ["build", "--release", "--workspace", "--locked"];
    whole(
        &mut keeper,
        "cargo build --release --workspace --locked",
        cargo().args(release),
    )?;
    let visum = workspace.target.join("release/visum");
    let mut tests = cargo();
    tests
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .args(theirs)
        .env("VISUM_PEERS_DIR", &peers)
        .env("VISUM_BIN", &visum)
        .env("INSTA_UPDATE", "no")
        .envs(variables.iter().copied())
        .env_remove("VISUM_TEST_PG")
        .env_remove("VISUM_REQUIRE_PG")
        .stdout(Stdio::piped());
    // every flow of the broker once more, on the other database
    let mut flows = None;
    let mut parts = "SQLite; without PostgreSQL and peers, as asked".to_owned();
    if sqlite_only {
        // Tests that need a peer are named so.
        tests.args(if theirs.contains(&"--") {
            &["--skip", "peer_"][..]
        } else {
            &["--", "--skip", "peer_"]
        });
    } else {
        let (url, version) = postgres::start(&mut keeper)?;
        tests.env("VISUM_TEST_PG", &url).env("VISUM_REQUIRE_PG", "1");
        if theirs.is_empty() {
            let mut again = cargo();
            again
                .args(["test", "--workspace", "--locked", "--no-fail-fast", "--test", "login"])
                .envs([("VISUM_TEST_PG", url.as_str()), ("VISUM_LOGIN_PG", "1")])
                .stdout(Stdio::piped());
            flows = Some(again);
        }
        parts = format!("SQLite, {version}, peers");
    }
    let mut tally = Tally::default();
    let mut out = std::io::stdout();
    let mut failed = None;
    let runs = [
        ("cargo test --workspace --locked", Some(tests)),
        ("cargo test --workspace --locked --test login, on PostgreSQL", flows),
    ];
    for (what, command) in runs {
        let Some(mut command) = command else { continue };
        eprintln!("xtask: {what}");
        let mut child = keeper.spawn(what, &mut command)?;
        let said = child.stdout.take().map(BufReader::new);
        for line in said.into_iter().flat_map(BufRead::lines) {
            let line = line.map_err(|problem| format!("{what}: {problem}"))?;
            tally.line(&line);
            let _ = writeln!(out, "{line}");
        }
        let status = keeper.wait(what, child)?;
        if !status.success() {
            failed = Some(format!("{what}: failed ({status})"));
        }
    }
    drop(keeper);
    let _ = writeln!(out, "\nwith {parts}; took {} s", begun.elapsed().as_secs());
    let _ = writeln!(out, "{tally}");
    match failed {
        None if tally.is_well() => Ok(()),
        None => Err("cargo test: not all of it ran".to_owned()),
        Some(why) => Err(why),
    }
}
