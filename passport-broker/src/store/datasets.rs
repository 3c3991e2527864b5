//! Datasets with their labels, and which objects and storage prefixes belong to them. A row is the record that the
//! snapshot carries.

use policy_engine::catalogue::{ObjectRecord, PrefixRecord};
use policy_engine::snapshot::DatasetRecord;

use super::governed::{Governed, RowKind};

impl Governed for DatasetRecord {
    const KIND: RowKind = RowKind::Dataset;

    fn id(&self) -> String {
        Self::id(self).to_owned()
    }

    fn dataset(&self) -> Option<String> {
        Some(Self::id(self).to_owned())
    }
}

impl Governed for ObjectRecord {
    const KIND: RowKind = RowKind::Object;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn dataset(&self) -> Option<String> {
        Some(self.dataset.to_string())
    }
}

impl Governed for PrefixRecord {
    const KIND: RowKind = RowKind::Prefix;

    fn id(&self) -> String {
        self.prefix.clone()
    }

    fn dataset(&self) -> Option<String> {
        Some(self.dataset.to_string())
    }
}
