//! Ends what we started, whatever happens to us.
//!
//! A small shell waits at the other end of a pipe, in a process group of its own. When the pipe closes (we are done, we
//! failed, somebody pressed Ctrl-C, we were killed) it ends the running command's group, stops PostgreSQL and the
//! peers, and removes the temporary folder. So there is one way to tidy up, and it needs no signal handler.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
};

use crate::process::Outcome;

/// Reads lines `name value…` until the pipe closes, then tidies up. Names: `group` and `ungroup` (of a process group),
/// `run` (a command to run at the end; the last one given runs first), `remove` (a folder).
const SCRIPT: &str = r#"
trap '' INT TERM HUP
groups= commands= folder=
while IFS=' ' read -r name value; do
  case $name in
    group) groups="$groups $value" ;;
    ungroup) rest=; for one in $groups; do [ "$one" = "$value" ] || rest="$rest $one"; done; groups=$rest ;;
    run) commands="$value
$commands" ;;
    remove) folder=$value ;;
  esac
done
for one in $groups; do kill -s TERM -- "-$one" 2>/dev/null; done
printf '%s' "$commands" | while IFS= read -r line; do [ -z "$line" ] || sh -c "$line" >/dev/null 2>&1 </dev/null; done
for one in $groups; do kill -s KILL -- "-$one" 2>/dev/null; done
[ -z "$folder" ] || rm -rf -- "$folder"
"#;

/// The shell that waits. Dropping it tidies up, and waits until that is done.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Keeper {
    pub(crate) fn start() -> Outcome<Self> {
        let failed = |problem: std::io::Error| format!("the shell that tidies up could not be started: {problem}");
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// At the end this is run, in a shell, before what was given earlier.
    pub(crate) fn at_end(&mut self, command: &str) -> Outcome<()> {
        self.tell(&format!("run {command}"))
    }

    /// At the end this folder is removed, after all commands.
    pub(crate) fn remove(&mut self, folder: &Path) -> Outcome<()> {
        self.tell(&format!("remove {}", folder.display()))
    }

    /// Starts a command in a process group of its own, which ends with us at the latest.
    pub(crate) fn spawn(&mut self, what: &str, command: &mut Command) -> Outcome<Child> {
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|problem| format!("{what}: {problem}"))?;
        self.tell(&format!("group {}", child.id()))?;
        Ok(child)
    }

    /// Waits for it; how it ended.
    pub(crate) fn wait(&mut self, what: &str, mut child: Child) -> Outcome<ExitStatus> {
        let status = child.wait().map_err(|problem| format!("{what}: {problem}"))?;
        self.tell(&format!("ungroup {}", child.id()))?;
        Ok(status)
    }

    fn tell(&mut self, line: &str) -> Outcome<()> {
        let pipe = self.pipe.as_mut().ok_or("the shell that tidies up is gone")?;
        writeln!(pipe, "{line}")
            .and_then(|()| pipe.flush())
            .map_err(|problem| format!("the shell that tidies up: {problem}"))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.pipe.take());
        if let Err(problem) = self.shell.wait() {
            eprintln!("xtask: the shell that tidies up: {problem}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_end_commands_run_backwards_groups_end_and_the_folder_goes() {
        let folder = std::env::temp_dir().join(format!("visum-keeper-{}", std::process::id()));
        let said = folder.with_extension("said");
        std::fs::create_dir_all(&folder).unwrap();
        let mut keeper = Keeper::start().unwrap();
        keeper.remove(&folder).unwrap();
        keeper.at_end(&format!("echo second >>{}", said.display())).unwrap();
        keeper.at_end(&format!("echo first >>{}", said.display())).unwrap();
        let mut running = keeper.spawn("sleep", Command::new("sleep").arg("60")).unwrap();
        drop(keeper);
        assert!(!running.wait().unwrap().success());
        assert_eq!(std::fs::read_to_string(&said).unwrap(), "first\nsecond\n");
        assert!(!folder.exists());
        std::fs::remove_file(said).unwrap();
    }
}
