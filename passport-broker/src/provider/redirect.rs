//! Redirect URIs: exactly as registered; on a loopback address any port (RFC 8252 §7.3, RFC 9700 §4.1.3).

use url::{Host, Url};

use crate::client::redirect_fits;

/// The URI, if `asked` is one that was registered (the rule itself is `client::redirect_fits`).
pub(crate) fn proven(asked: &str, registered: &[String]) -> Option<Url> {
    let url = Url::parse(asked).ok().filter(|url| url.fragment().is_none())?;
    redirect_fits(registered, asked).then_some(url)
}

/// Whether a URI leads to a program on the person's own computer.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(_)) | None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_registered_uri_is_redirected_to() {
        let registered = [
            "https://client.example.org/cb".to_owned(),
            "http://127.0.0.1/cb".to_owned(),
            "http://[::1]:8000/cb".to_owned(),
        ];
        let cases = [
            ("exact", "https://client.example.org/cb", true),
            ("more path", "https://client.example.org/cb/", false),
            ("a query", "https://client.example.org/cb?x=1", false),
            ("another port", "https://client.example.org:444/cb", false),
            ("the default port, written", "https://client.example.org:443/cb", false),
            ("another case", "https://CLIENT.example.org/cb", false),
            ("dots", "https://client.example.org/x/../cb", false),
            ("http", "http://client.example.org/cb", false),
            ("a fragment", "https://client.example.org/cb#a", false),
            ("loopback, any port", "http://127.0.0.1:49152/cb", true),
            ("loopback, no port", "http://127.0.0.1/cb", true),
            ("loopback IPv6, any port", "http://[::1]:1/cb", true),
            ("loopback, another path", "http://127.0.0.1:49152/other", false),
            ("loopback, another address", "http://127.0.0.2:49152/cb", false),
            ("loopback by name", "http://localhost:49152/cb", false),
            ("loopback, https", "https://127.0.0.1:49152/cb", false),
            ("loopback, no such port", "http://127.0.0.1:99999/cb", false),
            (
                "user information behind a port",
                "http://127.0.0.1:80@evil.example.net/cb",
                false,
            ),
            ("a longer host", "http://127.0.0.1.evil.example.net/cb", false),
            ("no URI", "cb", false),
        ];
        for (name, asked, fits) in cases {
            assert_eq!(proven(asked, &registered).is_some(), fits, "{name}");
        }
    }
}
