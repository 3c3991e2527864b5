//! The keystore: one append-only file outside of the log's folder, each record sealed under the node's key (D13).
//!
//! A line is base64url(nonce ‖ AES-256-GCM(record)), its additional data the line's number: lines can't be
//! swapped or taken out of the middle. A last line without line break is a torn write and is cut off.

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{ObjectSalt, PersonKey, Pseudonym, Sealed};
use crate::error::AuditError;
use crate::source::Source;
use crate::store::files;

const HEADER: &str = "visum-keystore/1\n";
/// Longest subject text, in bytes (`sub,iss` percent-encoded: two of 255 and a URL).
const SUBJECT_BYTES: usize = 4096;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", tag = "kind")]
enum Record {
    Person { subject: String, key: String },
    Salt { origin: String, key: String },
}

/// The keys of the node's people. Clone it freely; one process holds it (a lock on the file).
#[derive(Clone)]
pub struct Keystore(Arc<Inner>);

struct Inner {
    path: PathBuf,
    node_key: Zeroizing<[u8; 32]>,
    source: Arc<dyn Source>,
    /// Guards file and maps together: a key is in the map only once its line is durable.
    state: Mutex<State>,
}

struct State {
    file: File,
    lines: u64,
    /// Set when a write failed: the end of the file is not known any more.
    broken: bool,
    people: HashMap<String, PersonKey>,
    salts: HashMap<String, ObjectSalt>,
}

