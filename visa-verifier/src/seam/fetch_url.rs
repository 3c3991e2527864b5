//! [`FetchUrl`]: what may be asked for.

use std::net::IpAddr;

use url::{Host, Url};

use super::fetch_error::FetchError;

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
