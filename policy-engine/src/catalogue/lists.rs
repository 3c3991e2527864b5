//! Lists of objects side by side, found through few indexes. Between two snapshots that share most of their lists, the
//! lists and indexes are shared too: what is new gets an index of its own, and small ones are made into larger ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::index::{self, Index, Place};
use super::object_map::{CatalogueError, ObjectRecord};
use super::prefix_map::trimmed;
use super::segment::Segment;
use crate::consent::Name;

/// A list and the dataset of all its objects.
#[derive(Clone, Debug)]
pub struct ObjectList {
    /// The dataset.
    pub dataset: Name,
    /// The list.
    pub segment: Arc<Segment>,
}

/// Lists are the same if dataset and digest are.
type Key = (Name, Box<str>);

impl ObjectList {
    fn key(&self) -> Key {
        (self.dataset.clone(), self.segment.digest().into())
    }
}

/// An index is made anew together with those that are less than this much larger.
const LARGER: u64 = 4;

/// An index over some lists, and which of them still count.
#[derive(Clone, Debug)]
struct Run {
    indexes: Arc<Indexes>,
    lists: Arc<[Option<ObjectList>]>,
    /// Objects that count.
    objects: u64,
}

#[derive(Debug)]
struct Indexes {
    ids: Index,
    urls: Index,
    /// Objects when it was made.
    objects: u64,
}

/// First and last URL of a list, by the first one; and the greatest last one up to here.
#[derive(Debug)]
struct Reach {
    first: Box<[u8]>,
    last: Box<[u8]>,
    so_far: Box<[u8]>,
    list: usize,
}

/// Lists of objects, each id once in all of them.
#[derive(Clone, Debug, Default)]
pub struct ObjectLists {
    all: Arc<BTreeMap<Key, usize>>,
    lists: Arc<[ObjectList]>,
    runs: Vec<Run>,
    reach: Arc<[Reach]>,
}

/// The objects under a directory.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Under {
    /// One by one.
    pub objects: Vec<ObjectRecord>,
    /// Datasets of which there are too many to name.
    pub many: BTreeSet<Name>,
}

impl ObjectLists {
    /// These lists. What they share with `base` is taken from there as it is: it was checked then.
    ///
    /// # Errors
    /// [`CatalogueError::ObjectTwice`] if an id stands in two of them; [`CatalogueError::TooMany`].
    pub fn new(base: &Self, wanted: Vec<ObjectList>) -> Result<Self, CatalogueError> {
        let mut all = BTreeMap::new();
        let mut lists: Vec<ObjectList> = Vec::with_capacity(wanted.len());
        for list in wanted.into_iter().filter(|list| !list.segment.is_empty()) {
            if all.insert(list.key(), lists.len()).is_some() {
                return Err(twice(&list, 0));
            }
            // what is known already stays the one in memory
            let known = base.all.get(&list.key()).and_then(|at| base.lists.get(*at)).cloned();
            lists.push(known.unwrap_or(list));
        }
        if all.len() == base.all.len() && all.keys().eq(base.all.keys()) {
            return Ok(base.clone());
        }
        let (runs, fresh) = kept(base, &all, &lists);
        let new: Vec<bool> = fresh.iter().map(|list| !base.all.contains_key(&list.key())).collect();
        let mut made = Self {
            all: Arc::new(all),
            reach: reach(&lists).into(),
            lists: lists.into(),
            runs,
        };
        if !fresh.is_empty() {
            let run = Run::of(fresh)?;
            made.beside(&run, &new)?;
            made.runs.push(run);
        }
        Ok(made)
    }

