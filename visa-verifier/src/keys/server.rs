//! [`KeyServer`]: where keys may be fetched from; [`KeyRequest`]: what a verification asks for.

use std::fmt;
use std::time::Duration;

use crate::token::Issuer;

/// A place that serves the keys of one issuer. Made only from a trust entry, never from a token alone (CLH-14, CLH-15).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum KeyServer {
    /// A key set at a URL that the issuer's entry lists, compared as an exact string.
    Jku {
        /// Whose keys.
        issuer: Issuer,
        /// Where.
        url: String,
    },
    /// The `jwks_uri` of the issuer's discovery document.
    Discovery {
        /// Whose keys, and where the document lies.
        issuer: Issuer,
    },
}

impl KeyServer {
    /// Whose keys it serves.
    #[must_use]
    pub const fn issuer(&self) -> &Issuer {
        match self {
            Self::Jku { issuer, .. } | Self::Discovery { issuer } => issuer,
        }
    }
}

impl fmt::Display for KeyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jku { url, .. } => f.write_str(url),
            Self::Discovery { issuer } => write!(f, "discovery of {issuer}"),
        }
    }
}

/// What a verification wants: the keys of a server, fresh enough to hold `kid` if the issuer has it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct KeyRequest {
    /// Where from.
    pub server: KeyServer,
    /// The key that the token names; one that the cache does not have is asked for again, seldom.
    pub kid: Option<String>,
    /// How long keys stay good when the server cannot be reached.
    pub grace: Duration,
}
