//! Forms that change something: a token bound to the session and the form, and the browser's own word for
//! where the request came from (`specs/trust.md` C.12, C.24).

use http::HeaderMap;
use ring::hmac;
use subtle::ConstantTimeEq as _;

/// Makes and checks the hidden `csrf` field.
///
/// The token is an HMAC over the session and the form's name: nothing is stored, and a token of one form is
/// good for no other.
#[derive(Clone)]
pub(crate) struct Csrf(hmac::Key);

impl std::fmt::Debug for Csrf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Csrf(…)")
    }
}

impl Csrf {
    /// From a secret of this broker (32 bytes, for this use only).
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The token for `form` in the browser session `session`.
    pub(crate) fn token(&self, session: &str, form: &str) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, &text(session, form)))
    }

    /// Whether `presented` is that token; in constant time.
    pub(crate) fn holds(&self, session: &str, form: &str, presented: Option<&str>) -> bool {
        presented.is_some_and(|presented| self.token(session, form).as_bytes().ct_eq(presented.as_bytes()).into())
    }
}

/// Length first, so that no session and form run together into another pair.
fn text(session: &str, form: &str) -> Vec<u8> {
    let mut bytes = (session.len() as u64).to_be_bytes().to_vec();
    bytes.extend_from_slice(session.as_bytes());
    bytes.extend_from_slice(form.as_bytes());
    bytes
}

/// A form that another site's page sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the form came from another site")]
pub(crate) struct Crossing;

/// Refuses a POST that another site's page made, by the headers that no page can set.
///
/// `Sec-Fetch-Site` decides where a browser sends it. Our pages say `Referrer-Policy: no-referrer`, which makes
/// browsers send `Origin: null` with our own forms too: so a null origin is refused only where `Sec-Fetch-Site`
/// does not vouch for it. A program that sends neither still needs the form's token.
pub(crate) fn same_origin(headers: &HeaderMap, own: &str) -> Result<(), Crossing> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let origin = text("origin");
    match text("sec-fetch-site") {
        Some("same-origin") => origin
            .is_none_or(|origin| origin == own || origin == "null")
            .then_some(())
            .ok_or(Crossing),
        Some(_) => Err(Crossing),
        None => origin.is_none_or(|origin| origin == own).then_some(()).ok_or(Crossing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_session_and_form_only() {
        let csrf = Csrf::new(&[7; 32]);
        let token = csrf.token("session-1", "consent");
        let cases = [
            ("its own", csrf.holds("session-1", "consent", Some(&token)), true),
            (
                "another session",
                csrf.holds("session-2", "consent", Some(&token)),
                false,
            ),
            ("another form", csrf.holds("session-1", "logout", Some(&token)), false),
            (
                "shifted between session and form",
                csrf.holds("session-1c", "onsent", Some(&token)),
                false,
            ),
            (
                "another key",
                Csrf::new(&[8; 32]).holds("session-1", "consent", Some(&token)),
                false,
            ),
            (
                "a letter more",
                csrf.holds("session-1", "consent", Some(&format!("{token}A"))),
                false,
            ),
            ("none", csrf.holds("session-1", "consent", None), false),
        ];
        for (name, holds, expected) in cases {
            assert_eq!(holds, expected, "{name}");
        }
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let own = "https://broker.example.org";
        type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], bool);
        let cases: [Case<'_>; 8] = [
            (
                "a browser's own form",
                &[("sec-fetch-site", "same-origin"), ("origin", own)],
                true,
            ),
            (
                "our no-referrer policy makes the origin null",
                &[("sec-fetch-site", "same-origin"), ("origin", "null")],
                true,
            ),
            (
                "a cross-site form",
                &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example.net")],
                false,
            ),
            ("a subdomain's form", &[("sec-fetch-site", "same-site")], false),
            (
                "an old browser's cross-site form",
                &[("origin", "https://evil.example.net")],
                false,
            ),
            ("an old browser's sandboxed frame", &[("origin", "null")], false),
            ("an old browser's own form", &[("origin", own)], true),
            ("a program, which still needs the token", &[], true),
        ];
        for (name, sent, passes) in cases {
            let mut headers = HeaderMap::new();
            for (key, value) in sent {
                headers.insert(http::HeaderName::try_from(*key).unwrap(), value.parse().unwrap());
            }
            assert_eq!(same_origin(&headers, own).is_ok(), passes, "{name}");
        }
    }
}
