//! `cargo xtask nightly`: what takes too long for every change. Requests made from the official OpenAPI files, generated
//! tasks from a seed of this night, and every fuzz target.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{fuzz, process::Outcome, test};

/// Seconds for the requests of all APIs, if not said; the same again for all fuzz targets.
const SECONDS: u64 = 600;
/// Generated tasks for each of the differential test's houses.
const TASKS: u64 = 300;
/// Fuzz targets that run at once, and about how many there are.
const AT_ONCE: u64 = 2;
const TARGETS: u64 = 12;

/// Runs all of it and says in the end what failed; `words` is what stood after `nightly`.
pub(crate) fn run(words: &[&str]) -> Outcome<()> {
    let usage = || "usage: cargo xtask nightly [--seconds N]".to_owned();
    let seconds = match words {
        [] => SECONDS,
        ["--seconds", seconds] => seconds.parse().map_err(|_| usage())?,
        _ => return Err(usage()),
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a seed that is printed; xtask uses nothing of ours"
    )]
    let seed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    eprintln!("xtask: nightly, VISUM_SEED={seed}");
    let (api, seed, tasks) = (seconds.to_string(), seed.to_string(), TASKS.to_string());
    let variables = [
        ("VISUM_API_SECONDS", api.as_str()),
        ("VISUM_SEED", seed.as_str()),
        ("VISUM_TASKS", tasks.as_str()),
    ];
    let wanted = ["--", "--", "peer_schemathesis", "differential_", "--nocapture"];
    let tested = test::run_with(&wanted, &variables);
    let each = (seconds * AT_ONCE).div_ceil(TARGETS).max(1).to_string();
    let fuzzed = fuzz::run_targets(&["--seconds", &each]);
    match (tested, fuzzed) {
        (Ok(()), done) | (done, Ok(())) => done,
        (Err(one), Err(other)) => Err(format!("{one}; {other}")),
    }
}
