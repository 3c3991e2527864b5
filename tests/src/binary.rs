//! The `visum` binary under test.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

/// The binary: `VISUM_BIN` (set by `cargo xtask test` to the release build), else the one of this build's profile.
///
/// # Panics
/// If there is none: a test that cannot have the binary fails.
#[must_use]
pub fn path() -> PathBuf {
    let named = std::env::var_os("VISUM_BIN").map(PathBuf::from);
    let path = named.unwrap_or_else(|| {
        // target/PROFILE/deps/system-… → target/PROFILE/visum
        let mut here = std::env::current_exe().unwrap_or_default();
        here.pop();
        if here.ends_with("deps") {
            here.pop();
        }
        here.join("visum")
    });
    assert!(
        path.is_file(),
        "no visum binary at {}: run `cargo xtask test`, or `cargo build --workspace`",
        path.display()
    );
    path
}

/// A command of it, with a home folder of its own so that no login of the developer is used.
#[must_use]
pub fn visum(arguments: &[&str]) -> Command {
    let mut command = Command::new(path());
    command.args(arguments).env("NO_COLOR", "1");
    command
}

/// What a finished command said.
#[derive(Clone, Debug)]
pub struct Said {
    /// Exit status.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs a command to its end.
///
/// # Panics
/// If it can't be started.
#[must_use]
pub fn run(arguments: &[&str]) -> Said {
    #[expect(clippy::panic, reason = "a test that cannot start the binary fails")]
    match visum(arguments).output() {
        Ok(output) => output.into(),
        Err(source) => panic!("visum {arguments:?} could not be started: {source}"),
    }
}
