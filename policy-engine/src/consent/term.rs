//! `Term`: one DUO term of a label with its values (`consent.md` 1, 2.7).

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::name::Name;

/// A term as the catalogue has it. Whether it is a known one with the right values, the evaluation judges:
/// a bad label is a reason with a remedy, no fault of the request.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// `DUO:` and seven digits.
    pub id: Name,
    /// The DUO release that the label was made with, `YYYY-MM-DD`.
    #[serde(default, deserialize_with = "release", skip_serializing_if = "Option::is_none")]
    pub version: Option<Name>,
    /// Diseases, regions, research types, institutions, projects, people, by term.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Name>,
    /// The day of a moratorium, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Name>,
    /// Months of a time limit; any integer reads, 1 to 1200 are valid.
    #[serde(default, deserialize_with = "integer", skip_serializing_if = "Option::is_none")]
    pub months: Option<i64>,
}

impl Term {
    /// A term without values.
    #[must_use]
    pub fn new(id: Name) -> Self {
        Self {
            id,
            version: None,
            values: Vec::new(),
            date: None,
            months: None,
        }
    }
}

/// Whether the text has the form of a day: digits where digits belong. Not whether the day is real.
pub(crate) fn has_form_of_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| {
            if matches!(at, 4 | 7) {
                *byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        })
}

fn release<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Name>, D::Error> {
    let text = Option::<Name>::deserialize(from)?;
    match &text {
        Some(day) if !has_form_of_day(day.as_str()) => Err(de::Error::custom("a release is YYYY-MM-DD")),
        _ => Ok(text),
    }
}

/// An integer as JSON Schema means it: `12`, `12.0`, and huge ones, which saturate (and are invalid months anyway).
fn integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    struct Integer;
    impl<'de> Visitor<'de> for Integer {
        type Value = Option<i64>;

        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("an integer or null")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Some(number))
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(i64::try_from(number).unwrap_or(i64::MAX)))
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
            if number.fract() != 0.0 {
                return Err(E::custom("not an integer"));
            }
            Ok(Some(number as i64))
        }
    }
    from.deserialize_any(Integer)
}
