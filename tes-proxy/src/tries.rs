//! The seam to whoever counts: which purposes somebody has judged for which datasets, and how often they ask at
//! length. The broker counts, so that a committee sees it and so that it holds over all replicas.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use policy_engine::{consent::ResearchPurpose, decide::Decision};
use visa_verifier::VisaIdentity;

/// A purpose that somebody had judged for datasets that they may know of.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Who.
    pub person: VisaIdentity,
    /// For which datasets.
    pub datasets: Vec<String>,
    /// The purpose.
    pub purpose: ResearchPurpose,
    /// Where: `can-i`, `explain`, `tes`, `wes`.
    pub door: &'static str,
}

/// A stated purpose, and the datasets that it was judged for.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    pub(crate) purpose: ResearchPurpose,
    pub(crate) datasets: Vec<String>,
}

impl Aim {
    /// Of a decision; none where no purpose was stated, or nothing was to be read.
    pub(crate) fn of(decision: &Decision) -> Option<Self> {
        let purpose = decision.purpose().filter(|purpose| !purpose.categories.is_unstated())?;
        let datasets: BTreeSet<String> = decision.reads().iter().flat_map(|read| read.datasets.clone()).collect();
        (!datasets.is_empty()).then(|| Self {
            purpose: purpose.clone(),
            datasets: datasets.into_iter().collect(),
        })
    }

    /// As tried by a person at a door.
    pub(crate) fn by(self, person: VisaIdentity, door: &'static str) -> Tried {
        Tried {
            person,
            datasets: self.datasets,
            purpose: self.purpose,
            door,
        }
    }
}

/// How many different purposes a person tried on a dataset within 24 hours.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Counted {
    /// The dataset.
    pub dataset: String,
    /// How many, this one included.
    pub purposes_in_24_hours: usize,
}

/// Why it could not be counted: then nothing is answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TriesError {
    /// So many that no more are judged.
    #[error("too many purposes were tried on `{dataset}` within a day")]
    TooMany {
        /// The dataset.
        dataset: String,
    },
    /// The counter or the log does not work.
    #[error("what was tried cannot be put on record: {0}")]
    Down(String),
}

/// Counts, durably.
pub trait Tries: Send + Sync + fmt::Debug {
    /// Counts a purpose that is about to be answered.
    fn tried(&self, tried: Tried) -> BoxFuture<'_, Result<Vec<Counted>, TriesError>>;

    /// Counts a question at length; how long to wait if it is one too many.
    fn at_length<'t>(&'t self, person: &'t str) -> BoxFuture<'t, Result<Option<Duration>, TriesError>>;
}

/// Who is being answered at length right now: one question a person at a time.
#[derive(Debug, Default)]
pub(crate) struct OneAtATime(Mutex<BTreeSet<String>>);

/// One's turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct OnesTurn<'t> {
    all: &'t OneAtATime,
    person: String,
}

impl OneAtATime {
    /// A turn, if the person has none.
    pub(crate) fn take(&self, person: &str) -> Option<OnesTurn<'_>> {
        let fresh = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(person.to_owned());
        fresh.then(|| OnesTurn {
            all: self,
            person: person.to_owned(),
        })
    }
}

impl Drop for OnesTurn<'_> {
    fn drop(&mut self) {
        self.all
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.person);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_one_turn_at_a_time_and_gives_it_back() {
        let all = OneAtATime::default();
        let turn = all.take("ada");
        assert!(turn.is_some() && all.take("ada").is_none() && all.take("ben").is_some());
        drop(turn);
        assert!(all.take("ada").is_some());
    }
}
