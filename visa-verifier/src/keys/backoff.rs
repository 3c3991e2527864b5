//! [`Backoff`]: how long who failed is left alone: longer each time, never the same for all (jitter), bounded.

use std::time::Duration;

use crate::seam::{Random, Timestamp};

/// The growth of rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    /// After the first failure.
    pub(super) first: Duration,
    /// At most.
    pub(super) most: Duration,
}

/// What is known of failures in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    until: Option<Timestamp>,
}

impl Backoff {
    /// Whether it rests at `now`.
    pub(super) fn rests(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    pub(super) const fn succeeded(&mut self) {
        *self = Self {
            failures: 0,
            until: None,
        };
    }

    /// One more failure: a rest between half and all of the first one, doubled for each failure before.
    pub(super) fn failed(&mut self, now: Timestamp, growth: Growth, random: &dyn Random) {
        let doublings = self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        let whole = growth.first.saturating_mul(1 << doublings).min(growth.most);
        let mut bytes = [0; 4];
        random.fill(&mut bytes);
        let share = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
        let rest = whole.mul_f64(0.5 + share / 2.0);
        self.until = Some(now.plus(rest + Duration::from_millis(999)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::SeededRandom;

    const GROWTH: Growth = Growth {
        first: Duration::from_secs(60),
        most: Duration::from_secs(900),
    };

    fn rests(seed: u64, failures: usize) -> Vec<u64> {
        let (random, mut backoff) = (SeededRandom::new(seed), Backoff::default());
        let now = Timestamp::from_unix(1_000);
        let rest = |_| {
            backoff.failed(now, GROWTH, &random);
            backoff.until.unwrap().since(now).as_secs()
        };
        (0..failures).map(rest).collect()
    }

    #[test]
    fn rests_double_up_to_their_bound_and_differ_between_callers() {
        for seed in 0..50 {
            let bounds = [(30, 61), (60, 121), (120, 241), (240, 481), (450, 901), (450, 901)];
            for (rest, (least, most)) in rests(seed, 6).into_iter().zip(bounds) {
                assert!((least..=most).contains(&rest), "{rest} is not in {least}..={most}");
            }
        }
        assert_ne!(rests(1, 6), rests(2, 6));
        assert!(rests(1, 100).iter().all(|rest| *rest <= 901));
    }

    #[test]
    fn a_success_ends_the_rest_and_the_growth() {
        let (random, mut backoff) = (SeededRandom::new(1), Backoff::default());
        let now = Timestamp::from_unix(1_000);
        for _ in 0..9 {
            backoff.failed(now, GROWTH, &random);
        }
        assert!(backoff.rests(now.plus(Duration::from_secs(100))));
        backoff.succeeded();
        assert!(!backoff.rests(now));
        backoff.failed(now, GROWTH, &random);
        assert!(!backoff.rests(now.plus(Duration::from_secs(61))));
    }
}
