//! Redirect URIs: exact; on a loopback address (RFC 8252 §7.3) any port.

use url::{Host, Url};

/// Whether a code may go to `asked`, given what the client registered. Texts are compared byte for byte; only where
/// both are `http` URLs of the same loopback IP literal may the port differ.
#[must_use]
pub fn redirect_fits(registered: &[String], asked: &str) -> bool {
    registered
        .iter()
        .any(|known| known == asked || loopback_fits(known, asked))
}

fn loopback_fits(known: &str, asked: &str) -> bool {
    let (Ok(known), Ok(parsed)) = (Url::parse(known), Url::parse(asked)) else {
        return false;
    };
    // what a browser would normalise away (`\`, tabs, user information, a fragment) is not compared, but refused
    if parsed.as_str() != asked
        || parsed.fragment().is_some()
        || !parsed.username().is_empty()
        || parsed.password().is_some()
    {
        return false;
    }
    let loopback = match parsed.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    loopback
        && parsed.scheme() == "http"
        && known.scheme() == "http"
        && known.host() == parsed.host()
        && known.path() == parsed.path()
        && known.query() == parsed.query()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_exact_and_only_a_loopback_port_is_free() {
        let registered = vec![
            "http://127.0.0.1/callback".to_owned(),
            "https://app.example.org/cb".to_owned(),
        ];
        let cases = [
            ("exact", "https://app.example.org/cb", true),
            ("another port on the loopback", "http://127.0.0.1:49152/callback", true),
            ("another port elsewhere", "https://app.example.org:8443/cb", false),
            ("a path below", "https://app.example.org/cb/x", false),
            ("a query added", "http://127.0.0.1:1/callback?x=1", false),
            ("a fragment added", "http://127.0.0.1:1/callback#x", false),
            ("user information", "http://u@127.0.0.1:1/callback", false),
            ("another loopback address", "http://127.0.0.2:1/callback", false),
            ("a name for the loopback", "http://localhost:1/callback", false),
            (
                "a path that normalises to it",
                "http://127.0.0.1:1/x/../callback",
                false,
            ),
            (
                "a host that begins alike",
                "https://app.example.org.example.net/cb",
                false,
            ),
            ("upper case", "https://APP.example.org/cb", false),
        ];
        for (name, asked, fits) in cases {
            assert_eq!(redirect_fits(&registered, asked), fits, "{name}");
        }
    }
}
