//! Strict JSON (`apis.md` 1.3 rule 3, E1 to E5): one pass that refuses what two parsers could read differently,
//! then the typed parse of the same bytes, whose error names the field.

use std::{collections::HashSet, fmt};

use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};

use serde_json::Value;

use crate::limits;

use super::exact::Exact;

/// Why a JSON text is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonFault {
    #[error("the body is not UTF-8 JSON, or begins with a byte order mark")]
    NotUtf8,
    #[error("the body is not one strict JSON document: {0}")]
    Shape(String),
    #[error("`{path}`: {what}")]
    Field { path: String, what: String },
}

/// Parses `bytes` into `T`. `T` says by its own rules which unknown fields it takes.
///
/// # Errors
/// [`JsonFault`]: duplicate members at any depth, depth over [`limits::API_DEPTH`], numbers out of range, lone
/// surrogates, NUL in a string, trailing bytes, a wrong type or an unknown field (named by its path).
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonFault> {
    typed(bytes, true)
}

/// The same for the bodies of the APIs, where no member may be `null` (E3): backends read it as absent, as empty or not
/// at all.
///
/// # Errors
/// As [`parse`], and for a `null`.
pub(crate) fn parse_wire<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonFault> {
    typed(bytes, false)
}

fn typed<T: DeserializeOwned>(bytes: &[u8], nulls: bool) -> Result<T, JsonFault> {
    strictly(bytes)?;
    let value: Value = serde_json::from_slice(bytes).map_err(|error| JsonFault::Shape(bounded(&error.to_string())))?;
    let exact = Exact { value: &value, nulls };
    serde_path_to_error::deserialize(exact).map_err(|error| JsonFault::Field {
        path: bounded(&error.path().to_string()),
        what: bounded(&error.inner().to_string()),
    })
}

/// The strict pass alone: is this one JSON document that every parser reads alike?
///
/// # Errors
/// As [`parse`], without the types.
fn strictly(bytes: &[u8]) -> Result<(), JsonFault> {
    let text = str::from_utf8(bytes).map_err(|_| JsonFault::NotUtf8)?;
    if text.starts_with('\u{feff}') {
        return Err(JsonFault::NotUtf8);
    }
    let shape = |error: serde_json::Error| JsonFault::Shape(bounded(&error.to_string()));
    let mut json = serde_json::Deserializer::from_str(text);
    Strictly {
        depth: limits::API_DEPTH,
    }
    .deserialize(&mut json)
    .map_err(shape)?;
    json.end().map_err(shape)
}

/// Error texts of parsers may repeat a name or a value of the request: tokens and control characters go, the rest is cut.
fn bounded(text: &str) -> String {
    let text = visa_verifier::report::without_tokens(text);
    text.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

#[derive(Clone, Copy)]
struct Strictly {
    depth: usize,
}

impl Strictly {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let depth = self
            .depth
            .checked_sub(1)
            .ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Strictly {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// 2^53: beyond it readers with doubles and readers with integers differ.
const EXACT: u64 = 1 << 53;

impl<'de> Visitor<'de> for Strictly {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        if number > EXACT {
            Err(E::custom("number out of range"))
        } else {
            Ok(())
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        if number.unsigned_abs() > EXACT {
            Err(E::custom("number out of range"))
        } else {
            Ok(())
        }
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<(), E> {
        // an integer that does not fit u64 comes here too
        if number.is_finite() && number.abs() <= 9_007_199_254_740_992.0 {
            Ok(())
        } else {
            Err(E::custom("number out of range"))
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            Err(E::custom("NUL in a string"))
        } else {
            Ok(())
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut seen = HashSet::new();
        while let Some(key) = members.next_key::<String>()? {
            members.next_value_seed(inner)?;
            if key.contains('\0') {
                return Err(de::Error::custom("NUL in a member name"));
            }
            if let Some(double) = seen.replace(key) {
                return Err(de::Error::custom(format_args!("duplicate member `{double}`")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_e4_json_that_two_parsers_read_differently_is_refused() {
        let deep = format!(
            "{}{}",
            "[".repeat(limits::API_DEPTH + 1),
            "]".repeat(limits::API_DEPTH + 1)
        );
        let fits = format!("{}{}", "[".repeat(limits::API_DEPTH), "]".repeat(limits::API_DEPTH));
        let cases: [(&str, &[u8], bool); 21] = [
            ("an object", br#"{"a":1}"#, true),
            ("the deepest that fits", fits.as_bytes(), true),
            ("one too deep", deep.as_bytes(), false),
            (
                "a duplicate member",
                br#"{"url":"s3://open/x","url":"s3://secret/y"}"#,
                false,
            ),
            ("a duplicate member further down", br#"{"a":[{"b":1,"b":1}]}"#, false),
            ("duplicate after unescaping", br#"{"url":1,"u\u0072l":2}"#, false),
            ("a byte order mark", b"\xef\xbb\xbf{}", false),
            ("a comment", br#"{"a":1/*x*/}"#, false),
            ("NaN", br#"{"a":NaN}"#, false),
            ("a trailing comma", br#"{"a":1,}"#, false),
            ("a second document", br"{}{}", false),
            ("trailing white space", b"{} \n", true),
            ("UTF-16", b"\xff\xfe{\0}\0", false),
            ("a lone surrogate", br#"{"a":"\ud800"}"#, false),
            ("NUL in a string", br#"{"a":"x\u0000"}"#, false),
            ("NUL in a name", br#"{"a\u0000":1}"#, false),
            ("a huge exponent", br#"{"a":1e999}"#, false),
            ("a number over 2^53", br#"{"a":9007199254740993}"#, false),
            ("a negative number under -2^53", br#"{"a":-9007199254740993}"#, false),
            (
                "an integer of thirty digits",
                br#"{"a":123456789012345678901234567890}"#,
                false,
            ),
            ("nothing", b"", false),
        ];
        for (name, bytes, sound) in cases {
            assert_eq!(strictly(bytes).is_ok(), sound, "{name}");
        }
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Known {
        #[serde(rename = "inputs")]
        _inputs: Vec<Inner>,
    }
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "url")]
        _url: String,
    }

    #[test]
    fn e2_e3_an_unknown_or_mistyped_field_is_named() {
        let cases = [
            (r#"{"inputs":[{"url":"x","url2":"y"}]}"#, "inputs[0].url2"),
            (r#"{"inputs":[{"url":7}]}"#, "inputs[0].url"),
            (r#"{"inputs":"x"}"#, "inputs"),
            (r#"{"inputs":[],"credentials":{}}"#, "credentials"),
        ];
        for (text, field) in cases {
            let fault = parse::<Known>(text.as_bytes()).unwrap_err().to_string();
            assert!(fault.contains(field), "{text}: {fault}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = strictly(&bytes);
        }
    }
}
