//! What is to be judged: a document of Passports, UserInfo answers, a visa, polled visas and perhaps a requirement.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::words::without_tokens;
use crate::token::{CompactToken, json, limits};
use crate::verify::{Request, Requirement};

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
    /// UserInfo answers with `iss`, `sub` and `ga4gh_passport_v1` (v1.0): a list, or one alone.
    #[serde(deserialize_with = "one_or_many")]
    pub userinfo: Vec<Value>,
    /// One visa on its own, compact: vouched for by nobody but its issuer.
    pub visa: Option<String>,
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
    #[error("the input holds neither a Passport nor a UserInfo answer nor a visa")]
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

    /// Reads a document, or a bare compact Passport or visa (told apart by the claim that it carries).
    pub fn read(bytes: &[u8]) -> Result<Self, InputError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| InputError::Form("it is not UTF-8".to_owned()))?
            .trim();
        let input = if text.starts_with('{') {
            json::parse(text.as_bytes(), INPUT_BYTES, INPUT_DEPTH)
                .map_err(|e| InputError::Form(without_tokens(&e.to_string())))?
        } else if text.is_empty() {
            Self::default()
        } else if !text.contains('.') || text.contains(|c: char| !(c.is_ascii_alphanumeric() || "-_.=".contains(c))) {
            return Err(InputError::Form("neither a JSON object nor a compact token".to_owned()));
        } else if is_visa(text) {
            Self {
                visa: Some(text.to_owned()),
                ..Self::default()
            }
        } else {
            Self {
                passports: vec![text.to_owned()],
                ..Self::default()
            }
        };
        match input.len() {
            0 => Err(InputError::Nothing),
            n if n > PASSPORTS => Err(InputError::TooMany),
            _ => Ok(input),
        }
    }

    /// What is to be judged: the Passports, then the UserInfo answers, then the visa.
    #[must_use]
    pub fn request(&self) -> Request {
        let request = self.passports.iter().fold(Request::new(), |r, text| r.passport(text));
        let request = self.userinfo.iter().fold(request, Request::userinfo);
        self.visa.iter().fold(request, |r, visa| r.visa(visa))
    }

    /// How many Passports, UserInfo answers and visas are to be judged.
    #[must_use]
    pub fn len(&self) -> usize {
        self.passports.len() + self.userinfo.len() + usize::from(self.visa.is_some())
    }

    /// Whether there is nothing to judge.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What carries a visa's claim and no Passport's is read as a visa; it is judged as such, whatever it is.
fn is_visa(text: &str) -> bool {
    CompactToken::parse(text, limits::PASSPORT_BYTES).is_ok_and(|token| {
        let has = |claim: &str| token.claims().contains_key(claim);
        has("ga4gh_visa_v1") && !has("ga4gh_passport_v1")
    })
}

fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Value>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(many) => many,
        Value::Null => Vec::new(),
        one @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![one],
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn an_input_is_a_document_or_a_bare_passport() {
        for (text, error) in [
            (r#"{"passports": ["a.b.c"]}"#, None),
            ("a.b.c\n", None),
            (r#"{"userinfo": [{"iss": "x"}]}"#, None),
            (r#"{"userinfo": {"iss": "x"}}"#, None),
            (r#"{"visa": "a.b.c"}"#, None),
            (r#"{"passport": []}"#, Some("input.form")),
            (r#"{"passports": [], "passports": []}"#, Some("input.form")),
            (r#"{"passports": [1]}"#, Some("input.form")),
            ("{}", Some("input.nothing")),
            ("no token", Some("input.form")),
            ("[]", Some("input.form")),
            ("abc", Some("input.form")),
            ("", Some("input.nothing")),
        ] {
            assert_eq!(
                VerifyInput::read(text.as_bytes()).err().map(|e| e.code()),
                error,
                "{text}"
            );
        }
        let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let token = |claims: &str| format!("{}.{}.AAAA\n", part(r#"{"alg":"ES256"}"#), part(claims));
        for (claims, visa) in [
            (r#"{"ga4gh_visa_v1":{}}"#, true),
            (r#"{"ga4gh_passport_v1":[]}"#, false),
            (r#"{"ga4gh_visa_v1":{},"ga4gh_passport_v1":[]}"#, false),
        ] {
            let read = VerifyInput::read(token(claims).as_bytes()).unwrap();
            assert_eq!((read.visa.is_some(), read.len()), (visa, 1), "{claims}");
        }
        let wrong = format!(r#"{{"passports": "{}"}}"#, token(r#"{"ga4gh_passport_v1":[]}"#).trim());
        assert!(
            !VerifyInput::read(wrong.as_bytes())
                .unwrap_err()
                .to_string()
                .contains("eyJ")
        );
        let many = format!(r#"{{"passports": [{}]}}"#, vec![r#""a""#; 17].join(","));
        assert_eq!(VerifyInput::read(many.as_bytes()).unwrap_err(), InputError::TooMany);
    }
}
