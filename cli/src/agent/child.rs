//! The command that the agent runs: with the environment set, waited for, ended as it ends.

use std::{os::unix::process::ExitStatusExt as _, process::ExitStatus};

use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

use crate::{error::CommandError, exit::Exit};

/// Runs it to its end. Ctrl-C reaches it by the terminal and is its own matter; a stop of the agent is passed on to it.
///
/// # Errors
/// `agent.command` (exit 2) if it can't be started.
pub(crate) async fn run(command: &[String], variables: &[(&'static str, String)]) -> Result<Exit, CommandError> {
    let [program, arguments @ ..] = command else {
        return Err(CommandError::refused("agent.command", "no command is named"));
    };
    let failed = |source: std::io::Error| {
        CommandError::refused("agent.command", format!("`{program}` can't be started: {source}"))
            .hint("it stands behind `--`, as in: visum agent -- snakemake --executor tes …")
    };
    let set = variables.iter().map(|(name, value)| (*name, value));
    let mut child = Command::new(program)
        .args(arguments)
        .envs(set)
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let mut stop = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    loop {
        tokio::select! {
            ended = child.wait() => return ended.map(exit).map_err(failed),
            _ = stop.recv() => terminate(&mut child).await,
            _ = interrupt.recv() => {}
        }
    }
}

/// Asks it to end; the system's own `kill` does so, as no safe call of the standard library sends a signal.
async fn terminate(child: &mut Child) {
    let Some(id) = child.id() else { return };
    let asked = Command::new("kill").args(["-TERM", &id.to_string()]).status().await;
    if !asked.is_ok_and(|status| status.success()) {
        let _ = child.start_kill();
    }
}

/// Its exit status, as a shell tells it.
fn exit(status: ExitStatus) -> Exit {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| signal.saturating_add(128)));
    Exit::Command(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_ends_as_a_shell_tells_it() {
        assert_eq!(exit(ExitStatus::from_raw(0)), Exit::Command(0));
        assert_eq!(exit(ExitStatus::from_raw(7 << 8)), Exit::Command(7));
        assert_eq!(exit(ExitStatus::from_raw(15)), Exit::Command(143));
    }
}