    /// The object of a decoded DRS id.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<ObjectRecord> {
        self.runs.iter().find_map(|run| run.object(id.as_bytes()))
    }

    /// Adds the objects whose bytes lie at exactly this canonical URL, which has no slash at its end.
    pub(super) fn at_url(&self, url: &str, found: &mut Vec<ObjectRecord>) {
        for run in &self.runs {
            for place in run.indexes.urls.places(url.as_bytes()) {
                let object = run
                    .list(place)
                    .and_then(|list| list.segment.object(place.row, &list.dataset));
                found.extend(object.filter(|object| object.urls.iter().any(|one| one == url)));
            }
        }
    }

    /// Adds the objects whose bytes lie under a canonical URL, `most` of a list at most, but not of datasets to skip.
    pub(super) fn under_url(&self, directory: &str, most: usize, skip: impl Fn(&Name) -> bool, found: &mut Under) {
        let start = trimmed(directory).as_bytes();
        let from = self.reach.partition_point(|reach| *reach.so_far < *start);
        for reach in self.reach.get(from..).unwrap_or_default() {
            if *reach.first > *start && !reach.first.starts_with(start) {
                break;
            }
            let Some(list) = self.lists.get(reach.list) else {
                continue;
            };
            if *reach.last < *start || skip(&list.dataset) || found.many.contains(&list.dataset) {
                continue;
            }
            match list.segment.under(start, most) {
                None => drop(found.many.insert(list.dataset.clone())),
                Some(rows) => {
                    let objects = rows
                        .into_iter()
                        .filter_map(|row| list.segment.object(row, &list.dataset));
                    found.objects.extend(objects);
                }
            }
        }
    }

    /// The lists.
    #[must_use]
    pub fn lists(&self) -> &[ObjectList] {
        &self.lists
    }

    /// The lists of a dataset.
    pub(super) fn of_dataset(&self, dataset: &Name) -> impl Iterator<Item = &ObjectList> {
        let from = (dataset.clone(), Box::from(""));
        self.all
            .range(from..)
            .take_while(move |((name, _), _)| name == dataset)
            .filter_map(|(_, at)| self.lists.get(*at))
    }

    /// The lists that another one lacks.
    pub(super) fn beyond<'l>(&'l self, other: &'l Self) -> impl Iterator<Item = &'l ObjectList> {
        let absent = |(key, _): &(&Key, &usize)| !other.all.contains_key(*key);
        self.all.iter().filter(absent).filter_map(|(_, at)| self.lists.get(*at))
    }

    /// How many objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lists
            .iter()
            .filter_map(|list| usize::try_from(list.segment.len()).ok())
            .sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Bytes in memory, those of lists that indexes keep though nobody names them not counted: lists, then indexes.
    #[must_use]
    pub fn bytes(&self) -> (usize, usize) {
        let lists = self.lists.iter().map(|list| list.segment.bytes()).sum();
        let of = |run: &Run| run.indexes.ids.bytes() + run.indexes.urls.bytes();
        (lists, self.runs.iter().map(of).sum())
    }

    /// How many indexes a lookup asks.
    #[must_use]
    pub fn indexes(&self) -> usize {
        self.runs.len()
    }

    /// An id of a new list may stand in none of the runs that stay.
    fn beside(&self, run: &Run, new: &[bool]) -> Result<(), CatalogueError> {
        for (list, _) in run.lists.iter().flatten().zip(new).filter(|(_, new)| **new) {
            let mut found = None;
            list.segment.each_id(|row, id| {
                if found.is_none() && self.runs.iter().any(|run| run.has(id)) {
                    found = Some(row);
                }
            });
            if let Some(row) = found {
                return Err(twice(list, row));
            }
        }
        Ok(())
    }
}

impl PartialEq for ObjectLists {
    fn eq(&self, other: &Self) -> bool {
        self.all.len() == other.all.len() && self.all.keys().eq(other.all.keys())
    }
}

impl Eq for ObjectLists {}

