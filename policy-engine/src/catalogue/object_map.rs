//! DRS ids to datasets, and the storage URLs of these objects: single ones that each have a governed row, and lists.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::lists::{ObjectList, ObjectLists, Under};
use super::prefix_map::trimmed;
use super::single::Single;
use super::walk::Merged;
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
    /// More than are counted here: 2^32 - 1 ids or URLs.
    #[error("the lists hold more objects or URLs than a node can count")]
    TooMany,
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
            Self::TooMany => "catalogue.too_many_objects",
            Self::PrefixTwice { .. } => "catalogue.prefix_twice",
            Self::NotAPrefix { .. } => "catalogue.not_a_prefix",
        }
    }
}

/// All objects, each id once. Serialised as one list of them; single ones are read back from it.
///
/// Nothing is copied when it is cloned.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "Vec<ObjectRecord>")]
pub struct ObjectMap {
    single: Arc<Single>,
    lists: ObjectLists,
}

impl ObjectMap {
    /// A map of these objects, in any order.
    ///
    /// # Errors
    /// [`CatalogueError`] if two have one id.
    pub fn new(records: Vec<ObjectRecord>) -> Result<Self, CatalogueError> {
        Self::with_lists(records, ObjectLists::default())
    }

    /// A map of these objects, in any order, beside those of lists.
    ///
    /// # Errors
    /// [`CatalogueError`] if two have one id.
    pub fn with_lists(records: Vec<ObjectRecord>, lists: ObjectLists) -> Result<Self, CatalogueError> {
        let single = Single::new(records)?;
        if let Some(twice) = single.iter().find(|record| lists.object(record.id.as_str()).is_some()) {
            return Err(CatalogueError::ObjectTwice { id: twice.id.clone() });
        }
        Ok(Self {
            single: Arc::new(single),
            lists,
        })
    }

    /// The object of a decoded DRS id.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Cow<'_, ObjectRecord>> {
        let single = self.single.object(id).map(Cow::Borrowed);
        single.or_else(|| self.lists.object(id).map(Cow::Owned))
    }

    /// The objects whose bytes lie at exactly this canonical URL.
    #[must_use]
    pub fn at_url(&self, url: &str) -> Vec<Cow<'_, ObjectRecord>> {
        let mut listed = Vec::new();
        self.lists.at_url(trimmed(url), &mut listed);
        let single = self.single.at_url(url).map(Cow::Borrowed);
        single.chain(listed.into_iter().map(Cow::Owned)).collect()
    }

    /// The objects whose bytes lie under this canonical URL, itself included: of a list with more than `most` of them
    /// the dataset. Lists of datasets that `skip` names are not looked at.
    #[must_use]
    pub fn under_url(&self, directory: &str, most: usize, skip: impl Fn(&Name) -> bool) -> Under {
        let mut found = Under {
            objects: self.single.under_url(directory).cloned().collect(),
            many: BTreeSet::new(),
        };
        self.lists.under_url(directory, most, skip, &mut found);
        found
    }

    /// All objects, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, ObjectRecord>> {
        Merged::of(self.single.iter(), self.lists.lists())
    }

    /// The objects of a dataset, sorted by id.
    pub fn of_dataset<'m>(&'m self, dataset: &'m Name) -> impl Iterator<Item = Cow<'m, ObjectRecord>> {
        let single = self.single.iter().filter(move |record| record.dataset == *dataset);
        Merged::of(single, self.lists.of_dataset(dataset))
    }

    /// How many objects a dataset has; no list is gone through.
    #[must_use]
    pub fn count_of(&self, dataset: &Name) -> usize {
        let single = self.single.iter().filter(|record| record.dataset == *dataset).count();
        let lists = self.lists.of_dataset(dataset);
        lists.fold(single, |sum, list| sum.saturating_add(list.segment.len() as usize))
    }

    /// The objects that do not stand in a list that the other map has too, sorted by id; and the same of the other.
    pub fn apart<'m>(
        &'m self,
        other: &'m Self,
    ) -> (
        impl Iterator<Item = Cow<'m, ObjectRecord>>,
        impl Iterator<Item = Cow<'m, ObjectRecord>>,
    ) {
        // one and the same list of single objects says nothing
        let single = |map: &'m Self| {
            let apart = !Arc::ptr_eq(&self.single, &other.single);
            map.single.iter().filter(move |_| apart)
        };
        (
            Merged::of(single(self), self.lists.beyond(&other.lists)),
            Merged::of(single(other), other.lists.beyond(&self.lists)),
        )
    }

    /// Datasets that objects belong to, each with the id of one.
    pub fn datasets(&self) -> impl Iterator<Item = (Name, Name)> {
        let single = self
            .single
            .iter()
            .map(|record| (record.dataset.clone(), record.id.clone()));
        let first = |list: &ObjectList| Some(list.segment.objects(&list.dataset).next()?.id);
        let listed = self.lists.lists().iter();
        single.chain(listed.filter_map(move |list| Some((list.dataset.clone(), first(list)?))))
    }

    /// The lists.
    #[must_use]
    pub fn lists(&self) -> &ObjectLists {
        &self.lists
    }

    /// What stands for all objects under a manifest's digest: the list of them; with lists of their own, these by
    /// their digests.
    pub fn section(&self) -> impl Serialize + '_ {
        Section(self)
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.single.len().saturating_add(self.lists.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

struct Section<'m>(&'m ObjectMap);

#[derive(Serialize)]
struct Listed<'m> {
    dataset: &'m Name,
    sha256: &'m str,
    count: u32,
}

impl Serialize for Section<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let single = self.0.single.records();
        if self.0.lists.is_empty() {
            return single.serialize(to);
        }
        let mut lists: Vec<Listed<'_>> = Vec::new();
        for list in self.0.lists.lists() {
            lists.push(Listed {
                dataset: &list.dataset,
                sha256: list.segment.digest(),
                count: list.segment.len(),
            });
        }
        lists.sort_by(|one, other| (one.dataset, one.sha256).cmp(&(other.dataset, other.sha256)));
        (lists, single).serialize(to)
    }
}

impl Serialize for ObjectMap {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl PartialEq for ObjectMap {
    fn eq(&self, other: &Self) -> bool {
        let (mine, others) = self.apart(other);
        mine.eq(others)
    }
}

impl Eq for ObjectMap {}

impl TryFrom<Vec<ObjectRecord>> for ObjectMap {
    type Error = CatalogueError;

    fn try_from(records: Vec<ObjectRecord>) -> Result<Self, CatalogueError> {
        Self::new(records)
    }
}

impl From<ObjectMap> for Vec<ObjectRecord> {
    fn from(map: ObjectMap) -> Self {
        map.iter().map(Cow::into_owned).collect()
    }
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
            let found = map.object(id);
            assert_eq!(found.as_ref().map(|record| record.dataset.as_str()), dataset, "{id}");
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
