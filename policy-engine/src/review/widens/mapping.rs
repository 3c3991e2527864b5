//! Which data belong to which dataset, and to which people of it.
//!
//! A request's places are judged by what they lead to: nothing (denied), or some datasets with groups, objects and
//! participants. A change narrows as long as every place leads to nothing, or to all that it led to before and more.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::{Found, WeakerKind};
use crate::{
    catalogue::{Asked, ObjectRecord, Place, Resolved, resolve},
    consent::Name,
    snapshot::Snapshot,
};

/// Objects that are compared; with more, a change widens.
const OBJECTS: usize = 2_000_000;
/// Addresses that are compared; with more, a change widens.
const URLS: usize = 2_000_000;
/// Sentences about the places of one dataset; of more, how many.
const SENTENCES: usize = 1_000;

impl Found<'_> {
    pub(super) fn mapping(&mut self, before: &Snapshot, after: &Snapshot) {
        let mut urls: BTreeSet<String> = BTreeSet::new();
        for key in before.prefixes.iter().chain(after.prefixes.iter()) {
            urls.insert(file(&key.prefix));
        }
        if before.prefixes == after.prefixes {
            urls.clear();
        }
        let mut told = Told::default();
        let whole = changed(before, after, OBJECTS, |was, is| {
            if urls.len() < URLS {
                urls.extend(
                    [&was, &is]
                        .into_iter()
                        .flatten()
                        .flat_map(|record| record.urls.iter().map(|url| file(url))),
                );
            }
            let Some(is) = is else { return };
            self.place(before, after, Place::Object(is.id.as_str()), is.id.as_str(), &mut told);
        });
        for url in &urls {
            self.place(before, after, Place::File(url), url, &mut told);
        }
        for (dataset, count) in told.0.into_iter().filter(|(_, count)| *count > SENTENCES) {
            let more = count - SENTENCES;
            let sentence = format!("Of `{dataset}`, {more} more objects or places like these.");
            self.tell(WeakerKind::Mapping, Some(dataset.as_str()), sentence);
        }
        if !whole || urls.len() >= URLS {
            self.complete = false;
            let sentence = format!(
                "More than {OBJECTS} objects or {URLS} addresses are not the same: the rest was not compared, so it counts as wider."
            );
            self.tell(WeakerKind::Mapping, None, sentence);
        }
    }

    fn place(&mut self, before: &Snapshot, after: &Snapshot, place: Place<'_>, name: &str, told: &mut Told) {
        let led = |snapshot: &Snapshot| resolve([place], &snapshot.objects, &snapshot.prefixes);
        let (was, is) = (led(before), led(after));
        if !is.is_whole() {
            return;
        }
        for dataset in is.datasets.keys().filter(|id| !was.datasets.contains_key(*id)) {
            let from = was.datasets.keys().map(|id| format!("`{id}`")).collect::<Vec<_>>();
            let sentence = if from.is_empty() {
                format!("`{name}` belonged to no dataset and comes to `{dataset}`.")
            } else {
                format!("`{name}` belonged to {} and comes to `{dataset}`.", from.join(", "))
            };
            // Beside all that it belonged to, another dataset only adds a judgement.
            if (!was.is_whole() || !keeps(&was, &is)) && told.says(dataset) {
                self.tell(WeakerKind::Mapping, Some(dataset.as_str()), sentence);
            }
        }
        for (dataset, asked) in &was.datasets {
            let sentence = match is.datasets.get(dataset) {
                Some(now) if as_much(asked, now) => continue,
                Some(_) => {
                    format!("`{name}` is of fewer people or groups of `{dataset}` than before, or they are known now.")
                }
                None if is.datasets.keys().any(|id| !was.datasets.contains_key(id)) => continue,
                None => format!("`{name}` belongs to `{dataset}` no more, and to other datasets still."),
            };
            if told.says(dataset) {
                self.tell(WeakerKind::Mapping, Some(dataset.as_str()), sentence);
            }
        }
    }
}

/// How often something was said of a dataset.
#[derive(Default)]
struct Told(BTreeMap<Name, usize>);

impl Told {
    /// Counts once more; whether it is to be said.
    fn says(&mut self, dataset: &Name) -> bool {
        let count = self.0.entry(dataset.clone()).or_default();
        *count = count.saturating_add(1);
        *count <= SENTENCES
    }
}

/// Whether a place still leads to all that it led to.
fn keeps(was: &Resolved, is: &Resolved) -> bool {
    was.datasets
        .iter()
        .all(|(id, asked)| is.datasets.get(id).is_some_and(|now| as_much(asked, now)))
}

/// Whether at least as much is asked: unknown is all.
fn as_much(was: &Asked, is: &Asked) -> bool {
    fn covers(was: &Option<BTreeSet<Name>>, is: &Option<BTreeSet<Name>>) -> bool {
        match (was, is) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(was), Some(is)) => was.is_subset(is),
        }
    }
    // An empty set of groups asks for all (`Asked::of`).
    let groups = |asked: &Asked| asked.groups.clone().filter(|groups| !groups.is_empty());
    covers(&groups(was), &groups(is))
        && covers(&was.objects, &is.objects)
        && covers(&was.participants, &is.participants)
}

/// Calls with each object that is not the same in both, until `most` were looked at. Lists that both have are not.
/// False if some were left.
fn changed(before: &Snapshot, after: &Snapshot, most: usize, mut call: impl FnMut(Side<'_>, Side<'_>)) -> bool {
    let (was, is) = before.objects.apart(&after.objects);
    let (mut was, mut is) = (was.peekable(), is.peekable());
    for _ in 0..most {
        let order = match (was.peek(), is.peek()) {
            (None, None) => return true,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.id.cmp(&other.id),
        };
        let was = if order.is_le() { was.next() } else { None };
        let is = if order.is_ge() { is.next() } else { None };
        if was != is {
            call(was, is);
        }
    }
    was.peek().is_none() && is.peek().is_none()
}

type Side<'s> = Option<Cow<'s, ObjectRecord>>;

/// The URL as that of a file: the region of a prefix begins there.
fn file(url: &str) -> String {
    url.strip_suffix('/')
        .filter(|short| short.contains("://"))
        .unwrap_or(url)
        .to_owned()
}
