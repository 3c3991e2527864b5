//! A node's data folder: its keys, its lock, where everything lies.
//!
//! `keys/node.key` is the one file that opens all others; keep it apart from backups of the rest (D13).

use std::{
    fs::{self, File, TryLockError},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use audit_log::{LogKey, Source};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use passport_broker::keys::AtRest;
use visa_verifier::seam::{Clock, Random, Secret, SystemClock, SystemRandom};

use crate::{client::key::ClientKey, error::CommandError};

/// A folder that this process holds alone.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    node_key: Secret,
    /// Held as long as the folder is: a second process is refused.
    _lock: File,
}

/// Time and randomness for the log.
#[derive(Debug)]
pub(crate) struct System {
    clock: SystemClock,
    random: SystemRandom,
}

impl Source for System {
    fn micros(&self) -> i64 {
        self.clock.now_micros()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
}

impl Folder {
    /// Makes a new folder with new keys. One that holds a node already is refused.
    ///
    /// # Errors
    /// `node.exists` (exit 2), `node.folder` (exit 3).
    pub(crate) fn create(path: &Path) -> Result<Self, CommandError> {
        let lock = empty(path)?;
        let mut key = [0; 32];
        SystemRandom::new().fill(&mut key);
        write(&path.join("keys/node.key"), URL_SAFE_NO_PAD.encode(key).as_bytes())?;
        let made = Self {
            path: path.to_owned(),
            node_key: Secret::new(key.to_vec()),
            _lock: lock,
        };
        made.keep_log_key()?;
        made.keep("proxy", ClientKey::generate()?.pkcs8())?;
        Ok(made)
    }

    /// Makes the folder of a further replica of the node in `of`, which may run: the node's key and the proxy's are the same,
    /// the log's is new.
    ///
    /// # Errors
    /// As [`Folder::create`]; `node.missing`, `node.key` if `of` holds no node.
    pub(crate) fn replica(path: &Path, of: &Path) -> Result<Self, CommandError> {
        let node_key = Secret::new(node_key(of)?);
        let proxy = of.join("keys/proxy.jwe");
        let proxy = fs::read(&proxy).map_err(|source| failed(&proxy, &source))?;
        let lock = empty(path)?;
        write(
            &path.join("keys/node.key"),
            URL_SAFE_NO_PAD.encode(node_key.expose()).as_bytes(),
        )?;
        write(&path.join("keys/proxy.jwe"), &proxy)?;
        let made = Self {
            path: path.to_owned(),
            node_key,
            _lock: lock,
        };
        made.keep_log_key()?;
        Ok(made)
    }

    /// The log's key of the node in `path`, which may run.
    ///
    /// # Errors
    /// `node.missing`, `node.key` (exit 3).
    pub(crate) fn read_log_key(path: &Path) -> Result<LogKey, CommandError> {
        log_key(path, &Secret::new(node_key(path)?))
    }

    fn keep_log_key(&self) -> Result<(), CommandError> {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed);
        self.keep("audit", &seed)
    }

    /// Opens a folder that [`Folder::create`] made, and holds it.
    ///
    /// # Errors
    /// `node.missing`, `node.locked`, `node.key` (exit 3).
    pub(crate) fn open(path: &Path) -> Result<Self, CommandError> {
        let bytes = node_key(path)?;
        let lock = lock(path)?;
        Ok(Self {
            path: path.to_owned(),
            node_key: Secret::new(bytes),
            _lock: lock,
        })
    }

    /// The key under which private keys lie.
    pub(crate) fn node_key(&self) -> &Secret {
        &self.node_key
    }

    /// 32 bytes for one use, derived from the node's key.
    ///
    /// # Errors
    /// If the derivation fails.
    pub(crate) fn derived(&self, purpose: &str) -> Result<[u8; 32], CommandError> {
        let at_rest = AtRest::new(self.node_key.clone()).map_err(|source| key_failed(&source))?;
        at_rest
            .derive(purpose)
            .map(|key| *key)
            .map_err(|source| key_failed(&source))
    }

