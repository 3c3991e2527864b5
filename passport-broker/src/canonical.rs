//! Canonical JSON (RFC 8785) of our own rows: the bytes that a row's digest covers.
//!
//! Never rests on the order of a map of serde_json: members are sorted by UTF-16 code units here. Numbers are
//! integers within ±2^53; anything else is refused rather than rounded.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

/// The greatest integer that every JSON reader keeps exactly.
const EXACT: i64 = 1 << 53;

/// A value that has no canonical form with us.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CanonicalError {
    /// A number with a fraction, or beyond ±2^53.
    #[error("a number is no integer within 2^53")]
    Number,
    /// The type could not be written as JSON at all.
    #[error("the value cannot be written as JSON")]
    Shape,
}

/// The canonical text of `value`.
///
/// # Errors
/// [`CanonicalError`] if it has none.
pub fn text<T: Serialize>(value: &T) -> Result<String, CanonicalError> {
    let value = serde_json::to_value(value).map_err(|_| CanonicalError::Shape)?;
    let mut out = String::new();
    write(&value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut String) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            let integer = number
                .as_i64()
                .filter(|n| (-EXACT..=EXACT).contains(n))
                .ok_or(CanonicalError::Number)?;
            write!(out, "{integer}").map_err(|_| CanonicalError::Shape)?;
        }
        Value::String(string) => quote(string, out)?,
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (at, (name, member)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                quote(name, out)?;
                out.push(':');
                write(member, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// serde_json escapes exactly what RFC 8785 asks for: `"`, `\`, and control characters, short forms first.
fn quote(string: &str, out: &mut String) -> Result<(), CanonicalError> {
    out.push_str(&serde_json::to_string(string).map_err(|_| CanonicalError::Shape)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_value_has_one_text() {
        let cases = [
            (
                "members are sorted by UTF-16",
                r#"{"b":1,"a":{"d":[],"c":null}}"#,
                r#"{"a":{"c":null,"d":[]},"b":1}"#,
            ),
            (
                "an astral letter sorts before U+FB33",
                "{\"\u{fb33}\":1,\"\u{1f600}\":2}",
                "{\"\u{1f600}\":2,\"\u{fb33}\":1}",
            ),
            (
                "control characters take their short form",
                r#"{"x":"\u000a\u0001\/"}"#,
                r#"{"x":"\n\u0001/"}"#,
            ),
        ];
        for (name, given, wanted) in cases {
            let value: Value = serde_json::from_str(given).unwrap();
            assert_eq!(text(&value).as_deref(), Ok(wanted), "{name}");
        }
    }

    #[test]
    fn numbers_that_readers_round_are_refused() {
        for given in ["1.5", "9007199254740993", "1e300", "18446744073709551615"] {
            let value: Value = serde_json::from_str(given).unwrap();
            assert_eq!(text(&value), Err(CanonicalError::Number), "{given}");
        }
    }
}
