//! Files that rows name by digest: tables and lists of objects. Read from the database once, kept while rows name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy_engine::catalogue::{ObjectRecord, list};
use policy_engine::consent::Name;
use policy_engine::snapshot::{NodeTables, TableFile};

use super::content::{Content, ContentError};
use crate::broker::Broker;
use crate::store::governed::RowDigest;
use crate::store::tables::{ObjectsRow, TableRow};
use crate::store::{StoreError, blobs};

/// The texts of these files, by digest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(BTreeMap<RowDigest, Arc<str>>);

/// Gets the files that the content's rows name, and remembers them for the next time. One that is not there stays
/// away: [`Content::fill`] says so.
pub(crate) async fn complete(broker: &Broker, content: &mut Content) -> Result<(), StoreError> {
    let wanted: Vec<RowDigest> = content
        .tables
        .values()
        .filter_map(TableRow::blob)
        .chain(content.object_lists.values().filter_map(ObjectsRow::blob))
        .collect();
    let mut files = Files::default();
    for digest in wanted {
        if files.0.contains_key(&digest) {
            continue;
        }
        let known = content.files.0.get(&digest).cloned();
        let known = known.or_else(|| broker.files().0.get(&digest).cloned());
        let text = match known {
            Some(text) => Some(text),
            None => blobs::get(&mut broker.db(), &digest)
                .await?
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .map(Arc::from),
        };
        files.0.extend(text.map(|text| (digest, text)));
    }
    content.files = files;
    Ok(())
}

/// What was published is kept, anything else forgotten.
pub(super) fn keep(broker: &Broker, content: &Content) {
    *broker.files() = content.files.clone();
}

impl Files {
    fn text(&self, what: &'static str, id: &str, digest: Option<RowDigest>) -> Result<Arc<str>, ContentError> {
        digest
            .and_then(|digest| self.0.get(&digest).cloned())
            .ok_or_else(|| ContentError::FileMissing {
                what,
                id: id.to_owned(),
            })
    }

    /// The node's own tables.
    pub(super) fn tables(&self, rows: &BTreeMap<String, TableRow>) -> Result<NodeTables, ContentError> {
        let mut tables = NodeTables::default();
        for row in rows.values() {
            let file = TableFile {
                digest: row.digest.clone(),
                version: row.version.clone(),
                text: self.text("table", &row.id, row.blob())?,
            };
            match row.id.as_str() {
                "mondo" => tables.mondo = Some(file),
                "countries" => tables.countries = Some(file),
                _ => return Err(ContentError::NoSuchTable { id: row.id.clone() }),
            }
        }
        Ok(tables)
    }

    /// The objects of all lists.
    pub(super) fn objects(&self, rows: &BTreeMap<String, ObjectsRow>) -> Result<Vec<ObjectRecord>, ContentError> {
        let mut all = Vec::new();
        for row in rows.values() {
            let text = self.text("list of objects", &row.id, row.blob())?;
            let wrong = |what: String| ContentError::List {
                id: row.id.clone(),
                what,
            };
            let dataset =
                Name::try_from(row.dataset.as_str()).map_err(|_| wrong("its dataset has no name".to_owned()))?;
            all.extend(list::read(&text, &dataset, row.count).map_err(|why| wrong(why.to_string()))?);
        }
        Ok(all)
    }
}
