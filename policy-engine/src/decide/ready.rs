//! What of the facts lies ready for Cedar as long as the session does (policy.md 5).

use std::{fmt, sync::OnceLock};

use crate::{
    consent::ResearchPurpose,
    entity::{PurposePart, SessionPart, Times},
};

/// Parts made when they are first needed. A copy begins without them, so that whoever changes it keeps nothing stale.
#[derive(Default)]
pub(crate) struct Ready {
    /// `Facts::digest`.
    pub(crate) digest: OnceLock<String>,
    /// Login, client and network.
    pub(crate) session: OnceLock<SessionPart>,
    /// The purpose asked about last, most often the session's.
    pub(crate) purpose: OnceLock<(ResearchPurpose, PurposePart)>,
}

impl Clone for Ready {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ready(…)")
    }
}

/// The two moments of a grant, as Cedar takes them.
#[derive(Default)]
pub(crate) struct GrantTimes(pub(crate) OnceLock<Times>);

impl Clone for GrantTimes {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for GrantTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrantTimes(…)")
    }
}

/// They follow from the grant.
impl PartialEq for GrantTimes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
