//! All sets of one, two and three levers; no superset of a found one; each decided again.

use visa_verifier::seam::Timestamp;

use super::{Lever, Turn, change::Ground};
use crate::decide::Engine;

/// Most decisions of one search, for one dataset; with many datasets fewer, so that the time stays bounded.
const DECISIONS: usize = 1_000;
/// Most datasets judged in one search, over all its decisions.
const JUDGED: usize = 20_000;
/// Most levers in a set.
pub(crate) const SET: usize = 3;

/// A search and what it found.
pub(crate) struct Search<'a> {
    engine: &'a Engine,
    ground: &'a Ground,
    levers: &'a [Lever],
    now: Timestamp,
    budget: usize,
    sets: Vec<Vec<usize>>,
    pub(crate) found: Vec<Turn>,
    pub(crate) complete: bool,
    pub(crate) tried: usize,
}

impl<'a> Search<'a> {
    pub(crate) fn of(engine: &'a Engine, ground: &'a Ground, levers: &'a [Lever], now: Timestamp) -> Self {
        let reads = ground.intent.reads.len().max(1);
        Self {
            engine,
            ground,
            levers,
            now,
            budget: (JUDGED / reads).clamp(50, DECISIONS),
            sets: Vec::new(),
            found: Vec::new(),
            complete: true,
            tried: 0,
        }
    }

    pub(crate) fn run(mut self) -> Self {
        for size in 1..=SET {
            self.sized(size, 0, &mut Vec::with_capacity(size));
        }
        self
    }

    /// Every set of `size` that begins with `set` and goes on with levers from `next`.
    fn sized(&mut self, size: usize, next: usize, set: &mut Vec<usize>) {
        if set.len() == size {
            self.try_one(set);
            return;
        }
        for at in next..self.levers.len() {
            set.push(at);
            self.sized(size, at.saturating_add(1), set);
            set.pop();
        }
    }

    fn try_one(&mut self, set: &[usize]) {
        let turned = |found: &Vec<usize>| found.iter().all(|at| set.contains(at));
        if self.sets.iter().any(turned) {
            return;
        }
        if self.tried >= self.budget {
            self.complete = false;
            return;
        }
        let levers: Vec<&Lever> = set.iter().filter_map(|at| self.levers.get(*at)).collect();
        let Some(ground) = self.ground.with(levers.iter().map(|lever| &lever.change), self.now) else {
            return;
        };
        self.tried = self.tried.saturating_add(1);
        if ground.decide(self.engine, self.now).allow() {
            self.sets.push(set.to_vec());
            self.found.push(Turn {
                levers: levers.into_iter().cloned().collect(),
            });
        }
    }
}
