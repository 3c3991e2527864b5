//! What verdicts rest on and what datasets hold, as files that a governed row names by digest; teams and projects.

use policy_engine::snapshot::GroupRecord;
use serde::{Deserialize, Serialize};

use super::governed::{Governed, RowDigest, RowKind};

/// A table of the node's own in place of the one that came with the build.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TableRow {
    /// `mondo` or `countries`.
    pub id: String,
    /// The digest of its file, see [`super::blobs`].
    pub digest: String,
    /// Where the file came from, in words.
    pub source: String,
    /// Its release.
    pub version: String,
}

impl Governed for TableRow {
    const KIND: RowKind = RowKind::Table;

    fn id(&self) -> String {
        self.id.clone()
    }
}

/// The objects of one dataset, as one list.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectsRow {
    /// Its id.
    pub id: String,
    /// The dataset that all of them belong to.
    pub dataset: String,
    /// The digest of the list, see [`super::blobs`].
    pub digest: String,
    /// How many.
    pub count: u64,
    /// Where the list came from, in words.
    pub source: String,
}

impl Governed for ObjectsRow {
    const KIND: RowKind = RowKind::Objects;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn dataset(&self) -> Option<String> {
        Some(self.dataset.clone())
    }
}

impl Governed for GroupRecord {
    const KIND: RowKind = RowKind::Group;

    fn id(&self) -> String {
        self.id.clone()
    }
}

impl TableRow {
    /// The digest as the blobs know it; `None` if it is none.
    #[must_use]
    pub fn blob(&self) -> Option<RowDigest> {
        blob(&self.digest)
    }
}

impl ObjectsRow {
    /// The digest as the blobs know it; `None` if it is none.
    #[must_use]
    pub fn blob(&self) -> Option<RowDigest> {
        blob(&self.digest)
    }
}

fn blob(text: &str) -> Option<RowDigest> {
    RowDigest::from_text(text)
}
