//! Encrypted cookies and form fields: JWE, `dir` with A256GCM (`specs/trust.md` C.24, D13).
//!
//! A cookie holds a random session id or one pending login, never a fact that would have to be taken back.

use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use visa_verifier::seam::Timestamp;
use zeroize::Zeroizing;

use crate::keys::sealed;

/// Most bytes of one cookie's value: browsers take about 4 KiB with name and attributes.
pub(crate) const COOKIE_BYTES: usize = 3_900;
/// Most bytes of a sealed form field.
pub(crate) const SEALED_BYTES: usize = 12 * 1024;

/// Why something could not be sealed or opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum CookieProblem {
    /// It would not fit a cookie.
    #[error("the state is larger than a cookie may be")]
    TooLarge,
    /// The encryption failed.
    #[error("the state could not be sealed")]
    Unsealable,
    /// It is not ours, was changed, is of another use, or is over.
    #[error("the state is not one that this broker sealed for this use, or it is over")]
    NotOurs,
}

/// What is inside: the use it is for, until when, and the thing itself.
#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    u: String,
    e: i64,
    v: T,
}

/// Seals small state that travels through the browser.
#[derive(Clone)]
pub(crate) struct Sealer {
    key: Zeroizing<[u8; 32]>,
    id: &'static str,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Sealer {
    /// From a secret of this broker, for this use only.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self {
            key: Zeroizing::new(key),
            id: "c1",
        }
    }

    /// Seals `value` for `purpose` until `expires`.
    pub(crate) fn seal<T: Serialize>(
        &self,
        purpose: &str,
        value: &T,
        expires: Timestamp,
    ) -> Result<String, CookieProblem> {
        let text = self.sealed(purpose, value, expires)?;
        if text.len() > SEALED_BYTES {
            Err(CookieProblem::TooLarge)
        } else {
            Ok(text)
        }
    }

    /// The same for a row of the database, which has room for more.
    pub(crate) fn seal_row<T: Serialize>(
        &self,
        purpose: &str,
        value: &T,
        expires: Timestamp,
    ) -> Result<String, CookieProblem> {
        self.sealed(purpose, value, expires)
    }

    /// Opens what [`Sealer::seal_row`] made.
    pub(crate) fn open_row<T: DeserializeOwned>(
        &self,
        purpose: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<T, CookieProblem> {
        self.opened(purpose, text, now)
    }

    fn sealed<T: Serialize>(&self, purpose: &str, value: &T, expires: Timestamp) -> Result<String, CookieProblem> {
        let envelope = Envelope {
            u: purpose.to_owned(),
            e: expires.unix(),
            v: value,
        };
        let payload = serde_json::to_vec(&envelope).map_err(|_| CookieProblem::Unsealable)?;
        sealed::seal(&self.key, self.id, &payload).ok_or(CookieProblem::Unsealable)
    }

    fn opened<T: DeserializeOwned>(&self, purpose: &str, text: &str, now: Timestamp) -> Result<T, CookieProblem> {
        let payload = sealed::open(&self.key, self.id, text).ok_or(CookieProblem::NotOurs)?;
        let envelope: Envelope<T> = serde_json::from_slice(&payload).map_err(|_| CookieProblem::NotOurs)?;
        if envelope.u != purpose || envelope.e <= now.unix() {
            return Err(CookieProblem::NotOurs);
        }
        Ok(envelope.v)
    }

    /// Opens what [`Sealer::seal`] made for the same `purpose`, if it is not over.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        purpose: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<T, CookieProblem> {
        if text.len() > SEALED_BYTES {
            return Err(CookieProblem::NotOurs);
        }
        self.opened(purpose, text, now)
    }
}

/// How this broker's cookies look: `__Host-` and `Secure`, but on a loopback http address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jar {
    secure: bool,
}

impl Jar {
    /// `loopback_http` only where the configuration says so and the issuer is http on a loopback address.
    pub(crate) fn new(loopback_http: bool) -> Self {
        Self { secure: !loopback_http }
    }

