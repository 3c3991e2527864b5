//! [`Bounded`]: a map that never grows beyond its bound; what was not used for longest goes first.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    most: usize,
    // INVARIANT: never held across an await; who holds it reads or writes one value.
    inner: Mutex<Inner<K, V>>,
}

#[derive(Debug)]
struct Inner<K, V> {
    used: u64,
    entries: HashMap<K, (V, u64)>,
}

impl<K: Clone + Eq + Hash, V: Default> Bounded<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            inner: Mutex::new(Inner {
                used: 0,
                entries: HashMap::new(),
            }),
        }
    }

    /// Does `work` on the value of `key`, which is made if it is not there.
    pub(super) fn with<R>(&self, key: &K, work: impl FnOnce(&mut V) -> R) -> R {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.used += 1;
        let now = inner.used;
        if let Some((value, used)) = inner.entries.get_mut(key) {
            *used = now;
            return work(value);
        }
        if inner.entries.len() >= self.most {
            let oldest = inner.entries.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                inner.entries.remove(&oldest);
            }
        }
        let mut value = V::default();
        let result = work(&mut value);
        inner.entries.insert(key.clone(), (value, now));
        result
    }

    /// Reads the value of `key`, if there is one; nothing is made.
    pub(super) fn read<R>(&self, key: &K, work: impl FnOnce(&V) -> R) -> Option<R> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.entries.get(key).map(|(value, _)| work(value))
    }

    pub(super) fn len(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_keeps_what_was_used_last_and_no_more_than_its_bound() {
        let map: Bounded<u32, u32> = Bounded::new(3);
        for key in 0..3 {
            map.with(&key, |value| *value = key + 10);
        }
        map.with(&0, |_| ());
        for key in 100..1_100 {
            map.with(&key, |value| *value = key);
            map.with(&0, |_| ());
            assert!(map.len() <= 3);
        }
        assert_eq!(map.read(&0, |value| *value), Some(10));
        assert_eq!(map.read(&1, |value| *value), None);
    }
}
