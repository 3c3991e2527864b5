//! Key pairs of both algorithms: made, opened, shown as a JWK. ES256 by ring; RSA keys are made by OpenSSL (ring makes
//! none) and used by ring.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::KeyPair as _;
use josekit::jwk::alg::rsa::RsaKeyPair as Generator;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use visa_verifier::seam::Secret;

/// Bits of an RSA modulus: what every client takes. These keys sign ID Tokens, which live for minutes.
const RSA_BITS: u32 = 2048;

/// An algorithm that we sign with.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum SigningAlg {
    /// What an OpenID client expects unless it registered another (OpenID Connect Core §15.1).
    #[default]
    RS256,
    /// What all else here is signed with.
    ES256,
}

impl SigningAlg {
    /// Its word in JOSE.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::ES256 => "ES256",
        }
    }
}

/// A new private key, as PKCS#8.
pub(super) fn generate(alg: SigningAlg) -> Result<Secret, ()> {
    match alg {
        SigningAlg::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &source())
            .map(|document| Secret::new(document.as_ref()))
            .map_err(|_| ()),
        SigningAlg::RS256 => Generator::generate(RSA_BITS)
            .map(|pair| Secret::new(pair.to_der_private_key()))
            .map_err(|_| ()),
    }
}

/// The public half of a private key and its thumbprint, which stands in it as `kid`.
pub(super) fn public(alg: SigningAlg, private: &Secret) -> Result<(Value, String), ()> {
    let (members, kid) = match alg {
        SigningAlg::ES256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private.expose(), &source())
                .map_err(|_| ())?;
            // uncompressed point: 0x04, then 32 bytes each
            let point = pair.public_key().as_ref();
            let half = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
            let (x, y) = (half(1), half(33));
            let kid = thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
            (json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }), kid)
        }
        SigningAlg::RS256 => {
            let pair = RsaKeyPair::from_pkcs8(private.expose()).map_err(|_| ())?;
            let parts: PublicKeyComponents<Vec<u8>> = pair.public().into();
            let (n, e) = (URL_SAFE_NO_PAD.encode(parts.n), URL_SAFE_NO_PAD.encode(parts.e));
            let kid = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
            (json!({ "kty": "RSA", "n": n, "e": e }), kid)
        }
    };
    let mut jwk = members;
    if let Some(jwk) = jwk.as_object_mut() {
        jwk.insert("kid".into(), json!(kid));
        jwk.insert("use".into(), json!("sig"));
        jwk.insert("alg".into(), json!(alg.word()));
    }
    Ok((jwk, kid))
}

/// RFC 7638 §3: the required members in the order of their names, no spaces.
fn thumbprint(members: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "ring makes and uses ECDSA keys with its own sealed source only"
)]
fn source() -> SystemRandom {
    SystemRandom::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_the_one_of_the_rfc() {
        // RFC 7638 §3.1
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let text = format!(r#"{{"e":"AQAB","kty":"RSA","n":"{n}"}}"#);
        assert_eq!(thumbprint(&text), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_key_shows_its_public_half_and_no_other() {
        for (alg, kty) in [(SigningAlg::ES256, "EC"), (SigningAlg::RS256, "RSA")] {
            let private = generate(alg).unwrap();
            let (jwk, kid) = public(alg, &private).unwrap();
            assert_eq!(
                (jwk["kty"].as_str(), jwk["alg"].as_str()),
                (Some(kty), Some(alg.word()))
            );
            assert_eq!(jwk["kid"], json!(kid));
            for secret in ["d", "p", "q", "dp", "dq", "qi"] {
                assert!(jwk.get(secret).is_none(), "{secret}");
            }
        }
        let ec = generate(SigningAlg::ES256).unwrap();
        assert!(public(SigningAlg::RS256, &ec).is_err(), "a key of the other kind");
    }
}
