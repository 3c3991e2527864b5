//! A review as a table and as comma-separated values.

use serde_json::Value;

use crate::output::bare_table;

/// One line: a person, a dataset, a kind of use; or a role.
#[derive(Debug, Eq, PartialEq)]
struct Line([String; 8]);

const HEADING: [&str; 8] = ["person", "what", "use", "permit", "until", "rests on", "code", "why"];

/// For people.
pub(super) fn table(review: &Value) -> String {
    let mut table = bare_table(HEADING);
    for Line(row) in lines(review) {
        table.add_row(row);
    }
    let mut text = table.to_string();
    if let Some(without) = review.get("without").and_then(Value::as_u64) {
        text.push_str(&format!(
            "\n{without} more people are known here and may do nothing with it but what is open to everybody."
        ));
    }
    if review.get("complete") == Some(&Value::Bool(false)) {
        text.push_str("\nNot everybody was asked about: there are more people than one review takes.");
    }
    if let Some(assumes) = review.get("assumes").and_then(Value::as_str) {
        text.push_str(&format!("\nAssumed: {assumes}"));
    }
    text
}

/// For spreadsheets (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub(super) fn csv(review: &Value) -> String {
    let mut text = HEADING.join(",").replace("rests on", "rests_on");
    text.push_str("\r\n");
    for Line(row) in lines(review) {
        text.push_str(&row.map(|cell| quoted(&cell)).join(","));
        text.push_str("\r\n");
    }
    text
}

fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

fn lines(review: &Value) -> Vec<Line> {
    let list = |value: &Value, name: &str| {
        let found = value.get(name).and_then(Value::as_array);
        found.cloned().unwrap_or_default()
    };
    let mut lines = Vec::new();
    for person in list(review, "people") {
        let who = word(person.get("person"));
        lines.extend(
            list(&person, "uses")
                .iter()
                .map(|standing| standing_line(&who, standing)),
        );
        lines.extend(list(&person, "roles").iter().map(role_line));
    }
    let known: Vec<Value> = list(review, "people")
        .iter()
        .flat_map(|person| list(person, "roles"))
        .collect();
    let others = list(review, "roles").into_iter().filter(|role| !known.contains(role));
    lines.extend(others.map(|role| role_line(&role)));
    lines
}

fn standing_line(who: &str, standing: &Value) -> Line {
    let why = standing.pointer("/why/0");
    let part = |name: &str| word(why.and_then(|why| why.get(name)));
    let permit = standing.get("permit") == Some(&Value::Bool(true));
    let sources = standing.get("sources").and_then(Value::as_array);
    let rests = sources.map(|all| {
        all.iter()
            .map(|source| word(Some(source)))
            .collect::<Vec<_>>()
            .join(" ")
    });
    Line([
        who.to_owned(),
        word(standing.get("dataset")),
        word(standing.get("use")),
        if permit { "yes" } else { "no" }.to_owned(),
        word(standing.get("until")),
        rests.unwrap_or_default(),
        if permit { part("policy") } else { part("code") },
        part("sentence"),
    ])
}

fn role_line(role: &Value) -> Line {
    let what = role.get("role");
    let named = ["role", "committee"].iter().find_map(|kind| {
        let name = what.and_then(|what| what.get(*kind))?;
        Some(format!("{kind} {}", word(Some(name))))
    });
    let in_force = role.get("in_force") == Some(&Value::Bool(true));
    let until = word(role.get("until"));
    Line([
        word(role.get("person")),
        named.unwrap_or_default(),
        "role".to_owned(),
        if in_force { "yes" } else { "no" }.to_owned(),
        until,
        String::new(),
        String::new(),
        if in_force { "" } else { "It is over." }.to_owned(),
    ])
}

fn word(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_use_and_each_role_is_one_line_and_no_cell_is_a_formula() {
        let role = json!({ "person": "noor,https://home.example.org", "role": { "role": "auditor" },
                           "until": "2027-01-01T00:00:00Z", "in_force": false });
        let review = json!({
            "people": [{ "person": "=ada,https://home.example.org", "roles": [role],
                "uses": [{ "dataset": "https://data.example.org/a", "use": "download", "permit": false,
                           "why": [{ "code": "consent.approval_expired", "sentence": "It said \"no\"." }] }] }],
            "roles": [role],
        });
        let text = csv(&review);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "person,what,use,permit,until,rests_on,code,why",
                "\"'=ada,https://home.example.org\",https://data.example.org/a,download,no,,,consent.approval_expired,\
                 \"It said \"\"no\"\".\"",
                "\"noor,https://home.example.org\",role auditor,role,no,2027-01-01T00:00:00Z,,,It is over.",
            ]
        );
    }
}
