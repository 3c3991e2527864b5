//! `cargo xtask check | test [--sqlite]`: the project's own chores, with no tool beyond cargo and what they install.

mod check;
mod postgres;
mod run;
mod system;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask check            format, clippy, cargo-deny, banned crates
       cargo xtask test [--sqlite]  every test, on SQLite and PostgreSQL, with parties that others wrote;
                                    --sqlite leaves PostgreSQL and those parties out";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["check"] => check::all(),
        ["test"] => test::all(true),
        ["test", "--sqlite"] => test::all(false),
        _ => {
            run::say(USAGE);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            run::say(&format!("xtask: {wrong}"));
            ExitCode::from(1)
        }
    }
}
