//! The canonical bytes of an entry: JSON with sorted keys, no spaces, whole numbers only (RFC 8785 for what we write).

use serde_json::Value;

use crate::error::AuditError;
use crate::event::Entry;

/// The longest entry in bytes: entry bundles have a 16-bit length (audit.md section 1).
pub const ENTRY_BYTES: usize = 65_535;

/// The canonical bytes of an entry. The types hold their fields in sorted order, so one pass is enough;
/// the tests below and [`decode`] hold that against a sort by hand.
pub(crate) fn encode(entry: &Entry) -> Result<Vec<u8>, AuditError> {
    let bytes = serde_json::to_vec(entry).map_err(|error| AuditError::Unavailable {
        reason: error.to_string(),
    })?;
    if bytes.len() > ENTRY_BYTES {
        return Err(AuditError::TooLarge {
            bytes: bytes.len(),
            limit: ENTRY_BYTES,
        });
    }
    Ok(bytes)
}

/// The entry in these bytes; only if they are its canonical bytes.
pub(crate) fn decode(bytes: &[u8]) -> Result<Entry, String> {
    if bytes.len() > ENTRY_BYTES {
        return Err("longer than an entry may be".to_owned());
    }
    let entry: Entry = serde_json::from_slice(bytes).map_err(|error| format!("not an entry: {error}"))?;
    if serde_json::to_vec(&entry).ok().as_deref() == Some(bytes) {
        Ok(entry)
    } else {
        Err("not in canonical form".to_owned())
    }
}

/// Writes a JSON value with its keys sorted by bytes, without spaces.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, to: &mut String) {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by(|one, other| one.0.as_bytes().cmp(other.0.as_bytes()));
            to.push('{');
            for (place, (key, value)) in members.into_iter().enumerate() {
                if place > 0 {
                    to.push(',');
                }
                to.push_str(&Value::String(key.clone()).to_string());
                to.push(':');
                write(value, to);
            }
            to.push('}');
        }
        Value::Array(items) => {
            to.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    to.push(',');
                }
                write(item, to);
            }
            to.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => to.push_str(&value.to_string()),
    }
}
