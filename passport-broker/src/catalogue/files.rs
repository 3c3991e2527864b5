//! Files that rows name by digest: tables and lists of objects. Read from the database once, kept while rows name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy_engine::catalogue::list::ListError;
use policy_engine::catalogue::{ObjectList, ObjectLists, Segment};
use policy_engine::consent::Name;
use policy_engine::snapshot::{NodeTables, TableFile};

use super::content::{Content, ContentError};
use crate::broker::Broker;
use crate::store::governed::RowDigest;
use crate::store::tables::{ObjectsRow, TableRow};
use crate::store::{StoreError, blobs};

/// These files, by digest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    texts: BTreeMap<RowDigest, Arc<str>>,
    /// Lists were looked at when they were read, and are not read again while a row names them.
    lists: BTreeMap<RowDigest, Result<Arc<Segment>, ListError>>,
    /// The lists in force, then those of the rows: what others have in common with them is taken as it is.
    ready: ObjectLists,
}

/// Gets the files that the content's rows name, and remembers them for the next time. One that is not there stays
/// away: [`Content::fill`] says so.
pub(crate) async fn complete(broker: &Broker, content: &mut Content) -> Result<(), StoreError> {
    let mut files = Files {
        ready: broker.current().load().snapshot().objects.lists().clone(),
        ..Files::default()
    };
    for digest in content.tables.values().filter_map(TableRow::blob) {
        if files.texts.contains_key(&digest) {
            continue;
        }
        let known = content.files.texts.get(&digest).cloned();
        let known = known.or_else(|| broker.files().texts.get(&digest).cloned());
        let text = match known {
            Some(text) => Some(text),
            None => blobs::get(&mut broker.db(), &digest)
                .await?
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .map(Arc::from),
        };
        files.texts.extend(text.map(|text| (digest, text)));
    }
    for row in content.object_lists.values() {
        let Some(digest) = row.blob().filter(|digest| !files.lists.contains_key(digest)) else {
            continue;
        };
        let known = content.files.lists.get(&digest).cloned();
        let known = known.or_else(|| broker.files().lists.get(&digest).cloned());
        let list = match known {
            Some(list) => Some(list),
            None => match blobs::get(&mut broker.db(), &digest).await? {
                Some(bytes) => Some(opened(bytes).await),
                None => None,
            },
        };
        files.lists.extend(list.map(|list| (digest, list)));
    }
    if !content.object_lists.is_empty() {
        // an index of many new objects takes its time: not on a thread that answers requests. If it cannot be made,
        // `Content::fill` tries again and says why.
        let (files_of, rows) = (files.clone(), content.object_lists.clone());
        let made = tokio::task::spawn_blocking(move || files_of.objects(&rows).ok()).await;
        if let Ok(Some(made)) = made {
            files.ready = made;
        }
    }
    content.files = files;
    Ok(())
}

/// Looks at a whole list: not on a thread that answers requests.
pub(crate) async fn opened(bytes: Vec<u8>) -> Result<Arc<Segment>, ListError> {
    let interrupted = ListError::Line {
        line: 0,
        what: "reading was interrupted".to_owned(),
    };
    let work = move || {
        if Segment::is_one(&bytes) {
            return Segment::open(bytes).map_err(|fault| ListError::Damaged { fault });
        }
        match String::from_utf8(bytes) {
            Ok(text) => Segment::of_text(&text),
            Err(_) => Err(ListError::Line {
                line: 0,
                what: "it is no text".to_owned(),
            }),
        }
    };
    let opened = tokio::task::spawn_blocking(work).await;
    opened.unwrap_or(Err(interrupted)).map(Arc::new)
}

/// What was published is kept, anything else forgotten.
pub(super) fn keep(broker: &Broker, content: &Content) {
    let kept = Files {
        // the snapshot in force has them
        ready: ObjectLists::default(),
        ..content.files.clone()
    };
    *broker.files() = kept;
}

impl Files {
    /// The node's own tables.
    pub(super) fn tables(&self, rows: &BTreeMap<String, TableRow>) -> Result<NodeTables, ContentError> {
        let mut tables = NodeTables::default();
        for row in rows.values() {
            let text = row.blob().and_then(|digest| self.texts.get(&digest).cloned());
            let file = TableFile {
                digest: row.digest.clone(),
                version: row.version.clone(),
                text: text.ok_or_else(|| missing("table", &row.id))?,
            };
            match row.id.as_str() {
                "mondo" => tables.mondo = Some(file),
                "countries" => tables.countries = Some(file),
                _ => return Err(ContentError::NoSuchTable { id: row.id.clone() }),
            }
        }
        Ok(tables)
    }

    /// All lists of objects. What the lists in force have of them is shared with these.
    pub(super) fn objects(&self, rows: &BTreeMap<String, ObjectsRow>) -> Result<ObjectLists, ContentError> {
        let mut all = Vec::with_capacity(rows.len());
        for row in rows.values() {
            let wrong = |source: ListError| ContentError::List {
                id: row.id.clone(),
                source,
            };
            let segment = row.blob().and_then(|digest| self.lists.get(&digest).cloned());
            let segment = segment
                .ok_or_else(|| missing("list of objects", &row.id))?
                .map_err(wrong)?;
            let found = u64::from(segment.len());
            if found != row.count {
                return Err(wrong(ListError::Count { found, said: row.count }));
            }
            let dataset = Name::try_from(row.dataset.as_str()).map_err(|_| {
                wrong(ListError::Line {
                    line: 0,
                    what: "its dataset has no name".to_owned(),
                })
            })?;
            all.push(ObjectList { dataset, segment });
        }
        ObjectLists::new(&self.ready, all).map_err(|source| ContentError::Catalogue { source })
    }
}

fn missing(what: &'static str, id: &str) -> ContentError {
    ContentError::FileMissing {
        what,
        id: id.to_owned(),
    }
}
