//! `cargo xtask …`: what a developer and CI run. It installs what it needs, says plainly what it can't, and leaves
//! nothing running. Only std and serde_json: it is compiled before everything else.

mod bench;
mod check;
mod fuzz;
mod keeper;
mod nightly;
mod packages;
mod postgres;
mod process;
mod tally;
mod test;
mod workspace;

use std::{env, process::ExitCode};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  check                    fmt, clippy, cargo deny, no second crypto backend; keeps going, then says what failed
  test [--sqlite] [-- …]   all tests, on SQLite and PostgreSQL, against the release binary and the peers (--sqlite: without
                           PostgreSQL, and without the tests named peer_*); what stands after -- goes to `cargo test`
  fuzz [--seconds N] [TARGET]
                           mutation fuzzing of the parsers, 60 s a target; findings are kept in fuzz/corpus
  nightly [--seconds N]    requests from the OpenAPI files for N seconds (600), generated tasks from a new seed, then all fuzz
                           targets for as long
  bench verify [-- …]      verification beside ring's bare checks in one run, and its heap allocations; what stands after -- goes to the bench
  bench decide [-- …]      whole decisions beside bare Cedar asked the same questions
  bench broker             logins and exchanges a second on SQLite, and where the time goes (VISUM_BENCH_LOGINS: how many)
  bench catalogue [--objects N] [--datasets N] [--ids accession|random|half] [--full]
                           many objects: disk, load, memory, lookup, beside a map of texts (1,000,000 in 10,000 datasets)";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["check"] => check::run_all(),
        ["test", rest @ ..] => test::run(rest),
        ["fuzz", rest @ ..] => fuzz::run_targets(rest),
        ["nightly", rest @ ..] => nightly::run(rest),
        ["bench", rest @ ..] => bench::run_one(rest),
        ["-h" | "--help" | "help"] => {
            eprintln!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
