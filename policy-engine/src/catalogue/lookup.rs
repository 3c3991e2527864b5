//! What a request names, to datasets with the groups, objects and participants asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::object_map::{ObjectMap, ObjectRecord};
use super::prefix_map::{PrefixMap, PrefixRecord};
use crate::consent::{Dataset, Name};

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
            Place::Object(id) => objects.object(id).map(|record| self.add(record)).is_some(),
            Place::File(url) => {
                // An object's own URL is the longest match there can be.
                let mut known = false;
                for record in objects.at_url(url) {
                    self.add(record);
                    known = true;
                }
                known || prefixes.covering(url).map(|record| self.add_part(record)).is_some()
            }
            Place::Directory(url) => {
                prefixes.under(url).for_each(|record| self.add_part(record));
                objects.under_url(url).for_each(|record| self.add(record));
                prefixes.covering(url).map(|record| self.add_part(record)).is_some()
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
}
