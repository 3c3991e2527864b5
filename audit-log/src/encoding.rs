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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::*;
    use crate::pseudonym::{ObjectSalt, PersonKey};

    /// An entry with every field that there is.
    fn full() -> Entry {
        let (ann, ben) = (PersonKey::from_bytes([1; 32]), PersonKey::from_bytes([2; 32]));
        let digest = Digest::of(b"x");
        let details = Details::of("ann", "https://idp.example.org")
            .address("192.0.2.7")
            .client("c");
        let details = details
            .institution("https://ror.example.org/1")
            .role("dac")
            .user_agent("curl/8 \"x\"");
        let auth = Auth {
            acr: Some("a".into()),
            amr: vec!["pwd".into()],
            at: Some(-1),
            tok: Some(digest),
        };
        let moment = Instant::from_micros(1_795_381_200_000_042);
        let event = Event::new(EventType::DrsStreamEnd, Outcome::Aborted)
            .who(Who::person(Class::Task, &ann, details).acting_for(&ben).auth(auth))
            .via(Via::request("r").trace("0af7651916cd43dd8448eb211c80319c"))
            .what(
                What::dataset("d")
                    .object("o")
                    .class(DataClass::Controlled)
                    .category("genomic")
                    .mode(Mode::ComputeOnly)
                    .range(0, u64::MAX),
            )
            .why(
                Why::decision("d")
                    .with_code("c\"\\")
                    .policies(["p"])
                    .observed(["o"])
                    .visas([digest])
                    .verdict(Verdict::Permit)
                    .snapshot(1)
                    .purpose(Some("u".into()), Basis::Bound, ["disease"])
                    .ground("g")
                    .until(i64::MAX),
            )
            .place(Where {
                country: Some("FI".into()),
                institution: Some("i".into()),
                storage: Some("s".into()),
            })
            .did(Did::row(Some(digest), Some(digest)).approver(&ben).reason(digest))
            .about(AboutKind::Task, "t")
            .subject_of_care("p")
            .anchor(Anchor {
                origin: "o".into(),
                root: digest,
                size: 1,
            })
            .bytes(1)
            .duration_ms(2)
            .end(Ended::Withdrawn)
            .count(Count {
                count: 1,
                from: moment,
                to: moment,
            });
        let salt = ObjectSalt::from_bytes([3; 32]);
        let stamp = Stamp {
            id: "01JD".to_owned(),
            t: moment,
            node: "n",
            origin: "o",
            salt: &salt,
            nonce: [0; 12],
        };
        event.into_entry(&stamp).unwrap()
    }

    #[test]
    fn an_entry_with_every_field_is_written_in_canonical_form() {
        let entry = full();
        let bytes = encode(&entry).unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            canonical(&value),
            "keys sorted at every depth, no spaces"
        );
        assert_eq!(decode(&bytes), Ok(entry));
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 21, "a new field belongs into this test: {keys:?}");
    }

    #[test]
    fn other_spellings_of_an_entry_are_refused() {
        let text = String::from_utf8(encode(&full()).unwrap()).unwrap();
        let edits = [
            ("a space", text.replacen(':', ": ", 1)),
            ("another order", {
                let mut value: Vec<&str> = text[1..text.len() - 1].splitn(2, ",\"anchor\"").collect();
                value.rotate_left(1);
                format!("{{\"anchor\"{},{}}}", value[0], value[1])
            }),
            ("an unknown field", text.replacen('{', "{\"aa\":1,", 1)),
            (
                "a field twice",
                text.replacen("\"bytes\":1", "\"bytes\":1,\"bytes\":1", 1),
            ),
            ("null for nothing", text.replacen("\"bytes\":1", "\"bytes\":null", 1)),
            ("another number", text.replacen("\"bytes\":1", "\"bytes\":1.0", 1)),
            (
                "an escape that is not needed",
                text.replacen("\"FI\"", "\"\\u0046I\"", 1),
            ),
            ("free text", text.replacen("\"FI\"", "\"two words\"", 1)),
            ("an unknown type", text.replacen("drs.stream.end", "drs.stream.stop", 1)),
            ("nothing", String::new()),
        ];
        for (what, edited) in edits {
            assert_ne!(edited, text, "{what}");
            assert!(decode(edited.as_bytes()).is_err(), "{what}");
        }
    }

    #[test]
    fn keys_are_sorted_by_bytes() {
        let value: Value = serde_json::from_str(r#"{"b":[1,{"z":null,"a":"\n"}],"a":true,"B":-1}"#).unwrap();
        assert_eq!(canonical(&value), r#"{"B":-1,"a":true,"b":[1,{"a":"\n","z":null}]}"#);
    }
}
