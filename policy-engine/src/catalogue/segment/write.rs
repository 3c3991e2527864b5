//! Writes lists: the same objects give the same bytes, in whatever order they come.

use std::collections::{BTreeMap, BTreeSet};

use super::meaning::Meaning;
use super::texts::{Writer, put_growing};
use super::{LIST_OBJECTS, MAGIC};
use crate::{catalogue::ObjectRecord, consent::Name};

/// One file of a longer list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// How many objects stand in it.
    pub count: u64,
}

/// Writes lists of at most `bytes` each (or of one object, if that is longer). Of objects with one id the first in
/// their order counts; a list has no dataset, its row says which.
#[must_use]
pub fn write(mut records: Vec<ObjectRecord>, bytes: usize) -> Vec<Part> {
    records.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    records.dedup_by(|one, other| one.id == other.id);
    let mut parts = Vec::new();
    if !records.is_empty() {
        split(&records, bytes, &mut parts);
    }
    parts
}

fn split(records: &[ObjectRecord], bytes: usize, parts: &mut Vec<Part>) {
    let few = u32::try_from(records.len()).is_ok_and(|count| count <= LIST_OBJECTS);
    let mut pieces = 2;
    if few {
        let part = one(records);
        if part.bytes.len() <= bytes || records.len() < 2 {
            parts.push(part);
            return;
        }
        pieces = part.bytes.len().div_ceil(bytes.max(1)).max(2);
    }
    for piece in records.chunks(records.len().div_ceil(pieces).max(1)) {
        split(piece, bytes, parts);
    }
}

/// A list of nothing.
pub(super) fn nothing() -> Part {
    one(&[])
}

/// Sorted records, each id once, as one file.
fn one(records: &[ObjectRecord]) -> Part {
    let mut names: BTreeMap<&Name, u32> = BTreeMap::new();
    let mut urls: BTreeMap<&str, (u32, Vec<u32>)> = BTreeMap::new();
    for (row, record) in (0_u32..).zip(records) {
        let people = record.participants.iter().flatten();
        for name in record.groups.iter().flatten().chain(people) {
            names.insert(name, 0);
        }
        for url in &record.urls {
            let (_, owners) = urls.entry(url).or_default();
            if owners.last() != Some(&row) {
                owners.push(row);
            }
        }
    }
    let mut tables: [Writer; 3] = Default::default();
    let [id_table, url_table, name_table] = &mut tables;
    for (number, (name, at)) in (0_u32..).zip(&mut names) {
        *at = number;
        name_table.push(name.as_str().as_bytes(), &[]);
    }
    for (number, (url, (at, owners))) in (0_u32..).zip(&mut urls) {
        *at = number;
        let mut own = Vec::new();
        put_growing(&mut own, owners);
        url_table.push(url.as_bytes(), &own);
    }
    let numbers = |list: &mut dyn Iterator<Item = &Name>| {
        let sorted: BTreeSet<u32> = list.filter_map(|name| names.get(name).copied()).collect();
        sorted.into_iter().collect::<Vec<u32>>()
    };
    for record in records {
        let at = record.urls.iter().filter_map(|url| urls.get(url.as_str()));
        let sorted: BTreeSet<u32> = at.map(|(number, _)| *number).collect();
        let meaning = Meaning {
            groups: record.groups.as_ref().map(|list| numbers(&mut list.iter())),
            participants: record.participants.as_ref().map(|list| numbers(&mut list.iter())),
            urls: sorted.into_iter().collect(),
        };
        id_table.push(record.id.as_str().as_bytes(), &meaning.write());
    }
    let mut bytes = MAGIC.to_vec();
    for table in &tables {
        bytes.extend(table.count().to_le_bytes());
    }
    for table in &tables {
        // larger than any list: it is split then
        bytes.extend(u32::try_from(table.body()).unwrap_or(u32::MAX).to_le_bytes());
    }
    for table in tables {
        table.end(&mut bytes);
    }
    Part {
        bytes,
        count: records.len() as u64,
    }
}
