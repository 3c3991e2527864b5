//! Single objects and lists, gone through side by side in the order of their ids.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::lists::ObjectList;
use super::object_map::ObjectRecord;
use super::segment::Walk;

/// One at a time, the least id first.
pub(super) struct Merged<'m, S: Iterator> {
    single: std::iter::Peekable<S>,
    next: BinaryHeap<Reverse<Head<'m>>>,
}

/// The next object of a list, and the rest of it.
struct Head<'m> {
    record: ObjectRecord,
    rest: Walk<'m>,
}

impl<'m, S: Iterator<Item = &'m ObjectRecord>> Merged<'m, S> {
    pub(super) fn of(single: S, lists: impl IntoIterator<Item = &'m ObjectList>) -> Self {
        let mut next = BinaryHeap::new();
        for list in lists {
            let mut rest = list.segment.walk(&list.dataset);
            next.extend(rest.next().map(|record| Reverse(Head { record, rest })));
        }
        Self {
            single: single.peekable(),
            next,
        }
    }
}

impl<'m, S: Iterator<Item = &'m ObjectRecord>> Iterator for Merged<'m, S> {
    type Item = Cow<'m, ObjectRecord>;

    fn next(&mut self) -> Option<Cow<'m, ObjectRecord>> {
        let Some(mut head) = self.next.peek_mut() else {
            return self.single.next().map(Cow::Borrowed);
        };
        if let Some(single) = self.single.next_if(|single| single.id < head.0.record.id) {
            return Some(Cow::Borrowed(single));
        }
        let record = match head.0.rest.next() {
            Some(next) => std::mem::replace(&mut head.0.record, next),
            None => std::collections::binary_heap::PeekMut::pop(head).0.record,
        };
        Some(Cow::Owned(record))
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.record.id.cmp(&other.record.id)
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.record.id == other.record.id
    }
}

impl Eq for Head<'_> {}
