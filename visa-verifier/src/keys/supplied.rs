//! [`Supplied`]: keys as a verification gets them.

use super::set::KeySet;

/// A key set and whether it is older than it should be because its server cannot be reached.
#[derive(Clone, Debug)]
pub struct Supplied {
    /// The keys.
    pub keys: KeySet,
    /// Whether they live by the grace.
    pub stale: bool,
}

impl From<KeySet> for Supplied {
    fn from(keys: KeySet) -> Self {
        Self { keys, stale: false }
    }
}