    /// The log's signing key.
    ///
    /// # Errors
    /// If its file can't be opened with the node's key.
    pub(crate) fn log_key(&self) -> Result<LogKey, CommandError> {
        log_key(&self.path, &self.node_key)
    }

    /// The proxy's key as a client of the broker.
    ///
    /// # Errors
    /// As [`Folder::log_key`].
    pub(crate) fn proxy_key(&self) -> Result<ClientKey, CommandError> {
        ClientKey::read(self.kept("proxy")?.expose())
    }

    /// The audit log's folder.
    pub(crate) fn audit(&self) -> PathBuf {
        self.path.join("audit")
    }

    /// The facts records of decisions, for `visum policy diff --replay`.
    pub(crate) fn facts(&self) -> PathBuf {
        self.path.join("facts")
    }

    /// The subjects' keys as they are now, read beside a running node: its folder is not taken.
    ///
    /// # Errors
    /// `node.missing`, `node.key` (exit 3), and what the keystore says.
    pub(crate) fn read_subjects(path: &Path) -> Result<audit_log::Keys, CommandError> {
        let node_key = node_key(path)?;
        let at_rest = AtRest::new(Secret::new(node_key)).map_err(|source| key_failed(&source))?;
        let key = at_rest.derive("subjects").map_err(|source| key_failed(&source))?;
        audit_log::Keys::read(&path.join("keys/subjects"), &key)
            .map_err(|source| CommandError::unknown(source.code(), source.to_string()))
    }

    /// The subjects' keys.
    pub(crate) fn subjects(&self) -> PathBuf {
        self.path.join("keys/subjects")
    }

    /// Keeps the digest of an enrolment code until the node takes it in.
    ///
    /// # Errors
    /// `node.folder` (exit 3).
    pub(crate) fn keep_enrolment(&self, digest: &str, until: i64) -> Result<(), CommandError> {
        let path = self.path.join("keys/enrolment");
        let _ = fs::remove_file(&path);
        write(&path, format!("{digest} {until}\n").as_bytes())
    }

    /// The enrolment code that waits: its digest, and until when it is good.
    pub(crate) fn enrolment(&self) -> Option<(String, i64)> {
        let text = fs::read_to_string(self.path.join("keys/enrolment")).ok()?;
        let (digest, until) = text.trim().split_once(' ')?;
        Some((digest.to_owned(), until.parse().ok()?))
    }

    /// No enrolment code waits any more.
    pub(crate) fn drop_enrolment(&self) {
        let _ = fs::remove_file(self.path.join("keys/enrolment"));
    }

    /// A SQLite database of this folder.
    pub(crate) fn sqlite(&self, name: &str) -> String {
        format!("sqlite://{}?mode=rwc", self.path.join(name).display())
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Time and randomness for the log.
    pub(crate) fn source() -> Arc<dyn Source> {
        Arc::new(System {
            clock: SystemClock,
            random: SystemRandom::new(),
        })
    }

    fn keep(&self, name: &str, private: &[u8]) -> Result<(), CommandError> {
        let at_rest = AtRest::new(self.node_key.clone()).map_err(|source| key_failed(&source))?;
        let sealed = at_rest.seal(name, private).map_err(|source| key_failed(&source))?;
        write(&self.path.join(format!("keys/{name}.jwe")), sealed.as_bytes())
    }

    fn kept(&self, name: &str) -> Result<Secret, CommandError> {
        kept(&self.path, &self.node_key, name)
    }
}

/// A new folder with room for keys, held. One that holds a node already is refused.
fn empty(path: &Path) -> Result<File, CommandError> {
    if path.join("keys").exists() {
        return Err(
            CommandError::refused("node.exists", format!("{} holds a node already", path.display()))
                .hint("choose another folder, or start it: visum up --config DIR/visum.toml"),
        );
    }
    for folder in [path.to_owned(), path.join("keys")] {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|source| failed(&folder, &source))?;
    }
    lock(path)
}

