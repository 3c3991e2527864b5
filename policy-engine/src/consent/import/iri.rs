//! Terms by IRI, id, label or shorthand: a JSON list, or one a line with its values behind it.

use serde_json::Value;

use super::{ImportError, RawGroup, RawLabel, RawTerm, Source, json, unreadable};

/// One label of one group.
pub(super) fn read(text: &str) -> Result<Vec<RawLabel>, ImportError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let terms = if text.starts_with(['[', '{', '"']) {
        terms(&json(Source::Iri, text)?)?
    } else {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(line)
            .collect()
    };
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    let group = RawGroup {
        terms,
        ..RawGroup::default()
    };
    Ok(vec![RawLabel {
        name: String::new(),
        groups: vec![group],
    }])
}

fn line(line: &str) -> RawTerm {
    match line.split_once(['\t', ' ']) {
        // a label of several words is no id with values
        Some((id, values)) if id.contains(':') || id.chars().all(|letter| letter.is_ascii_uppercase()) => RawTerm {
            values: values
                .split([',', '\t'])
                .map(str::trim)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .collect(),
            ..RawTerm::of(id)
        },
        _ => RawTerm::of(line),
    }
}

/// Terms of a JSON list of texts and objects.
pub(super) fn terms(list: &Value) -> Result<Vec<RawTerm>, ImportError> {
    match list {
        Value::Array(list) => list.iter().map(|one| term(Source::Iri, one)).collect(),
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            Ok(vec![term(Source::Iri, one)?])
        }
    }
}

/// A term as a text, or as an object with its values.
pub(super) fn term(from: Source, one: &Value) -> Result<RawTerm, ImportError> {
    let text = |key: &str| one.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(word) = one.as_str() {
        return Ok(RawTerm::of(word));
    }
    let word = ["id", "iri", "@id", "uri", "url", "code", "term"]
        .iter()
        .find_map(|key| text(key))
        .ok_or_else(|| unreadable(from, "a term has no `id`, `iri`, `url` or `code`"))?;
    let mut term = RawTerm::of(word);
    for key in ["values", "value", "modifier", "modifiers"] {
        for value in match one.get(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(values)) => values.iter().collect(),
            Some(value) => vec![value],
        } {
            match value {
                Value::String(text) => term.values.push(text.clone()),
                Value::Number(number) => term.values.push(number.to_string()),
                other @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => match curie(other) {
                    Some(value) => term.values.push(value),
                    None => term.unclear = Some("It has a value that cannot be read."),
                },
            }
        }
    }
    term.date = text("date");
    term.months = match one.get("months") {
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    term.version = text("version");
    Ok(term)
}

/// `{"db": "MONDO", "id": "0004992"}` and its like.
fn curie(value: &Value) -> Option<String> {
    let text = |keys: [&str; 3]| keys.iter().find_map(|key| value.get(*key).and_then(Value::as_str));
    let id = text(["id", "ID", "code"]).or_else(|| text(["iri", "url", "value"]))?;
    match text(["db", "DB", "ontology"]) {
        Some(db) if !id.contains(':') && !id.contains('/') => Some(format!("{db}:{id}")),
        _ => Some(id.to_owned()),
    }
}
