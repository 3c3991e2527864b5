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
        Ok(input) => judged(&input, tables),
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

/// Judges a question that was read: what [`answer`] does with one that it does not refuse.
#[must_use]
pub fn judged(input: &Input, tables: &Tables) -> Answer {
    let output = evaluate(input, tables);
    let status = u8::from(output.decision != Verdict::Permit);
    printed(&output, status)
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::input::INPUT_BYTES;
    use super::*;

    const GOOD: &str = r#"{"version":1,"action":"compute","context":{"now":"2026-11-22T12:00:00Z"},
        "purpose":{"categories":["other"]},"datasets":[{"id":"d","access":"open","uses":[]}]}"#;

    fn refusal(bytes: &[u8]) -> Value {
        let answer = answer(bytes, Tables::builtin());
        assert_eq!(answer.status, 2, "{}", String::from_utf8_lossy(&answer.json));
        serde_json::from_slice(&answer.json).unwrap()
    }

    #[test]
    fn the_good_question_of_these_tests_is_answered() {
        assert_eq!(answer(GOOD.as_bytes(), Tables::builtin()).status, 1);
    }

    #[test]
    fn bytes_that_are_not_one_json_object_are_refused() {
        let twice = GOOD.replacen("\"version\":1,", "\"version\":1,\"version\":1,", 1);
        let twice_inside = GOOD.replacen("\"id\":\"d\",", "\"id\":\"d\",\"id\":\"d\",", 1);
        let deep = GOOD.replacen("\"other\"", &"[".repeat(100_000), 1);
        let surrogate = GOOD.replacen("\"d\"", "\"\\ud800\"", 1);
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("nothing", vec![]),
            ("no JSON", b"hello".to_vec()),
            ("a list", format!("[{GOOD}]").into_bytes()),
            (
                "a list of the parts",
                br#"[1,"use","compute",{"now":"2026-11-22T12:00:00Z"}]"#.to_vec(),
            ),
            ("two objects", format!("{GOOD}{GOOD}").into_bytes()),
            ("a member twice", twice.into_bytes()),
            ("a member of a member twice", twice_inside.into_bytes()),
            ("too deep", deep.into_bytes()),
            ("half a character", surrogate.into_bytes()),
            ("no UTF-8", [GOOD.as_bytes(), b"\xff"].concat()),
            ("a byte order mark", [b"\xef\xbb\xbf", GOOD.as_bytes()].concat()),
            ("too long", vec![b' '; INPUT_BYTES + 1]),
        ];
        for (name, bytes) in cases {
            assert_eq!(refusal(&bytes)["error"]["code"], "consent.input_invalid", "{name}");
        }
    }

    #[test]
    fn a_refusal_names_the_member() {
        let cases = [
            ("\"now\":", "\"nwo\":", "context.nwo"),
            ("2026-11-22T", "2026-11-31T", "context.now"),
            ("\"other\"", "\"others\"", "purpose.categories[0]"),
            ("\"id\":\"d\"", "\"id\":\"\"", "datasets[0].id"),
            (
                "\"uses\":[]",
                "\"uses\":[{\"group\":\"g\",\"terms\":[{\"id\":1}]}]",
                "datasets[0].uses[0].terms[0].id",
            ),
        ];
        for (from, to, path) in cases {
            let refusal = refusal(GOOD.replacen(from, to, 1).as_bytes());
            assert_eq!(refusal["error"]["path"], path);
            assert!(!refusal["error"]["message"].as_str().unwrap().is_empty(), "{path}");
        }
    }
}
