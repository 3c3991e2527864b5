//! What the proxy is opened with, and why it can't be.

use std::sync::Arc;

use audit_log::{Keystore, Writer};
use visa_verifier::seam::{Clock, Fetch, Random};

use crate::{backend::BackendError, config::ConfigFault, store::StoreError};

/// Time, randomness, network.
#[derive(Clone, Debug)]
pub struct Seams {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Calls to the broker and to key servers.
    pub fetch: Arc<dyn Fetch>,
}

/// The process's one log and keystore.
#[derive(Clone)]
pub struct Audit {
    /// The log.
    pub writer: Writer,
    /// The keys of its people.
    pub keystore: Keystore,
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Audit")
    }
}

/// Why the proxy cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The settings do not fit together.
    #[error("the proxy's settings do not fit together: {0}")]
    Config(#[from] ConfigFault),
    /// The ownership index.
    #[error("the ownership index cannot be opened: {0}")]
    Store(#[from] StoreError),
    /// The connections to backends.
    #[error("the connections to backends cannot be made: {0}")]
    Backend(#[from] BackendError),
    /// The link to the broker.
    #[error("the link to the broker cannot be used: {0}")]
    Broker(&'static str),
    /// The node's secret.
    #[error("the keys of capabilities cannot be derived")]
    Keys,
}

impl OpenError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config(fault) => fault.code(),
            Self::Store(fault) => fault.code(),
            Self::Backend(fault) => fault.code(),
            Self::Broker(_) => "proxy.broker_link",
            Self::Keys => "proxy.keys",
        }
    }
}
