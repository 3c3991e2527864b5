//! A log in a temporary folder, with a clock and random bytes that the test holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use audit_log::*;

pub(crate) const ORIGIN: &str = "visum.example.org/audit/node-fi";
pub(crate) const DATASET: &str = "https://data.example.org/d1";

/// 2026-11-22T21:00:00Z.
pub(crate) const START: i64 = 1_795_381_200_000_000;

#[derive(Debug)]
pub(crate) struct Held {
    micros: AtomicI64,
    seed: AtomicU64,
}

impl Held {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            micros: AtomicI64::new(START),
            seed: AtomicU64::new(1),
        })
    }

    pub(crate) fn forward(&self, seconds: i64) {
        self.micros.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Source for Held {
    fn micros(&self) -> i64 {
        self.micros.load(Ordering::SeqCst)
    }

    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let n = self.seed.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            *byte = (n ^ (n >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9).to_be_bytes()[0];
        }
    }
}

pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) source: Arc<Held>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            source: Held::new(),
        }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub(crate) fn settings(&self) -> Settings {
        let key = LogKey::from_seed(&[7; 32]).unwrap();
        Settings::new(
            self.dir(),
            ORIGIN,
            "node-fi",
            key,
            ObjectSalt::from_bytes([8; 32]),
            self.source.clone(),
        )
    }

    pub(crate) fn open(&self) -> Writer {
        Writer::open(self.settings()).unwrap()
    }

    pub(crate) fn keystore(&self) -> Keystore {
        Keystore::open(&self.folder.path().join("keys"), [9; 32], self.source.clone()).unwrap()
    }

    pub(crate) fn verify(&self) -> Report {
        verify_dir(&self.dir(), Some(&vkey())).unwrap()
    }

    /// Every file of the log.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.dir()];
        while let Some(folder) = folders.pop() {
            for item in std::fs::read_dir(folder).unwrap() {
                let item = item.unwrap();
                if item.file_type().unwrap().is_dir() {
                    folders.push(item.path())
                } else {
                    files.push(item.path())
                }
            }
        }
        files.sort();
        files
    }

    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        self.files()
            .into_iter()
            .filter(|file| file.extension().is_some_and(|end| end == "seg"))
            .collect()
    }
}

pub(crate) fn vkey() -> VKey {
    LogKey::from_seed(&[7; 32]).unwrap().vkey(ORIGIN).unwrap()
}

/// A small event that carries its number.
pub(crate) fn numbered(n: usize) -> Event {
    Event::new(EventType::Decision, Outcome::Success).why(Why::decision(format!("d-{n}")))
}

pub(crate) fn access(key: &PersonKey) -> Event {
    let who = Who::person(
        Class::Researcher,
        key,
        Details::of("ann", "https://idp.example.org").address("192.0.2.7"),
    );
    Event::new(EventType::DrsGetAccessUrl, Outcome::Success)
        .who(who.auth(Auth {
            acr: Some("https://refeds.org/profile/mfa".into()),
            ..Auth::default()
        }))
        .via(Via::request("r-1").trace("0af7651916cd43dd8448eb211c80319c"))
        .what(
            What::dataset(DATASET)
                .object("o-17")
                .class(DataClass::Controlled)
                .mode(Mode::Download)
                .range(0, 99),
        )
        .why(
            Why::decision("d-1")
                .policies(["visum.standard.grant"])
                .verdict(Verdict::Permit)
                .snapshot(12),
        )
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &target);
        } else {
            std::fs::copy(item.path(), target).unwrap();
        }
    }
}
