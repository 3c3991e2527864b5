//! A request on the screen.

use std::fmt::Write as _;

use serde_json::Value;

use crate::commands::work::text;

/// All of it: where it stands, its files, what checks found.
pub(super) fn people(answer: &Value) -> String {
    let mut out = format!(
        "Request {}: {}\nfrom {}, asked for at {}\nreason: {}\n",
        text(answer, "/id"),
        text(answer, "/state"),
        joined(answer, "/datasets"),
        text(answer, "/requested_at"),
        text(answer, "/reason")
    );
    if !text(answer, "/requester").is_empty() {
        let _ = writeln!(
            out,
            "requester: {} of {}",
            text(answer, "/requester"),
            text(answer, "/institution")
        );
    }
    for file in answer.pointer("/files").and_then(Value::as_array).into_iter().flatten() {
        let number = |name: &str| file.get(name).and_then(Value::as_u64).unwrap_or(0);
        let _ = writeln!(
            out,
            "[{}] {} ({} bytes, sha-256 {})",
            number("file"),
            text(file, "/name"),
            number("size"),
            text(file, "/sha256")
        );
        for finding in file.get("findings").and_then(Value::as_array).into_iter().flatten() {
            let refuses = finding.get("refuses").and_then(Value::as_bool).unwrap_or(true);
            let mark = if refuses { "stopped" } else { "to be looked at" };
            let _ = writeln!(
                out,
                "    {mark}: {} ({})",
                text(finding, "/sentence"),
                text(finding, "/code")
            );
        }
    }
    let needs = joined(answer, "/needs");
    if !needs.is_empty() {
        let _ = writeln!(out, "waits for the committee of: {needs}");
    }
    if !text(answer, "/answer").is_empty() {
        let _ = writeln!(out, "answer: {}", text(answer, "/answer"));
    }
    match text(answer, "/state") {
        "released" => {
            let _ = write!(
                out,
                "Fetch it until {}: visum output get {}",
                text(answer, "/until"),
                text(answer, "/id")
            );
        }
        "failed" => {
            let _ = write!(out, "A check stopped it. Change the files, and ask anew.");
        }
        _ => {}
    }
    out
}

/// A list of texts in one line.
pub(super) fn joined(value: &Value, pointer: &str) -> String {
    let all = value.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_says_what_stopped_it_and_whom_it_waits_for() {
        let answer = json!({ "id": "R1", "state": "failed", "datasets": ["a"], "files": [{ "file": 0, "name": "s3://b/x",
            "size": 3, "sha256": "00", "findings": [{ "code": "output.is_input", "sentence": "the file is equal", "refuses": true }] }],
            "needs": ["https://data.example.org/a"] });
        let said = people(&answer);
        for part in [
            "R1: failed",
            "stopped: the file is equal (output.is_input)",
            "waits for the committee of: https",
            "ask anew",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}
