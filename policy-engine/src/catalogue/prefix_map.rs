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

/// A URL without the slash at its end: one, since storage keys may have empty segments. The root keeps its authority.
pub(super) fn trimmed(url: &str) -> &str {
    url.strip_suffix('/')
        .filter(|short| short.contains("://"))
        .unwrap_or(url)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn map(prefixes: &[(&str, &str)]) -> Result<PrefixMap, CatalogueError> {
        let record = |(prefix, dataset): &(&str, &str)| PrefixRecord {
            prefix: (*prefix).to_owned(),
            dataset: Name::try_from(*dataset).unwrap(),
            groups: None,
        };
        PrefixMap::new(prefixes.iter().map(record).collect())
    }

    #[test]
    fn the_longest_prefix_covers_by_whole_segments() {
        let prefixes = [
            ("s3://b/", "bucket"),
            ("s3://b/secret", "secret"),
            ("file:///data/", "files"),
            ("s3://c/x//", "odd"),
        ];
        let map = map(&prefixes).unwrap();
        let cases = [
            ("s3://b/secret", Some("secret")),
            ("s3://b/secret/", Some("secret")),
            ("s3://b/secret/a/b", Some("secret")),
            ("s3://b/secretx", Some("bucket")),
            ("s3://b/secret.txt", Some("bucket")),
            ("s3://b/", Some("bucket")),
            ("s3://b", Some("bucket")),
            ("s3://bb/x", None),
            ("s3://c/x/y", None),
            ("s3://c/x//y", Some("odd")),
            ("gs://b/secret", None),
            ("file:///data/a", Some("files")),
            ("file:///database", None),
            ("file:///", None),
            ("no url", None),
            ("", None),
        ];
        for (url, dataset) in cases {
            assert_eq!(
                map.covering(url).map(|record| record.dataset.as_str()),
                dataset,
                "{url}"
            );
        }
    }

    #[test]
    fn a_root_covers_what_lies_under_it() {
        let map = map(&[("file:///", "all")]).unwrap();
        assert!(map.covering("file:///etc/passwd").is_some());
    }

    #[test]
    fn a_prefix_stands_once_and_is_a_storage_url() {
        assert_eq!(
            map(&[("s3://b/x", "a"), ("s3://b/x/", "b")]).unwrap_err().code(),
            "catalogue.prefix_twice"
        );
        for prefix in ["", "/data", "://b", "s3:/b"] {
            assert_eq!(
                map(&[(prefix, "a")]).unwrap_err().code(),
                "catalogue.not_a_prefix",
                "{prefix}"
            );
        }
    }

    #[test]
    fn the_prefixes_under_a_directory_are_found_and_its_neighbours_are_not() {
        let map = map(&[
            ("s3://b/a", "1"),
            ("s3://b/a/x", "2"),
            ("s3://b/ab", "3"),
            ("s3://b/a-b", "4"),
        ])
        .unwrap();
        let found: Vec<&str> = map.under("s3://b/a/").map(|record| record.dataset.as_str()).collect();
        assert_eq!(found, ["1", "2"]);
    }

    #[test]
    fn a_map_survives_being_written_and_read() {
        let map = map(&[("s3://b/a", "1"), ("s3://b/b/", "2")]).unwrap();
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(serde_json::from_str::<PrefixMap>(&text).unwrap(), map);
    }
}