impl Keystore {
    /// Opens the keystore, or makes an empty one. Only the node's key opens it again.
    ///
    /// # Errors
    /// [`AuditError::Keystore`] for another node key or changed records, [`AuditError::Locked`] while another process
    /// holds it, [`AuditError::File`].
    pub fn open(path: &Path, node_key: [u8; 32], source: Arc<dyn Source>) -> Result<Self, AuditError> {
        let node_key = Zeroizing::new(node_key);
        let refuse = |error: std::io::Error| AuditError::file(path, error);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(refuse)?;
        file.try_lock()
            .map_err(|_| AuditError::Locked { dir: path.to_owned() })?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(refuse)?;
        if !text.starts_with(HEADER) {
            if !HEADER.starts_with(&text) {
                return Err(AuditError::Keystore {
                    what: "not a keystore file".to_owned(),
                });
            }
            file.set_len(0).map_err(refuse)?;
            file.write_all(HEADER.as_bytes()).map_err(refuse)?;
            file.sync_all().map_err(refuse)?;
            sync_parent(path).map_err(refuse)?;
            text = HEADER.to_owned();
        }
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            file.set_len(whole as u64).map_err(refuse)?;
            file.sync_all().map_err(refuse)?;
            text.truncate(whole);
        }
        let mut state = State {
            file,
            lines: 0,
            broken: false,
            people: HashMap::new(),
            salts: HashMap::new(),
        };
        for line in text.lines().skip(1) {
            state.take(read_line(line, state.lines, &node_key)?)?;
        }
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            node_key,
            source,
            state: Mutex::new(state),
        })))
    }

    /// The key of a person (`subject`: identity text such as `sub,iss`), made and made durable on first sight.
    ///
    /// Blocks for one disk sync for a new person, else for nothing.
    ///
    /// # Errors
    /// [`AuditError::File`] if the new key can't be made durable; [`AuditError::Setting`] for a subject that is empty
    /// or over 4,096 bytes.
    pub fn person(&self, subject: &str) -> Result<PersonKey, AuditError> {
        if subject.is_empty() || subject.len() > SUBJECT_BYTES {
            return Err(AuditError::Setting {
                setting: "subject",
                why: "empty or too long",
            });
        }
        let mut state = self.state();
        if let Some(key) = state.people.get(subject) {
            return Ok(key.clone());
        }
        let key = self.random();
        self.append(
            &mut state,
            &Record::Person {
                subject: subject.to_owned(),
                key: encode(&key),
            },
        )?;
        let key = PersonKey::from_bytes(*key);
        state.people.insert(subject.to_owned(), key.clone());
        Ok(key)
    }

    /// The person's key, if they are known here. Makes none.
    #[must_use]
    pub fn known(&self, subject: &str) -> Option<PersonKey> {
        self.state().people.get(subject).cloned()
    }

    /// The salt of a log for guessable ids, made on first sight.
    ///
    /// # Errors
    /// [`AuditError::File`] if it can't be made durable.
    pub fn salt(&self, origin: &str) -> Result<ObjectSalt, AuditError> {
        let mut state = self.state();
        if let Some(salt) = state.salts.get(origin) {
            return Ok(salt.clone());
        }
        let key = self.random();
        self.append(
            &mut state,
            &Record::Salt {
                origin: origin.to_owned(),
                key: encode(&key),
            },
        )?;
        let salt = ObjectSalt::from_bytes(*key);
        state.salts.insert(origin.to_owned(), salt.clone());
        Ok(salt)
    }

    /// Destroys a person's key: the file is written anew without it (audit.md section 4, erasure). Their pseudonyms
    /// and sealed details can't be resolved by us from then on. Tells whether there was one.
    ///
    /// The caller writes the `subject.erase` entry before, and drops its own clones of the key. Backups of the file
    /// are beyond its reach.
    ///
    /// # Errors
    /// [`AuditError::File`]; then the key is still there.
    pub fn destroy(&self, subject: &str) -> Result<bool, AuditError> {
        let mut state = self.state();
        if !state.people.contains_key(subject) {
            return Ok(false);
        }
        let fail = |error: std::io::Error| AuditError::file(&self.0.path, error);
        let mut text = HEADER.to_owned();
        let mut lines = 0;
        let people = state.people.iter().filter(|(who, _)| *who != subject);
        let people = people.map(|(who, key)| Record::Person {
            subject: who.clone(),
            key: encode(key.bytes()),
        });
        let salts = state.salts.iter().map(|(of, salt)| Record::Salt {
            origin: of.clone(),
            key: encode(salt.bytes()),
        });
        for record in people.chain(salts) {
            text.push_str(&self.line(lines, &record)?);
            lines += 1;
        }
        // The new file is locked before it has the name: no other process can slip in between.
        let mut name = self.0.path.as_os_str().to_owned();
        name.push(".new");
        let new = Path::new(&name);
        files::remove(new).map_err(fail)?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .open(new)
            .map_err(fail)?;
        file.try_lock().map_err(|_| AuditError::Locked {
            dir: self.0.path.clone(),
        })?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(fail)?;
        std::fs::rename(new, &self.0.path).map_err(fail)?;
        state.file = file;
        state.lines = lines;
        state.people.remove(subject);
        sync_parent(&self.0.path).map_err(fail)?;
        Ok(true)
    }

    /// Whose pseudonym this is in a log's month (`YYYY-MM`): only the node can tell, by trying each key.
    #[must_use]
    pub fn resolve(&self, pseudonym: &str, origin: &str, month: &str) -> Option<String> {
        let state = self.state();
        let found = state
            .people
            .iter()
            .find(|(_, key)| Pseudonym::of(key, origin, month).as_str() == pseudonym);
        found.map(|(subject, _)| subject.clone())
    }

    fn random(&self) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        self.0.source.fill(key.as_mut());
        key
    }

    fn append(&self, state: &mut State, record: &Record) -> Result<(), AuditError> {
        let fail = |error: &dyn fmt::Display| AuditError::file(&self.0.path, error);
        if state.broken {
            return Err(fail(&"an earlier write failed; open it again"));
        }
        let line = self.line(state.lines, record)?;
        let written = state
            .file
            .write_all(line.as_bytes())
            .and_then(|()| state.file.sync_data());
        if let Err(error) = written {
            state.broken = true;
            return Err(fail(&error));
        }
        state.lines += 1;
        Ok(())
    }

    /// A record as the line of this number.
    fn line(&self, number: u64, record: &Record) -> Result<String, AuditError> {
        let mut nonce = [0; 12];
        self.0.source.fill(&mut nonce);
        let text = serde_json::to_vec(record).map_err(|error| AuditError::file(&self.0.path, error))?;
        let sealed = Sealed::seal(&self.0.node_key, nonce, &aad(number), text)?;
        Ok(format!("{}\n", URL_SAFE_NO_PAD.encode(sealed.as_bytes())))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held leaves maps that are behind the file at most.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys of a node's people as they are in the file now, read without its lock: beside a running node, to look.
pub struct Keys(HashMap<String, PersonKey>);

impl Keys {
    /// Reads a keystore. Only the node's key opens it.
    ///
    /// # Errors
    /// [`AuditError::Keystore`] for another node key or changed records, [`AuditError::File`].
    pub fn read(path: &Path, node_key: &[u8; 32]) -> Result<Self, AuditError> {
        let text = std::fs::read_to_string(path).map_err(|error| AuditError::file(path, error))?;
        if !text.starts_with(HEADER) {
            return Err(AuditError::Keystore {
                what: "not a keystore file".to_owned(),
            });
        }
        // A last line without its end is being written.
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        let mut people = HashMap::new();
        for (number, line) in (0..).zip(text.get(..whole).unwrap_or_default().lines().skip(1)) {
            if let Record::Person { subject, key } = read_line(line, number, node_key)? {
                people.insert(subject, PersonKey::from_bytes(key_bytes(&key)?));
            }
        }
        Ok(Self(people))
    }

    /// The key behind a pseudonym of a log's month (`YYYY-MM`); `None`: erased, or never known here.
    #[must_use]
    pub fn of(&self, pseudonym: &str, origin: &str, month: &str) -> Option<&PersonKey> {
        self.0
            .values()
            .find(|key| Pseudonym::of(key, origin, month).as_str() == pseudonym)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

impl State {
    fn take(&mut self, record: Record) -> Result<(), AuditError> {
        match record {
            Record::Person { subject, key } => {
                self.people.insert(subject, PersonKey::from_bytes(key_bytes(&key)?));
            }
            Record::Salt { origin, key } => {
                self.salts.insert(origin, ObjectSalt::from_bytes(key_bytes(&key)?));
            }
        }
        self.lines += 1;
        Ok(())
    }
}

fn encode(key: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn sync_parent(path: &Path) -> std::io::Result<()> {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .map_or(Ok(()), files::sync_dir)
}

fn aad(line: u64) -> Vec<u8> {
    format!("visum-keystore/1 {line}").into_bytes()
}

fn read_line(line: &str, number: u64, node_key: &[u8; 32]) -> Result<Record, AuditError> {
    let wrong = |what: &dyn fmt::Display| AuditError::Keystore {
        what: format!("record {number}: {what}"),
    };
    let bytes = URL_SAFE_NO_PAD.decode(line).map_err(|error| wrong(&error))?;
    let text = Sealed::from_bytes(bytes)?
        .open(node_key, &aad(number))
        .map_err(|error| wrong(&error))?;
    serde_json::from_slice(&text).map_err(|_| wrong(&"not a record of this version"))
}

fn key_bytes(text: &str) -> Result<[u8; 32], AuditError> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).unwrap_or_default());
    bytes.as_slice().try_into().map_err(|_| AuditError::Keystore {
        what: "a key without 32 bytes".to_owned(),
    })
}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keystore")
            .field("path", &self.0.path)
            .finish_non_exhaustive()
    }
}
