//! Cedar's JSON form of entities and values: what it names, and patches of it.

use cedar_policy::EntityUid;
use serde_json::{Map, Value};

/// Attributes whose entities policies only compare, and that need not be in a store (inputs of a task, diseases).
const COMPARED: [&str; 2] = ["datasets", "diseases"];
/// Entity types that are closed vocabularies: their members need no entity.
const VOCABULARIES: [&str; 11] = [
    "Verdict",
    "DataClass",
    "AccessMode",
    "DatasetState",
    "ClientKind",
    "TaskState",
    "AppState",
    "PurposeBasis",
    "HoldKind",
    "ChangeKind",
    "Governance",
];

/// Entities that a value names, as `__entity` or as a bare `{type, id}`.
pub(super) fn refs(value: &Value) -> Vec<EntityUid> {
    match value {
        Value::Array(list) => list.iter().flat_map(refs).collect(),
        Value::Object(members) => {
            if let Some(name) = members
                .get("__entity")
                .or_else(|| members.contains_key("type").then_some(value))
            {
                let kind = name.get("type").and_then(Value::as_str).unwrap_or_default();
                let known = VOCABULARIES.contains(&kind.trim_start_matches("Visum::"));
                return if known {
                    Vec::new()
                } else {
                    EntityUid::from_json(name.clone()).into_iter().collect()
                };
            }
            let read = members.iter().filter(|(name, _)| !COMPARED.contains(&name.as_str()));
            read.flat_map(|(_, value)| refs(value)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// RFC 7396, save that entities and extension values are replaced whole.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let whole = |value: &Value| value.get("__entity").is_some() || value.get("__extn").is_some();
    match (target, patch) {
        (Value::Object(target), Value::Object(changes)) if !whole(patch) => {
            for (name, change) in changes {
                if change.is_null() {
                    target.remove(name);
                } else {
                    let slot = target.entry(name.clone()).or_insert(Value::Null);
                    if change.is_object() && (!slot.is_object() || whole(slot)) {
                        *slot = Value::Object(Map::new());
                    }
                    merge(slot, change);
                }
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}

/// The instant that a context says it is, in Unix seconds.
pub(super) fn now(context: &Value) -> Option<i64> {
    let text = context.pointer("/now/__extn/arg").and_then(Value::as_str)?;
    text.parse::<visa_verifier::seam::Timestamp>().ok().map(|at| at.unix())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_changes_what_it_names_and_replaces_entities_whole() {
        let entity = |id: &str| json!({ "__entity": { "type": "Visum::Dataset", "id": id } });
        let mut value = json!({ "a": { "b": 1, "c": 2 }, "e": entity("x"), "gone": 1 });
        merge(
            &mut value,
            &json!({ "a": { "b": 3 }, "e": entity("y"), "gone": null, "new": { "n": true } }),
        );
        assert_eq!(
            value,
            json!({ "a": { "b": 3, "c": 2 }, "e": entity("y"), "new": { "n": true } })
        );
    }

    #[test]
    fn references_are_found_but_for_vocabularies_and_what_is_only_compared() {
        let value = json!({
            "uid": { "type": "Visum::Dataset", "id": "d" },
            "attrs": { "dac": { "__entity": { "type": "Visum::Dac", "id": "a" } },
                       "mode": { "__entity": { "type": "Visum::AccessMode", "id": "download" } },
                       "datasets": [{ "__entity": { "type": "Visum::Dataset", "id": "z" } }] },
        });
        let mut found: Vec<String> = refs(&value).iter().map(ToString::to_string).collect();
        found.sort();
        assert_eq!(found, ["Visum::Dac::\"a\"", "Visum::Dataset::\"d\""]);
    }
}
