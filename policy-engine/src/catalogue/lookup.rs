//! What a request names, to datasets with the groups, objects and participants asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::object_map::{ObjectMap, ObjectRecord};
use super::prefix_map::{PrefixMap, PrefixRecord};
use crate::consent::{
    Dataset, Name,
    input::{Names, Part},
};

/// Objects of one list that a directory names one by one; of more the whole dataset is asked for, which is stricter.
const DIRECTORY_OBJECTS: usize = 16_384;

/// Something that a request would read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place<'r> {
    /// A DRS object, by its decoded id.
    Object(&'r str),
    /// A file at a canonical storage URL.
    File(&'r str),
    /// Everything under a canonical storage URL.
    Directory(&'r str),
}

/// The part of a dataset that is asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Asked {
    /// Consent groups; None: all.
    pub groups: Option<BTreeSet<Name>>,
    /// DRS ids; None: nobody knows which.
    pub objects: Option<BTreeSet<Name>>,
    /// Pseudonyms; None: nobody knows who.
    pub participants: Option<BTreeSet<Name>>,
}

/// Where a request's places lead.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Resolved {
    /// Every dataset concerned, with the part of it.
    pub datasets: BTreeMap<Name, Asked>,
    /// Positions, in the order asked, of places that no dataset owns: each is a denial.
    pub unmapped: Vec<usize>,
}

/// Maps the places of one request. A directory is mapped only if a prefix covers it as a whole; then it concerns that
/// dataset and each one mapped further down.
#[must_use]
pub fn resolve<'r>(places: impl IntoIterator<Item = Place<'r>>, objects: &ObjectMap, prefixes: &PrefixMap) -> Resolved {
    let mut resolved = Resolved::default();
    for (at, place) in places.into_iter().enumerate() {
        if !resolved.take(place, objects, prefixes) {
            resolved.unmapped.push(at);
        }
    }
    resolved
}

impl Resolved {
    /// Whether every place belongs to a dataset. An empty request has no data and is whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unmapped.is_empty()
    }

    fn take(&mut self, place: Place<'_>, objects: &ObjectMap, prefixes: &PrefixMap) -> bool {
        match place {
            Place::Object(id) => objects.object(id).map(|record| self.named(&record, objects)).is_some(),
            // A URL that ends in a slash stands for what lies under it.
            Place::File(url) if !url.ends_with('/') => {
                // An object's own URL is the longest match there can be.
                let mut known = false;
                for record in objects.at_url(url) {
                    self.add(&record);
                    known = true;
                }
                known || prefixes.covering(url).map(|record| self.add_part(record)).is_some()
            }
            Place::File(url) | Place::Directory(url) => {
                prefixes.under(url).for_each(|record| self.add_part(record));
                let covered = prefixes.covering(url).map(|record| self.add_part(record)).is_some();
                // to a dataset that is asked for as a whole an object of it adds nothing
                let whole = |dataset: &Name| self.datasets.get(dataset) == Some(&Asked::default());
                let under = objects.under_url(url, DIRECTORY_OBJECTS, whole);
                under.objects.iter().for_each(|record| self.add(record));
                for dataset in under.many {
                    self.join(&dataset, Asked::default());
                }
                covered
            }
        }
    }

    /// An object by its id: what is said of it under another id, of the same bytes, counts as well (E15).
    fn named(&mut self, record: &ObjectRecord, objects: &ObjectMap) {
        self.add(record);
        for url in &record.urls {
            let same = objects.at_url(url);
            for other in same.iter().filter(|other| other.id != record.id) {
                self.add(other);
            }
        }
    }

    fn add(&mut self, record: &ObjectRecord) {
        self.join(
            &record.dataset,
            Asked {
                groups: record.groups.clone(),
                objects: Some(BTreeSet::from([record.id.clone()])),
                participants: record
                    .participants
                    .as_ref()
                    .map(|people| people.iter().cloned().collect()),
            },
        );
    }

    fn add_part(&mut self, record: &PrefixRecord) {
        self.join(
            &record.dataset,
            Asked {
                groups: record.groups.clone(),
                objects: None,
                participants: None,
            },
        );
    }

    fn join(&mut self, dataset: &Name, part: Asked) {
        match self.datasets.get_mut(dataset) {
            Some(asked) => asked.join(part),
            None => drop(self.datasets.insert(dataset.clone(), part)),
        }
    }
}

impl Asked {
    /// Both parts together; what one does not know, nobody knows.
    pub fn join(&mut self, other: Self) {
        fn both(one: &mut Option<BTreeSet<Name>>, other: Option<BTreeSet<Name>>) {
            match (one.as_mut(), other) {
                (Some(set), Some(more)) => set.extend(more),
                _ => *one = None,
            }
        }
        both(&mut self.groups, other.groups);
        both(&mut self.objects, other.objects);
        both(&mut self.participants, other.participants);
    }

