//! Every test: the crates' own on both databases, and the whole system behind and in front of others' software.

use crate::{
    postgres::Server,
    run::{Done, cargo, must, root, say, target},
    system,
};

/// Runs them. With `whole` false: no PostgreSQL and no parties that others wrote.
pub(crate) fn all(whole: bool) -> Done {
    system::packages(&["build-essential", "pkg-config", "libssl-dev"])?;
    let server = if whole {
        system::packages(&["postgresql", "python3-venv", "curl", "openssl"])?;
        Some(Server::start()?)
    } else {
        None
    };
    // The system tests drive the binary that people get.
    must(
        &mut cargo(&["build", "--release", "--workspace", "--locked"]),
        "cargo build --release",
    )?;
    let mut test = cargo(&["test", "--workspace", "--locked"]);
    test.env("VISUM_BIN", target().join("release").join("visum"));
    match &server {
        Some(server) => {
            test.env("VISUM_TEST_PG", server.url()).env("VISUM_REQUIRE_PG", "1");
            // What takes long to install is kept.
            test.env("VISUM_PEERS_DIR", target().join("peers"));
        }
        None => {
            test.env_remove("VISUM_TEST_PG")
                .env_remove("VISUM_REQUIRE_PG")
                .args(["--", "--skip", "peer_"]);
            say("==> without PostgreSQL and without parties that others wrote, as asked");
        }
    }
    let outcome = must(&mut test, "cargo test --workspace");
    let stop = root().join("tests/peers/stop.sh");
    if whole && stop.is_file() {
        let mut stop = std::process::Command::new(stop);
        stop.env("VISUM_PEERS_DIR", target().join("peers"));
        must(&mut stop, "stopping what the tests started")?;
    }
    drop(server);
    outcome
}
