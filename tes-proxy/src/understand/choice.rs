//! Which of several backends gets a piece of work: the first, in the order of the settings, where all of it is permitted.
//! One that may not hold some of the data is none of these, and what no place may hold together is denied.

use std::sync::Arc;

use policy_engine::{
    decide::{Decision, Engine, Facts, NOT_HELD},
    intent::{Action, Intent},
};
use visa_verifier::seam::Timestamp;

use crate::{
    gate::{Caller, Question},
    proxy::Parts,
};

/// How near a denial is to a permit: one by somebody who may hold the data says more than one by who may not.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Fit {
    NotHeld,
    Denied,
    Permitted,
}

fn fit(decision: &Decision) -> Fit {
    if decision.allow() {
        Fit::Permitted
    } else if decision.reasons().iter().any(|reason| reason.code == NOT_HELD) {
        Fit::NotHeld
    } else {
        Fit::Denied
    }
}

/// A choice under way. What is chosen is decided again, on record, before anything comes of it.
#[derive(Debug)]
pub(crate) struct Choice<T, E> {
    best: Option<(Fit, T)>,
    refused: Option<E>,
    alone: bool,
}

impl<T, E> Choice<T, E> {
    /// Between so many: where there is one, nothing is asked.
    pub(crate) const fn between(count: usize) -> Self {
        Self {
            best: None,
            refused: None,
            alone: count < 2,
        }
    }

    /// The request cannot be understood as one for this place. What the first place says is told.
    pub(crate) fn refuse(&mut self, error: E) {
        self.refused.get_or_insert(error);
    }

    /// A place with what the request would mean there. Whether it is the one.
    pub(crate) fn offer(&mut self, place: T, decide: impl FnOnce() -> Decision) -> bool {
        let fit = if self.alone { Fit::Permitted } else { fit(&decide()) };
        if self.best.as_ref().is_none_or(|(best, _)| *best < fit) {
            self.best = Some((fit, place));
        }
        fit == Fit::Permitted
    }

    /// What was chosen, if all of it is permitted there.
    pub(crate) fn permitted(self) -> Option<T> {
        let best = self.best.filter(|(fit, _)| *fit == Fit::Permitted);
        best.map(|(_, place)| place)
    }

    /// What was chosen: `None` if no place was even offered.
    ///
    /// # Errors
    /// What the first place refused, where all did.
    pub(crate) fn end(self) -> Result<Option<T>, E> {
        match (self.best, self.refused) {
            (Some((_, place)), _) => Ok(Some(place)),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }
}

/// What would be decided now, without giving anything.
pub(crate) fn decision(parts: &Parts, caller: &Caller, intent: Arc<Intent>) -> Decision {
    parts.gate.decide(caller, &Question::Intent(intent)).decision
}

/// The same intent at each place to which this gate could send it; what is no work stays as it is.
pub(crate) fn places(parts: &Parts, intent: &Intent) -> Vec<Intent> {
    let computes: Vec<_> = if intent.action == Action::TesCreate {
        parts.config.tes.iter().collect()
    } else if intent.action == Action::WesCreate {
        parts.config.wes.iter().map(|wes| &wes.compute).collect()
    } else {
        Vec::new()
    };
    if computes.is_empty() {
        return vec![intent.clone()];
    }
    let at = |mount: &&crate::config::ComputeMount| mount.at(intent.clone());
    computes.iter().map(at).collect()
}

/// Of one intent at several places, the one that would be sent.
pub(crate) fn best(engine: &Engine, facts: &Facts, places: Vec<Intent>, now: Timestamp) -> Option<Intent> {
    let mut choice = Choice::<Intent, ()>::between(places.len());
    for place in places {
        let asked = place.clone();
        if choice.offer(place, || engine.decide(facts, &asked, now)) {
            break;
        }
    }
    choice.end().ok().flatten()
}

/// Work is asked for where this gate would send it.
pub(crate) fn at_place(parts: &Parts, caller: &Caller, intent: Intent) -> Intent {
    let engine = parts.gate.current.load();
    let facts = caller.facts(engine.snapshot());
    best(&engine, &facts, places(parts, &intent), parts.gate.now()).unwrap_or(intent)
}