    /// The cookie's full name. Without `Secure` browsers refuse the `__Host-` prefix.
    pub(crate) fn name(&self, what: &str) -> String {
        if self.secure {
            format!("__Host-visum-{what}")
        } else {
            format!("visum-broker-{what}")
        }
    }

    /// A `Set-Cookie` value that lasts `seconds`.
    pub(crate) fn set(&self, what: &str, value: &str, seconds: u64) -> Result<HeaderValue, CookieProblem> {
        if value.len() > COOKIE_BYTES {
            return Err(CookieProblem::TooLarge);
        }
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
            self.name(what)
        );
        HeaderValue::try_from(text).map_err(|_| CookieProblem::Unsealable)
    }

    /// A `Set-Cookie` value that removes the cookie.
    pub(crate) fn clear(&self, what: &str) -> Result<HeaderValue, CookieProblem> {
        self.set(what, "", 0)
    }

    /// The cookie's value. One that was sent twice is none: somebody put a second one beside ours.
    pub(crate) fn read<'h>(&self, headers: &'h HeaderMap, what: &str) -> Option<&'h str> {
        let name = self.name(what);
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        let first = values.next()?;
        values
            .next()
            .is_none()
            .then_some(first)
            .filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    #[test]
    fn what_was_sealed_comes_back_until_it_is_over() {
        let sealer = Sealer::new([1; 32]);
        let text = sealer.seal("session", &"id-1".to_owned(), at(100)).unwrap();
        assert!(!text.contains("id-1"));
        let cases = [
            (
                "in time",
                sealer.open::<String>("session", &text, at(99)),
                Ok("id-1".to_owned()),
            ),
            (
                "over",
                sealer.open("session", &text, at(100)),
                Err(CookieProblem::NotOurs),
            ),
            (
                "another use",
                sealer.open("login", &text, at(99)),
                Err(CookieProblem::NotOurs),
            ),
            (
                "another key",
                Sealer::new([2; 32]).open("session", &text, at(99)),
                Err(CookieProblem::NotOurs),
            ),
            (
                "no JWE",
                sealer.open("session", "id-1", at(99)),
                Err(CookieProblem::NotOurs),
            ),
        ];
        for (name, got, expected) in cases {
            assert_eq!(got, expected, "{name}");
        }
    }

    #[test]
    fn any_changed_character_is_noticed() {
        let sealer = Sealer::new([1; 32]);
        let text = sealer.seal("session", &"id-1".to_owned(), at(100)).unwrap();
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            // The last character of a part may carry bits that base64url drops: then the bytes are the same.
            let same_bytes = changed
                .split('.')
                .zip(text.split('.'))
                .all(|(a, b)| decoded(a) == decoded(b));
            assert!(
                same_bytes || sealer.open::<String>("session", &changed, at(1)).is_err(),
                "place {place}"
            );
        }
    }

    fn decoded(part: &str) -> Option<Vec<u8>> {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).ok()
    }

    #[test]
    fn a_cookie_loses_its_secure_on_loopback_http_only() {
        let secure = Jar::new(false).set("session", "v", 60).unwrap();
        assert_eq!(
            secure,
            "__Host-visum-session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        let loopback = Jar::new(true).set("session", "v", 60).unwrap();
        assert_eq!(
            loopback,
            "visum-broker-session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_cookie_that_stands_twice_is_none() {
        let jar = Jar::new(false);
        let cases: [(&str, &[&str], Option<&str>); 4] = [
            ("one of several", &["a=1; __Host-visum-session=v; b=2"], Some("v")),
            (
                "twice in a line",
                &["__Host-visum-session=v; __Host-visum-session=w"],
                None,
            ),
            (
                "twice in two lines",
                &["__Host-visum-session=v", "__Host-visum-session=v"],
                None,
            ),
            ("empty", &["__Host-visum-session="], None),
        ];
        for (name, lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, line.parse().unwrap());
            }
            assert_eq!(jar.read(&headers, "session"), expected, "{name}");
        }
    }
}
