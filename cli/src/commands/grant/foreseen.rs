//! What a grant would be worth, for people: what is lacking, and who can record it.

use std::fmt::Write as _;

use serde_json::Value;

/// The screen of a preview.
pub(super) fn screen(answer: &Value) -> String {
    let seen = answer.get("foresight").unwrap_or(answer);
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let works = seen.get("works").and_then(Value::as_bool) == Some(true);
    let mut out = format!(
        "{} of {} by {}\n",
        if text(seen, "use") == "compute" {
            "Computing on data"
        } else {
            "A download"
        },
        text(seen, "dataset"),
        text(seen, "to")
    );
    let lacks = seen
        .get("lacks")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if works {
        let until = text(seen, "until");
        let until = if until.is_empty() {
            String::new()
        } else {
            format!(" until {until}")
        };
        let _ = writeln!(out, "works with this grant{until}.");
    } else {
        let _ = writeln!(
            out,
            "will NOT work with this grant, until what is listed here is there:"
        );
    }
    for lack in lacks {
        let term = text(lack, "term");
        let about = if term.is_empty() {
            String::new()
        } else {
            format!(" [{term}]")
        };
        let kind = if lack.get("judgement").and_then(Value::as_bool) == Some(true) {
            "judgement"
        } else {
            "fact"
        };
        let _ = writeln!(
            out,
            "- {}{about} ({}, a {kind})",
            text(lack, "sentence"),
            text(lack, "code")
        );
        let remedy = text(lack, "remedy");
        if !remedy.is_empty() {
            let _ = writeln!(out, "  help: {remedy}");
        }
        let _ = writeln!(out, "  who:  {}", text(lack, "who"));
    }
    let votes = seen.get("votes_needed").and_then(Value::as_u64).unwrap_or(1);
    if votes > 1 {
        let _ = writeln!(out, "The dataset asks for {votes} votes.");
    }
    let _ = write!(out, "Assumed: {}", text(seen, "assumes"));
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_screen_says_that_it_will_not_work_what_is_lacking_and_who_can_record_it() {
        let lack = json!({ "code": "consent.organisation_status_unknown", "sentence": "Not known.", "remedy": "Record it.",
            "term": "DUO:0000018", "judgement": false, "recorder": "register_keeper", "who": "the keeper" });
        let seen = json!({ "preview": true, "foresight": { "dataset": "D", "to": "ada,iss", "use": "compute", "works": false,
            "lacks": [lack], "votes_needed": 2, "assumes": "A login." } });
        let text = screen(&seen);
        for part in [
            "will NOT work",
            "Not known. [DUO:0000018] (consent.organisation_status_unknown, a fact)",
            "help: Record it.",
            "who:  the keeper",
            "2 votes",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let good = json!({ "dataset": "D", "to": "ada,iss", "use": "download", "works": true,
            "until": "2027-01-01T00:00:00Z", "lacks": [], "votes_needed": 1, "assumes": "A login." });
        assert!(screen(&good).contains("works with this grant until 2027-01-01T00:00:00Z"));
    }
}
