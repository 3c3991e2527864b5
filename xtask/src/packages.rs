//! Packages of the system, by apt: installed where that is possible, named where it is not.

use std::process::Command;

use crate::process::{Outcome, find, read, run, works};

/// A package, and how to see that it is there.
struct Need {
    package: &'static str,
    there: fn() -> bool,
}

const FOR_TESTS: [Need; 9] = [
    Need {
        package: "python3",
        there: || works("python3", &["--version"]),
    },
    // Debian's python3 comes without what makes an environment.
    Need {
        package: "python3-venv",
        there: || works("python3", &["-c", "import venv, ensurepip"]),
    },
    Need {
        package: "curl",
        there: || works("curl", &["--version"]),
    },
    Need {
        package: "openssl",
        there: || works("openssl", &["version"]),
    },
    Need {
        package: "util-linux",
        there: || works("flock", &["--version"]) && works("setsid", &["--version"]),
    },
    // The solver of the policies' proofs.
    Need {
        package: "cvc5",
        there: || works("cvc5", &["--version"]),
    },
    // A web server that others wrote, as a relying party of the broker.
    Need {
        package: "apache2-bin",
        there: || works("apache2", &["-v"]) || works("/usr/sbin/apache2", &["-v"]),
    },
    Need {
        package: "libapache2-mod-auth-openidc",
        there: || std::path::Path::new("/usr/lib/apache2/modules/mod_auth_openidc.so").is_file(),
    },
    // The browser that looks at the pages.
    Need {
        package: "chromium",
        there: || find("chromium").is_some(),
    },
];
const POSTGRESQL: Need = Need {
    package: "postgresql",
    there: || crate::postgres::programs().is_some(),
};

/// Sees to it that all that the tests need is there.
pub(crate) fn for_tests(postgresql: bool) -> Outcome<()> {
    let needs = FOR_TESTS.iter().chain(postgresql.then_some(&POSTGRESQL));
    let missing: Vec<&Need> = needs.filter(|need| !(need.there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let by_hand = format!("apt-get install {}", names.join(" "));
    if find("apt-get").is_none() {
        return Err(format!(
            "the tests need what Debian's packages {} hold; there is no apt-get here",
            names.join(", ")
        ));
    }
    if read("id", Command::new("id").arg("-u"))? != "0" {
        return Err(format!("the tests need packages that only root may install: {by_hand}"));
    }
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    run("apt-get update", apt().args(["update", "-qq"]))?;
    run(
        &by_hand,
        apt()
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(&names),
    )?;
    let still = missing.into_iter().find(|need| !(need.there)());
    still.map_or(Ok(()), |need| {
        Err(format!(
            "the package {} was installed, but what it should bring is not there",
            need.package
        ))
    })
}
