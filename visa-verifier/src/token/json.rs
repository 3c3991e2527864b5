//! Bounded strict JSON: no member twice, no deep nesting, nothing behind it (ERR-06; RFC 8725 §2.4).
//!
//! serde_json alone takes the last of two equal members of an open object; two parsers then read two meanings.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::shown;
pub use super::members::{Member, members};
pub use super::tree::object;

/// Why bytes are not acceptable JSON, with line and column where there are any. What it shows of them is escaped and
/// short.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(String);

impl JsonError {
    pub(super) fn new(words: impl fmt::Display) -> Self {
        Self(shown(&words.to_string()))
    }
}

/// Members so named are how serde_json speaks to itself: read into a `Value`, the text of one becomes JSON that this
/// module never saw.
const PRIVATE: &str = "$serde_json::private::";

/// Reads `bytes` as a `T`: at most `max` bytes, nested at most `depth` deep, no member twice, nothing behind it.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], max: usize, depth: usize) -> Result<T, JsonError> {
    check(bytes, max, depth)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|e| {
        let path = e.path().to_string();
        if path == "." {
            JsonError::new(e.into_inner())
        } else {
            JsonError::new(format_args!("`{path}`: {}", e.into_inner()))
        }
    })?;
    Ok(value)
}

/// The strict pass alone: refuses what [`parse`] refuses, whatever the type.
pub fn check(bytes: &[u8], max: usize, depth: usize) -> Result<(), JsonError> {
    if bytes.len() > max {
        return Err(JsonError::new(format_args!("longer than {max} bytes")));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Strict { depth }.deserialize(&mut reader).map_err(JsonError::new)?;
    reader.end().map_err(JsonError::new)
}

/// Walks a value and keeps nothing of it but the names of the members of each open object.
#[derive(Clone, Copy)]
pub(super) struct Strict {
    pub(super) depth: usize,
}

impl Strict {
    pub(super) fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
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
        let mut seen = Names::default();
        while let Some(Name(name)) = members.next_key()? {
            members.next_value_seed(inner)?;
            seen.add(name)?;
        }
        Ok(())
    }
}

/// A member's name, borrowed from the text unless something in it is escaped.
pub(super) struct Name<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                free(Cow::Borrowed(text))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                free(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

fn free<E: serde::de::Error>(name: Cow<'_, str>) -> Result<Name<'_>, E> {
    if name.starts_with(PRIVATE) {
        return Err(E::custom("a member of a reserved name"));
    }
    Ok(Name(name))
}

/// So many names are looked through one by one.
const FEW: usize = 8;

/// The names of one open object. Names compare after unescaping: `"iss"` and `"\u0069ss"` are one.
#[derive(Default)]
pub(super) struct Names<'de> {
    /// The first ones, without a heap.
    few: [Option<Cow<'de, str>>; FEW],
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    pub(super) fn add<E: serde::de::Error>(&mut self, name: Cow<'de, str>) -> Result<(), E> {
        for place in &mut self.few {
            match place {
                Some(other) if *other == name => return Err(twice(&name)),
                Some(_) => {}
                None => {
                    *place = Some(name);
                    return Ok(());
                }
            }
        }
        match self.many.replace(name) {
            Some(name) => Err(twice(&name)),
            None => Ok(()),
        }
    }
}

pub(super) fn twice<E: serde::de::Error>(name: &str) -> E {
    E::custom(format_args!("duplicate member {name:?}"))
}

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
            (r#"{"$serde_json::private::RawValue":"{}"}"#, false),
            (r#"{"a":{"\u0024serde_json::private::Number":"1"}}"#, false),
            ("[[[[]]]]", true),
            ("[[[[[]]]]]", false),
            ("", false),
            ("{\"a\":1,}", false),
            ("\u{feff}{}", false),
        ] {
            assert_eq!(parse::<Value>(text.as_bytes(), 64, 4).is_ok(), good, "{text}");
            let object = object(text.as_bytes(), 64, 4);
            assert_eq!(object.is_ok(), good && text.starts_with('{'), "{text} as an object");
            let few = members(text.as_bytes(), 4, ["a"]);
            assert_eq!(few.is_ok(), object.is_ok(), "{text} by some of its members");
            if let Ok(object) = object {
                assert_eq!(serde_json::from_str::<Value>(text).unwrap(), Value::Object(object));
            }
        }
    }

    #[test]
    fn members_are_told_apart_however_many_there_are() {
        for count in [1, FEW, FEW + 1, 1_000] {
            let mut all: Vec<String> = (0..count).map(|n| format!(r#""m{n}":{n}"#)).collect();
            let text = format!("{{{}}}", all.join(","));
            assert!(check(text.as_bytes(), text.len(), 4).is_ok(), "{count}");
            all.push(r#""m0":0"#.to_owned());
            let text = format!("{{{}}}", all.join(","));
            assert!(
                check(text.as_bytes(), text.len(), 4).is_err(),
                "{count}, the first again"
            );
            assert!(
                object(text.as_bytes(), text.len(), 4).is_err(),
                "{count}, the first again"
            );
        }
    }

    #[test]
    fn some_members_are_kept_if_they_are_text() {
        let found = members(
            br#"{"x":{"a":[1]},"a":"A","b":[1,{}],"\u0063":"C"}"#,
            4,
            ["a", "b", "c", "d"],
        )
        .unwrap();
        let text = |text: &str| Some(Member::Text(text.to_owned().into()));
        assert_eq!(found, [text("A"), Some(Member::Other), text("C"), None]);
    }

    #[test]
    fn the_byte_limit_is_exact() {
        assert!(parse::<Value>(b"[1,2]", 5, 4).is_ok());
        assert!(parse::<Value>(b"[1,2]", 4, 4).is_err());
    }
}
