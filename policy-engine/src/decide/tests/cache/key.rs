//! Whatever changes a decision ends what is kept of it: every leaf of all that goes in is changed, and nobody had to
//! think of it first. A new section of the snapshot, fact of a session or member of an intent is changed too.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use visa_verifier::seam::Timestamp;

use super::{
    super::{
        leaves::{Dice, changed, places},
        node::{at, now},
    },
    difference,
    world::{Asking, full, observed, questions, texts},
};
use crate::{
    decide::{Decision, DecisionCache, Engine},
    snapshot::Snapshot,
};

/// A snapshot and questions, asked at a moment.
struct World {
    engine: Engine,
    asked: Vec<Asking>,
}

impl World {
    fn decide(&self, question: usize, at: Timestamp) -> Decision {
        let asked = &self.asked[question];
        let facts = asked.facts(self.engine.snapshot());
        self.engine.decide(&facts, &asked.intent, at)
    }

    fn decide_by(&self, cache: &DecisionCache, question: usize, at: Timestamp) -> Arc<Decision> {
        let asked = &self.asked[question];
        let facts = asked.facts(self.engine.snapshot());
        cache.decide(&self.engine, &facts, &asked.intent, at)
    }

    fn peek(&self, cache: &DecisionCache, question: usize, at: Timestamp) -> Option<Arc<Decision>> {
        let asked = &self.asked[question];
        let facts = asked.facts(self.engine.snapshot());
        cache.peek(&self.engine, &facts, &asked.intent, at)
    }

    /// The same on another engine.
    fn again(&self) -> Self {
        let engine = self.engine.next(self.engine.snapshot().clone()).unwrap();
        Self {
            engine,
            asked: self.asked.clone(),
        }
    }

    /// What this world decided of each question, kept.
    fn kept(&self) -> Vec<DecisionCache> {
        let each = (0..self.asked.len()).map(|question| {
            let cache = DecisionCache::default();
            self.decide_by(&cache, question, now());
            cache
        });
        each.collect()
    }
}

/// What is counted while worlds are compared.
#[derive(Debug, Default)]
struct Count {
    changes: usize,
    /// Answered by what was kept before.
    kept: usize,
}

/// Seconds after which the other world is asked.
const LATER: [u64; 14] = [1, 1, 1, 1, 4, 19, 20, 29, 30, 31, 35, 40, 50, 59];

/// What `one` had decided (`kept`) answers a question on `other` only as it would be answered there.
fn compare(kept: &DecisionCache, other: &World, question: usize, dice: &mut Dice, count: &mut Count, what: &str) {
    let later = now().plus(Duration::from_secs(LATER[dice.below(LATER.len())]));
    let cache = kept.copy();
    let Some(second) = other.peek(&cache, question, later) else {
        return;
    };
    count.kept += 1;
    let fresh = other.decide(question, later);
    let told = format!("{what}, question {question}, at {later}");
    assert_eq!(difference(&second, &fresh), None, "{told}");
    let again = other.peek(&cache, question, later).unwrap();
    assert_eq!(again, second, "{told}, again");
}

/// Changes the snapshot at these places, one world each, and asks everything there and back.
fn sweep_snapshot(base: &World, places: &[String], dice: &mut Dice, count: &mut Count) {
    let whole = serde_json::to_value(base.engine.snapshot()).unwrap();
    let (texts, kept) = (texts(base.engine.snapshot()), base.kept());
    for place in places {
        let Some((_, mut snapshot)) = changed::<Snapshot>(&whole, place, &texts, dice) else {
            continue;
        };
        snapshot.version = base.engine.snapshot().version + 1;
        let Ok(engine) = base.engine.next(snapshot) else {
            continue;
        };
        let other = World {
            engine,
            asked: base.asked.clone(),
        };
        count.changes += 1;
        let back = (dice.below(4) == 0).then(|| other.kept());
        for question in 0..base.asked.len() {
            match &back {
                None => compare(&kept[question], &other, question, dice, count, place),
                Some(kept) => compare(&kept[question], base, question, dice, count, place),
            }
        }
    }
}

fn snapshot_places(base: &World, keep: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    places(&serde_json::to_value(base.engine.snapshot()).unwrap(), "", &mut found);
    found.retain(|place| keep(place));
    found
}

