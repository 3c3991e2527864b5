//! REMS: resources with `duo/codes`, each with `restrictions` of a type and its values.

use serde_json::Value;

use super::{ImportError, RawGroup, RawLabel, RawTerm, Source, json, unreadable};

/// Resources: one, a list, or the bare `duo/codes`.
pub(super) fn read(text: &str) -> Result<Vec<RawLabel>, ImportError> {
    let root = json(Source::Rems, text)?;
    let resources: Vec<&Value> = match &root {
        Value::Array(list) => list.iter().collect(),
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![one],
    };
    resources.into_iter().map(label).collect()
}

fn label(resource: &Value) -> Result<RawLabel, ImportError> {
    let Some(members) = resource.as_object() else {
        return Err(unreadable(Source::Rems, "a resource is no object"));
    };
    if members.contains_key("application/duo") {
        return Err(unreadable(
            Source::Rems,
            "it is an application: its codes say what somebody wants, not what participants allowed",
        ));
    }
    let name = ["resid", "resource/ext-id", "ext-id", "id"]
        .iter()
        .find_map(|key| match members.get(*key) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        })
        .unwrap_or_default();
    let duo = members.get("resource/duo").unwrap_or(resource);
    let codes = match duo.get("duo/codes") {
        Some(Value::Array(codes)) => codes.as_slice(),
        // a resource without DUO codes says nothing: its permission is asked
        None | Some(Value::Null) if members.contains_key("resid") || members.contains_key("resource/duo") => &[],
        _ => return Err(unreadable(Source::Rems, "there is no list `duo/codes`")),
    };
    let mut group = RawGroup::default();
    for code in codes {
        let term = term(code, &mut group)?;
        group.terms.push(term);
    }
    Ok(RawLabel {
        name,
        groups: vec![group],
    })
}

fn term(code: &Value, group: &mut RawGroup) -> Result<RawTerm, ImportError> {
    let id = code
        .get("id")
        .and_then(Value::as_str)
        .ok_or_else(|| unreadable(Source::Rems, "a code has no `id`"))?;
    let mut term = RawTerm::of(id);
    if let Some(more) = code.get("more-info").filter(|more| !more.is_null()) {
        let words = more.as_str().or_else(|| {
            more.as_object()
                .and_then(|languages| languages.get("en").or_else(|| languages.values().next()))
                .and_then(Value::as_str)
        });
        let words: String = words.unwrap_or_default().chars().take(500).collect();
        group.notes.push(format!(
            "{id} has further words that stand in no label; read them: {words}"
        ));
    }
    let restrictions = match code.get("restrictions") {
        None | Some(Value::Null) => return Ok(term),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(unreadable(Source::Rems, "`restrictions` is no list")),
    };
    for restriction in restrictions {
        let kind = restriction.get("type").and_then(Value::as_str).unwrap_or_default();
        let values = match restriction.get("values") {
            None | Some(Value::Null) => &[],
            Some(Value::Array(values)) => values.as_slice(),
            Some(_) => return Err(unreadable(Source::Rems, "`values` is no list")),
        };
        for value in values {
            let text = match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                other @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                    ["id", "value"].iter().find_map(|key| match other.get(*key) {
                        Some(Value::String(text)) => Some(text.clone()),
                        Some(Value::Number(number)) => Some(number.to_string()),
                        _ => None,
                    })
                }
            };
            let Some(text) = text else {
                term.unclear = Some("A restriction of it has a value that cannot be read.");
                continue;
            };
            match kind {
                "date" if term.date.is_none() => term.date = Some(text),
                "months" if term.months.is_none() => term.months = Some(text),
                "date" | "months" => term.unclear = Some("It has two dates or two numbers of months."),
                "mondo" | "topic" | "collaboration" | "location" | "users" | "project" | "institute" => {
                    term.values.push(text);
                }
                _ => term.unclear = Some("It has a restriction of a type that is not known."),
            }
        }
    }
    Ok(term)
}
