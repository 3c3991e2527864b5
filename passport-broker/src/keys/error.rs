//! What can go wrong with our own keys.

use crate::store::StoreError;

/// A key that could not be made, opened or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key file does not hold exactly 32 bytes.
    #[error("the node key must have 32 bytes, not {bytes}")]
    NodeKey {
        /// How many it has.
        bytes: usize,
    },
    /// A key could not be made.
    #[error("a signing key could not be made")]
    Generate,
    /// A stored key does not open under this node key: another key file, or a changed row.
    #[error("the stored key `{kid}` does not open under this node key")]
    Sealed {
        /// Its thumbprint.
        kid: String,
    },
    /// A key could not be encrypted.
    #[error("a signing key could not be encrypted")]
    Seal,
    /// There is no current key of this use.
    #[error("there is no current signing key")]
    Missing,
    /// Claims could not be signed.
    #[error("the claims could not be signed")]
    Sign,
    /// The database.
    #[error("the signing keys could not be read or stored")]
    Store {
        /// What it said.
        source: StoreError,
    },
}

impl KeyError {
    /// Stable: tests and dashboards compare it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NodeKey { .. } => "keys.node_key",
            Self::Generate => "keys.generate",
            Self::Sealed { .. } => "keys.sealed",
            Self::Seal => "keys.seal",
            Self::Missing => "keys.missing",
            Self::Sign => "keys.sign",
            Self::Store { .. } => "keys.store",
        }
    }
}