/// What a snapshot's policies are made from.
fn of_policies(place: &str) -> bool {
    ["/policies", "/links", "/observe", "/standard"]
        .iter()
        .any(|section| place.starts_with(section))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_changes_in_the_snapshot_and_changes_a_decision_is_seen(seed in any::<u64>()) {
        let base = base();
        let (mut dice, mut count) = (Dice(seed), Count::default());
        sweep_snapshot(&base, &snapshot_places(&base, |place| !of_policies(place)), &mut dice, &mut count);
        prop_assert!(count.changes > 200 && count.kept > count.changes / 2 && count.kept < 4 * count.changes, "{:?}", count);
    }

    #[test]
    fn whatever_changes_in_the_policies_and_changes_a_decision_is_seen(seed in any::<u64>()) {
        let base = World { engine: Engine::load(observed()).unwrap(), asked: questions() };
        let (mut dice, mut count) = (Dice(seed), Count::default());
        sweep_snapshot(&base, &snapshot_places(&base, of_policies), &mut dice, &mut count);
        prop_assert!(count.changes > 5 && count.kept < 4 * count.changes, "{:?}", count);
    }

    #[test]
    fn whatever_changes_in_who_asks_for_what_and_changes_a_decision_is_seen(seed in any::<u64>()) {
        let base = base();
        let (texts, kept) = (texts(base.engine.snapshot()), base.kept());
        let (mut dice, mut count) = (Dice(seed), Count::default());
        let mut other = base.again();
        for (question, asked) in base.asked.iter().enumerate() {
            let whole = serde_json::to_value(asked).unwrap();
            let mut all = Vec::new();
            places(&whole, "", &mut all);
            for place in all {
                let Some((_, changed)) = changed::<Asking>(&whole, &place, &texts, &mut dice) else { continue };
                other.asked[question] = changed;
                count.changes += 1;
                compare(&kept[question], &other, question, &mut dice, &mut count, &place);
            }
        }
        prop_assert!(count.changes > 500 && count.kept < count.changes / 10, "{:?}", count);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same for several changes at once, on either side.
    #[test]
    fn several_changes_at_once_are_seen_too(seed in any::<u64>()) {
        let base = base();
        let texts = texts(base.engine.snapshot());
        let all = snapshot_places(&base, |place| !of_policies(place));
        let (mut dice, mut count) = (Dice(seed), Count::default());
        let mut side = |version: u64| {
            let mut engine = None;
            let mut whole = serde_json::to_value(base.engine.snapshot()).unwrap();
            for _ in 0..=dice.below(4) {
                let place = &all[dice.below(all.len())];
                let Some((value, mut snapshot)) = changed::<Snapshot>(&whole, place, &texts, &mut dice) else { continue };
                snapshot.version = version;
                if let Ok(next) = base.engine.next(snapshot) {
                    (whole, engine) = (value, Some(next));
                }
            }
            engine.map(|engine| World { engine, asked: base.asked.clone() })
        };
        if let (Some(one), Some(other)) = (side(2), side(3)) {
            let kept = one.kept();
            for (question, kept) in kept.iter().enumerate() {
                compare(kept, &other, question, &mut dice, &mut count, "several");
            }
        }
    }
}

fn base() -> World {
    World {
        engine: Engine::load(full()).unwrap(),
        asked: questions(),
    }
}

#[test]
fn whatever_time_does_to_a_decision_is_seen() {
    let base = base();
    let mut kept = 0;
    for question in 0..base.asked.len() {
        // The second is beside the ends of a hold, a dataset, a role and papers; the third before the day of a moratorium.
        for first in [now(), now().plus(Duration::from_secs(25)), at("2026-11-22T23:59:30Z")] {
            let cache = DecisionCache::default();
            base.decide_by(&cache, question, first);
            for later in [
                1, 2, 4, 5, 10, 14, 15, 16, 19, 20, 21, 28, 29, 30, 31, 34, 35, 39, 40, 44, 45, 46, 59,
            ] {
                let later = first.plus(Duration::from_secs(later));
                let Some(second) = base.peek(&cache, question, later) else {
                    continue;
                };
                kept += 1;
                let fresh = base.decide(question, later);
                assert_eq!(difference(&second, &fresh), None, "{question} at {later}");
            }
        }
    }
    assert!(kept > 30, "{kept}");
}
