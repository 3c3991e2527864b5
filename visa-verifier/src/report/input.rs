//! What is to be judged: a document of Passports, UserInfo answers, polled visas and perhaps a requirement.

use serde::Deserialize;
use serde_json::Value;

use crate::token::{json, limits};
use crate::verify::Requirement;

/// Passports and UserInfo answers in one request; each is judged on its own (A-13).
const PASSPORTS: usize = 16;
/// The document, bytes.
const INPUT_BYTES: usize = 2 * PASSPORTS * limits::PASSPORT_BYTES;
/// Nesting: a UserInfo answer may hold other claims.
const INPUT_DEPTH: usize = 64;

/// A request to judge. Unknown members are refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VerifyInput {
    /// Passports, compact, in order.
    pub passports: Vec<String>,
    /// UserInfo answers with `iss`, `sub` and `ga4gh_passport_v1` (v1.0).
    pub userinfo: Vec<Value>,
    /// Access-token visas, compact, that a poll confirmed within the last hour.
    pub polled: Vec<String>,
    /// What must be shown.
    pub require: Option<Requirement>,
}

/// A document that is not one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// Broken, or not of the form.
    #[error("the input cannot be read: {0}")]
    Form(String),
    /// More Passports than are judged at once.
    #[error("the input holds more than 16 Passports and UserInfo answers")]
    TooMany,
    /// Nothing to judge.
    #[error("the input holds neither a Passport nor a UserInfo answer")]
    Nothing,
}

impl InputError {
    /// Stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Form(_) => "input.form",
            Self::TooMany => "input.too_many",
            Self::Nothing => "input.nothing",
        }
    }
}

impl VerifyInput {
    /// The largest input that is read, bytes.
    pub const MAX_BYTES: u64 = INPUT_BYTES as u64;

    /// Reads a document, or a bare compact Passport.
    pub fn read(bytes: &[u8]) -> Result<Self, InputError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| InputError::Form("it is not UTF-8".to_owned()))?
            .trim();
        let input = if text.starts_with('{') {
            json::parse(text.as_bytes(), INPUT_BYTES, INPUT_DEPTH).map_err(|e| InputError::Form(e.to_string()))?
        } else if text.is_empty() {
            Self::default()
        } else {
            Self {
                passports: vec![text.to_owned()],
                ..Self::default()
            }
        };
        match input.passports.len() + input.userinfo.len() {
            0 => Err(InputError::Nothing),
            n if n > PASSPORTS => Err(InputError::TooMany),
            _ => Ok(input),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_a_document_or_a_bare_passport() {
        for (text, error) in [
            (r#"{"passports": ["a.b.c"]}"#, None),
            ("a.b.c\n", None),
            (r#"{"userinfo": [{"iss": "x"}]}"#, None),
            (r#"{"passport": []}"#, Some("input.form")),
            (r#"{"passports": [], "passports": []}"#, Some("input.form")),
            (r#"{"passports": [1]}"#, Some("input.form")),
            ("{}", Some("input.nothing")),
            ("", Some("input.nothing")),
        ] {
            assert_eq!(
                VerifyInput::read(text.as_bytes()).err().map(|e| e.code()),
                error,
                "{text}"
            );
        }
        let many = format!(r#"{{"passports": [{}]}}"#, vec![r#""a""#; 17].join(","));
        assert_eq!(VerifyInput::read(many.as_bytes()).unwrap_err(), InputError::TooMany);
    }
}
