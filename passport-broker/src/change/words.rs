//! The rows of a change in words, for whoever has to agree: what is new, what ends, what says something else.

use serde::Serialize;
use serde_json::Value;

use super::Line;
use crate::store::governed::RowKind;

/// Details of one row; what is more is counted.
const DETAILS: usize = 64;
/// The longest value that is told whole, in characters.
const VALUE: usize = 200;

/// One row of a change, told.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Told {
    /// Its table.
    pub kind: RowKind,
    /// Its id.
    pub id: String,
    /// What happens to it, in a clause.
    pub headline: String,
    /// What it says then, member by member.
    pub details: Vec<String>,
}

/// A row's change in words. What could steer a terminal, or turn the text around it, is escaped.
#[must_use]
pub fn tell(line: &Line) -> Told {
    let id = plain(&line.id);
    let name = thing(line.kind);
    let headline = match (&line.before, &line.after) {
        (None, _) => format!("New {name} {id}"),
        (Some(_), None) => format!("The {name} {id} ends"),
        (Some(before), Some(after)) if before == after => format!("The {name} {id} stays as it is"),
        (Some(_), Some(_)) => format!("The {name} {id} changes"),
    };
    let mut details = Vec::new();
    // what ends is told as it was
    let (before, after) = match (&line.before, &line.after) {
        (before, None) => (None, before.as_ref()),
        (before, after) => (before.as_ref(), after.as_ref()),
    };
    differ(line.kind, "", before, after, &mut details);
    if details.len() > DETAILS {
        let more = details.len() - DETAILS;
        details.truncate(DETAILS);
        details.push(format!("and {more} more"));
    }
    Told {
        kind: line.kind,
        id: line.id.clone(),
        headline,
        details,
    }
}

/// What a table holds, for people.
const fn thing(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Dac => "committee",
        RowKind::Prefix => "storage prefix",
        RowKind::Sink => "place for outputs",
        RowKind::Trust => "trust entry",
        RowKind::Upstream => "login provider",
        RowKind::Objects => "list of objects",
        RowKind::Stop => "entry of the stop list",
        RowKind::Group => "team",
        RowKind::DefaultPurpose => "default purpose",
        RowKind::Link => "added identity",
        RowKind::Observe => "policy in observe mode",
        RowKind::Terms => "text that people are asked to accept",
        RowKind::Acceptance => "acceptance of terms",
        RowKind::Registration => "token that registers clients",
        RowKind::Statement => "visa by this node's word",
        RowKind::Institution
        | RowKind::Dataset
        | RowKind::Object
        | RowKind::Service
        | RowKind::Role
        | RowKind::Client
        | RowKind::Application
        | RowKind::AccessApplication
        | RowKind::Grant
        | RowKind::Hold
        | RowKind::Purpose
        | RowKind::Change
        | RowKind::Bundle
        | RowKind::Draft
        | RowKind::Webhook
        | RowKind::Table => kind.word(),
    }
}

/// Members whose names say little to somebody who did not write the program.
const MEMBERS: [(RowKind, &str, &str); 24] = [
    (RowKind::Dataset, "consent/access", "class"),
    (RowKind::Dataset, "consent/uses", "label"),
    (RowKind::Dataset, "consent/state", "state"),
    (RowKind::Dataset, "consent/dac", "whose grants count"),
    (
        RowKind::Dataset,
        "consent/approval_sets",
        "sets of committees that must all approve",
    ),
    (RowKind::Dataset, "consent/agreements", "agreements to accept"),
    (
        RowKind::Dataset,
        "consent/bound_purpose",
        "a grant must carry its purpose",
    ),
    (RowKind::Dataset, "consent/holds", "holds"),
    (RowKind::Dataset, "consent/expires", "consent ends"),
    (RowKind::Dataset, "dac", "committee"),
    (RowKind::Dataset, "discoverable", "everybody may know of it"),
    (RowKind::Dataset, "min_identity", "least identity assurance, 0 to 3"),
    (RowKind::Dataset, "min_authn", "least strength of the login, 0 to 2"),
    (RowKind::Dataset, "quorum", "votes that a grant needs"),
    (RowKind::Dataset, "allowed_regions", "regions where it may be processed"),
    (RowKind::Dataset, "project", "only for work of the project"),
    (RowKind::Group, "shares_tasks", "members see each other's tasks"),
    (RowKind::Group, "shares_logs", "members see each other's logs"),
    (RowKind::Group, "admins", "whose members see and cancel its work"),
    (RowKind::Role, "role/role", "role"),
    (RowKind::Role, "role/committee", "member of the committee"),
    (RowKind::Role, "until", "ends"),
    (RowKind::Statement, "source", "says so"),
    (RowKind::Statement, "until", "ends"),
];

