//! [`VisaIdentity`]: who a visa speaks of, and the `sub,iss` text form of LinkedIdentities.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::token::{ClaimError, Issuer, Subject};

/// The pair of issuer and subject. Never compared by `sub` alone: equal subjects of two issuers are two identities.
///
/// Written and read as `sub,iss`, both percent-encoded (the entries of LinkedIdentities, LNK-02), in serde too.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct VisaIdentity {
    /// Who says so.
    pub iss: Issuer,
    /// Whom the issuer means.
    pub sub: Subject,
}

impl VisaIdentity {
    /// The pair of both.
    #[must_use]
    pub const fn new(iss: Issuer, sub: Subject) -> Self {
        Self { iss, sub }
    }

    /// Nobody: for a text of which not even the claimed identity could be read. No visa is ever issued to it.
    pub(crate) fn nobody() -> Self {
        Self {
            iss: Issuer::nobody(),
            sub: Subject::nobody(),
        }
    }
}

impl fmt::Display for VisaIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{},{}",
            percent_encode(self.sub.as_str()),
            percent_encode(self.iss.as_str())
        )
    }
}

impl FromStr for VisaIdentity {
    type Err = ClaimError;

    fn from_str(text: &str) -> Result<Self, ClaimError> {
        let (sub, iss) = text.split_once(',').ok_or(ClaimError::Identity)?;
        if iss.contains([',', ';']) || sub.contains(';') {
            return Err(ClaimError::Identity);
        }
        Ok(Self {
            iss: percent_decode(iss)?.parse()?,
            sub: percent_decode(sub)?.parse()?,
        })
    }
}

impl Serialize for VisaIdentity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VisaIdentity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986 §2.3.
#[must_use]
pub fn percent_encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from(*HEX.get(usize::from(nibble)).unwrap_or(&b'0')));
            }
        }
    }
    out
}

/// Decodes `%hh` as RFC 3986 has it. A `+` stays a `+` (this is not form data); blanks, control characters and
/// broken escapes are refused; other characters stand for themselves, since issuers leave `:` and `/` unencoded.
pub fn percent_decode(text: &str) -> Result<String, ClaimError> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16)).ok_or(ClaimError::Percent);
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                out.push(u8::try_from(high * 16 + low).map_err(|_| ClaimError::Percent)?);
            }
            0..=b' ' | 0x7f => return Err(ClaimError::Percent),
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).map_err(|_| ClaimError::Percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_read_as_sub_comma_iss() {
        for (text, want) in [
            ("u1,https%3A%2F%2Fa.example", Some(("u1", "https://a.example"))),
            ("u1,https://a.example", Some(("u1", "https://a.example"))),
            ("a%2Cb%3Bc%25d,urn%3Ax", Some(("a,b;c%d", "urn:x"))),
            ("a+b,urn:x", Some(("a+b", "urn:x"))),
            (" u1,urn:x", None),
            ("u1, urn:x", None),
            ("u1", None),
            ("u1,", None),
            (",urn:x", None),
            ("u1,urn:x,y", None),
            ("u%2,urn:x", None),
            ("u%zz,urn:x", None),
            ("u%ff,urn:x", None),
        ] {
            let read = text.parse::<VisaIdentity>().ok();
            assert_eq!(read.as_ref().map(|i| (i.sub.as_str(), i.iss.as_str())), want, "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let identity = VisaIdentity::new("https://a.example/x?y=z".parse().unwrap(), "a,b;c%d e".parse().unwrap());
        assert_eq!(identity.to_string().parse(), Ok(identity));
    }
}
