//! `visum consent evaluate` from bytes to bytes (`consent.md` 3): the command, the route and the tests call this.

use serde::Serialize;

use super::evaluate::evaluate;
use super::input::Input;
use super::output::Verdict;
use super::tables::Tables;

/// What to print, and the exit status.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// One JSON object and a line break.
    pub json: Vec<u8>,
    /// 0 permit, 1 review or deny, 2 the input was refused, 3 no answer could be made.
    pub status: u8,
}

#[derive(Serialize)]
struct Refusal<'r> {
    version: u8,
    error: Fault<'r>,
}

#[derive(Serialize)]
struct Fault<'r> {
    code: &'static str,
    message: &'r str,
    path: &'r str,
}

/// Judges one JSON object. Never panics, whatever the bytes.
#[must_use]
pub fn answer(bytes: &[u8], tables: &Tables) -> Answer {
    match Input::parse(bytes) {
        Ok(input) => {
            let output = evaluate(&input, tables);
            let status = u8::from(output.decision != Verdict::Permit);
            printed(&output, status)
        }
        Err(error) => {
            let message = error.to_string();
            let error = Fault {
                code: error.code(),
                message: &message,
                path: error.path(),
            };
            printed(&Refusal { version: 1, error }, 2)
        }
    }
}

fn printed(what: &impl Serialize, status: u8) -> Answer {
    match serde_json::to_vec(what) {
        Ok(mut json) => {
            json.push(b'\n');
            Answer { json, status }
        }
        // Nothing that we serialise can fail; if it ever does, nobody is let in.
        Err(_) => Answer {
            json: Vec::new(),
            status: 3,
        },
    }
}
