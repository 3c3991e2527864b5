//! Running a peer's script.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tests::binary::Said;

/// A script of this folder with its arguments and variables, run to its end.
pub(crate) fn peer(script: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
    let path = folder().join(script);
    let mut command = Command::new("bash");
    command.arg(&path).args(arguments).env("VISUM_PEERS_DIR", installed());
    for (name, value) in variables {
        command.env(name, value);
    }
    let said: Said = command.output().unwrap().into();
    assert!(!said.err.contains("peer missing"), "{script}: {}", said.err);
    said
}

/// The base URL that a server's script prints last.
pub(crate) fn server(script: &str, variables: &[(&str, &str)]) -> String {
    let said = peer(script, &[], variables);
    assert_eq!(said.code, 0, "{script}: {}", said.err);
    said.out.lines().last().unwrap_or_default().to_owned()
}

/// Where the scripts are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// Where the peers are installed: kept between runs.
pub(crate) fn installed() -> PathBuf {
    std::env::var_os("VISUM_PEERS_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers"),
        PathBuf::from,
    )
}

/// The JSON of a peer's last line.
pub(crate) fn last_json(said: &Said) -> serde_json::Value {
    let line = said.out.lines().last().unwrap_or_default();
    match serde_json::from_str(line) {
        Ok(value) => value,
        Err(wrong) => panic!("no JSON at the end ({wrong}): {} {}", said.out, said.err),
    }
}
