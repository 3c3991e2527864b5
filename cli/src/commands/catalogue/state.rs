//! What was sent already: a file of digests, so that a broken import goes on where it ended.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::CommandError;

/// Bytes that such a file may have.
const STATE_BYTES: u64 = 1024 * 1024;

/// Digests of lists that the node has. A wrong entry does no harm: the node refuses a row whose file it lacks.
#[derive(Debug)]
pub(super) struct State {
    file: Option<PathBuf>,
    sent: BTreeSet<String>,
}

impl State {
    /// Opens the file; a new one is empty, and without one nothing is kept.
    pub(super) fn open(file: Option<&Path>) -> Result<Self, CommandError> {
        let mut sent = BTreeSet::new();
        if let Some(path) = file.filter(|path| path.exists()) {
            let bytes = crate::input::Input::File(path.to_owned()).read(STATE_BYTES)?;
            sent = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        }
        Ok(Self {
            file: file.map(Path::to_owned),
            sent,
        })
    }

    pub(super) fn has(&self, digest: &str) -> bool {
        self.sent.contains(digest)
    }

    pub(super) fn sent(&mut self, digest: String) -> Result<(), CommandError> {
        if let Some(path) = &self.file {
            let write = || -> std::io::Result<()> {
                let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
                writeln!(file, "{digest}")?;
                file.sync_all()
            };
            write().map_err(|source| {
                CommandError::unknown(
                    "output.unwritable",
                    format!("{} can't be written: {source}", path.display()),
                )
            })?;
        }
        self.sent.insert(digest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_known_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut state = State::open(Some(&path)).unwrap();
        assert!(!state.has("a"));
        state.sent("a".to_owned()).unwrap();
        let again = State::open(Some(&path)).unwrap();
        assert!(again.has("a") && !again.has("b"));
        assert!(!State::open(None).unwrap().has("a"));
    }
}
