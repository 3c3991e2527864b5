//! A clock that never goes back: what has ended for this process stays ended when the machine's clock is set back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::{Clock, Timestamp};

/// The later of another clock and of what this one showed, or was told, before (`max(clock, last durable event)`).
#[derive(Debug)]
pub struct SteadyClock {
    inner: Arc<dyn Clock>,
    floor: AtomicI64,
}

impl SteadyClock {
    /// Follows `inner`, and is never before `floor`: the time of the last event that is known to have happened.
    #[must_use]
    pub fn new(inner: Arc<dyn Clock>, floor: Timestamp) -> Self {
        Self {
            inner,
            floor: AtomicI64::new(floor.unix().saturating_mul(1_000_000)),
        }
    }
}

impl Clock for SteadyClock {
    fn now_micros(&self) -> i64 {
        let shown = self.inner.now_micros();
        self.floor.fetch_max(shown, Ordering::SeqCst).max(shown)
    }

    fn behind(&self) -> Duration {
        let micros = self.now_micros().saturating_sub(self.inner.now_micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::FixedClock;
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_stands_still_until_it_is_reached_again() {
        let machine = Arc::new(FixedClock::at(Timestamp::from_unix(1_000)));
        let steady = SteadyClock::new(machine.clone(), Timestamp::from_unix(900));
        assert_eq!((steady.now().unix(), steady.behind()), (1_000, Duration::ZERO));
        machine.set(Timestamp::from_unix(400));
        assert_eq!(
            (steady.now().unix(), steady.behind()),
            (1_000, Duration::from_secs(600))
        );
        machine.set(Timestamp::from_unix(1_001));
        assert_eq!((steady.now().unix(), steady.behind()), (1_001, Duration::ZERO));
    }

    #[test]
    fn it_begins_no_earlier_than_what_is_known_to_have_happened() {
        let machine = Arc::new(FixedClock::at(Timestamp::from_unix(1_000)));
        let steady = SteadyClock::new(machine, Timestamp::from_unix(5_000));
        assert_eq!(
            (steady.now().unix(), steady.behind()),
            (5_000, Duration::from_secs(4_000))
        );
    }
}
