//! Many signatures on several cores, without a runtime: threads that live for one Passport, and never more of them in
//! the process than there are further cores, however many Passports are judged at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

/// A thread is worth its start from so many signatures on (24 to 66 µs each, a thread about 20 µs).
const WORTH: usize = 8;

/// Helpers at work in this process.
static BUSY: AtomicUsize = AtomicUsize::new(0);

/// Whether so many signatures are worth a second thread.
pub(super) const fn is_worth(costly: usize) -> bool {
    costly >= 2 * WORTH
}

/// Does `work` to each of `items`, of which `costly` cost a signature check: here, and on further threads if they are
/// worth it and cores are left for them.
pub(super) fn each<T: Send>(costly: usize, items: Vec<T>, work: impl Fn(T) + Sync) {
    let helpers = Helpers::take((costly / WORTH).saturating_sub(1));
    if helpers.0 == 0 {
        items.into_iter().for_each(work);
        return;
    }
    let queue = Mutex::new(items.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        while let Some(item) = next() {
            work(item);
        }
    };
    thread::scope(|scope| {
        for _ in 0..helpers.0 {
            // a thread that cannot be started is not needed: the rest of us does its part
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
        }
        run();
    });
}

/// Further threads that may be started, given back when dropped.
struct Helpers(usize);

impl Helpers {
    fn take(wanted: usize) -> Self {
        static MOST: OnceLock<usize> = OnceLock::new();
        if wanted == 0 {
            return Self(0);
        }
        let most = *MOST.get_or_init(|| thread::available_parallelism().map_or(0, |n| n.get() - 1));
        let mut got = 0;
        let _ = BUSY.fetch_update(Ordering::AcqRel, Ordering::Acquire, |busy| {
            got = wanted.min(most.saturating_sub(busy));
            Some(busy + got)
        });
        Self(got)
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        BUSY.fetch_sub(self.0, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_worked_once_however_many_help() {
        for count in [0, 1, 7, 100] {
            let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            each(count, (0..count).collect(), |i: usize| {
                done[i].fetch_add(1, Ordering::SeqCst);
            });
            assert!(done.iter().all(|d| d.load(Ordering::SeqCst) == 1), "{count}");
        }
    }

    #[test]
    fn there_are_never_more_helpers_than_further_cores() {
        let most = thread::available_parallelism().map_or(0, |n| n.get() - 1);
        let taken: Vec<Helpers> = (0..20).map(|_| Helpers::take(1_000)).collect();
        assert!(taken.iter().map(|h| h.0).sum::<usize>() <= most);
    }
}
