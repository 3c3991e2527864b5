//! DRS ids and `drs://` references (apis.md 2.2, E14). Decoded once, never twice.

use serde::{Deserialize, Serialize};

use super::RefRefused;

/// Longest DRS id, in bytes, after decoding.
const MAX_ID: usize = 512;

/// A **decoded** DRS id: printable ASCII, without backslash, space or control characters.
///
/// `%` may stand in it (`%252F` in a path decodes to the id `%2F`, another object or none).
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct DrsId(Box<str>);

impl DrsId {
    /// Takes a decoded id, for instance from a path that the router decoded once.
    ///
    /// # Errors
    /// [`RefRefused::DrsId`] for other characters, dot or empty segments, the reserved id `access`;
    /// [`RefRefused::Length`] for none or more than 512 bytes.
    pub fn decoded(text: &str) -> Result<Self, RefRefused> {
        if text.is_empty() || text.len() > MAX_ID {
            return Err(RefRefused::Length);
        }
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>'));
        let segments = text.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
        if !plain || !segments || text == "access" {
            return Err(RefRefused::DrsId);
        }
        Ok(Self(text.into()))
    }

    /// Takes an id as it stands in a URL and decodes it once.
    ///
    /// # Errors
    /// As [`DrsId::decoded`], and [`RefRefused::Escape`] for a broken escape or one that is no ASCII.
    pub fn encoded(text: &str) -> Result<Self, RefRefused> {
        Self::decoded(&decode_once(text)?)
    }

    /// The decoded id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DrsId {
    type Error = RefRefused;

    fn try_from(text: String) -> Result<Self, RefRefused> {
        Self::decoded(&text)
    }
}

impl From<DrsId> for String {
    fn from(id: DrsId) -> Self {
        id.0.into()
    }
}

impl std::fmt::Display for DrsId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A reference to a DRS object.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectRef {
    /// An id of this node's own DRS.
    Local(DrsId),
    /// `drs://host/id`. It is ours only if the snapshot lists the host.
    Host {
        /// Lower-case host name, without port.
        host: String,
        /// The object there.
        id: DrsId,
    },
    /// `drs://[provider/]prefix:accession`. Only local tables resolve it; unknown ones are no data of ours.
    Compact {
        /// Lower-case provider code, if given.
        provider: Option<String>,
        /// Lower-case prefix.
        prefix: String,
        /// Accession, as given.
        accession: String,
    },
}

impl ObjectRef {
    /// Parses a `drs://` URI (the scheme in any case, `://` exactly).
    ///
    /// # Errors
    /// [`RefRefused`]: `dos://` and other schemes, a query or fragment, user info, a malformed host, prefix or id.
    pub fn parse(text: &str) -> Result<Self, RefRefused> {
        if text.len() > MAX_ID * 3 {
            return Err(RefRefused::Length);
        }
        let (scheme, rest) = text.split_once("://").ok_or(RefRefused::Scheme)?;
        if !scheme.eq_ignore_ascii_case("drs") {
            return Err(RefRefused::Scheme);
        }
        if !rest.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(RefRefused::Character);
        }
        if rest.contains(['?', '#']) {
            return Err(RefRefused::Query);
        }
        if rest.contains('@') && !rest.split('/').skip(1).any(|part| part.contains('@')) {
            return Err(RefRefused::UserInfo);
        }
        match rest.split_once(':') {
            Some((front, accession)) => Self::compact(front, accession),
            None => {
                let (host, id) = rest.split_once('/').ok_or(RefRefused::DrsId)?;
                Ok(Self::Host {
                    host: host_name(host)?,
                    id: DrsId::encoded(id)?,
                })
            }
        }
    }

    fn compact(front: &str, accession: &str) -> Result<Self, RefRefused> {
        let (provider, prefix) = match front.split_once('/') {
            Some((provider, prefix)) => (Some(provider), prefix),
            None => (None, front),
        };
        let word = |text: &str| -> Result<String, RefRefused> {
            let good = !text.is_empty()
                && text.len() <= 64
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
            if good {
                Ok(text.to_ascii_lowercase())
            } else {
                Err(RefRefused::DrsId)
            }
        };
        let decoded = DrsId::encoded(accession)?;
        Ok(Self::Compact {
            provider: provider.map(word).transpose()?,
            prefix: word(prefix)?,
            accession: decoded.into(),
        })
    }
}

