//! A backend that fails again and again is left alone for a while: requests are answered at once instead of waiting for
//! it, and it is not flooded when it comes back. One request at a time tries it then.

use std::sync::{Mutex, PoisonError};

use crate::limits;

/// What a call to the backend showed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shown {
    /// It answered, whatever it said.
    Lives,
    /// No connection, no answer in time, or a gateway in front of it that says the same.
    Fails,
}

#[derive(Debug, Default)]
struct State {
    /// Failures since it last answered.
    failures: u32,
    /// Left alone until then, in microseconds.
    until: Option<i64>,
    /// Somebody tries it, since then.
    trying: Option<i64>,
}

/// The circuit to one backend.
#[derive(Debug, Default)]
pub(super) struct Circuit(Mutex<State>);

/// A way to the backend, for one call.
#[derive(Debug)]
pub(super) struct Way<'c> {
    circuit: &'c Circuit,
    tries: bool,
    told: bool,
}

impl Circuit {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May it be called now? `must`: a call that is made in any case, such as one that stops something.
    ///
    /// # Errors
    /// The seconds after which it is worth asking again.
    pub(super) fn enter(&self, now: i64, must: bool) -> Result<Way<'_>, u32> {
        let mut state = self.state();
        let way = |tries| Way {
            circuit: self,
            tries,
            told: false,
        };
        let Some(until) = state.until.filter(|_| !must) else {
            return Ok(way(false));
        };
        if now < until {
            let seconds = until.saturating_sub(now).div_euclid(1_000_000).saturating_add(1);
            return Err(u32::try_from(seconds).unwrap_or(1).max(1));
        }
        // one at a time; a try that never ended does not keep it closed
        let patience = i64::try_from(limits::BACKEND_TIME.as_micros()).unwrap_or(i64::MAX);
        if state.trying.is_some_and(|since| now.saturating_sub(since) < patience) {
            return Err(1);
        }
        state.trying = Some(now);
        Ok(way(true))
    }

    /// Is it left alone at this moment?
    pub(super) fn is_open(&self, now: i64) -> bool {
        self.state().until.is_some_and(|until| now < until)
    }
}

impl Way<'_> {
    /// What came of the call. Whether the circuit changed by it: `Some(true)` if it opened.
    pub(super) fn told(mut self, shown: Shown, now: i64) -> Option<bool> {
        self.told = true;
        let mut state = self.circuit.state();
        match shown {
            Shown::Lives => {
                let was_open = state.until.is_some();
                *state = State::default();
                was_open.then_some(false)
            }
            Shown::Fails => {
                state.failures = state.failures.saturating_add(1);
                if self.tries {
                    state.trying = None;
                }
                let opens = state.failures >= limits::CIRCUIT_FAILURES;
                let was_open = state.until.is_some();
                if opens {
                    let open = i64::try_from(limits::CIRCUIT_OPEN.as_micros()).unwrap_or(i64::MAX);
                    state.until = Some(now.saturating_add(open));
                }
                (opens && !was_open).then_some(true)
            }
        }
    }
}

impl Drop for Way<'_> {
    /// Whoever asked went away before there was an answer: nothing is known of the backend.
    fn drop(&mut self) {
        if self.tries && !self.told {
            self.circuit.state().trying = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn fails(circuit: &Circuit, now: i64) -> Option<bool> {
        circuit.enter(now, false).unwrap().told(Shown::Fails, now)
    }

    fn open() -> Circuit {
        let circuit = Circuit::default();
        for _ in 1..limits::CIRCUIT_FAILURES {
            assert_eq!(fails(&circuit, 0), None);
        }
        assert_eq!(fails(&circuit, 0), Some(true), "the last failure opens it");
        circuit
    }

    fn end() -> i64 {
        i64::try_from(limits::CIRCUIT_OPEN.as_micros()).unwrap()
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_not_before() {
        let circuit = Circuit::default();
        for _ in 1..limits::CIRCUIT_FAILURES {
            fails(&circuit, 0);
        }
        circuit.enter(0, false).unwrap().told(Shown::Lives, 0);
        for _ in 1..limits::CIRCUIT_FAILURES {
            assert_eq!(fails(&circuit, 0), None, "an answer between them counts");
        }
        assert!(!circuit.is_open(0));
        assert!(open().is_open(SECOND));
    }

    #[test]
    fn an_open_one_says_when_to_come_back_and_lets_through_what_must_be() {
        let circuit = open();
        assert_eq!(circuit.enter(end() - 3 * SECOND, false).unwrap_err(), 4);
        assert!(circuit.enter(SECOND, true).is_ok(), "a stop is always tried");
        assert_eq!(
            circuit.enter(SECOND, true).unwrap().told(Shown::Lives, SECOND),
            Some(false)
        );
        assert!(circuit.enter(SECOND, false).is_ok(), "and what it shows counts");
    }

    #[test]
    fn after_its_time_one_at_a_time_tries_it() {
        let circuit = open();
        let first = circuit.enter(end(), false).unwrap();
        assert_eq!(circuit.enter(end(), false).unwrap_err(), 1, "one is enough");
        assert_eq!(first.told(Shown::Fails, end()), None, "it stays open");
        assert!(circuit.is_open(end() + SECOND));
        let second = circuit.enter(2 * end(), false).unwrap();
        drop(second);
        let third = circuit.enter(2 * end(), false).unwrap();
        assert_eq!(
            third.told(Shown::Lives, 2 * end()),
            Some(false),
            "who went away told nothing"
        );
        assert!(circuit.enter(2 * end(), false).is_ok());
    }

    #[test]
    fn a_try_that_never_ends_does_not_keep_others_away_for_ever() {
        let circuit = open();
        let stuck = circuit.enter(end(), false).unwrap();
        let later = end() + i64::try_from(limits::BACKEND_TIME.as_micros()).unwrap();
        assert!(circuit.enter(later, false).is_ok());
        drop(stuck);
    }
}
