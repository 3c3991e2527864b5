//! From a text to the places where it may stand: eight bytes a text and a table of buckets. The text itself stays where
//! it is; whoever asks compares it there, so that no two texts are ever taken for one.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// Where a text stands: the list, counted in its run, and the object in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) list: u32,
    pub(super) row: u32,
}

/// Bits of each half of a place.
const HALF: u32 = 24;
/// Texts of one bucket, about.
const BUCKET: u64 = 12;
/// Texts of one index.
pub(super) const MOST: u64 = u32::MAX as u64;
/// Lists of one index.
pub(super) const LISTS: usize = 1 << HALF;

/// INVARIANT: `entries` of a bucket stand between its start and the next one, sorted: 16 bits of the hash, then list
/// and row. The key of the hash is this process's, so that nobody can choose texts that meet.
pub(super) struct Index {
    key: RandomState,
    starts: Box<[u32]>,
    entries: Box<[u64]>,
    bits: u32,
}

impl Index {
    /// Asks twice for all texts: how many a bucket gets, then which.
    pub(super) fn of(count: u64, texts: impl Fn(&mut dyn FnMut(&[u8], Place))) -> Self {
        let bits = count.div_ceil(BUCKET).max(1).next_power_of_two().ilog2();
        let mut index = Self {
            key: RandomState::new(),
            starts: vec![0; (1_usize << bits) + 1].into_boxed_slice(),
            entries: Box::default(),
            bits,
        };
        let mut starts = std::mem::take(&mut index.starts);
        texts(&mut |text, _| {
            if let Some(many) = starts.get_mut(index.bucket(index.hash(text)) + 1) {
                *many = many.saturating_add(1);
            }
        });
        let mut sum = 0_u32;
        for start in &mut starts {
            sum = sum.saturating_add(*start);
            *start = sum;
        }
        let mut entries = vec![0_u64; usize::try_from(sum).unwrap_or_default()].into_boxed_slice();
        // the starts go on to their ends, which are the starts of the buckets behind
        texts(&mut |text, place| {
            let hash = index.hash(text);
            if let Some(at) = starts.get_mut(index.bucket(hash)) {
                if let Some(entry) = usize::try_from(*at).ok().and_then(|at| entries.get_mut(at)) {
                    *entry = packed(hash, place);
                }
                *at = at.saturating_add(1);
            }
        });
        // the last slot has the sum still, and no bucket
        for slot in (1..starts.len()).rev() {
            let before = slot.checked_sub(1).and_then(|slot| starts.get(slot).copied());
            if let (Some(before), Some(start)) = (before, starts.get_mut(slot)) {
                *start = before;
            }
        }
        if let Some(first) = starts.first_mut() {
            *first = 0;
        }
        index.starts = starts;
        index.entries = entries;
        for bucket in 0..index.starts.len() {
            if let Some(range) = index.range(bucket)
                && let Some(entries) = index.entries.get_mut(range)
            {
                entries.sort_unstable();
            }
        }
        index
    }

    fn hash(&self, text: &[u8]) -> u64 {
        self.key.hash_one(text)
    }

    fn bucket(&self, hash: u64) -> usize {
        hash.checked_shr(u64::BITS - self.bits)
            .and_then(|bucket| usize::try_from(bucket).ok())
            .unwrap_or_default()
    }

    fn range(&self, bucket: usize) -> Option<std::ops::Range<usize>> {
        let start = usize::try_from(*self.starts.get(bucket)?).ok()?;
        let end = usize::try_from(*self.starts.get(bucket + 1)?).ok()?;
        Some(start..end)
    }

    /// Where this text may stand; most of the places are right, and all that are right are among them.
    pub(super) fn places(&self, text: &[u8]) -> impl Iterator<Item = Place> + use<'_> {
        let hash = self.hash(text);
        let tag = hash & 0xffff;
        let entries = self.range(self.bucket(hash)).and_then(|range| self.entries.get(range));
        entries
            .unwrap_or_default()
            .iter()
            .filter(move |entry| **entry >> (2 * HALF) == tag)
            .map(|entry| unpacked(*entry))
    }

    /// Pairs of places that may have one text.
    pub(super) fn twins(&self) -> impl Iterator<Item = (Place, Place)> + use<'_> {
        (0..self.starts.len())
            .filter_map(|bucket| self.entries.get(self.range(bucket)?))
            .flat_map(|entries| {
                entries.iter().enumerate().flat_map(|(at, one)| {
                    let behind = entries.get(at + 1..).unwrap_or_default();
                    let same = move |other: &&u64| **other >> (2 * HALF) == *one >> (2 * HALF);
                    behind
                        .iter()
                        .take_while(same)
                        .map(|other| (unpacked(*one), unpacked(*other)))
                })
            })
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.starts.len() * 4 + self.entries.len() * 8
    }
}

fn packed(hash: u64, place: Place) -> u64 {
    let half = (1_u64 << HALF) - 1;
    (hash & 0xffff) << (2 * HALF) | (u64::from(place.list) & half) << HALF | (u64::from(place.row) & half)
}

fn unpacked(entry: u64) -> Place {
    let half = |shifted: u64| u32::try_from(shifted & ((1 << HALF) - 1)).unwrap_or_default();
    Place {
        list: half(entry >> HALF),
        row: half(entry),
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Index")
            .field("texts", &self.entries.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(texts: &[String]) -> Index {
        Index::of(texts.len() as u64, |call| {
            for (row, text) in (0..).zip(texts) {
                call(text.as_bytes(), Place { list: row / 7, row });
            }
        })
    }

    #[test]
    fn every_text_is_found_where_it_stands() {
        for count in [0, 1, 2, 11, 12, 13, 1_000, 20_000] {
            let texts: Vec<String> = (0..count).map(|at| format!("object-{at}")).collect();
            let index = index(&texts);
            for (row, text) in (0..).zip(&texts) {
                let place = Place { list: row / 7, row };
                assert!(
                    index.places(text.as_bytes()).any(|found| found == place),
                    "{text} of {count}"
                );
            }
            let wrong: usize = (0..1_000)
                .map(|at| index.places(format!("no-{at}").as_bytes()).count())
                .sum();
            assert!(
                wrong < 20,
                "{wrong} places of a thousand texts that do not stand in {count}"
            );
        }
    }

    #[test]
    fn equal_texts_are_twins() {
        let texts: Vec<String> = (0..500).map(|at| format!("object-{}", at % 499)).collect();
        let rows: Vec<(u32, u32)> = index(&texts)
            .twins()
            .map(|(one, other)| (one.row, other.row))
            .filter(|(one, other)| texts[*one as usize] == texts[*other as usize])
            .collect();
        assert_eq!(rows, [(0, 499)]);
    }
}
