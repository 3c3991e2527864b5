//! A node of its own: `visum init` with facts, then `visum up`, on free ports; ended when dropped.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::binary;

/// How long a node may take until it listens.
const READY: Duration = Duration::from_secs(60);

/// Where a node will listen, chosen before its facts are written.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The broker's issuer.
    pub broker: String,
    /// The proxy's public address.
    pub proxy: String,
    /// The storage door's address.
    pub door: String,
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    child: Child,
    folder: tempfile::TempDir,
    /// Where it listens.
    pub at: Addresses,
}

impl Addresses {
    /// Three free ports of this machine.
    ///
    /// # Panics
    /// If there are none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without ports fails")]
    pub fn free() -> Self {
        let held: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
        let mut urls = held.iter().map(|held| format!("http://{}", held.local_addr().expect("its address")));
        let mut next = || urls.next().unwrap_or_default();
        Self { broker: next(), proxy: next(), door: next() }
    }

    fn listen(url: &str) -> &str {
        url.trim_start_matches("http://")
    }
}

impl Node {
    /// Makes and starts one: `facts` as `visum init --facts` reads them, `more` as further lines of its configuration
    /// (after `[proxy]`'s own keys), `broker` as further lines of `[broker]`.
    ///
    /// # Panics
    /// If it does not come up; its words are printed.
    #[must_use]
    #[expect(clippy::panic, clippy::expect_used, reason = "a test without its node fails")]
    pub fn start(at: Addresses, facts: &Value, broker: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = format!(
            "[node]\nname = \"node-1\"\norganisation = \"Example Biobank\"\norganisation_url = \"https://biobank.example.org\"\nallow_loopback_http = true\n\n\
             [broker]\nlisten = \"{}\"\nissuer = \"{}\"\n{broker}\n\n\
             [storage_door]\nlisten = \"{}\"\nurl = \"{}\"\n\n\
             [proxy]\nlisten = \"{}\"\nurl = \"{}\"\n{more}\n",
            Addresses::listen(&at.broker), at.broker, Addresses::listen(&at.door), at.door, Addresses::listen(&at.proxy), at.proxy,
        );
        let (facts_file, config_file) = (folder.path().join("facts.json"), folder.path().join("config.toml"));
        std::fs::write(&facts_file, facts.to_string()).expect("the facts");
        std::fs::write(&config_file, config).expect("the configuration");
        let data = folder.path().join("node");
        let made = binary::visum(&["init"])
            .arg(&data)
            .arg("--facts")
            .arg(&facts_file)
            .arg("--config")
            .arg(&config_file)
            .output()
            .expect("visum init runs");
        assert!(made.status.success(), "visum init: {}", String::from_utf8_lossy(&made.stderr));
        let log = std::fs::File::create(folder.path().join("log")).expect("a log file");
        let mut child = binary::visum(&["up", "--config"])
            .arg(data.join("visum.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("visum up starts");
        let started = Instant::now();
        for address in [&at.broker, &at.proxy, &at.door] {
            while std::net::TcpStream::connect(Addresses::listen(address)).is_err() {
                let ended = child.try_wait().ok().flatten();
                if ended.is_some() || started.elapsed() > READY {
                    let _ = child.kill();
                    let words = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
                    panic!("the node did not come up ({ended:?}):\n{words}");
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Self { child, folder, at }
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("node")
    }

    /// What it has said so far.
    #[must_use]
    pub fn words(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
