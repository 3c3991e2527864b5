//! All that this broker's pages and cookies are sealed with, derived from the node's key.

use url::{Host, Url};

use super::{Jar, Sealer};
use crate::Broker;
use crate::keys::KeyError;
use crate::page::Csrf;

/// Seals cookies and form fields, makes and checks form tokens, knows our own origin.
#[derive(Clone, Debug)]
pub(crate) struct Cookies {
    /// How cookies look.
    pub(crate) jar: Jar,
    /// What they are sealed with.
    pub(crate) sealer: Sealer,
    /// What forms are bound with.
    pub(crate) csrf: Csrf,
    /// Our origin, as browsers write it.
    pub(crate) origin: String,
    /// The issuer's path, without its last slash.
    pub(crate) base: String,
}

impl Cookies {
    /// Those of this broker.
    pub(crate) fn of(broker: &Broker) -> Result<Self, KeyError> {
        let issuer = Url::parse(broker.config().issuer.as_str()).ok();
        let (origin, base) = issuer.as_ref().map_or((String::new(), String::new()), |url| {
            (
                url.origin().ascii_serialization(),
                url.path().trim_end_matches('/').to_owned(),
            )
        });
        Ok(Self {
            jar: Jar::new(issuer.as_ref().is_some_and(is_loopback_http)),
            sealer: Sealer::new(*broker.derived_key("cookies")?),
            csrf: Csrf::new(&*broker.derived_key("forms")?),
            origin,
            base,
        })
    }
}

/// http, to an address that is this machine's by its very form (not by a name).
fn is_loopback_http(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    url.scheme() == "http" && loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_loopback_address_over_http_has_plain_cookies() {
        let cases = [
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080/broker", true),
            ("https://127.0.0.1:8080", false),
            ("http://localhost:8080", false),
            ("http://broker.example.org", false),
            ("http://127.0.0.1.example.org", false),
        ];
        for (issuer, plain) in cases {
            assert_eq!(is_loopback_http(&issuer.parse().unwrap()), plain, "{issuer}");
        }
    }
}
