//! A few members of an object, read in one strict pass over the whole of it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::json::{JsonError, Name, Names, Strict};

/// Words of nearly every header: they need not be copied.
const WORDS: [&str; 6] = [
    "RS256",
    "ES256",
    "vnd.ga4gh.visa+jwt",
    "vnd.ga4gh.passport+jwt",
    "at+jwt",
    "JWT",
];

/// One member of an object of which only a few are of interest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Member {
    /// A string.
    Text(Cow<'static, str>),
    /// Anything else.
    Other,
}

/// Reads the members with these names of an object, in one strict pass over the whole of it.
pub fn members<const N: usize>(bytes: &[u8], depth: usize, names: [&str; N]) -> Result<[Option<Member>; N], JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let some = Few {
        within: Strict { depth },
        names,
    };
    let found = reader.deserialize_map(some).map_err(JsonError::new)?;
    reader.end().map_err(JsonError::new)?;
    Ok(found)
}

struct Few<'n, const N: usize> {
    within: Strict,
    names: [&'n str; N],
}

impl<'de, const N: usize> Visitor<'de> for Few<'_, N> {
    type Value = [Option<Member>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let inner = self.within.deeper()?;
        let mut seen = Names::default();
        let mut found = [const { None }; N];
        while let Some(Name(name)) = members.next_key()? {
            match self.names.iter().zip(&mut found).find(|(wanted, _)| **wanted == name) {
                Some((_, place)) => *place = Some(members.next_value_seed(TextOr(inner))?),
                None => members.next_value_seed(inner)?,
            }
            seen.add(name)?;
        }
        Ok(found)
    }
}

/// A string is kept, anything else is only walked.
struct TextOr(Strict);

impl<'de> DeserializeSeed<'de> for TextOr {
    type Value = Member;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Member, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextOr {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Member, E> {
        let known = WORDS.iter().find(|word| **word == text);
        Ok(Member::Text(known.map_or_else(
            || Cow::Owned(text.to_owned()),
            |word| Cow::Borrowed(*word),
        )))
    }

    fn visit_unit<E>(self) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Member, A::Error> {
        self.0.visit_seq(items).map(|()| Member::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Member, A::Error> {
        self.0.visit_map(members).map(|()| Member::Other)
    }
}