/// A path as people read it: the longest known beginning is put in words.
fn named(kind: RowKind, path: &str) -> String {
    let known = MEMBERS
        .iter()
        .filter(|(table, member, _)| *table == kind && path.starts_with(member))
        .filter_map(|(_, member, words)| path.get(member.len()..).map(|rest| (*words, rest)))
        .find(|(_, rest)| rest.is_empty() || rest.starts_with(['/', ' ']));
    match known {
        Some((words, "")) => words.to_owned(),
        Some((words, rest)) => format!("{words},{}", rest.replace('/', " ")),
        None => path.replace('/', "."),
    }
}

fn differ(kind: RowKind, path: &str, before: Option<&Value>, after: Option<&Value>, out: &mut Vec<String>) {
    if before == after {
        return;
    }
    if let Some(members) = members(before, after) {
        for name in members {
            let below = if path.is_empty() {
                plain(&name)
            } else {
                format!("{path}/{}", plain(&name))
            };
            let (before, after) = (
                before.and_then(|row| row.get(&name)),
                after.and_then(|row| row.get(&name)),
            );
            differ(kind, &below, before, after, out);
        }
        return;
    }
    let name = named(kind, path);
    if let (Some(before), Some(after)) = (keyed(before), keyed(after)) {
        for (key, _) in before.iter().filter(|(key, _)| find(&after, key).is_none()) {
            out.push(format!("{name}: without {}", plain(key)));
        }
        for (key, inside) in &after {
            let was = find(&before, key);
            if was.is_none() {
                out.push(format!("{name}: with {}", plain(key)));
            }
            differ(kind, &format!("{path} {}", plain(key)), was, Some(inside), out);
        }
        return;
    }
    match (said(before), said(after)) {
        (None, None) => {}
        (None, Some(after)) => out.push(format!("{name}: {after}")),
        (Some(before), None) => out.push(format!("{name}: {before} → not set")),
        (Some(before), Some(after)) => out.push(format!("{name}: {before} → {after}")),
    }
}

fn find<'r>(rows: &'r [(String, Value)], key: &str) -> Option<&'r Value> {
    rows.iter().find(|(other, _)| other == key).map(|(_, row)| row)
}

/// The members of two objects, if neither is anything else and one is there.
fn members(before: Option<&Value>, after: Option<&Value>) -> Option<Vec<String>> {
    let both = [before, after].map(|value| value.filter(|value| !value.is_null()));
    let mut names: Vec<String> = Vec::new();
    for value in both.into_iter().flatten() {
        names.extend(value.as_object()?.keys().cloned());
    }
    names.sort();
    names.dedup();
    (!names.is_empty()).then_some(names)
}

