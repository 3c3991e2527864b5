//! DRS ids to datasets: one table, sorted by decoded id; and the storage URLs of these objects.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::prefix_map::{is_under, trimmed};
use crate::consent::Name;

/// One object of the catalogue.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectRecord {
    /// The DRS id, percent-decoded once.
    pub id: Name,
    /// The dataset that it belongs to.
    pub dataset: Name,
    /// The consent groups of the people in it; None: nobody knows, hence all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<BTreeSet<Name>>,
    /// The people in it, by the node's pseudonyms; None: nobody knows, hence every hold on a participant hits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants: Option<Vec<Name>>,
    /// Where its bytes lie, as canonical storage URLs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
}

/// A catalogue that contradicts itself.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CatalogueError {
    /// Two objects of one DRS id.
    #[error("two objects have the id `{id}`")]
    ObjectTwice {
        /// The id.
        id: Name,
    },
    /// Two entries for one storage prefix.
    #[error("the storage prefix `{prefix}` stands twice")]
    PrefixTwice {
        /// The prefix.
        prefix: String,
    },
    /// A prefix that is no storage URL.
    #[error("`{prefix}` is no canonical storage URL")]
    NotAPrefix {
        /// The prefix.
        prefix: String,
    },
}

impl CatalogueError {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ObjectTwice { .. } => "catalogue.object_twice",
            Self::PrefixTwice { .. } => "catalogue.prefix_twice",
            Self::NotAPrefix { .. } => "catalogue.not_a_prefix",
        }
    }
}

/// All objects. Serialised as their list.
///
/// INVARIANT: sorted by id, each id once; equal names share their text.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ObjectRecord>", into = "Vec<ObjectRecord>")]
pub struct ObjectMap {
    records: Vec<ObjectRecord>,
    /// Canonical URL to places in `records`. Copies of one file may belong to two objects.
    by_url: BTreeMap<Box<str>, Vec<usize>>,
}

impl ObjectMap {
    /// A map of these objects, in any order.
    ///
    /// # Errors
    /// [`CatalogueError`] if two have one id.
    pub fn new(mut records: Vec<ObjectRecord>) -> Result<Self, CatalogueError> {
        records.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        if let Some(twice) = records.windows(2).find_map(|pair| match pair {
            [one, other] if one.id == other.id => Some(one.id.clone()),
            _ => None,
        }) {
            return Err(CatalogueError::ObjectTwice { id: twice });
        }
        let mut names = HashSet::new();
        let mut by_url: BTreeMap<Box<str>, Vec<usize>> = BTreeMap::new();
        for (at, record) in records.iter_mut().enumerate() {
            record.dataset = shared(&mut names, &record.dataset);
            record.groups = record
                .groups
                .take()
                .map(|groups| groups.iter().map(|one| shared(&mut names, one)).collect());
            if let Some(people) = &mut record.participants {
                people
                    .iter_mut()
                    .for_each(|person| *person = shared(&mut names, person));
                people.shrink_to_fit();
            }
            for url in &record.urls {
                by_url.entry(url.as_str().into()).or_default().push(at);
            }
        }
        Ok(Self { records, by_url })
    }

    /// The object of a decoded DRS id.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<&ObjectRecord> {
        let at = self
            .records
            .binary_search_by(|record| record.id.as_str().cmp(id))
            .ok()?;
        self.records.get(at)
    }

    /// The objects whose bytes lie at exactly this canonical URL.
    pub fn at_url<'m>(&'m self, url: &str) -> impl Iterator<Item = &'m ObjectRecord> + use<'m> {
        self.by_url
            .get(trimmed(url))
            .into_iter()
            .flatten()
            .filter_map(|at| self.records.get(*at))
    }

    /// The objects whose bytes lie under this canonical URL, itself included.
    pub fn under_url<'m>(&'m self, directory: &str) -> impl Iterator<Item = &'m ObjectRecord> + use<'m> {
        let directory: Box<str> = trimmed(directory).into();
        self.by_url
            .range(directory.clone()..)
            .take_while({
                let directory = directory.clone();
                move |(url, _)| url.starts_with(&*directory)
            })
            .filter(move |(url, _)| is_under(url, &directory))
            .flat_map(|(_, places)| places)
            .filter_map(|at| self.records.get(*at))
    }

    /// All objects, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = &ObjectRecord> {
        self.records.iter()
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

impl TryFrom<Vec<ObjectRecord>> for ObjectMap {
    type Error = CatalogueError;

    fn try_from(records: Vec<ObjectRecord>) -> Result<Self, CatalogueError> {
        Self::new(records)
    }
}

impl From<ObjectMap> for Vec<ObjectRecord> {
    fn from(map: ObjectMap) -> Self {
        map.records
    }
}

fn shared(names: &mut HashSet<Name>, name: &Name) -> Name {
    if let Some(known) = names.get(name) {
        return known.clone();
    }
    names.insert(name.clone());
    name.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(id: &str, dataset: &str, urls: &[&str]) -> ObjectRecord {
        ObjectRecord {
            id: Name::try_from(id).unwrap(),
            dataset: Name::try_from(dataset).unwrap(),
            groups: None,
            participants: None,
            urls: urls.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn objects_are_found_by_their_whole_id_only() {
        let map = ObjectMap::new(vec![
            object("b", "2", &[]),
            object("a/b", "1", &[]),
            object("a", "3", &[]),
        ])
        .unwrap();
        let cases = [
            ("a", Some("3")),
            ("a/b", Some("1")),
            ("b", Some("2")),
            ("a/", None),
            ("A", None),
            ("", None),
        ];
        for (id, dataset) in cases {
            assert_eq!(map.object(id).map(|record| record.dataset.as_str()), dataset, "{id}");
        }
    }

    #[test]
    fn two_objects_of_one_id_are_refused() {
        let twice = ObjectMap::new(vec![object("a", "1", &[]), object("a", "2", &[])]);
        assert_eq!(twice.unwrap_err().code(), "catalogue.object_twice");
    }

    #[test]
    fn a_map_survives_being_written_and_read() {
        let mut map = vec![object("b", "1", &["s3://b/1"]), object("a", "1", &[])];
        map[1].participants = Some(vec![Name::try_from("p1").unwrap()]);
        let map = ObjectMap::new(map).unwrap();
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(serde_json::from_str::<ObjectMap>(&text).unwrap(), map);
    }
}
