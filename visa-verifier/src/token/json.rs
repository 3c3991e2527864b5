//! Bounded strict JSON: no member twice, no deep nesting, nothing behind it (ERR-06; RFC 8725 §2.4).
//!
//! serde_json alone takes the last of two equal members of an open object; two parsers then read two meanings.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Why bytes are not acceptable JSON, with line and column where there are any.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(String);

/// Reads `bytes` as a `T`: at most `max` bytes, nested at most `depth` deep, no member twice, nothing behind it.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], max: usize, depth: usize) -> Result<T, JsonError> {
    check(bytes, max, depth)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|e| {
        let path = e.path().to_string();
        JsonError(if path == "." {
            e.into_inner().to_string()
        } else {
            format!("`{path}`: {}", e.into_inner())
        })
    })?;
    Ok(value)
}

/// The strict pass alone: refuses what [`parse`] refuses, whatever the type.
pub fn check(bytes: &[u8], max: usize, depth: usize) -> Result<(), JsonError> {
    if bytes.len() > max {
        return Err(JsonError(format!("longer than {max} bytes")));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Strict { depth }
        .deserialize(&mut reader)
        .map_err(|e| JsonError(e.to_string()))?;
    reader.end().map_err(|e| JsonError(e.to_string()))
}

/// Walks a value and keeps nothing of it but the names of the members of each open object.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        self.depth
            .checked_sub(1)
            .map(|depth| Self { depth })
            .ok_or_else(|| E::custom("nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut seen = HashSet::new();
        // names compare after unescaping: `"iss"` and `"\u0069ss"` are one
        while let Some(Name(name)) = members.next_key::<Name>()? {
            members.next_value_seed(inner)?;
            if let Some(twice) = seen.replace(name) {
                return Err(A::Error::custom(format_args!("duplicate member {twice:?}")));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Name(String);

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn strict_json_refuses_what_two_parsers_could_read_differently() {
        for (text, good) in [
            (r#"{"a":1,"b":{"a":[1,2,null,true,"x",1.5]}}"#, true),
            (r#"{"a":1,"a":2}"#, false),
            (r#"{"a":1,"\u0061":2}"#, false),
            (r#"{"a":{"b":1,"b":1}}"#, false),
            (r#"[{"a":1},{"a":1}]"#, true),
            (r#"{"a":1} x"#, false),
            (r#"{"a":1}{"a":1}"#, false),
            ("[[[[]]]]", true),
            ("[[[[[]]]]]", false),
            ("", false),
            ("{\"a\":1,}", false),
            ("\u{feff}{}", false),
        ] {
            assert_eq!(parse::<Value>(text.as_bytes(), 64, 4).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn the_byte_limit_is_exact() {
        assert!(parse::<Value>(b"[1,2]", 5, 4).is_ok());
        assert!(parse::<Value>(b"[1,2]", 4, 4).is_err());
    }
}
