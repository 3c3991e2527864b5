//! A change on a terminal. All text of it is somebody else's: nothing in it steers.

use serde_json::Value;

use crate::page::plain;

/// A text member.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// A stored change, whole.
pub(crate) fn shown(answer: &Value) -> String {
    let nothing = Value::Null;
    let change = answer.get("change").unwrap_or(&nothing);
    let mut out = String::new();
    let facts = [
        ("change", "id"),
        ("what", "title"),
        ("why", "reason"),
        ("kind", "kind"),
        ("dataset", "dataset"),
        ("gains by it", "subject"),
        ("written by", "author"),
        ("written", "drafted"),
        ("state", "state"),
        ("approved by", "approver"),
        ("digest", "digest"),
    ];
    for (label, name) in facts {
        if let Some(said) = text(change, name) {
            out.push_str(&format!("{label:<12} {}\n", plain(said)));
        }
    }
    out.push('\n');
    out.push_str(&rows(answer.get("lines").unwrap_or(&nothing)));
    out.push('\n');
    match (
        answer.get("stuck").filter(|stuck| !stuck.is_null()),
        answer.get("widening").filter(|why| !why.is_null()),
    ) {
        (Some(stuck), _) => {
            let why = text(stuck, "message").map(plain).unwrap_or_default();
            out.push_str(&format!("It cannot be put in force as things stand: {why}\n"));
        }
        (None, Some(widening)) => {
            out.push_str(&opens(widening));
            let outlook = answer.get("outlook").unwrap_or(&nothing);
            out.push_str(&people(outlook));
            out.push_str(&recorded(outlook));
            out.push_str(&relabels(outlook));
            out.push_str(&labels(outlook));
        }
        (None, None) => out.push_str(&relabels(change)),
    }
    let may = |step: &str| answer.pointer(&format!("/may/{step}")).and_then(Value::as_bool) == Some(true);
    let id = text(change, "id").map(plain).unwrap_or_default();
    if may("approve") {
        let digest = text(change, "digest").map(plain).unwrap_or_default();
        out.push_str(&format!(
            "You may approve it: visum change approve {id} --digest {digest}\n"
        ));
    }
    if may("apply") {
        out.push_str(&format!("You may put it in force: visum change apply {id}\n"));
    }
    out
}

/// What a proposal would do.
pub(crate) fn outlook(answer: &Value) -> String {
    let nothing = Value::Null;
    let outlook = answer.get("outlook").unwrap_or(&nothing);
    let widens = outlook.pointer("/widening/widens").and_then(Value::as_bool) != Some(false);
    let single = widens && text(answer, "governance") == Some("single");
    let single = if single {
        "This node has one administrator, who may put it in force alone.\n"
    } else {
        ""
    };
    format!(
        "{}\n{}{single}{}{}{}{}",
        rows(outlook.get("words").unwrap_or(&nothing)),
        opens(outlook.get("widening").unwrap_or(&nothing)),
        people(outlook),
        recorded(outlook),
        relabels(outlook),
        labels(outlook)
    )
}

fn rows(lines: &Value) -> String {
    let mut out = String::new();
    for line in lines.as_array().map_or(&[][..], Vec::as_slice) {
        out.push_str(&format!("{}\n", text(line, "headline").map(plain).unwrap_or_default()));
        for detail in line
            .get("details")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
        {
            out.push_str(&format!("    {}\n", detail.as_str().map(plain).unwrap_or_default()));
        }
    }
    out
}

fn opens(widening: &Value) -> String {
    if widening.get("widens").and_then(Value::as_bool) == Some(false) {
        return "It opens nothing: nobody may do more than before.\n".to_owned();
    }
    let mut out = "It opens something, so a second person has to approve it:\n".to_owned();
    for why in widening
        .get("why")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice)
    {
        out.push_str(&format!(
            "    {}\n",
            text(why, "sentence").map(plain).unwrap_or_default()
        ));
    }
    out
}

/// What is wrong with the labels that it changes, and what of them will surprise.
fn labels(outlook: &Value) -> String {
    let found = outlook.get("lint").and_then(Value::as_array);
    let mut out = String::new();
    for remark in found.into_iter().flatten() {
        let said = |name: &str| text(remark, name).map(plain).unwrap_or_default();
        let sign = if said("weight") == "fault" { "FAULT" } else { "hint" };
        out.push_str(&format!(
            "{sign} {} of the label of {}: {}\n    help: {}\n",
            said("code"),
            said("dataset"),
            said("message"),
            said("remedy")
        ));
    }
    out
}