    /// The dataset as consent is asked about it: with this part as groups, objects and participants.
    #[must_use]
    pub fn of(&self, dataset: &Dataset) -> Dataset {
        Dataset {
            // An empty set of groups would ask for nothing, and is no question: it means all.
            groups: self.groups.clone().filter(|groups| !groups.is_empty()),
            objects: self.objects.as_ref().map(|list| list.iter().cloned().collect()),
            participants: self.participants.as_ref().map(|list| list.iter().cloned().collect()),
            ..dataset.clone()
        }
    }

    /// The same, lent.
    pub(crate) fn part<'q>(&'q self, dataset: &'q Dataset) -> Part<'q> {
        let listed = |set: &'q Option<BTreeSet<Name>>| set.as_ref().map(Names::Set);
        Part {
            dataset,
            groups: listed(&self.groups),
            objects: listed(&self.objects),
            participants: listed(&self.participants),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::try_from(text).unwrap()
    }

    fn names(list: &[&str]) -> Option<BTreeSet<Name>> {
        Some(list.iter().map(|text| name(text)).collect())
    }

    fn maps() -> (ObjectMap, PrefixMap) {
        let object = |id: &str, dataset: &str, people: Option<&[&str]>, url: &str| ObjectRecord {
            id: name(id),
            dataset: name(dataset),
            groups: names(&["adults"]),
            participants: people.map(|list| list.iter().map(|text| name(text)).collect()),
            urls: vec![url.to_owned()],
        };
        let objects = vec![
            object("o1", "d1", Some(&["p1"]), "s3://b/one/1.vcf"),
            object("o2", "d1", Some(&["p2"]), "s3://b/one/2.vcf"),
            object("o3", "d1", None, "s3://b/one/3.vcf"),
            object("o4", "d4", Some(&[]), "s3://b/one/other/4.vcf"),
            object("o5", "d5", Some(&[]), "s3://loose/5.vcf"),
        ];
        let prefix = |prefix: &str, dataset: &str| PrefixRecord {
            prefix: prefix.to_owned(),
            dataset: name(dataset),
            groups: None,
        };
        let prefixes = vec![
            prefix("s3://b/one", "d1"),
            prefix("s3://b/one/deep", "d2"),
            prefix("s3://b/two", "d3"),
        ];
        (ObjectMap::new(objects).unwrap(), PrefixMap::new(prefixes).unwrap())
    }

    #[test]
    fn places_lead_to_every_dataset_concerned_or_nowhere() {
        let (objects, prefixes) = maps();
        let cases = [
            ("an object", Place::Object("o1"), vec!["d1"], true),
            ("an unknown object", Place::Object("o9"), vec![], false),
            (
                "the file of an object",
                Place::File("s3://loose/5.vcf"),
                vec!["d5"],
                true,
            ),
            (
                "the file of an object under another prefix",
                Place::File("s3://b/one/other/4.vcf"),
                vec!["d4"],
                true,
            ),
            (
                "another file under a prefix",
                Place::File("s3://b/one/x"),
                vec!["d1"],
                true,
            ),
            (
                "a file under a longer prefix",
                Place::File("s3://b/one/deep/x"),
                vec!["d2"],
                true,
            ),
            ("a file that nobody owns", Place::File("s3://b/three/x"), vec![], false),
            (
                "a directory",
                Place::Directory("s3://b/one/"),
                vec!["d1", "d2", "d4"],
                true,
            ),
            (
                "a file that is a directory",
                Place::File("s3://b/one/"),
                vec!["d1", "d2", "d4"],
                true,
            ),
            (
                "a directory that no prefix covers",
                Place::Directory("s3://loose/"),
                vec!["d5"],
                false,
            ),
            (
                "a directory above prefixes",
                Place::Directory("s3://b/"),
                vec!["d1", "d2", "d3", "d4"],
                false,
            ),
        ];
        for (title, place, datasets, whole) in cases {
            let resolved = resolve([place], &objects, &prefixes);
            let found: Vec<&str> = resolved.datasets.keys().map(Name::as_str).collect();
            assert_eq!((found, resolved.is_whole()), (datasets, whole), "{title}");
        }
    }

    #[test]
    fn what_one_place_does_not_know_nobody_knows() {
        let (objects, prefixes) = maps();
        let asked =
            |places: &[Place<'_>]| resolve(places.iter().copied(), &objects, &prefixes).datasets[&name("d1")].clone();
        let two = asked(&[Place::Object("o1"), Place::Object("o2")]);
        let expected = Asked {
            groups: names(&["adults"]),
            objects: names(&["o1", "o2"]),
            participants: names(&["p1", "p2"]),
        };
        assert_eq!(two, expected);
        assert_eq!(
            asked(&[Place::Object("o1"), Place::Object("o3")]).participants,
            None,
            "people of one are unknown"
        );
        let mixed = asked(&[Place::Object("o1"), Place::File("s3://b/one/x")]);
        assert_eq!(mixed, Asked::default(), "a file that is no object may hold anything");
    }

    #[test]
    fn an_unmapped_place_is_told_by_its_position() {
        let (objects, prefixes) = maps();
        let resolved = resolve(
            [Place::Object("o1"), Place::Object("o9"), Place::File("s3://x/y")],
            &objects,
            &prefixes,
        );
        assert_eq!(resolved.unmapped, [1, 2]);
    }
}