/// A private key of the folder, opened.
fn kept(path: &Path, node_key: &Secret, name: &str) -> Result<Secret, CommandError> {
    let path = path.join(format!("keys/{name}.jwe"));
    let sealed = fs::read_to_string(&path).map_err(|source| failed(&path, &source))?;
    let at_rest = AtRest::new(node_key.clone()).map_err(|source| key_failed(&source))?;
    at_rest.open(name, sealed.trim()).map_err(|_| {
        CommandError::unknown(
            "node.key",
            format!("{} does not open with this node's key", path.display()),
        )
        .hint("is keys/node.key the one that this folder was made with?")
    })
}

/// The log's signing key.
fn log_key(path: &Path, node_key: &Secret) -> Result<LogKey, CommandError> {
    let seed = kept(path, node_key, "audit")?;
    let seed: &[u8; 32] = seed
        .expose()
        .try_into()
        .map_err(|_| CommandError::unknown("node.key", "the log's key is damaged"))?;
    LogKey::from_seed(seed).map_err(|source| CommandError::unknown(source.code(), source.to_string()))
}

/// The key that opens all others.
fn node_key(path: &Path) -> Result<Vec<u8>, CommandError> {
    let key = path.join("keys/node.key");
    let text = fs::read_to_string(&key).map_err(|source| {
        CommandError::unknown(
            "node.missing",
            format!("{} holds no node: {}: {source}", path.display(), key.display()),
        )
        .hint("make one: visum init DIR")
    })?;
    URL_SAFE_NO_PAD
        .decode(text.trim())
        .ok()
        .filter(|bytes| bytes.len() == 32)
        .ok_or_else(|| CommandError::unknown("node.key", format!("{} is damaged", key.display())))
}

/// Takes the folder for this process.
fn lock(path: &Path) -> Result<File, CommandError> {
    let file = path.join("lock");
    let mut open = fs::OpenOptions::new();
    let held = open
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&file)
        .map_err(|source| failed(&file, &source))?;
    match held.try_lock() {
        Ok(()) => Ok(held),
        Err(TryLockError::WouldBlock) => Err(CommandError::unknown(
            "node.locked",
            format!(
                "a node runs on {} already; two would spoil each other's log",
                path.display()
            ),
        )
        .hint("stop the other one first, or use another folder")),
        Err(TryLockError::Error(source)) => Err(failed(&file, &source)),
    }
}

/// Writes a private file whole.
fn write(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let mut open = fs::OpenOptions::new();
    open.write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|source| failed(path, &source))
}

fn failed(path: &Path, source: &std::io::Error) -> CommandError {
    CommandError::unknown("node.folder", format!("{}: {source}", path.display()))
        .hint("does the folder exist, is there room, and may you write there?")
}

fn key_failed(source: &passport_broker::keys::KeyError) -> CommandError {
    CommandError::unknown(source.code(), source.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_once_held_by_one_and_opened_by_its_key_only() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("node");
        assert_eq!(Folder::open(&path).unwrap_err().code(), "node.missing");
        let made = Folder::create(&path).unwrap();
        assert_eq!(Folder::open(&path).unwrap_err().code(), "node.locked");
        drop(made);
        assert_eq!(Folder::create(&path).unwrap_err().code(), "node.exists");
        let open = Folder::open(&path).unwrap();
        assert!(open.log_key().is_ok() && open.proxy_key().is_ok());
        drop(open);
        fs::write(path.join("keys/node.key"), URL_SAFE_NO_PAD.encode([7; 32])).unwrap();
        assert_eq!(Folder::open(&path).unwrap().log_key().unwrap_err().code(), "node.key");
    }
}