/// Who gains and who loses, a line each.
fn people(outlook: &Value) -> String {
    let Some(list) = outlook.pointer("/gains/list").and_then(Value::as_array) else {
        return String::new();
    };
    let complete = outlook.pointer("/gains/complete").and_then(Value::as_bool) != Some(false);
    if list.is_empty() && complete {
        return "Nobody of whom this node knows gains or loses by it.\n".to_owned();
    }
    let mut out = "Who gains and who loses:\n".to_owned();
    for gain in list {
        let said = |name: &str| text(gain, name).map(plain).unwrap_or_default();
        let now = if gain.get("to").and_then(Value::as_bool) == Some(true) {
            "may now"
        } else {
            "may no longer"
        };
        out.push_str(&format!(
            "    {} {now} {} {}\n",
            said("person"),
            said("action"),
            said("dataset")
        ));
    }
    if !complete {
        out.push_str("    perhaps others: not every question could be asked within the bounds\n");
    }
    out
}

/// Recorded decisions that would turn, a line each.
fn recorded(outlook: &Value) -> String {
    let Some(list) = outlook.pointer("/recorded/list").and_then(Value::as_array) else {
        return String::new();
    };
    let asked = outlook
        .pointer("/recorded/decisions")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let complete = outlook.pointer("/recorded/complete").and_then(Value::as_bool) != Some(false);
    let mut out = format!(
        "Recorded decisions: {} use(s) of the newest {asked} would turn.\n",
        list.len()
    );
    for one in list {
        let said = |name: &str| text(one, name).map(plain).unwrap_or_default();
        let now = if one.get("from").and_then(Value::as_bool) == Some(true) {
            "permitted now, would be denied"
        } else {
            "denied now, would be permitted"
        };
        let (person, action, dataset, last) = (said("person"), said("action"), said("dataset"), said("last"));
        let times = one.get("decisions").and_then(Value::as_u64).unwrap_or_default();
        out.push_str(&format!(
            "    {person} {action} {dataset}: {now} ({times} decision(s), the last at {last})\n"
        ));
    }
    if !complete {
        out.push_str("    perhaps others: not every question could be asked within the bounds\n");
    }
    out
}

/// What it does to approvals given by the labels before.
fn relabels(of: &Value) -> String {
    let mut out = String::new();
    for one in of
        .get("relabels")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice)
    {
        let said = |name: &str| text(one, name).map(plain).unwrap_or_default();
        let (dataset, shift) = (said("dataset"), said("shift"));
        let Some(by) = one.pointer("/moved/by").and_then(Value::as_str) else {
            out.push_str(&format!(
                "The rule of {dataset} moves: {shift}. Approvals given before stay settled.\n"
            ));
            continue;
        };
        let projects = one.get("projects").and_then(Value::as_u64).unwrap_or_default();
        out.push_str(&format!(
            "The rule of {dataset} moves: {shift}. It binds at once. {projects} project(s) need the committee; what was \
             judged for them counts until {}:\n",
            plain(by)
        ));
        for sentence in one.get("what").and_then(Value::as_array).map_or(&[][..], Vec::as_slice) {
            out.push_str(&format!("    {}\n", sentence.as_str().map(plain).unwrap_or_default()));
        }
        for grant in one
            .get("concerned")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
        {
            let said = |name: &str| text(grant, name).map(plain).unwrap_or_default();
            out.push_str(&format!(
                "    needs you: {} {} (grant {})\n",
                said("project"),
                said("to"),
                said("grant")
            ));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_says_what_why_and_what_the_reader_may_do() {
        let mut answer = json!({
            "change": { "id": "change-1", "title": "Region\u{1b}[2J", "reason": "asked", "kind": "catalogue", "state": "draft", "digest": "ab12" },
            "lines": [{ "headline": "The dataset d changes", "details": ["regions: with US"] }],
            "widening": { "widens": true, "why": [{ "sentence": "More regions may process it." }] },
            "outlook": { "gains": { "list": [{ "person": "a,b", "action": "download", "dataset": "d", "from": false, "to": true }] } },
            "may": { "approve": true, "apply": false },
        });
        let said = shown(&answer);
        for part in [
            "Region\\u{1b}[2J",
            "The dataset d changes\n    regions: with US",
            "a second person",
            "    More regions may process it.",
            "    a,b may now download d",
            "visum change approve change-1 --digest ab12",
        ] {
            assert!(said.contains(part), "{part}:\n{said}");
        }
        assert!(!said.contains("put it in force"), "{said}");
        answer["outlook"]["relabels"] = json!([{ "dataset": "d", "shift": "stricter", "projects": 1, "what": ["More is asked."],
            "moved": { "to": "2026-11-01T00:00:00Z", "by": "2026-12-01T00:00:00Z" },
            "concerned": [{ "grant": "g1", "to": "ada,home", "project": "P1" }] }]);
        let said = shown(&answer);
        for part in [
            "1 project(s) need the committee",
            "until 2026-12-01",
            "More is asked.",
            "needs you: P1 ada,home (grant g1)",
        ] {
            assert!(said.contains(part), "{part}:\n{said}");
        }
        answer["stuck"] = json!({ "message": "The dataset `d` was changed" });
        assert!(shown(&answer).contains("cannot be put in force as things stand: The dataset `d`"));
    }
}
