//! Calls to the outside: what may be asked for ([`FetchUrl`]), how much ([`Limit`]), what can go wrong.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, StatusCode};
use url::{Host, Url};

/// How much one call may take: time in all, and bytes of its answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// From the first connection attempt to the last byte.
    pub time: Duration,
    /// Bytes of the answer's body.
    pub bytes: usize,
}

impl Limit {
    /// A JWK Set or a metadata document: 5 s, 256 KiB.
    pub const DOCUMENT: Self = Self {
        time: Duration::from_secs(5),
        bytes: 256 * 1024,
    };
    /// A token answer, which can hold a Passport: 10 s, 2 MiB.
    pub const TOKENS: Self = Self {
        time: Duration::from_secs(10),
        bytes: 2 * 1024 * 1024,
    };
}

/// An answer, whole: it was read to its end inside of its [`Limit`].
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The status; redirects are handed back, never followed.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A way to the outside. [`HttpsFetch`](super::HttpsFetch) is the real one; tests answer from a table.
pub trait Fetch: Send + Sync + fmt::Debug {
    /// Sends `request` and reads the whole answer, inside of `limit`.
    fn send(&self, request: Request<Bytes>, limit: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>>;
}

/// A call that could not be made or finished. Messages name the host, never a path or query (those can hold secrets).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No URL that may be called: scheme, user information, fragment or host.
    #[error("`{url}` may not be called: {why}")]
    Url {
        /// The URL's start, without its query.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The name leads to an address that may not be called.
    #[error("`{host}` leads to an address that is not public")]
    Address {
        /// The host asked for.
        host: String,
    },
    /// No answer in time.
    #[error("`{host}` did not answer in time")]
    Slow {
        /// The host asked for.
        host: String,
    },
    /// No connection: name, network or TLS.
    #[error("`{host}` could not be reached: {why}")]
    Unreachable {
        /// The host asked for.
        host: String,
        /// The transport's own words.
        why: String,
    },
    /// The answer is longer than its limit.
    #[error("the answer of `{host}` is longer than {bytes} bytes")]
    TooLarge {
        /// The host asked for.
        host: String,
        /// The limit.
        bytes: usize,
    },
    /// An answer that is not the document asked for.
    #[error("`{host}` answered {status} instead of a document")]
    Status {
        /// The host asked for.
        host: String,
        /// The status.
        status: u16,
    },
    /// A document that cannot be used.
    #[error("the document of `{host}` cannot be used: {why}")]
    Document {
        /// The host asked for.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// Asked so shortly before that it is not asked again yet.
    #[error("`{host}` failed a moment ago and is not asked again yet")]
    Resting {
        /// The host asked for.
        host: String,
    },
    /// The client itself could not be made (roots, CA file).
    #[error("the outgoing client could not be made: {why}")]
    Client {
        /// What is wrong.
        why: String,
    },
}

impl FetchError {
    /// Stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "fetch.url",
            Self::Address { .. } => "fetch.address",
            Self::Slow { .. } => "fetch.slow",
            Self::Unreachable { .. } => "fetch.unreachable",
            Self::TooLarge { .. } => "fetch.too_large",
            Self::Status { .. } => "fetch.status",
            Self::Document { .. } => "fetch.document",
            Self::Resting { .. } => "fetch.resting",
            Self::Client { .. } => "fetch.client",
        }
    }
}

/// A URL that may be called: https, or http to this very machine where the configuration allows it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct FetchUrl(Url);

impl FetchUrl {
    /// Judges `text`. `loopback_http` lets `http://` by if the host is `localhost` or a loopback address.
    pub fn parse(text: &str, loopback_http: bool) -> Result<Self, FetchError> {
        let refuse = |why| FetchError::Url { url: shown(text), why };
        let url = Url::parse(text).map_err(|_| refuse("it is not a URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it holds user information"));
        }
        if url.fragment().is_some() {
            return Err(refuse("it has a fragment"));
        }
        let Some(host) = url.host() else {
            return Err(refuse("it has no host"));
        };
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if loopback_http && is_loopback(&host) => Ok(Self(url)),
            _ => Err(refuse("only https is called")),
        }
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// The host's name, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host as an address, if it is written as one.
    #[must_use]
    pub fn literal(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(v4) => Some(IpAddr::V4(v4)),
            Host::Ipv6(v6) => Some(IpAddr::V6(v6)),
            Host::Domain(_) => None,
        }
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(v4) => v4.is_loopback(),
        Host::Ipv6(v6) => v6.is_loopback(),
    }
}

/// A URL as it may stand in a message: no query, no fragment, no user information, at most 200 characters.
fn shown(text: &str) -> String {
    let bare = text.split(['?', '#']).next().unwrap_or_default();
    let without_user = match (bare.find("://"), bare.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!(
                "{}{}",
                bare.get(..scheme + 3).unwrap_or_default(),
                bare.get(at + 1..).unwrap_or_default()
            )
        }
        _ => bare.to_owned(),
    };
    without_user.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_called_and_http_to_loopback_where_configured() {
        for (text, strict, loopback) in [
            ("https://keys.example.org/jwks", true, true),
            ("http://keys.example.org/jwks", false, false),
            ("http://127.0.0.1:8080/jwks", false, true),
            ("http://localhost/jwks", false, true),
            ("http://[::1]/jwks", false, true),
            ("http://127.0.0.1.example.org/jwks", false, false),
            ("https://user:pass@keys.example.org/", false, false),
            ("https://keys.example.org/#f", false, false),
            ("file:///etc/passwd", false, false),
            ("urn:example:keys", false, false),
            ("not a url", false, false),
        ] {
            assert_eq!(FetchUrl::parse(text, false).is_ok(), strict, "{text}");
            assert_eq!(FetchUrl::parse(text, true).is_ok(), loopback, "{text} with loopback");
        }
    }

    #[test]
    fn a_refused_url_is_shown_without_what_may_be_secret() {
        let error = FetchUrl::parse("https://user:pass@keys.example.org/p?token=abc", false).unwrap_err();
        assert!(
            !error.to_string().contains("pass") && !error.to_string().contains("abc"),
            "{error}"
        );
    }
}
