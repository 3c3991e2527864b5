//! Which data belong to which dataset, and to which people of it.
//!
//! A request's places are judged by what they lead to: nothing (denied), or some datasets with groups, objects and
//! participants. A change narrows as long as every place leads to nothing, or to all that it led to before and more.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, WeakerKind};
use crate::{
    catalogue::{Asked, ObjectRecord, Place, Resolved, resolve},
    consent::Name,
    snapshot::Snapshot,
};

impl Found<'_> {
    pub(super) fn mapping(&mut self, before: &Snapshot, after: &Snapshot) {
        let mut urls: BTreeSet<String> = BTreeSet::new();
        for key in before.prefixes.iter().chain(after.prefixes.iter()) {
            urls.insert(file(&key.prefix));
        }
        if before.prefixes == after.prefixes {
            urls.clear();
        }
        for (was, is) in changed(before, after) {
            urls.extend(
                [was, is]
                    .into_iter()
                    .flatten()
                    .flat_map(|record| record.urls.iter().map(|url| file(url))),
            );
            let Some(is) = is else { continue };
            self.place(before, after, Place::Object(is.id.as_str()), is.id.as_str());
        }
        for url in &urls {
            self.place(before, after, Place::File(url), url);
        }
    }

    fn place(&mut self, before: &Snapshot, after: &Snapshot, place: Place<'_>, name: &str) {
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
            if !was.is_whole() || !keeps(&was, &is) {
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
            self.tell(WeakerKind::Mapping, Some(dataset.as_str()), sentence);
        }
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

/// Objects that are not the same in both.
fn changed<'s>(before: &'s Snapshot, after: &'s Snapshot) -> Vec<(Option<&'s ObjectRecord>, Option<&'s ObjectRecord>)> {
    let mut earlier: BTreeMap<&str, &ObjectRecord> = BTreeMap::new();
    let mut found = Vec::new();
    for record in before.objects.iter() {
        if after.objects.object(record.id.as_str()) != Some(record) {
            earlier.insert(record.id.as_str(), record);
        }
    }
    for record in after.objects.iter() {
        let was = earlier.remove(record.id.as_str());
        if was.is_some() || before.objects.object(record.id.as_str()).is_none() {
            found.push((was, Some(record)));
        }
    }
    found.extend(earlier.into_values().map(|record| (Some(record), None)));
    found
}

/// The URL as that of a file: the region of a prefix begins there.
fn file(url: &str) -> String {
    url.strip_suffix('/')
        .filter(|short| short.contains("://"))
        .unwrap_or(url)
        .to_owned()
}