impl std::fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Local(id) => write!(f, "{id}"),
            Self::Host { host, id } => write!(f, "drs://{host}/{id}"),
            Self::Compact {
                provider: Some(provider),
                prefix,
                accession,
            } => {
                write!(f, "drs://{provider}/{prefix}:{accession}")
            }
            Self::Compact {
                provider: None,
                prefix,
                accession,
            } => write!(f, "drs://{prefix}:{accession}"),
        }
    }
}

/// A DNS name in lower case: letters, digits and hyphens, no trailing dot, no number that hides an address.
pub(super) fn host_name(text: &str) -> Result<String, RefRefused> {
    if text.contains('@') {
        return Err(RefRefused::UserInfo);
    }
    let host = text.to_ascii_lowercase();
    let labels_good = host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
    if !labels_good {
        return Err(RefRefused::Host);
    }
    // The last label decides whether resolvers read the host as a number (WHATWG URL, "ends in a number").
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    if numeric && host.parse::<std::net::Ipv4Addr>().is_err() {
        return Err(RefRefused::HostSpelling);
    }
    Ok(host)
}

/// Percent-decodes once; the result must be printable ASCII.
pub(super) fn decode_once(text: &str) -> Result<String, RefRefused> {
    let mut out = String::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'%' {
            let digits = (bytes.next().and_then(hex), bytes.next().and_then(hex));
            let (Some(high), Some(low)) = digits else {
                return Err(RefRefused::Escape);
            };
            high << 4 | low
        } else {
            byte
        };
        if !byte.is_ascii_graphic() {
            return Err(RefRefused::Escape);
        }
        out.push(char::from(byte));
    }
    Ok(out)
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::{DrsId, ObjectRef, RefRefused};

    #[test]
    fn drs_references_have_one_spelling() {
        let host = |host: &str, id: &str| {
            Ok(ObjectRef::Host {
                host: host.to_owned(),
                id: DrsId::decoded(id).unwrap(),
            })
        };
        let cases = [
            ("host based", "drs://drs.example.org/a1", host("drs.example.org", "a1")),
            (
                "scheme and host fold",
                "DRS://Drs.Example.ORG/A1",
                host("drs.example.org", "A1"),
            ),
            (
                "an encoded slash is decoded once",
                "drs://h.example/dg.4503%2Fx",
                host("h.example", "dg.4503/x"),
            ),
            (
                "twice encoded stays another id",
                "drs://h.example/dg%252Fx",
                host("h.example", "dg%2Fx"),
            ),
            (
                "a port reads as compact",
                "drs://h.example:443/x",
                Ok(ObjectRef::Compact {
                    provider: None,
                    prefix: "h.example".into(),
                    accession: "443/x".into(),
                }),
            ),
            ("user info", "drs://good.example@evil/x", Err(RefRefused::UserInfo)),
            ("query", "drs://h.example/x?y", Err(RefRefused::Query)),
            ("dos", "dos://h.example/x", Err(RefRefused::Scheme)),
            ("one slash", "drs:/x", Err(RefRefused::Scheme)),
            ("reserved id", "drs://h.example/access", Err(RefRefused::DrsId)),
            (
                "dot segments, encoded",
                "drs://h.example/open%2F..%2Fsecret",
                Err(RefRefused::DrsId),
            ),
            ("decimal address", "drs://2130706433/x", Err(RefRefused::HostSpelling)),
            ("trailing dot", "drs://h.example./x", Err(RefRefused::Host)),
            ("NUL", "drs://h.example/%00", Err(RefRefused::Escape)),
        ];
        for (name, text, expected) in cases {
            assert_eq!(ObjectRef::parse(text), expected, "{name}");
        }
        assert_eq!(
            ObjectRef::parse("drs://EU/dg.4503:A%2Fb"),
            Ok(ObjectRef::Compact {
                provider: Some("eu".into()),
                prefix: "dg.4503".into(),
                accession: "A/b".into()
            })
        );
    }
}
