//! A whole node on one machine: `visum demo --up` in a folder of its own.

use std::{
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::binary;

/// How long a node may take until `demo.json` is there. It takes well under a second; a loaded machine gets more.
const READY: Duration = Duration::from_secs(60);

/// A running demo; ended and removed when dropped.
#[derive(Debug)]
pub struct Demo {
    child: Child,
    folder: tempfile::TempDir,
    /// What `demo.json` says: addresses, clients, datasets.
    pub facts: Value,
}

impl Demo {
    /// Starts one.
    ///
    /// # Panics
    /// If it does not come up: the node's own words are printed.
    #[must_use]
    #[expect(clippy::panic, clippy::expect_used, reason = "a test without its node fails")]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let log = std::fs::File::create(folder.path().join("log")).expect("a log file");
        // A file that may not grow is an error to the node, not its end (`prlimit --fsize` plays the full disk).
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", "trap '' XFSZ; exec \"$0\" demo --up --data \"$1\""])
            .arg(binary::path())
            .arg(&data)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log);
        let mut child = command.spawn().expect("visum demo starts");
        let started = Instant::now();
        let file = data.join("demo.json");
        loop {
            // Written whole and renamed: what can be read is complete.
            if let Some(facts) = std::fs::read(&file)
                .ok()
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            {
                return Self { child, folder, facts };
            }
            let ended = child.try_wait().ok().flatten();
            if ended.is_some() || started.elapsed() > READY {
                let _ = child.kill();
                let words = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
                panic!("the demo did not come up ({ended:?}):\n{words}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Its audit log.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.data().join("audit")
    }

    /// A text of `demo.json`, by JSON pointer such as `/proxy/drs`.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    #[expect(clippy::panic, reason = "a test without its address fails")]
    pub fn fact(&self, pointer: &str) -> String {
        match self.facts.pointer(pointer).and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => panic!("demo.json has no {pointer}: {}", self.facts),
        }
    }

    /// An access token of a person, by a scripted login.
    #[must_use]
    pub fn token(&self, person: &str) -> String {
        self.said(&["demo", "token", person])
    }

    /// A Passport of a person for the proxy.
    #[must_use]
    pub fn passport(&self, person: &str) -> String {
        self.said(&["demo", "passport", person])
    }

    /// Where an object's bytes are asked for: by the access id that its own description names.
    ///
    /// # Panics
    /// If it is not described to whoever asks without a token, or offers no access id.
    #[expect(clippy::panic, reason = "a test without its object fails")]
    pub async fn access(&self, object: &str) -> String {
        let url = format!("{}/objects/{object}", self.fact("/proxy/drs"));
        let described = crate::outside::get(&url, None).await;
        let body = described.json();
        match body.pointer("/access_methods/0/access_id").and_then(Value::as_str) {
            Some(id) => format!("{url}/access/{id}"),
            None => panic!("{object} offers no access id: {}", described.text()),
        }
    }

    /// All events so far of the audit log, by Noor, who is auditor.
    ///
    /// # Panics
    /// If the log can't be read.
    pub async fn events(&self, noor: &str) -> Vec<Value> {
        let issuer = self.fact("/broker/issuer");
        let url = format!("{issuer}/visum/v1/admin/audit/events?from=0&limit=1000");
        let answer = crate::outside::get(&url, Some(noor)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        let entries = body.get("events").and_then(Value::as_array);
        entries
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.get("event").cloned())
            .collect()
    }

    /// The process, for tests that take its resources away.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Runs `visum … --data DIR`.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> binary::Said {
        let data = self.data();
        let mut all = arguments.to_vec();
        all.extend(["--data", text(&data)]);
        binary::run(&all)
    }

    fn said(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "visum {arguments:?}: {}", said.err);
        said.out.trim().to_owned()
    }

    /// What the node has written so far.
    #[must_use]
    pub fn words(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}
