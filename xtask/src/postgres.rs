//! A PostgreSQL server of the tests' own: in a folder of its own, on a socket of its own, gone afterwards.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    run::{Done, must, output, say},
    system,
};

/// A running server; stopped and removed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    folder: PathBuf,
    programs: PathBuf,
    as_user: bool,
}

/// The port names the socket only: the server listens on no address.
const PORT: &str = "55432";

impl Server {
    /// Makes and starts it.
    pub(crate) fn start() -> Done<Self> {
        let programs = PathBuf::from(
            output(Command::new("pg_config").arg("--bindir"))
                .filter(|folder| Path::new(folder).join("initdb").is_file())
                .or_else(newest)
                .ok_or("PostgreSQL's initdb was not found; install the Debian package postgresql")?,
        );
        let folder = std::env::temp_dir().join(format!("visum-test-pg-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|source| format!("{}: {source}", folder.display()))?;
        // initdb refuses to run as root.
        let as_user = system::root();
        let server = Self {
            folder,
            programs,
            as_user,
        };
        if as_user {
            must(
                Command::new("chown").arg("postgres").arg(&server.folder),
                "a folder for PostgreSQL",
            )?;
        }
        let data = server.folder.join("data");
        let quiet = |mut command: Command, what: &str| -> Done {
            let ran = command.output().map_err(|source| format!("{what}: {source}"))?;
            if ran.status.success() {
                return Ok(());
            }
            Err(format!("{what}: {}", String::from_utf8_lossy(&ran.stderr).trim()))
        };
        let mut init = server.program("initdb");
        init.arg("-D")
            .arg(&data)
            .args(["-A", "trust", "-U", "visum", "--no-sync"]);
        quiet(init, "initdb")?;
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c max_connections=200 -p {PORT}",
            server.folder.display()
        );
        let mut start = server.program("pg_ctl");
        start
            .arg("-D")
            .arg(&data)
            .arg("-w")
            .arg("-l")
            .arg(server.folder.join("log"))
            .arg("-o")
            .arg(options)
            .arg("start");
        // pg_ctl's child would keep a pipe open: no output is captured here.
        let status = start
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .map_err(|source| format!("pg_ctl: {source}"))?;
        if !status.success() {
            return Err(format!(
                "PostgreSQL did not start; its log: {}",
                server.folder.join("log").display()
            ));
        }
        say("==> PostgreSQL: a server of its own is up");
        Ok(server)
    }

    /// Where the tests find it.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://visum@localhost:{PORT}/postgres?host={}",
            self.folder.display()
        )
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        if self.as_user {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command.current_dir(&self.folder);
            command
        } else {
            Command::new(program)
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.arg("-D")
            .arg(self.folder.join("data"))
            .args(["-m", "immediate", "stop"]);
        let _ = stop
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Debian keeps the server's programs off the PATH: `/usr/lib/postgresql/VERSION/bin`.
fn newest() -> Option<String> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin")))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().map(|folder| folder.display().to_string())
}
