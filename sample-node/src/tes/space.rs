//! Namespaces of an executor's own: its root folder holds the task's declared paths and, read-only, the system's
//! programs, or the folders of an image; no other process of the machine is seen. Made by util-linux's `unshare`, as root or in a user namespace.
//!
//! That is what a script needs that writes below `/tmp`. The machine's own files are detached, not only out of sight. It is
//! no container: where root gets no user namespace, a program could undo it. The network is the machine's, unless it is
//! closed ([`super::closed`]); then a user namespace is a must, since only there root has no power over the network.

use std::{
    ffi::OsString,
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use tokio::process;

use crate::tes::{command::Command, image::Image};

/// Run as `sh -e -c LAY sh STRICT ROOT FROM FOLDERS… -- COMMAND…`: lays the folders below FROM below the root.
const LAY: &str = r#"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
strict=$1; root=$2; from=$3; shift 3
while [ "$1" != -- ]; do
  if [ -L "$from$1" ]; then
    [ -L "$root$1" ] || ln -s "$(readlink "$from$1")" "$root$1"
  elif [ -d "$from$1" ]; then
    mkdir -p "$root$1"
    mount --rbind "$from$1" "$root$1"
    # a plain user may not do so where options are locked; then the files' own permissions protect them
    mount -o remount,bind,ro "$root$1" || [ "$strict" = no ]
  fi
  shift
done
shift
mkdir -p "$root/proc" "$root/tmp" "$root/dev/shm" "$root/.outside-of-the-task"
for node in null zero full random urandom; do
  : >"$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
ln -sf /proc/self/fd "$root/dev/fd"
exec "$@"
"#;

/// Run as `sh -e -c ENTER sh ROOT COMMAND…` in new namespaces: leaves the machine's files behind. What runs after
/// `pivot_root` is found in the new root.
const ENTER: &str = r#"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1; shift
mount --rbind "$root" "$root"
mount -t proc proc "$root/proc"
cd "$root"
pivot_root . .outside-of-the-task
umount -l /.outside-of-the-task
exec "$@"
"#;

/// Where the system's programs, their libraries and their settings lie.
const SYSTEM: [&str; 8] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc"];

/// util-linux's `unshare`.
pub(super) fn unshare() -> Option<PathBuf> {
    ["/usr/bin/unshare", "/bin/unshare"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.is_file())
}

/// Is this server root, to whom the files' permissions mean nothing?
fn is_served_by_root() -> bool {
    std::fs::metadata("/proc/self").map_or(true, |process| process.uid() == 0)
}

/// What this system gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Means {
    /// Root lays the folders, and a user namespace, where root has no power over them, runs the program.
    Both,
    /// All of it as root, who could undo it.
    Root,
    /// All of it in a user namespace, for a plain user.
    User,
}

/// The way to make namespaces.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    unshare: PathBuf,
    means: Means,
    visible: Vec<PathBuf>,
}

const FILES: [&str; 3] = ["--mount", "--propagation", "private"];
const PROCESSES: [&str; 3] = ["--pid", "--fork", "--kill-child"];
const USER: [&str; 1] = ["--map-root-user"];

impl Space {
    /// Tries whether namespaces can be made; `None` if not. For a closed network a user namespace is a must.
    pub(crate) fn probe(visible: &[PathBuf], closed: bool) -> Option<Self> {
        let unshare = unshare()?;
        let means: &[Means] = match (is_served_by_root(), closed) {
            (false, _) => &[Means::User],
            (true, false) => &[Means::Both, Means::Root],
            (true, true) => &[Means::Both],
        };
        means.iter().find_map(|means| {
            let space = Self {
                unshare: unshare.clone(),
                means: *means,
                visible: visible.to_vec(),
            };
            let mut words = space.outer();
            words.extend(space.inner());
            words.extend(["/bin/sh", "-c", "mount -t proc proc /proc"].map(OsString::from));
            let mut words = words.into_iter();
            let mut tried = std::process::Command::new(words.next()?);
            let done = tried.args(words).env_clear().env("PATH", "/usr/bin:/bin").output();
            done.is_ok_and(|said| said.status.success()).then_some(space)
        })
    }

    fn unshare(&self, flags: &[&[&str]]) -> Vec<OsString> {
        let mut words = vec![self.unshare.clone().into_os_string()];
        words.extend(flags.iter().flat_map(|flags| flags.iter()).map(OsString::from));
        words.push("--".into());
        words
    }

    /// The namespaces in which the folders are laid.
    fn outer(&self) -> Vec<OsString> {
        match self.means {
            Means::Both => self.unshare(&[&FILES]),
            Means::Root => self.unshare(&[&FILES, &PROCESSES]),
            Means::User => self.unshare(&[&FILES, &PROCESSES, &USER]),
        }
    }

    /// Those in which the program runs, if they are others: what was laid read-only is locked in them.
    fn inner(&self) -> Vec<OsString> {
        match self.means {
            Means::Both => self.unshare(&[&FILES, &PROCESSES, &USER]),
            Means::Root | Means::User => Vec::new(),
        }
    }

    /// The process of a step: `scratch` becomes its root folder.
    pub(crate) fn command(&self, step: &Command, scratch: &Path) -> io::Result<process::Command> {
        let image = step.tool.holds.as_deref();
        let workdir = step.workdir.as_ref().map_or_else(|| "/".to_owned(), |path| path.text());
        let strict = if self.means == Means::User { "no" } else { "yes" };
        let mut command = process::Command::new("/usr/bin/env");
        command
            .args(["-i"])
            .args(self.outer())
            .args(["/bin/sh", "-e", "-c", LAY, "sh", strict])
            .arg(scratch);
        match image {
            Some(image) => command.arg(image.root()).args(image.tops()?),
            None => command.arg("").args(SYSTEM).args(&self.visible),
        };
        command
            .arg("--")
            .args(self.inner())
            .args(["/bin/sh", "-e", "-c", ENTER, "sh"])
            .arg(scratch)
            .args(["/usr/bin/env", "-i", "-C", &workdir])
            .args(
                image
                    .into_iter()
                    .flat_map(Image::env)
                    .map(|(name, value)| format!("{name}={value}")),
            )
            .args(step.env.iter().map(|(name, value)| format!("{name}={value}")))
            .arg(&step.tool.path)
            .args(&step.arguments)
            .env_clear()
            .current_dir("/");
        Ok(command)
    }
}
