//! Namespaces of an executor's own: its root folder holds the task's declared paths and, read-only, the system's
//! programs; no other process of the machine is seen. Made by util-linux's `unshare`, as root or in a user namespace.
//!
//! That is what a script needs that writes below `/tmp`. It is no container: the network is the machine's, and as root
//! a program could undo it.

use std::path::{Path, PathBuf};

use tokio::process;

use crate::tes::command::Command;

/// Run as `sh -e -c SCRIPT sh MODE ROOT FOLDERS… -- COMMAND…` in new namespaces.
const SCRIPT: &str = r#"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mode=$1; root=$2; shift 2
while [ "$1" != -- ]; do
  if [ -L "$1" ]; then
    [ -L "$root$1" ] || ln -s "$(readlink "$1")" "$root$1"
  elif [ -d "$1" ]; then
    mkdir -p "$root$1"
    mount --rbind "$1" "$root$1"
    # in a user namespace what is locked stays as it is, and the files' own permissions protect them
    [ "$mode" = user ] || [ "$1" = /dev ] || mount -o remount,bind,ro "$root$1"
  fi
  shift
done
shift
mkdir -p "$root/proc" "$root/tmp"
mount -t proc proc "$root/proc"
exec chroot "$root" "$@"
"#;

/// Where the system's programs, their libraries and their settings lie.
const SYSTEM: [&str; 9] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/dev",
];

/// What this system gives.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    unshare: PathBuf,
    is_root: bool,
    visible: Vec<PathBuf>,
}

impl Space {
    /// Tries whether namespaces can be made; `None` if not.
    pub(crate) fn probe(visible: &[PathBuf]) -> Option<Self> {
        let unshare = ["/usr/bin/unshare", "/bin/unshare"]
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.is_file())?;
        [true, false].into_iter().find_map(|is_root| {
            let space = Self {
                unshare: unshare.clone(),
                is_root,
                visible: visible.to_vec(),
            };
            let mut tried = std::process::Command::new(&space.unshare);
            tried
                .args(space.flags())
                .args(["/bin/sh", "-c", "mount -t proc proc /proc"]);
            let done = tried.env_clear().env("PATH", "/usr/bin:/bin").output();
            done.is_ok_and(|said| said.status.success()).then_some(space)
        })
    }

    fn flags(&self) -> Vec<&'static str> {
        let mut flags = vec!["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
        if !self.is_root {
            flags.push("--map-root-user");
        }
        flags.push("--");
        flags
    }

    /// The process of a step: `scratch` becomes its root folder.
    pub(crate) fn command(&self, step: &Command, scratch: &Path) -> process::Command {
        let workdir = step.workdir.as_ref().map_or_else(|| "/".to_owned(), |path| path.text());
        let mut command = process::Command::new(&self.unshare);
        command
            .args(self.flags())
            .args(["/bin/sh", "-e", "-c", SCRIPT, "sh"])
            .arg(if self.is_root { "root" } else { "user" })
            .arg(scratch)
            .args(SYSTEM)
            .args(&self.visible)
            .args(["--", "/usr/bin/env", "-i", "-C", &workdir])
            .args(step.env.iter().map(|(name, value)| format!("{name}={value}")))
            .arg(&step.tool.path)
            .args(&step.arguments)
            .env_clear()
            .current_dir("/");
        command
    }
}