/// A list whose elements name themselves, by that name. What is not there is no list: it means what its absence means.
fn keyed(list: Option<&Value>) -> Option<Vec<(String, Value)>> {
    let list = list?;
    let mut rows: Vec<(String, Value)> = Vec::new();
    for element in list.as_array()? {
        let key = match element {
            Value::String(text) => text.clone(),
            Value::Object(members) => ["group", "id", "name"]
                .iter()
                .find_map(|name| members.get(*name)?.as_str())
                .map(str::to_owned)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return None,
        };
        // two of one name cannot be told apart
        if rows.iter().any(|(other, _)| *other == key) {
            return None;
        }
        let inside = match element {
            Value::Object(members) => {
                let mut rest = members.clone();
                rest.retain(|_, value| value.as_str() != Some(key.as_str()));
                Value::Object(rest)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Value::Null,
        };
        rows.push((key, inside));
    }
    Some(rows)
}

/// A value in words; nothing for what says nothing.
fn said(value: Option<&Value>) -> Option<String> {
    Some(match value? {
        Value::Null => return None,
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => plain(text),
        Value::Number(number) => number.to_string(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Object(members) if members.is_empty() => return None,
        Value::Array(list) if list.iter().all(Value::is_string) => {
            let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            plain(&names.join(", "))
        }
        other @ (Value::Array(_) | Value::Object(_)) => plain(&other.to_string()),
    })
}

/// Text of somebody else, cut.
fn plain(text: &str) -> String {
    match text.char_indices().nth(VALUE) {
        Some((cut, _)) => format!("{}…", harmless(text.get(..cut).unwrap_or_default())),
        None => harmless(text),
    }
}

/// Text of somebody else with nothing in it that steers a terminal or turns the text around it.
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let turns = matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if letter.is_control() || turns {
            out.extend(letter.escape_unicode());
        } else {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(kind: RowKind, before: Value, after: Value) -> Line {
        let some = |value: Value| (!value.is_null()).then_some(value);
        Line {
            kind,
            id: "x".to_owned(),
            before: some(before),
            after: some(after),
        }
    }

    #[test]
    fn a_row_is_told_by_what_changes_and_nothing_else() {
        let label = |terms: Value| json!({ "consent": { "uses": [{ "group": "all", "terms": terms }] }, "title": "T" });
        let cases = [
            (
                "a number",
                line(
                    RowKind::Dataset,
                    json!({ "min_identity": 2, "mode": "download" }),
                    json!({ "min_identity": 0, "mode": "download" }),
                ),
                "The dataset x changes",
                vec!["least identity assurance, 0 to 3: 2 → 0"],
            ),
            (
                "a term of the label with its value",
                line(
                    RowKind::Dataset,
                    label(json!([{ "id": "DUO:0000007", "values": ["MONDO:0004992"] }])),
                    label(json!([{ "id": "DUO:0000042" }])),
                ),
                "The dataset x changes",
                vec![
                    "label, all terms: without DUO:0000007",
                    "label, all terms: with DUO:0000042",
                ],
            ),
            (
                "one of a list",
                line(
                    RowKind::Dataset,
                    json!({ "allowed_regions": ["EU"] }),
                    json!({ "allowed_regions": ["EU", "US"] }),
                ),
                "The dataset x changes",
                vec!["regions where it may be processed: with US"],
            ),
            (
                "any region at all",
                line(
                    RowKind::Dataset,
                    json!({ "allowed_regions": ["EU"] }),
                    json!({ "allowed_regions": null }),
                ),
                "The dataset x changes",
                vec!["regions where it may be processed: EU → not set"],
            ),
            (
                "a new role",
                line(
                    RowKind::Role,
                    Value::Null,
                    json!({ "person": "a,b", "role": { "role": "operator" }, "until": "2027" }),
                ),
                "New role x",
                vec!["person: a,b", "role: operator", "ends: 2027"],
            ),
            (
                "an end",
                line(RowKind::Dac, json!({ "id": "x" }), Value::Null),
                "The committee x ends",
                vec!["id: x"],
            ),
            (
                "nothing",
                line(RowKind::Dac, json!({ "id": "x" }), json!({ "id": "x" })),
                "The committee x stays as it is",
                vec![],
            ),
        ];
        for (name, line, headline, details) in cases {
            let told = tell(&line);
            assert_eq!(
                (told.headline.as_str(), told.details),
                (headline, details.iter().map(|line| (*line).to_owned()).collect()),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_told_cannot_turn_the_text_around_it_and_is_bounded() {
        let evil = line(
            RowKind::Dataset,
            json!({ "title": "a" }),
            json!({ "title": format!("\u{202e}\u{1b}[2J{}", "x".repeat(500)) }),
        );
        let told = tell(&evil).details.join("\n");
        assert!(told.contains("\\u{202e}\\u{1b}[2J") && told.ends_with('…'), "{told}");
        let many: Vec<String> = (0..500).map(|at| format!("p{at}")).collect();
        let told = tell(&line(
            RowKind::Object,
            json!({ "participants": [] }),
            json!({ "participants": many }),
        ));
        assert_eq!(told.details.len(), DETAILS + 1);
        assert_eq!(told.details.last().unwrap(), "and 436 more");
    }
}
