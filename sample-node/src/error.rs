//! What can go wrong at the start of a sample node.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why the sample node did not start. Nothing is left running when one of these comes back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// A listener could not be opened.
    #[error("`{address}` could not be listened on")]
    Address {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder could not be made or read.
    #[error("`{}` could not be made or read", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A tool that the settings name is not there.
    #[error("the tool `{name}` was found in none of the folders of `tool_path`")]
    ToolMissing {
        /// The tool's name.
        name: String,
    },
    /// A setting that cannot be.
    #[error("setting `{name}`: {why}")]
    Setting {
        /// The setting's name.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
    /// A signing key could not be made, or could not sign.
    #[error("the signing key could not be made or used")]
    Key,
    /// The client for outgoing calls could not be made.
    #[error("the client for outgoing calls could not be made")]
    Client {
        /// What the client said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SampleError {
    /// Stable: tests and scripts compare it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "sample.address",
            Self::File { .. } => "sample.file",
            Self::ToolMissing { .. } => "sample.tool_missing",
            Self::Setting { .. } => "sample.setting",
            Self::Random => "sample.random",
            Self::Key => "sample.key",
            Self::Client { .. } => "sample.client",
        }
    }
}
