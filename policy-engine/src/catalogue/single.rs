//! Objects that came one by one: sorted by decoded id, with their storage URLs.

use std::collections::{BTreeMap, HashSet};

use super::object_map::{CatalogueError, ObjectRecord};
use super::prefix_map::{is_under, trimmed};
use crate::consent::Name;

/// INVARIANT: sorted by id, each id once; equal names share their text.
#[derive(Debug, Default)]
pub(super) struct Single {
    records: Vec<ObjectRecord>,
    /// Canonical URL to places in `records`. Copies of one file may belong to two objects.
    by_url: BTreeMap<Box<str>, Vec<usize>>,
}

impl Single {
    pub(super) fn new(mut records: Vec<ObjectRecord>) -> Result<Self, CatalogueError> {
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

    pub(super) fn object(&self, id: &str) -> Option<&ObjectRecord> {
        let at = self
            .records
            .binary_search_by(|record| record.id.as_str().cmp(id))
            .ok()?;
        self.records.get(at)
    }

    pub(super) fn at_url<'m>(&'m self, url: &str) -> impl Iterator<Item = &'m ObjectRecord> + use<'m> {
        self.by_url
            .get(trimmed(url))
            .into_iter()
            .flatten()
            .filter_map(|at| self.records.get(*at))
    }

    pub(super) fn under_url<'m>(&'m self, directory: &str) -> impl Iterator<Item = &'m ObjectRecord> + use<'m> {
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

    pub(super) fn records(&self) -> &[ObjectRecord] {
        &self.records
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, ObjectRecord> {
        self.records.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }
}

fn shared(names: &mut HashSet<Name>, name: &Name) -> Name {
    if let Some(known) = names.get(name) {
        return known.clone();
    }
    names.insert(name.clone());
    name.clone()
}
