//! Equal denials within a minute are one entry and a count (audit.md section 2). Kept in memory: after a crash
//! a count may be short.

use std::collections::HashMap;

use crate::event::{AboutKind, Class, Count, Digest, Event, EventType, Instant, Name, Outcome};
use crate::receipt::Receipt;

/// The window, in microseconds.
pub(crate) const MINUTE: i64 = 60_000_000;
/// Most kinds of denials that are counted at once; more are written singly.
const KINDS: usize = 10_000;

/// What makes two denials equal: person, action, dataset, code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Likeness {
    person: Option<Digest>,
    class: Class,
    kind: EventType,
    dataset: Option<Name>,
    code: Option<Name>,
}

impl Likeness {
    pub(crate) fn of(event: &Event) -> Self {
        let key = event.who.person.as_ref().or(event.who.acting_for.as_ref());
        Self {
            person: key.map(|key| Digest::of(key.bytes())),
            class: event.who.class,
            kind: event.kind,
            dataset: event.what.first().and_then(|what| what.dataset.clone()),
            code: event.why.code.clone(),
        }
    }
}

/// Where the entry of the first one is.
#[derive(Clone, Debug)]
pub(crate) enum First {
    /// At this place of the batch that is being gathered.
    Gathered(usize),
    Written(Receipt),
}

#[derive(Debug)]
struct Counter {
    event: Event,
    first: First,
    /// Start of the window, in microseconds.
    since: i64,
    last: i64,
    /// In this window, the one with an entry of its own included.
    seen: u64,
    /// In this window, without entries of their own.
    uncounted: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Denials(HashMap<Likeness, Counter>);

impl Denials {
    /// Counts one more of this kind; `None` if it is the first, which then needs an entry.
    pub(crate) fn again(&mut self, like: &Likeness, now: i64) -> Option<(First, u64)> {
        let counter = self.0.get_mut(like)?;
        counter.seen += 1;
        counter.uncounted += 1;
        counter.last = counter.last.max(now);
        Some((counter.first.clone(), counter.seen))
    }

    /// The first of its kind has its entry at this place of the batch.
    pub(crate) fn begin(&mut self, like: Likeness, event: Event, place: usize, now: i64) {
        if self.0.len() < KINDS {
            let first = First::Gathered(place);
            self.0.insert(
                like,
                Counter {
                    event,
                    first,
                    since: now,
                    last: now,
                    seen: 1,
                    uncounted: 0,
                },
            );
        }
    }

    /// The batch was written (with the receipts of its places), or not: then its kinds begin anew.
    pub(crate) fn settle(&mut self, receipt: impl Fn(usize) -> Option<Receipt>) {
        self.0.retain(|_, counter| {
            if let First::Gathered(place) = counter.first {
                let Some(receipt) = receipt(place) else { return false };
                counter.first = First::Written(receipt);
            }
            true
        });
    }

    /// The counts of the windows that have ended; with `all`, of all. A kind that goes on goes on being counted:
    /// an hour of equal denials is one entry a minute.
    pub(crate) fn due(&mut self, now: i64, all: bool) -> Vec<Event> {
        let mut counts = Vec::new();
        self.0.retain(|like, counter| {
            let ended = now - counter.since >= MINUTE || now < counter.since;
            if !all && !ended {
                return true;
            }
            if counter.uncounted == 0 {
                return false;
            }
            counts.push(counter.count(like));
            counter.since = now;
            counter.seen = 0;
            counter.uncounted = 0;
            true
        });
        counts
    }
}

impl Counter {
    fn count(&self, like: &Likeness) -> Event {
        let n = Count {
            count: self.uncounted,
            from: Instant::from_micros(self.since),
            to: Instant::from_micros(self.last),
        };
        let mut event = Event::new(EventType::DeniedMany, Outcome::Denied)
            .who(self.event.who.clone())
            .whats(self.event.what.first().cloned())
            .why(self.event.why.clone())
            .about(AboutKind::Action, like.kind.as_str())
            .count(n);
        if let First::Written(receipt) = &self.first {
            event = event.about(AboutKind::Entry, receipt.index().to_string());
        }
        event
    }
}

/// The count entry of callers without valid credentials.
pub(crate) fn unauthenticated(count: u64, from: i64, to: i64) -> Event {
    let n = Count {
        count,
        from: Instant::from_micros(from),
        to: Instant::from_micros(to),
    };
    Event::new(EventType::DeniedMany, Outcome::Denied)
        .why(crate::Why::code("unauthenticated"))
        .count(n)
}
