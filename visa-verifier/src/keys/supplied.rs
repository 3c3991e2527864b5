//! [`Supplied`]: keys as a verification gets them, and how long they may be believed.

use super::set::KeySet;
use crate::seam::Timestamp;

/// Keys that live by the grace of a server that cannot be reached (trust.md part B, rule 10).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Stale {
    /// The last good fetch.
    pub since: Timestamp,
    /// The end of the grace: from then on these keys verify nothing.
    pub until: Timestamp,
}

/// A key set, and how long it may be believed.
#[derive(Clone, Debug)]
pub struct Supplied {
    /// The keys.
    pub keys: KeySet,
    /// Set if they are older than they should be, because their server cannot be reached.
    pub stale: Option<Stale>,
    /// Until when they count if their server is never reached again; `None`: they were given, not fetched.
    pub until: Option<Timestamp>,
}

impl From<KeySet> for Supplied {
    fn from(keys: KeySet) -> Self {
        Self {
            keys,
            stale: None,
            until: None,
        }
    }
}
