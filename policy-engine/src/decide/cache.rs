//! Decisions kept for a moment: the same question is answered again without judging it again (policy.md 5).
//!
//! A kept decision answers only a question that is equal in all that the decision read. Equality is of the values
//! themselves, never of a digest of few bits: who presents what, the session, the intent, and of the snapshot what
//! follows from it for this person and these data. On the engine that made it that is seen from pointers; on another
//! one the parts of the snapshot are compared, so that a hold on one dataset ends that dataset's decisions and no other.
//! There the decision is told as one of that snapshot, since it is what would be decided on it.
//!
//! Only questions that read and do nothing else are kept, and never a fault of the engine or of a policy.
//!
//! Bounds: a denial lives 2 s; a permit until its `valid_until`, until the next moment at which any fact that it could
//! rest on begins or ends, and 60 s at most; 5 s where a policy of its action reads the clock or the time since login.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use visa_verifier::seam::Timestamp;

use super::{
    Decision, Engine, Facts, Session,
    facts::Who,
    read::{Read, hurries, next_change, read},
};
use crate::intent::{Action, Intent};

/// Kept decisions at most; any goes for a newer one.
pub const DECISIONS: usize = 4_096;
/// An intent of more reads is judged each time: what is kept of a decision grows with them.
const READS: usize = 8;
const SHARDS: usize = 16;
const PERMIT: Duration = Duration::from_secs(60);
const HURRIED: Duration = Duration::from_secs(5);

/// Decisions kept for a moment.
pub struct DecisionCache {
    shards: [Mutex<HashMap<u64, Kept>>; SHARDS],
    each: usize,
}

/// One decision with all that it read.
#[derive(Clone)]
struct Kept {
    who: Who,
    session: Session,
    intent: Intent,
    /// The engine on which it is known to hold.
    engine: u64,
    read: Read,
    from: Timestamp,
    until: Timestamp,
    decision: Arc<Decision>,
}

impl Default for DecisionCache {
    fn default() -> Self {
        Self::new(DECISIONS)
    }
}

impl DecisionCache {
    /// A cache of about so many decisions at most.
    pub fn new(decisions: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::new(HashMap::new())),
            each: decisions.div_ceil(SHARDS).max(1),
        }
    }

    /// As [`Engine::decide`], from what is kept if it can be. When a kept one was made tells [`Decision::decided`].
    pub fn decide(&self, engine: &Engine, facts: &Facts, intent: &Intent, now: Timestamp) -> Arc<Decision> {
        if !is_kept(intent) || !facts.are_of(engine.snapshot()) {
            return Arc::new(engine.decide(facts, intent, now));
        }
        let place = place(facts, intent);
        let Some(shard) = self.shard(place) else {
            return Arc::new(engine.decide(facts, intent, now));
        };
        if let Some(kept) = shard.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&place)
            && let Some(decision) = kept.answer(engine, facts, intent, now)
        {
            return decision;
        }
        let decision = Arc::new(engine.decide(facts, intent, now));
        if decision.engine_error() {
            return decision;
        }
        let read = read(engine, facts, intent);
        let kept = Kept {
            who: facts.who.clone(),
            session: facts.session.clone(),
            intent: intent.clone(),
            engine: engine.generation(),
            from: now,
            until: until(engine, facts, intent, &read, &decision, now),
            read,
            decision: Arc::clone(&decision),
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= self.each && !shard.contains_key(&place) {
            shard.retain(|_, kept| now < kept.until);
            if shard.len() >= self.each
                && let Some(any) = shard.keys().next().copied()
            {
                shard.remove(&any);
            }
        }
        shard.insert(place, kept);
        decision
    }

    fn shard(&self, place: u64) -> Option<&Mutex<HashMap<u64, Kept>>> {
        self.shards.get(usize::try_from(place % SHARDS as u64).ok()?)
    }

    /// What is kept for a question, if it answers it.
    #[cfg(test)]
    pub(super) fn peek(
        &self,
        engine: &Engine,
        facts: &Facts,
        intent: &Intent,
        now: Timestamp,
    ) -> Option<Arc<Decision>> {
        let place = place(facts, intent);
        let mut shard = self.shard(place)?.lock().unwrap();
        shard.get_mut(&place)?.answer(engine, facts, intent, now)
    }

    /// The same decisions kept elsewhere.
    #[cfg(test)]
    pub(super) fn copy(&self) -> Self {
        let mut shards = self
            .shards
            .iter()
            .map(|shard| Mutex::new(shard.lock().unwrap().clone()));
        Self {
            shards: std::array::from_fn(|_| shards.next().unwrap()),
            each: self.each,
        }
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        let lens = self
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len());
        lens.sum()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Kept {
    fn answer(&mut self, engine: &Engine, facts: &Facts, intent: &Intent, now: Timestamp) -> Option<Arc<Decision>> {
        let same = self.from <= now && now < self.until && self.session == facts.session && self.intent == *intent;
        if !same {
            return None;
        }
        if !same_person(&self.who, &facts.who) {
            return None;
        }
        if self.engine != engine.generation() || !Arc::ptr_eq(&self.read.derived, &facts.derived) {
            let read = read(engine, facts, intent);
            if self.read != read {
                return None;
            }
            if self.decision.snapshot() != engine.snapshot().version {
                self.decision = Arc::new(self.decision.on(engine, facts, intent));
            }
            // It holds here too: the next time that is seen from pointers.
            (self.engine, self.read, self.who) = (engine.generation(), read, facts.who.clone());
        }
        Some(Arc::clone(&self.decision))
    }
}

/// Whether it only reads, and little enough: the same is asked many times in a minute.
fn is_kept(intent: &Intent) -> bool {
    let Intent {
        action,
        reads,
        runs,
        tool,
        writes,
        ..
    } = intent;
    let reading = matches!(action, Action::DrsDescribe | Action::DrsAccessUrl | Action::DrsStream);
    reading && reads.len() <= READS && runs.is_empty() && writes.is_empty() && tool.is_none()
}

/// Where a question lies. Two questions may share a place; then the later one takes it.
fn place(facts: &Facts, intent: &Intent) -> u64 {
    let mut hasher = DefaultHasher::new();
    match &facts.who {
        Who::Person(presented) => presented.holder.hash(&mut hasher),
        Who::Service(id) => id.hash(&mut hasher),
    }
    intent.action.hash(&mut hasher);
    for read in &intent.reads {
        read.data.hash(&mut hasher);
    }
    facts.session.token_expires.hash(&mut hasher);
    hasher.finish()
}

fn same_person(one: &Who, other: &Who) -> bool {
    match (one, other) {
        (Who::Person(one), Who::Person(other)) => Arc::ptr_eq(one, other) || one == other,
        (Who::Service(one), Who::Service(other)) => one == other,
        (Who::Person(_), Who::Service(_)) | (Who::Service(_), Who::Person(_)) => false,
    }
}

fn until(
    engine: &Engine,
    facts: &Facts,
    intent: &Intent,
    read: &Read,
    decision: &Decision,
    now: Timestamp,
) -> Timestamp {
    let longest = if hurries(engine, facts, intent) {
        HURRIED
    } else {
        PERMIT
    };
    decision
        .valid_until()
        .min(now.plus(longest))
        .min(next_change(engine, facts, intent, read, now))
}

impl std::fmt::Debug for DecisionCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecisionCache")
            .field("kept", &self.len())
            .finish_non_exhaustive()
    }
}
