//! The small values that events are made of: names, digests, instants.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest name in the log, in bytes; a longer one is cut and ends in a digest of the whole.
pub(crate) const NAME_BYTES: usize = 512;

/// An identifier in the log: 1 to 512 printable ASCII characters, no space. So no sentence of a person gets in.
///
/// Making one never fails (a hold must get into the log whatever its name): other characters are
/// percent-encoded, a longer text is cut and ends in `~` and its digest, an empty one becomes `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Name(Box<str>);

impl Name {
    /// The name for this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if fits(text) {
            return Self(text.into());
        }
        let mut name = String::with_capacity(text.len().min(NAME_BYTES) + 64);
        for byte in text.bytes() {
            if byte.is_ascii_graphic() {
                name.push(char::from(byte));
            } else {
                name.push_str(&format!("%{byte:02X}"));
            }
            if name.len() > NAME_BYTES {
                break;
            }
        }
        if name.is_empty() {
            name.push('-');
        } else if name.len() > NAME_BYTES {
            let digest = Digest::of(text.as_bytes()).to_string();
            name.truncate(NAME_BYTES.saturating_sub(digest.len() + 1));
            name.push('~');
            name.push_str(&digest);
        }
        Self(name.into())
    }

    /// As it stands in the log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fits(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<&String> for Name {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        if fits(&text) {
            Ok(Self(text.into()))
        } else {
            Err(serde::de::Error::custom("not a name of the log"))
        }
    }
}

/// A SHA-256 digest, as base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(crate::tree::sha256(&[bytes]))
    }

    /// A digest made elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(text.as_bytes())
            .map_err(serde::de::Error::custom)?;
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| serde::de::Error::custom("a digest has 32 bytes"))
    }
}

/// A point in time in microseconds since 1970, UTC; in the log `2026-11-22T21:00:00.123456Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since 1970; kept within the years 0 to 9999.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(-62_167_219_200_000_000, 253_402_207_200_999_999 - 999_999))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// `YYYY-MM`, in UTC.
    #[must_use]
    pub fn month(self) -> String {
        self.to_string().chars().take(7).collect()
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        let date = jiff::tz::Offset::UTC.to_datetime(time);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            date.year(),
            date.month(),
            date.day(),
            date.hour(),
            date.minute(),
            date.second(),
            self.0.rem_euclid(1_000_000)
        )
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        let time: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        let instant = Self::from_micros(time.as_microsecond());
        if instant.to_string() == *text {
            Ok(instant)
        } else {
            Err(serde::de::Error::custom("not an instant of the log"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_name_without_spaces() {
        let cases = [
            (
                "an identifier stays",
                "https://data.example.org/d1",
                "https://data.example.org/d1".to_owned(),
            ),
            ("nothing", "", "-".to_owned()),
            ("a sentence", "asked by Ann", "asked%20by%20Ann".to_owned()),
            ("line breaks", "a\r\nb", "a%0D%0Ab".to_owned()),
            ("other scripts", "é", "%C3%A9".to_owned()),
        ];
        for (what, text, expected) in cases {
            assert_eq!(Name::new(text).as_str(), expected, "{what}");
        }
        let (one, two) = (Name::new(&"a".repeat(600)), Name::new(&"a".repeat(601)));
        assert_eq!((one.as_str().len(), two.as_str().len()), (NAME_BYTES, NAME_BYTES));
        assert_ne!(one, two, "long texts that differ late stay different");
        assert!(serde_json::from_str::<Name>("\"two words\"").is_err());
    }

    #[test]
    fn instants_have_one_form() {
        let instant = Instant::from_micros(1_795_381_200_000_042);
        assert_eq!(instant.to_string(), "2026-11-22T21:00:00.000042Z");
        assert_eq!(instant.month(), "2026-11");
        let text = serde_json::to_string(&instant).unwrap();
        assert_eq!(serde_json::from_str::<Instant>(&text).unwrap(), instant);
        for other in [
            "\"2026-11-22T21:00:00Z\"",
            "\"2026-11-22T21:00:00.000042+00:00\"",
            "\"2026-11-22 21:00:00.000042Z\"",
        ] {
            assert!(serde_json::from_str::<Instant>(other).is_err(), "{other}");
        }
        assert_eq!(Instant::from_micros(i64::MAX).to_string().len(), 27);
        assert_eq!(Instant::from_micros(i64::MIN).to_string().len(), 27);
    }
}
