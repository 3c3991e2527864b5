//! PKCE with S256, required of every client (RFC 7636, RFC 9700 §2.1.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// An S256 code challenge: base64url of a SHA-256, 43 characters.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct Challenge(String);

impl Challenge {
    /// Reads `code_challenge`, if it has the shape of an S256 one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// Whether `verifier` made this challenge. A verifier has 43 to 128 unreserved characters (RFC 7636 §4.1).
    pub(crate) fn is_met_by(&self, verifier: &str) -> bool {
        let unreserved = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_' | b'~');
        if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
            return false;
        }
        let made = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes()));
        made.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn only_the_verifier_of_a_challenge_meets_it() {
        let challenge = Challenge::parse(CHALLENGE).unwrap();
        let cases = [
            ("the example of the RFC", VERIFIER.to_owned(), true),
            ("the challenge itself (plain)", CHALLENGE.to_owned(), false),
            ("another", "A".repeat(43), false),
            ("too short", VERIFIER[..42].to_owned(), false),
            ("too long", "A".repeat(129), false),
            ("a space at its end", format!("{VERIFIER} "), false),
        ];
        for (name, verifier, met) in cases {
            assert_eq!(challenge.is_met_by(&verifier), met, "{name}");
        }
    }

    #[test]
    fn a_challenge_has_the_shape_of_s256() {
        for bad in [
            "",
            "short",
            &"A".repeat(44),
            &format!("{CHALLENGE}="),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
        ] {
            assert_eq!(Challenge::parse(bad), None, "{bad}");
        }
    }
}
