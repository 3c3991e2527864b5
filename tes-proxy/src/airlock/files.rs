//! The files of a request, frozen: what is checked, looked at and fetched are the same bytes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    problem::Problem,
    proxy::Parts,
    store::{Release, StoreError},
};

use super::check::{Finding, Sums};

/// One file of a request.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Frozen {
    /// What the requester calls it.
    pub(super) name: String,
    /// Where its bytes lie, in the folder of the release.
    pub(super) file: String,
    /// Bytes.
    pub(super) size: u64,
    /// SHA-256, lower-case hexadecimal.
    pub(super) sha256: String,
    /// The datasets that it comes from.
    pub(super) datasets: Vec<String>,
    /// What checks found.
    pub(super) findings: Vec<Finding>,
}

impl Frozen {
    /// The first finding that keeps it back.
    pub(super) fn refusal(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.refuses)
    }

    /// As it is told.
    pub(super) fn shown(&self, at: usize) -> Value {
        json!({
            "file": at, "name": self.name, "size": self.size, "sha256": self.sha256, "datasets": self.datasets,
            "findings": self.findings,
        })
    }
}

/// The files of a row.
///
/// # Errors
/// [`StoreError::Inconsistent`].
pub(super) fn files(release: &Release) -> Result<Vec<Frozen>, StoreError> {
    serde_json::from_str(&release.files).map_err(|_| StoreError::Inconsistent { column: "files" })
}

/// What is signed for: the files, where they come from, and for whom. Its compact JSON is what the digest is made of.
pub(super) fn manifest(id: &str, work: &str, files: &[Frozen]) -> Value {
    let files: Vec<Value> = files
        .iter()
        .map(|file| json!({ "datasets": file.datasets, "name": file.name, "sha256": file.sha256, "size": file.size }))
        .collect();
    json!({ "files": files, "release": id, "work": work })
}

/// SHA-256 of the manifest, lower-case hexadecimal.
pub(super) fn digest(manifest: &Value) -> String {
    Sums::of(manifest.to_string().as_bytes()).sha256
}

/// How the log names a manifest, beside the release's id. It is no governed row, so that it stands among what an event is
/// about.
pub(super) fn named(manifest: &Value) -> String {
    format!("sha256:{}", digest(manifest))
}

/// Takes the frozen bytes away: they will not be asked for any more.
pub(super) async fn thaw(parts: &Parts, release: &str, files: &[Frozen]) {
    let Ok(scratch) = parts.scratch() else { return };
    for file in files {
        scratch.remove(release, &file.file).await;
    }
}

/// The scratch folder did not do what it must.
pub(super) fn failed(error: &std::io::Error) -> Problem {
    tracing::error!(%error, "the scratch folder failed");
    Problem::unavailable("door.scratch", "the node could not keep or read the file", 10)
}
