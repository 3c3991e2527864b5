//! Where things lie.

use std::path::PathBuf;

use serde_json::Value;

use crate::process::{Outcome, cargo, read};

/// The folders of this workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever it was put.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// As cargo tells it.
    pub(crate) fn find() -> Outcome<Self> {
        let told = read(
            "cargo metadata",
            cargo().args(["metadata", "--no-deps", "--format-version", "1"]),
        )?;
        let told: Value = serde_json::from_str(&told).map_err(|problem| format!("cargo metadata: {problem}"))?;
        let folder = |name: &str| {
            let text = told
                .get(name)
                .and_then(Value::as_str)
                .ok_or_else(|| format!("cargo metadata tells no {name}"))?;
            Ok::<_, String>(PathBuf::from(text))
        };
        Ok(Self {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
        })
    }
}
