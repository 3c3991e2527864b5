//! A PostgreSQL of our own: in a temporary folder, reached by a socket in it, gone at the end.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    keeper::Keeper,
    process::{Outcome, read, run},
};

/// The name of the socket's port; nothing listens on the network.
const PORT: u16 = 55432;

/// The folder with `initdb` and `pg_ctl`, which Debian keeps off PATH; the newest version, if there are several.
pub(crate) fn programs() -> Option<PathBuf> {
    let told = read("pg_config", Command::new("pg_config").arg("--bindir"))
        .ok()
        .map(PathBuf::from);
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let mut found: Vec<PathBuf> = versions.map(|version| version.join("bin")).collect();
    found.sort_by_key(|path| {
        path.components()
            .rev()
            .nth(1)
            .and_then(|part| part.as_os_str().to_str()?.parse::<u32>().ok())
    });
    found
        .into_iter()
        .rev()
        .chain(told)
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

/// Starts it; the URL for the tests, and what it is. `keeper` stops it.
pub(crate) fn start(keeper: &mut Keeper) -> Outcome<(String, String)> {
    let programs = programs().ok_or("there is no PostgreSQL: initdb and pg_ctl were not found")?;
    let version = read("initdb", Command::new(programs.join("initdb")).arg("--version"))?;
    let version = version.replace("initdb (PostgreSQL)", "PostgreSQL");
    #[expect(
        clippy::disallowed_methods,
        reason = "a name for a folder; xtask uses nothing of ours"
    )]
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    let folder = std::env::temp_dir().join(format!("visum-pg-{}-{now}", std::process::id()));
    fs::create_dir(&folder).map_err(|problem| format!("`{}` could not be made: {problem}", folder.display()))?;
    keeper.remove(&folder)?;
    // initdb refuses root: then all of it runs as the user that Debian's package made.
    let root = read("id", Command::new("id").arg("-u"))? == "0";
    if root {
        let what = "hand the temporary folder to the user postgres";
        run(what, Command::new("chown").arg("postgres").arg(&folder))?;
    }
    let server = |program: &str| {
        let mut command = Command::new(if root {
            Path::new("runuser").to_owned()
        } else {
            programs.join(program)
        });
        if root {
            command.args(["-u", "postgres", "--"]).arg(programs.join(program));
        }
        command.current_dir(&folder);
        command
    };
    let data = folder.join("data");
    read(
        "initdb",
        server("initdb")
            .arg("-D")
            .arg(&data)
            .args(["-A", "trust", "-U", "visum", "--no-sync", "-E", "UTF8"]),
    )?;
    let stop = server("pg_ctl");
    let mut words = vec![stop.get_program().to_string_lossy().into_owned()];
    words.extend(stop.get_args().map(|word| word.to_string_lossy().into_owned()));
    keeper.at_end(&format!(
        "cd / && {} -D {} -m immediate -w stop",
        words.join(" "),
        data.display()
    ))?;
    let options = format!(
        "-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
         -c max_connections=300 -p {PORT}",
        folder.display()
    );
    let log = folder.join("log");
    // By `run`, not `read`: the server inherits the standard streams, and a pipe would never close.
    let started = run(
        &format!("start {version}"),
        server("pg_ctl")
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(&log)
            .args(["-w", "-s", "-o", &options, "start"]),
    );
    started.map_err(|why| format!("{why}: {}", fs::read_to_string(&log).unwrap_or_default()))?;
    Ok((
        format!("postgres://visum@localhost:{PORT}/postgres?host={}", folder.display()),
        version,
    ))
}
