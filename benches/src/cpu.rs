//! CPU time, which other work on the machine disturbs less than the clock on the wall.

use std::fs;
use std::time::Duration;

/// CPU time of this thread so far. Needs Linux; zero elsewhere.
#[must_use]
pub fn thread() -> Duration {
    // to yield makes the kernel add up what has run since its last tick
    std::thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// CPU time of the process with all its threads, ended ones too, in steps of 10 ms. Needs Linux; zero elsewhere.
#[must_use]
pub fn process() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // the name of the program may hold blanks: fields are counted behind its bracket
    let fields = text.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// How many cores this process may use.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The processor's name as the kernel tells it.
#[must_use]
pub fn model() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("model name"));
    line.and_then(|line| line.split(':').nth(1))
        .map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned())
}
