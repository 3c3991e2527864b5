//! Storage URLs in one canonical spelling (apis.md E12, E13, E16, E17). What is ambiguous is refused.
//!
//! Decide on the canonical form and forward that very form: then gate and backend read the same thing.

use serde::{Deserialize, Serialize};

use super::{
    RefRefused, azure,
    drs::{hex, host_name},
    storage_endpoint,
};

/// Longest storage URL taken, in bytes.
const MAX_URL: usize = 2048;

/// The kind of place that a storage URL names.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Scheme {
    /// An S3 bucket (`s3`, `s3a`, `s3n`, and the provider's own https spellings).
    S3,
    /// A Google Cloud Storage bucket.
    Gs,
    /// A web address with TLS.
    Https,
    /// A web address without TLS; good only where a configuration maps it.
    Http,
    /// A file of the node's shared file system; good only where a configuration maps it.
    File,
}

impl Scheme {
    const fn text(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gs => "gs",
            Self::Https => "https",
            Self::Http => "http",
            Self::File => "file",
        }
    }
}

/// A canonical storage URL: no user info, query, fragment, wildcard, dot segment or ambiguous escape.
///
/// A trailing `/` makes it a prefix: it stands for everything below.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct StorageUrl {
    scheme: Scheme,
    /// Bucket, or host with a port that is not the scheme's own; empty for files.
    authority: Box<str>,
    /// Without the leading `/`; may be empty or end in `/` (a prefix).
    key: Box<str>,
}

impl StorageUrl {
    /// Parses and canonicalises.
    ///
    /// # Errors
    /// [`RefRefused`], whose message never repeats the input.
    pub fn parse(text: &str) -> Result<Self, RefRefused> {
        if text.is_empty() || text.len() > MAX_URL {
            return Err(RefRefused::Length);
        }
        if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
            return Err(RefRefused::Character);
        }
        let (scheme, rest) = text.split_once("://").ok_or(RefRefused::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        // A host ends at the first of these, so that no `?` or `#` hides a `@` or lends one.
        let (authority, tail) = rest
            .split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
            .unwrap_or((rest, ""));
        if let Some(url) = azure::hadoop(&scheme, authority, tail)? {
            return Ok(url);
        }
        if authority.contains('@') {
            return Err(RefRefused::UserInfo);
        }
        let scheme = match scheme.as_str() {
            "s3" | "s3a" | "s3n" => Scheme::S3,
            "gs" => Scheme::Gs,
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            "file" => Scheme::File,
            _ => return Err(RefRefused::Scheme),
        };
        let tail = match tail.split_once('?') {
            // the one query that asks for nothing else than the bytes, at the one place where it does
            Some((path, "alt=media")) if storage_endpoint::is_google_json(authority, path) => path,
            _ => tail,
        };
        if tail.contains(['?', '#']) {
            return Err(RefRefused::Query);
        }
        if authority.contains(['[', ']']) {
            return Err(RefRefused::HostSpelling);
        }
        if rest.contains(['*', '{', '}', '[', ']']) {
            return Err(RefRefused::Wildcard);
        }
        // Quotes and signs of shells, and `;`, after which some servers read parameters.
        if tail.contains(['"', '\'', '`', '<', '>', '^', '|', ';', '$', '&']) {
            return Err(RefRefused::Character);
        }
        let key = tail.strip_prefix('/').unwrap_or_default();
        match scheme {
            Scheme::S3 => Self::bucket(Scheme::S3, authority, key),
            Scheme::Gs => Self::bucket(Scheme::Gs, authority, key),
            Scheme::File => Self::file(authority, key),
            Scheme::Https | Scheme::Http => Self::web(scheme, authority, key),
        }
    }

    fn bucket(scheme: Scheme, bucket: &str, key: &str) -> Result<Self, RefRefused> {
        if !storage_endpoint::is_bucket(bucket) {
            return Err(RefRefused::Host);
        }
        Ok(Self {
            scheme,
            authority: bucket.into(),
            key: literal_key(key)?,
        })
    }

    fn file(authority: &str, key: &str) -> Result<Self, RefRefused> {
        if !authority.is_empty() {
            return Err(RefRefused::Host);
        }
        Ok(Self {
            scheme: Scheme::File,
            authority: "".into(),
            key: literal_key(key)?,
        })
    }

