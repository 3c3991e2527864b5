//! The tool registry behind the gate.

use crate::rules::Shelf;

use super::{BackendConfig, ConfigFault};

/// The TRS behind the gate.
#[derive(Clone, Debug)]
pub struct TrsMount {
    /// The backend.
    pub backend: BackendConfig,
    /// The service id of service-info (reverse domain).
    pub id: String,
    /// The host of our `trs://` names, as policies know tools.
    pub uri_host: String,
    /// Further hosts whose `trs://host/tool/version` means this registry.
    pub uri_aliases: Vec<String>,
    /// Its tools are public: whoever is logged in may read them, unless a policy forbids it.
    pub public: bool,
    /// Digests (SHA-256, hexadecimal) of texts of workflows that people have looked through: their expressions do not
    /// make a run opaque.
    pub approved: Vec<String>,
    /// Tools whose own command is read from their descriptor.
    pub tools: Vec<RegisteredTool>,
    /// Where those are kept once they are read.
    pub shelf: Shelf,
}

/// A tool of the registry whose descriptor says its command: a CommandLineTool of CWL.
#[derive(Clone, Debug)]
pub struct RegisteredTool {
    /// Its id there.
    pub id: String,
    /// Its version there.
    pub version: String,
    /// The SHA-256 (hexadecimal) that the descriptor's text must have.
    pub sha256: String,
}

impl TrsMount {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        let mut digests = self.approved.iter().chain(self.tools.iter().map(|tool| &tool.sha256));
        match digests.find(|text| text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Some(text) => Err(ConfigFault::TrsDigest(text.clone())),
            None => Ok(()),
        }
    }
}
