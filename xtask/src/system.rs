//! What the tests need of the machine: Debian packages, installed if they are missing and we may.

use std::process::Command;

use crate::run::{Done, must, output, say};

/// Whether we are root.
pub(crate) fn root() -> bool {
    output(Command::new("id").arg("-u")).as_deref() == Some("0")
}

/// Sees to Debian packages, or says plainly what is missing.
pub(crate) fn packages(wanted: &[&str]) -> Done {
    let missing: Vec<&str> = wanted.iter().copied().filter(|name| !installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !root() {
        return Err(format!(
            "these Debian packages are missing: {0}. Run as root: apt-get update && apt-get install -y {0}",
            missing.join(" ")
        ));
    }
    say(&format!("installing Debian packages: {}", missing.join(" ")));
    must(&mut apt(&["update", "-qq"]), "apt-get update")?;
    must(
        apt(&["install", "-y", "-qq", "--no-install-recommends"]).args(&missing),
        "apt-get install",
    )
}

fn installed(package: &str) -> bool {
    output(Command::new("dpkg-query").args(["-W", "-f", "${Status}", package]))
        .is_some_and(|status| status.contains("install ok installed"))
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