    fn web(scheme: Scheme, authority: &str, key: &str) -> Result<Self, RefRefused> {
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => {
                let good = !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
                let port = if good { port.parse::<u16>().ok() } else { None };
                (
                    host,
                    Some(port.filter(|port| *port != 0).ok_or(RefRefused::HostSpelling)?),
                )
            }
            None => (authority, None),
        };
        let host = host_name(host)?;
        if host.starts_with("xn--") || host.contains(".xn--") {
            return Err(RefRefused::HostSpelling);
        }
        let own = if scheme == Scheme::Https { 443 } else { 80 };
        if let Some((bucket_scheme, bucket, key)) = storage_endpoint::known(&host, key)? {
            if port.is_some_and(|port| port != own) {
                return Err(RefRefused::HostSpelling);
            }
            return Self::bucket(bucket_scheme, &bucket, &web_key(&key)?);
        }
        let key = web_key(key)?;
        if azure::is_blob(&host) {
            if port.is_some_and(|port| port != own) {
                return Err(RefRefused::HostSpelling);
            }
            return azure::blob(&host, &key);
        }
        let authority = match port {
            Some(port) if port != own => format!("{host}:{port}"),
            _ => host,
        };
        Ok(Self {
            scheme,
            authority: authority.into(),
            key: key.into(),
        })
    }

    /// A place whose parts are canonical already.
    pub(super) fn of(scheme: Scheme, authority: &str, key: &str) -> Result<Self, RefRefused> {
        segments(key)?;
        Ok(Self {
            scheme,
            authority: authority.into(),
            key: key.into(),
        })
    }

    /// The kind of place.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Bucket, or host with a port that is not the scheme's own; empty for files.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The key or path, without the leading `/`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it stands for everything below it.
    pub fn is_prefix(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }

    /// Whether `self` lies at or below `prefix`, by whole segments.
    pub fn is_under(&self, prefix: &Self) -> bool {
        self.scheme == prefix.scheme
            && self.authority == prefix.authority
            && (prefix.key.is_empty()
                || self.key == prefix.key
                || (prefix.key.ends_with('/') && self.key.starts_with(&*prefix.key)))
    }
}

/// Keys of buckets and files are opaque: any escape is refused, since servers differ on decoding it.
fn literal_key(key: &str) -> Result<Box<str>, RefRefused> {
    let mut rest = key.as_bytes();
    while let [first, tail @ ..] = rest {
        if let (b'%', [high, low, ..]) = (first, tail)
            && hex(*high).is_some()
            && hex(*low).is_some()
        {
            return Err(RefRefused::Escape);
        }
        rest = tail;
    }
    segments(key)?;
    Ok(key.into())
}

/// Paths of web addresses: escapes of characters that stand there plain as well are decoded, so that a path has one
/// spelling; others are written in upper case, and those that servers read differently are refused.
fn web_key(key: &str) -> Result<String, RefRefused> {
    let mut out = String::with_capacity(key.len());
    let mut bytes = key.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(char::from(byte));
            continue;
        }
        let (Some(high), Some(low)) = (bytes.next().and_then(hex), bytes.next().and_then(hex)) else {
            return Err(RefRefused::Escape);
        };
        match high << 4 | low {
            b' ' => out.push_str("%20"),
            byte if byte.is_ascii_alphanumeric() || b"-._~!(),:=@".contains(&byte) => out.push(char::from(byte)),
            _ => return Err(RefRefused::Escape),
        }
    }
    segments(&out)?;
    Ok(out)
}

/// No empty, `.` or `..` segment; one trailing `/` is good.
fn segments(key: &str) -> Result<(), RefRefused> {
    let body = key.strip_suffix('/').unwrap_or(key);
    if key.is_empty() {
        return Ok(());
    }
    if body.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        Err(RefRefused::Segment)
    } else {
        Ok(())
    }
}

impl TryFrom<String> for StorageUrl {
    type Error = RefRefused;

    fn try_from(text: String) -> Result<Self, RefRefused> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for StorageUrl {
    type Err = RefRefused;

    fn from_str(text: &str) -> Result<Self, RefRefused> {
        Self::parse(text)
    }
}

impl From<StorageUrl> for String {
    fn from(url: StorageUrl) -> Self {
        url.to_string()
    }
}

impl std::fmt::Display for StorageUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}/{}", self.scheme.text(), self.authority, self.key)
    }
}

#[cfg(test)]
mod tests;
