//! An application as a screen: who asks for what, what the consent answers, what was said and decided.

use std::fmt::Write as _;

use serde_json::Value;

/// What people wrote, without what a terminal would obey or turn around.
pub(super) fn plain(text: &str) -> String {
    let odd = |letter: &char| {
        !letter.is_control()
            && !matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|letter| if letter == '\n' { ' ' } else { letter })
        .filter(odd)
        .collect()
}

fn text(of: &Value, pointer: &str) -> String {
    of.pointer(pointer)
        .and_then(Value::as_str)
        .map(plain)
        .unwrap_or_default()
}

fn list<'v>(of: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn words(of: &Value, name: &str) -> String {
    list(of, name)
        .filter_map(Value::as_str)
        .map(plain)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The screen.
pub(super) fn shown(answer: &Value) -> String {
    let mut out = String::new();
    let stage = text(answer, "/stage").replace('_', " ");
    let _ = writeln!(out, "{} ({})", text(answer, "/title"), text(answer, "/id"));
    let _ = writeln!(out, "  {stage} since {}", text(answer, "/since"));
    let _ = writeln!(
        out,
        "  by {}, {}; committee: {}",
        text(answer, "/applicant/name"),
        text(answer, "/applicant/institution"),
        text(answer, "/committee/title")
    );
    for due in list(answer, "due").filter_map(Value::as_str) {
        let _ = writeln!(out, "  ! {}", plain(due));
    }
    let _ = writeln!(out, "\n{}\n", text(answer, "/summary"));
    if let Some(purpose) = answer.get("purpose") {
        let diseases = words(purpose, "diseases");
        let commercial = purpose.get("commercial").and_then(Value::as_bool).unwrap_or_default();
        let _ = writeln!(
            out,
            "purpose: {}{}{}; {}",
            words(purpose, "categories"),
            if diseases.is_empty() { "" } else { " of " },
            diseases,
            if commercial { "commercial" } else { "not commercial" }
        );
    }
    let _ = writeln!(
        out,
        "project {}; in {}; until {}",
        text(answer, "/project"),
        words(answer, "countries"),
        text(answer, "/until")
    );
    for dataset in list(answer, "datasets") {
        let verdict = dataset
            .pointer("/fit/verdict")
            .and_then(Value::as_str)
            .unwrap_or("not known");
        let _ = writeln!(out, "dataset {}: the consent says {verdict}", text(dataset, "/id"));
        for reason in dataset
            .pointer("/fit/reasons")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let _ = writeln!(out, "  {} ({})", text(reason, "/sentence"), text(reason, "/code"));
        }
    }
    for member in list(answer, "members") {
        let _ = writeln!(
            out,
            "member {} {}: {}",
            text(member, "/id"),
            text(member, "/address"),
            text(member, "/state")
        );
    }
    for paper in list(answer, "documents") {
        let read = list(paper, "read_by").count();
        let gone = if paper.get("deleted").is_some() {
            ", deleted"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "document {} {} ({}), read by {read}{gone}",
            text(paper, "/id"),
            text(paper, "/title"),
            text(paper, "/kind")
        );
    }
    for tried in list(answer, "tried") {
        let _ = writeln!(
            out,
            "tried before, {}: {}",
            text(tried, "/last"),
            words(tried.get("purpose").unwrap_or(tried), "categories")
        );
    }
    for turn in list(answer, "conversation") {
        let _ = writeln!(
            out,
            "{} {}: {}",
            text(turn, "/at"),
            text(turn, "/kind"),
            text(turn, "/text")
        );
    }
    for grant in list(answer, "grants") {
        let _ = writeln!(
            out,
            "grant {}: {} until {}",
            text(grant, "/id"),
            text(grant, "/dataset"),
            text(grant, "/until")
        );
    }
    for foreseen in list(answer, "foreseen") {
        let works = foreseen.get("works").and_then(Value::as_bool).unwrap_or_default();
        let _ = writeln!(
            out,
            "approved, {} {} at {}",
            text(foreseen, "/to"),
            if works { "could work" } else { "would still be refused" },
            text(foreseen, "/dataset")
        );
        for lack in list(foreseen, "lacks") {
            let _ = writeln!(
                out,
                "  lacking: {} ({}), recorded by {}",
                text(lack, "/sentence"),
                text(lack, "/code"),
                text(lack, "/who")
            );
        }
    }
    let stops = text(answer, "/approval_stopped_by");
    if !stops.is_empty() {
        let _ = writeln!(out, "an approval could not be given: {stops}");
    }
    let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    let _ = writeln!(out, "votes: {} of {}", number("votes_yes"), number("votes_needed"));
    for condition in answer
        .pointer("/approval/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let _ = writeln!(out, "condition: {}", plain(condition.as_str().unwrap_or_default()));
    }
    let _ = write!(out, "digest: {}", text(answer, "/digest"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_moves_no_cursor_and_turns_no_line_around() {
        let odd = serde_json::json!({ "title": "a\u{1b}[2Jb\u{202e}c", "id": "app-1", "summary": "two\nlines", "stage": "in_review" });
        let screen = shown(&odd);
        assert!(screen.starts_with("a[2Jbc (app-1)\n  in review"), "{screen}");
        assert!(screen.contains("two lines"), "{screen}");
    }
}
