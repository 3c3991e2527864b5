//! Claims as types: `iss`, `sub`, `aud`, instants, scopes.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::ClaimError;
use super::limits;
use crate::seam::Timestamp;

/// The `iss` of a token: 1 to 1024 bytes without blanks or control characters, an opaque string compared byte
/// by byte. It is often a URL, but never parsed as one here (URL-01); a URN is as good.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer(Arc<str>);

impl Issuer {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Issuer {
    /// Whether a text has the form of an issuer, without keeping it.
    pub(crate) fn check(text: &str) -> Result<(), ClaimError> {
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if text.is_empty() || text.len() > limits::ISSUER_BYTES || text.chars().any(odd) {
            return Err(ClaimError::Issuer { length: text.len() });
        }
        Ok(())
    }

    pub(crate) fn nobody() -> Self {
        Self("urn:visum:nobody".into())
    }
}

impl Borrow<str> for Issuer {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Issuer {
    type Error = ClaimError;

    fn try_from(text: String) -> Result<Self, ClaimError> {
        text.parse()
    }
}

impl FromStr for Issuer {
    type Err = ClaimError;

    fn from_str(text: &str) -> Result<Self, ClaimError> {
        Self::check(text)?;
        Ok(Self(text.into()))
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.as_str().to_owned()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The `sub` of a token: 1 to 255 ASCII characters (OIDC Core §2). Means nothing without its issuer.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject(Arc<str>);

impl Subject {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Subject {
    pub(crate) fn nobody() -> Self {
        Self("nobody".into())
    }
}

impl TryFrom<String> for Subject {
    type Error = ClaimError;

    fn try_from(text: String) -> Result<Self, ClaimError> {
        text.parse()
    }
}

impl FromStr for Subject {
    type Err = ClaimError;

    fn from_str(text: &str) -> Result<Self, ClaimError> {
        let odd = |c: char| !c.is_ascii() || c.is_ascii_control();
        if text.is_empty() || text.len() > limits::SUBJECT_BYTES || text.chars().any(odd) {
            return Err(ClaimError::Subject { length: text.len() });
        }
        Ok(Self(text.into()))
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.as_str().to_owned()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A NumericDate (RFC 7519 §2): seconds since 1970, which may be fractional, between 1970 and 2200.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct NumericDate {
    second: i64,
    fraction: bool,
}

impl NumericDate {
    /// Reads a JSON number; `claim` is named in the error.
    pub fn read(value: &Value, claim: &'static str) -> Result<Self, ClaimError> {
        let Value::Number(number) = value else {
            return Err(ClaimError::Type {
                claim,
                want: "a number",
            });
        };
        let (second, fraction) = match (number.as_i64(), number.as_f64()) {
            (Some(second), _) => (second, false),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "`as` saturates, and the bound below refuses what did"
            )]
            (None, Some(float)) => (float.floor() as i64, float.fract() != 0.0),
            (None, None) => return Err(ClaimError::Instant { claim }),
        };
        if !(0..=limits::LATEST_SECOND).contains(&second) {
            return Err(ClaimError::Instant { claim });
        }
        Ok(Self { second, fraction })
    }

    /// The first whole second that is not before it. Against a clock of whole seconds, `now < exp` holds exactly
    /// if `now < exp.ceiling()`.
    #[must_use]
    pub const fn ceiling(self) -> Timestamp {
        Timestamp::from_unix(self.second + self.fraction as i64)
    }

    /// The last whole second that is not after it.
    #[must_use]
    pub const fn floor(self) -> Timestamp {
        Timestamp::from_unix(self.second)
    }
}

/// The `aud` of a token: one or several identifiers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Audience(Vec<String>);

impl Audience {
    /// Reads a string or an array of strings; `None` if the claim is absent.
    pub fn read(claims: &Map<String, Value>) -> Result<Option<Self>, ClaimError> {
        let wrong = ClaimError::Type {
            claim: "aud",
            want: "a string or an array of strings",
        };
        match claims.get("aud") {
            None => Ok(None),
            Some(Value::String(one)) => Ok(Some(Self(vec![one.clone()]))),
            Some(Value::Array(several)) => {
                let read: Option<Vec<String>> = several.iter().map(|v| v.as_str().map(str::to_owned)).collect();
                read.map(|list| Some(Self(list))).ok_or(wrong)
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Err(wrong),
        }
    }

    /// Whether one of `ours` is in it, compared byte by byte.
    #[must_use]
    pub fn names(&self, ours: &[String]) -> bool {
        self.0.iter().any(|a| ours.contains(a))
    }

    /// All of it.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// Whether the space-separated `scope` holds `word` as a whole word (TOK-13).
#[must_use]
pub fn scope_has(scope: &str, word: &str) -> bool {
    scope.split(' ').any(|w| w == word)
}

/// A string claim: `None` if absent.
pub(crate) fn text<'c>(claims: &'c Map<String, Value>, claim: &'static str) -> Result<Option<&'c str>, ClaimError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ClaimError::Type {
            claim,
            want: "a string",
        }),
    }
}

/// A string claim that must be there.
pub(crate) fn required<'c>(claims: &'c Map<String, Value>, claim: &'static str) -> Result<&'c str, ClaimError> {
    text(claims, claim)?.ok_or(ClaimError::Missing { claim })
}

/// An instant: `None` if absent.
pub(crate) fn instant(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<NumericDate>, ClaimError> {
    claims
        .get(claim)
        .map(|value| NumericDate::read(value, claim))
        .transpose()
}

/// An instant that must be there.
pub(crate) fn required_instant(claims: &Map<String, Value>, claim: &'static str) -> Result<NumericDate, ClaimError> {
    instant(claims, claim)?.ok_or(ClaimError::Missing { claim })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn instants_are_seconds_and_may_be_fractional() {
        for (value, want) in [
            (json!(1_700_000_000), Some((1_700_000_000, 1_700_000_000))),
            (json!(1_700_000_000.5), Some((1_700_000_000, 1_700_000_001))),
            (json!(1.7e9), Some((1_700_000_000, 1_700_000_000))),
            (json!(1_700_000_000_000_i64), None),
            (json!(-1), None),
            (json!(1e300), None),
            (json!("1700000000"), None),
            (json!(null), None),
        ] {
            let read = NumericDate::read(&value, "exp")
                .ok()
                .map(|d| (d.floor().unix(), d.ceiling().unix()));
            assert_eq!(read, want, "{value}");
        }
    }

    #[test]
    fn scopes_are_whole_words() {
        assert!(scope_has("openid ga4gh_passport_v1", "openid"));
        assert!(!scope_has("openid2 xga4gh_passport_v1", "openid"));
        assert!(!scope_has("", "openid"));
    }

    #[test]
    fn subjects_and_issuers_have_bounds() {
        assert!("a,b;c%d".parse::<Subject>().is_ok());
        for bad in [String::new(), "ü".into(), "a".repeat(256), "a\nb".into()] {
            assert!(Subject::try_from(bad.clone()).is_err(), "{bad}");
        }
        assert!(Issuer::try_from(format!("https://{}", "a".repeat(300))).is_ok());
        for bad in [String::new(), "https://a b".into(), "a".repeat(1_025)] {
            assert!(Issuer::try_from(bad.clone()).is_err(), "{bad}");
        }
    }
}
