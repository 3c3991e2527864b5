//! Storage prefixes to datasets: the longest match, segment by segment, over canonical URLs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::object_map::CatalogueError;
use crate::consent::Name;

/// Everything under a storage prefix belongs to a dataset.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrefixRecord {
    /// A canonical storage URL, with or without a slash at its end: `s3://bucket/study`, `file:///data/study/`.
    pub prefix: String,
    /// The dataset.
    pub dataset: Name,
    /// The consent groups of what lies there; None: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<BTreeSet<Name>>,
}

/// All prefixes. Serialised as their list.
///
/// INVARIANT: keys are canonical URLs without trailing slash, each once.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<PrefixRecord>", into = "Vec<PrefixRecord>")]
pub struct PrefixMap {
    records: BTreeMap<Box<str>, PrefixRecord>,
}

impl PrefixMap {
    /// A map of these prefixes.
    ///
    /// # Errors
    /// [`CatalogueError`] if one stands twice (with and without slash is twice), or is no storage URL.
    pub fn new(list: Vec<PrefixRecord>) -> Result<Self, CatalogueError> {
        let mut records = BTreeMap::new();
        for record in list {
            let key: Box<str> = trimmed(&record.prefix).into();
            if root_length(&key).is_none() {
                return Err(CatalogueError::NotAPrefix { prefix: record.prefix });
            }
            if let Some(earlier) = records.insert(key, record) {
                return Err(CatalogueError::PrefixTwice { prefix: earlier.prefix });
            }
        }
        Ok(Self { records })
    }

    /// The longest prefix that covers a canonical URL. `s3://b/secret` covers `s3://b/secret/x`, not `s3://b/secretx`.
    #[must_use]
    pub fn covering(&self, url: &str) -> Option<&PrefixRecord> {
        let mut part = trimmed(url);
        let root = root_length(part)?;
        loop {
            if let Some(record) = self.records.get(part) {
                return Some(record);
            }
            let cut = part.rfind('/')?;
            part = part.get(..cut).filter(|shorter| shorter.len() >= root)?;
        }
    }

    /// The prefixes that lie under a canonical URL, itself included.
    pub fn under<'m>(&'m self, directory: &str) -> impl Iterator<Item = &'m PrefixRecord> + use<'m> {
        let directory: Box<str> = trimmed(directory).into();
        self.records
            .range(directory.clone()..)
            .take_while({
                let directory = directory.clone();
                move |(key, _)| key.starts_with(&*directory)
            })
            .filter(move |(key, _)| is_under(key, &directory))
            .map(|(_, record)| record)
    }

    /// All prefixes, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &PrefixRecord> {
        self.records.values()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

impl TryFrom<Vec<PrefixRecord>> for PrefixMap {
    type Error = CatalogueError;

    fn try_from(list: Vec<PrefixRecord>) -> Result<Self, CatalogueError> {
        Self::new(list)
    }
}

impl From<PrefixMap> for Vec<PrefixRecord> {
    fn from(map: PrefixMap) -> Self {
        map.records.into_values().collect()
    }
}

/// A URL without the slashes at its end, but never without its authority.
pub(super) fn trimmed(url: &str) -> &str {
    let short = url.trim_end_matches('/');
    // `file:///` keeps its empty authority: the root of the file system.
    if short.ends_with(':') {
        url.get(..short.len() + 2).unwrap_or(url)
    } else {
        short
    }
}

/// Whether a trimmed URL is the other one or lies under it.
pub(super) fn is_under(url: &str, directory: &str) -> bool {
    url.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Bytes of scheme and authority: `s3://bucket`, `file://`. None if the text is no such URL.
fn root_length(url: &str) -> Option<usize> {
    let authority = url.find("://").filter(|scheme| *scheme > 0)? + 3;
    let path = url
        .get(authority..)?
        .find('/')
        .map_or(url.len(), |slash| authority + slash);
    Some(path)
}
