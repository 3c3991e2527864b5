//! A node of its own: `visum init` with facts, then `visum up`, on free ports; ended when dropped.

use std::{
    net::TcpListener,
    ops::Range,
    path::PathBuf,
    process::{Child, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::binary;

/// How long a node may take until it listens.
const READY: Duration = Duration::from_secs(60);

/// The ports that nodes listen on: none that a system gives to outgoing connections (Linux: 32768 and above).
const PORTS: Range<u16> = 12_000..32_000;

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
    pub fn free() -> Self {
        let next = || format!("http://127.0.0.1:{}", Self::port());
        Self {
            broker: next(),
            proxy: next(),
            door: next(),
        }
    }

    /// One free port of this machine, given out once by this process, and below those that outgoing connections take:
    /// a node that comes up a second later, or again, finds it free still.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without ports fails")]
    pub fn port() -> u16 {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let own = std::process::id().wrapping_mul(211);
        (0..u32::from(PORTS.end - PORTS.start))
            .filter_map(|_| {
                let at = own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % u32::from(PORTS.end - PORTS.start);
                u16::try_from(at).ok().map(|at| PORTS.start + at)
            })
            .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
            .expect("a free port")
    }

    /// As [`Addresses::free`], over TLS with a certificate of a test authority, made by [`Node::start`].
    ///
    /// # Panics
    /// As [`Addresses::free`].
    #[must_use]
    pub fn free_tls() -> Self {
        let plain = Self::free();
        // A name, not an address: some clients take no certificate for an address.
        let tls = |url: String| url.replace("http://127.0.0.1", "https://localhost");
        Self {
            broker: tls(plain.broker),
            proxy: tls(plain.proxy),
            door: tls(plain.door),
        }
    }

    pub(crate) fn listen(url: &str) -> String {
        url.trim_start_matches("http://")
            .trim_start_matches("https://")
            .replace("localhost", "127.0.0.1")
    }

    fn is_tls(&self) -> bool {
        self.broker.starts_with("https://")
    }
}

impl Node {
    /// Makes and starts one: `facts` as `visum init --facts` reads them, `more` as further lines of its configuration
    /// (after `[proxy]`'s own keys), `broker` as further lines of `[broker]`.
    ///
    /// # Panics
    /// If it does not come up; its words are printed.
    #[must_use]
    pub fn start(at: Addresses, facts: &Value, broker: &str, more: &str) -> Self {
        Self::start_with_door(at, facts, broker, "", more)
    }

    /// The same, with further lines of `[storage_door]`.
    ///
    /// # Panics
    /// As [`Node::start`].
    #[must_use]
    pub fn start_with_door(at: Addresses, facts: &Value, broker: &str, door: &str, more: &str) -> Self {
        let (folder, at) = Self::made(at, facts, broker, door, more);
        let child = up(&folder, &at);
        Self { child, folder, at }
    }

    /// A node that is made and not started: its folder, and where it would listen.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without its node fails")]
    pub fn made(at: Addresses, facts: &Value, broker: &str, door: &str, more: &str) -> (tempfile::TempDir, Addresses) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut ca_line, mut tls_table) = (String::new(), String::new());
        if at.is_tls() {
            let made = authority(folder.path());
            ca_line = format!("ca_file = \"{}\"\n", made.ca.display());
            tls_table = format!(
                "\n[tls]\ncertificate_file = \"{}\"\nkey_file = \"{}\"\n",
                made.certificate.display(),
                made.key.display()
            );
        }
        let config = format!(
            "[node]\nname = \"node-1\"\norganisation = \"Example Biobank\"\norganisation_url = \"https://biobank.example.org\"\nallow_loopback_http = true\n{ca_line}\n\
             [broker]\nlisten = \"{}\"\nissuer = \"{}\"\n{broker}\n\n\
             [storage_door]\nlisten = \"{}\"\nurl = \"{}\"\n{door}\n\n\
             [proxy]\nlisten = \"{}\"\nurl = \"{}\"\n{more}\n{tls_table}",
            Addresses::listen(&at.broker),
            at.broker,
            Addresses::listen(&at.door),
            at.door,
            Addresses::listen(&at.proxy),
            at.proxy,
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
        assert!(
            made.status.success(),
            "visum init: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        (folder, at)
    }

    /// Starts the node whose data folder is `node` in this folder.
    #[must_use]
    pub fn of(folder: tempfile::TempDir, at: Addresses) -> Self {
        let child = up(&folder, &at);
        Self { child, folder, at }
    }

    /// Ends its server; the data folder stays.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same folder.
    pub fn again(&mut self) {
        self.child = up(&self.folder, &self.at);
    }

    /// The number of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The test authority's certificate, for clients.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("node")
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.data().join("visum.toml")
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

/// `visum up`, once it listens.
#[expect(clippy::panic, clippy::expect_used, reason = "a test without its node fails")]
fn up(folder: &tempfile::TempDir, at: &Addresses) -> Child {
    let data = folder.path().join("node");
    let log = std::fs::File::create(folder.path().join("log")).expect("a log file");
    let mut child = binary::visum(&["up", "--config"])
        .arg(data.join("visum.toml"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("visum up starts");
    // It listens before it has read all that it needs, and says when it has.
    let started = Instant::now();
    let listens = |address: &String| std::net::TcpStream::connect(Addresses::listen(address)).is_ok();
    loop {
        let words = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        if words.contains("visum is up") && [&at.broker, &at.proxy, &at.door].into_iter().all(listens) {
            break;
        }
        let ended = child.try_wait().ok().flatten();
        if ended.is_some() || started.elapsed() > READY {
            let _ = child.kill();
            panic!("the node did not come up ({ended:?}):\n{words}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

/// Files of a test authority and of a certificate for `localhost`.
struct Authority {
    ca: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

#[expect(clippy::expect_used, reason = "a test without its certificate fails")]
fn authority(folder: &std::path::Path) -> Authority {
    let ca_key = rcgen::KeyPair::generate().expect("a key");
    let mut ca = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    ca.distinguished_name
        .push(rcgen::DnType::CommonName, "Visum test authority");
    ca.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
    let root = ca.self_signed(&ca_key).expect("a root");
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("parameters");
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    let made = Authority {
        ca: folder.join("ca.pem"),
        certificate: folder.join("tls.pem"),
        key: folder.join("tls.key"),
    };
    std::fs::write(&made.ca, root.pem()).expect("ca.pem");
    std::fs::write(&made.certificate, leaf.pem()).expect("tls.pem");
    std::fs::write(&made.key, key.serialize_pem()).expect("tls.key");
    made
}
