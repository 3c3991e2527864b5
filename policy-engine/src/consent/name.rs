//! Names and country codes as they stand in requests: bounded texts, equal byte for byte or not at all (2.1).

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Characters that a [`Name`] may have at most (section 3).
pub const NAME_CHARACTERS: usize = 255;

/// A dataset, source, institution, project, identity, group, term or disease id: 1 to 255 characters.
///
/// No case folding, no trailing slash, no prefix: two are equal byte for byte or not at all (2.1). Cheap to clone.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(Arc<str>);

/// A text that is no [`Name`]: empty, or longer than [`NAME_CHARACTERS`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a text is empty or longer than {NAME_CHARACTERS} characters")]
pub struct NameError;

impl Name {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Name {
    type Error = NameError;

    fn try_from(text: &str) -> Result<Self, NameError> {
        // A character has at most four bytes, so that long texts are refused without counting.
        if text.is_empty() || text.len() > 4 * NAME_CHARACTERS || text.chars().count() > NAME_CHARACTERS {
            return Err(NameError);
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::try_from(text.as_str())
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::try_from(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::try_from(&*Cow::<'de, str>::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// Two capital letters that may be an ISO 3166-1 code; whether it is assigned, [`super::place::Countries`] knows.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CountryCode([u8; 2]);

/// A text that is not two capital letters.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a country code has two capital letters")]
pub struct CountryCodeError;

impl TryFrom<&str> for CountryCode {
    type Error = CountryCodeError;

    fn try_from(text: &str) -> Result<Self, CountryCodeError> {
        match text.as_bytes() {
            [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => Ok(Self([*first, *second])),
            _ => Err(CountryCodeError),
        }
    }
}

impl std::str::FromStr for CountryCode {
    type Err = CountryCodeError;

    fn from_str(text: &str) -> Result<Self, CountryCodeError> {
        Self::try_from(text)
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}{}", char::from(self.0[0]), char::from(self.0[1]))
    }
}

impl Serialize for CountryCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CountryCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::try_from(&*Cow::<'de, str>::deserialize(from)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_by_characters_and_not_by_bytes() {
        let cases = [
            ("nothing", String::new(), false),
            ("one letter", "a".into(), true),
            ("255 letters", "a".repeat(255), true),
            ("256 letters", "a".repeat(256), false),
            ("255 letters of two bytes", "ä".repeat(255), true),
            ("256 letters of two bytes", "ä".repeat(256), false),
        ];
        for (name, text, good) in cases {
            assert_eq!(Name::try_from(text).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn country_codes_are_two_capital_letters() {
        let cases = [
            ("DE", true),
            ("de", false),
            ("DEU", false),
            ("D", false),
            ("ÄÖ", false),
            ("", false),
        ];
        for (text, good) in cases {
            assert_eq!(CountryCode::try_from(text).is_ok(), good, "{text}");
        }
    }
}