impl Run {
    fn of(lists: Vec<ObjectList>) -> Result<Self, CatalogueError> {
        let objects: u64 = lists.iter().map(|list| u64::from(list.segment.len())).sum();
        let mut urls = 0_u64;
        for list in &lists {
            list.segment.each_url(|_, _| urls = urls.saturating_add(1));
        }
        if objects > index::MOST || urls > index::MOST || lists.len() > index::LISTS {
            return Err(CatalogueError::TooMany);
        }
        let numbered = || (0_u32..).zip(&lists);
        let indexes = Indexes {
            ids: Index::of(objects, |call| {
                for (list, of) in numbered() {
                    of.segment.each_id(|row, id| call(id, Place { list, row }));
                }
            }),
            urls: Index::of(urls, |call| {
                for (list, of) in numbered().filter(|(_, of)| of.segment.url_count() > 0) {
                    of.segment.each_url(|url, row| call(url, Place { list, row }));
                }
            }),
            objects,
        };
        let run = Self {
            indexes: Arc::new(indexes),
            lists: lists.into_iter().map(Some).collect(),
            objects,
        };
        let id = |place: Place| run.list(place).and_then(|list| list.segment.id(place.row));
        for (one, other) in run.indexes.ids.twins() {
            if let (Some(list), Some(text)) = (run.list(one), id(one))
                && Some(text) == id(other)
            {
                return Err(twice(list, one.row));
            }
        }
        Ok(run)
    }

    fn list(&self, place: Place) -> Option<&ObjectList> {
        self.lists.get(usize::try_from(place.list).ok()?)?.as_ref()
    }

    fn object(&self, id: &[u8]) -> Option<ObjectRecord> {
        self.indexes.ids.places(id).find_map(|place| {
            let list = self.list(place)?;
            list.segment.object_if(place.row, id, &list.dataset)
        })
    }

    fn has(&self, id: &[u8]) -> bool {
        let stands = |place: Place| self.list(place).is_some_and(|list| list.segment.has(place.row, id));
        self.indexes.ids.places(id).any(stands)
    }
}

/// The runs of the base that stay, with the lists that are wanted still; and the lists that need an index.
fn kept(base: &ObjectLists, all: &BTreeMap<Key, usize>, lists: &[ObjectList]) -> (Vec<Run>, Vec<ObjectList>) {
    let mut runs: Vec<Run> = Vec::new();
    for run in &base.runs {
        let wanted = |list: &ObjectList| all.contains_key(&list.key()).then(|| list.clone());
        let still: Arc<[_]> = run.lists.iter().map(|list| list.as_ref().and_then(wanted)).collect();
        let objects: u64 = still.iter().flatten().map(|list| u64::from(list.segment.len())).sum();
        // half of an index that leads nowhere is not kept
        if objects > 0 && objects.saturating_mul(2) >= run.indexes.objects {
            runs.push(Run {
                indexes: run.indexes.clone(),
                lists: still,
                objects,
            });
        }
    }
    let has = |runs: &[Run]| -> BTreeSet<Key> {
        let lists = runs.iter().flat_map(|run| run.lists.iter().flatten());
        lists.map(ObjectList::key).collect()
    };
    let indexed = has(&runs);
    let fresh = lists.iter().filter(|list| !indexed.contains(&list.key()));
    let mut objects: u64 = fresh.map(|list| u64::from(list.segment.len())).sum();
    runs.sort_by_key(|run| std::cmp::Reverse(run.objects));
    if objects > 0 {
        while let Some(last) = runs.pop_if(|run| run.objects <= objects.saturating_mul(LARGER)) {
            objects = objects.saturating_add(last.objects);
        }
    }
    let indexed = has(&runs);
    let fresh = lists.iter().filter(|list| !indexed.contains(&list.key())).cloned();
    (runs, fresh.collect())
}

fn reach(lists: &[ObjectList]) -> Vec<Reach> {
    let mut all: Vec<Reach> = Vec::new();
    for (list, of) in lists.iter().enumerate() {
        if let Some((first, last)) = of.segment.reach() {
            all.push(Reach {
                first: first.into(),
                last: last.into(),
                so_far: Box::default(),
                list,
            });
        }
    }
    all.sort_by(|one, other| one.first.cmp(&other.first));
    let mut so_far: Box<[u8]> = Box::default();
    for reach in &mut all {
        if reach.last > so_far {
            so_far.clone_from(&reach.last);
        }
        reach.so_far.clone_from(&so_far);
    }
    all
}

fn twice(list: &ObjectList, row: u32) -> CatalogueError {
    let id = list.segment.object(row, &list.dataset).map(|object| object.id);
    CatalogueError::ObjectTwice {
        id: id.unwrap_or_else(|| list.dataset.clone()),
    }
}
