//! Programs, run and waited for. An error is a sentence for a person.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What went wrong, as a sentence.
pub(crate) type Outcome<T> = Result<T, String>;

/// The cargo that runs us, else the one on PATH.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// Runs to the end, its words shown; an error if it fails.
pub(crate) fn run(what: &str, command: &mut Command) -> Outcome<()> {
    eprintln!("xtask: {what}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|problem| format!("{what}: {problem}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{what}: failed ({status})"))
    }
}

/// Runs to the end; its standard output, without the end of the last line. An error, with its last words, if it fails.
pub(crate) fn read(what: &str, command: &mut Command) -> Outcome<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|problem| format!("{what}: {problem}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.trim_end().lines().rev().take(5).collect();
    Err(format!(
        "{what}: failed ({}): {}",
        output.status,
        last.into_iter().rev().collect::<Vec<_>>().join(" / ")
    ))
}

/// Does it run and end well? Its words are dropped.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The first file of this name in a folder of PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// PATH with a folder in front.
pub(crate) fn path_with(folder: &Path) -> OsString {
    let all = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(env::split_paths(&all));
    env::join_paths(folders).unwrap_or(all)
}
