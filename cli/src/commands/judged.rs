//! What `explain` and `can-i` share: asking the proxy, and its judgement in words.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{client::session::Session, error::CommandError, output::table};

/// Asks one of the proxy's doors.
///
/// # Errors
/// What it says, or that it can't be reached.
pub(crate) async fn ask(session: &Session, door: &str, full: bool, body: &Value) -> Result<Value, CommandError> {
    let detail = if full { "?explain=full" } else { "" };
    let url = session.proxy(&format!("visum/v1/{door}{detail}"))?;
    session
        .client
        .post(&url, Some(&session.profile.access_token), body)
        .await?
        .ok()
}

/// Whether the answer permits.
pub(crate) fn allowed(answer: &Value) -> bool {
    answer.get("allow").and_then(Value::as_bool) == Some(true)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn texts(value: &Value, name: &str) -> String {
    let all: Vec<&str> = list(value, name).filter_map(Value::as_str).collect();
    all.join(", ")
}

/// The judgement as sentences.
pub(crate) fn people(answer: &Value) -> String {
    let mut out = String::new();
    let _ = if allowed(answer) {
        writeln!(out, "Permitted, until {}.", text(answer, "valid_until"))
    } else {
        writeln!(out, "Denied.")
    };
    if let Some(who) = answer.get("who") {
        let house = texts(who, "institutions");
        let of = if house.is_empty() {
            "no proven institution".to_owned()
        } else {
            house
        };
        let _ = writeln!(out, "who: {} ({of})", text(who, "identity"));
    }
    if !text(answer, "action").is_empty() {
        let _ = writeln!(out, "what: {}, at {}", text(answer, "action"), text(answer, "at"));
    }
    if let Some(purpose) = answer.get("purpose").filter(|purpose| !purpose.is_null()) {
        let _ = writeln!(out, "for: {}", in_words(purpose));
    }
    reasons(&mut out, answer);
    checks(&mut out, answer);
    behind(&mut out, answer);
    for image in list(answer, "images") {
        let _ = writeln!(out, "image {}: {}", text(image, "image"), text(image, "sentence"));
    }
    for apply in list(answer, "apply") {
        let place = apply
            .get("page")
            .and_then(Value::as_str)
            .unwrap_or_else(|| text(apply, "committee"));
        let _ = writeln!(out, "apply for {}: {place}", text(apply, "dataset"));
    }
    turns(&mut out, answer);
    tried(&mut out, answer);
    if !text(answer, "decision_id").is_empty() {
        let _ = writeln!(out, "decision {}", text(answer, "decision_id"));
    }
    out
}

fn reasons(out: &mut String, answer: &Value) {
    if !text(answer, "message").is_empty() && list(answer, "reasons").next().is_none() {
        let _ = writeln!(out, "- {} ({})", text(answer, "message"), text(answer, "code"));
    }
    for reason in list(answer, "reasons") {
        let about = [text(reason, "about"), text(reason, "part"), text(reason, "dataset")]
            .into_iter()
            .find(|text| !text.is_empty())
            .map(|about| format!("{about}: "))
            .unwrap_or_default();
        let _ = writeln!(out, "- {about}{} ({})", text(reason, "sentence"), text(reason, "code"));
        if !text(reason, "remedy").is_empty() {
            let _ = writeln!(out, "  what would help: {}", text(reason, "remedy"));
        }
    }
    for ground in list(answer, "grounds") {
        let _ = writeln!(out, "- {} ({})", text(ground, "sentence"), text(ground, "policy"));
    }
}

fn checks(out: &mut String, answer: &Value) {
    for check in list(answer, "checks") {
        let ok = check.get("ok").and_then(Value::as_bool) == Some(true);
        let _ = writeln!(
            out,
            "{:<10} {}",
            text(check, "check"),
            if ok { "ok" } else { "MISSING" }
        );
        for missing in list(check, "missing") {
            let _ = writeln!(
                out,
                "           {} ({})",
                text(missing, "sentence"),
                text(missing, "code")
            );
        }
    }
}

/// The policies and facts that it rests on.
fn behind(out: &mut String, answer: &Value) {
    for policy in list(answer, "policies") {
        let _ = writeln!(
            out,
            "policy {} ({}): {}",
            text(policy, "id"),
            text(policy, "effect"),
            text(policy, "reason")
        );
    }
    for fact in list(answer, "facts") {
        let _ = writeln!(
            out,
            "fact {} {}: says {}, signed by {}, until {}",
            text(fact, "kind"),
            text(fact, "value"),
            text(fact, "source"),
            text(fact, "issuer"),
            text(fact, "until")
        );
    }
    if let Some(version) = answer.get("snapshot").and_then(Value::as_u64) {
        let _ = writeln!(out, "snapshot {version} of {}", text(answer, "snapshot_published"));
    }
}

fn turns(out: &mut String, answer: &Value) {
    if answer.get("turns").is_none() || allowed(answer) {
        return;
    }
    if list(answer, "turns").next().is_none() {
        let _ = writeln!(out, "nothing that you could change would turn it");
        return;
    }
    let _ = writeln!(out, "any one of these would turn it (each was tried):");
    for (at, turn) in list(answer, "turns").enumerate() {
        for (step, lever) in list(turn, "levers").enumerate() {
            let lead = if step == 0 {
                format!("{:>3}.", at.saturating_add(1))
            } else {
                " and".to_owned()
            };
            let _ = writeln!(out, "{lead} {}", text(lever, "sentence"));
        }
    }
}

fn tried(out: &mut String, answer: &Value) {
    for one in list(answer, "purposes_tried") {
        let count = one.get("purposes_in_24_hours").and_then(Value::as_u64).unwrap_or(0);
        if count > 1 {
            let _ = writeln!(
                out,
                "you have tried {count} purposes on {} within a day; its committee sees them",
                text(one, "dataset")
            );
        }
    }
}

/// A purpose in one line.
fn in_words(purpose: &Value) -> String {
    let mut words = texts(purpose, "categories");
    let diseases = texts(purpose, "diseases");
    if !diseases.is_empty() {
        let _ = write!(words, " ({diseases})");
    }
    match purpose.get("commercial").and_then(Value::as_bool) {
        Some(true) => words.push_str(", commercial"),
        Some(false) => words.push_str(", not commercial"),
        None => {}
    }
    for name in ["project", "institution"] {
        if !text(purpose, name).is_empty() {
            let _ = write!(words, ", {name} {}", text(purpose, name));
        }
    }
    words
}

/// Which datasets for a purpose, as a table and then the ways to apply.
pub(crate) fn which(answer: &Value) -> String {
    let word = |row: &Value| {
        match text(row, "use") {
            "now" => "now",
            "apply" => "apply",
            "judgement" => "apply; the committee has to judge",
            "attest" => "attest this purpose at your broker",
            "other" => "something else is missing",
            _ => "not for this purpose",
        }
        .to_owned()
    };
    let why = |row: &Value| {
        if text(row, "use") == "now" {
            return format!("until {}", text(row, "valid_until"));
        }
        list(row, "reasons")
            .map(|reason| text(reason, "sentence"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let rows = list(answer, "datasets").map(|row| {
        [
            text(row, "dataset").to_owned(),
            text(row, "title").to_owned(),
            word(row),
            why(row),
        ]
    });
    let mut out = table(["dataset", "title", "use", "why"], rows);
    out.push('\n');
    for row in list(answer, "datasets") {
        if let Some(page) = row.pointer("/apply/page").and_then(Value::as_str) {
            let _ = writeln!(out, "apply for {}: {page}", text(row, "dataset"));
        }
    }
    tried(&mut out, answer);
    out
}
