//! What a writer needs to know.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::note::LogKey;
use crate::pseudonym::ObjectSalt;
use crate::source::Source;

/// The settings of a log. Sizes and times have bounds that the writer keeps; see each.
#[derive(Debug)]
pub struct Settings {
    /// The log's folder; made if missing.
    pub dir: PathBuf,
    /// `<host>/audit/<name>`, without scheme, spaces or plus.
    pub origin: String,
    /// The node's short name in each entry.
    pub node: String,
    /// The log's signing key.
    pub key: LogKey,
    /// The log's salt for guessable ids ([`Keystore::salt`](crate::Keystore::salt)).
    pub salt: ObjectSalt,
    /// Time and random bytes.
    pub source: Arc<dyn Source>,
    /// A new segment file after this many bytes (and each day). Default 64 MiB; 4 KiB to 1 GiB.
    pub segment_bytes: u64,
    /// Time between checkpoints while there are new entries. Default and most 60 s, least 1 s.
    pub checkpoint_every: Duration,
    /// Where facts records are kept; `None`: they are dropped. Not within `dir`. Default `None`.
    pub facts: Option<PathBuf>,
}

impl Settings {
    /// The usual settings for this log.
    pub fn new(
        dir: impl Into<PathBuf>,
        origin: impl Into<String>,
        node: impl Into<String>,
        key: LogKey,
        salt: ObjectSalt,
        source: Arc<dyn Source>,
    ) -> Self {
        Self {
            dir: dir.into(),
            origin: origin.into(),
            node: node.into(),
            key,
            salt,
            source,
            segment_bytes: 64 << 20,
            checkpoint_every: Duration::from_secs(60),
            facts: None,
        }
    }
}
