//! The command line's own key: made at first login, kept in the person's profile, proves that it is the same client.
//!
//! ES256; `private_key_jwt` (RFC 7523, OpenID Connect Core §9).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use visa_verifier::seam::{Random, Secret, Timestamp, token};

use crate::error::CommandError;

/// How long one assertion is good for.
const LIFE: i64 = 60;

/// An ES256 key pair with its PKCS#8 form.
#[derive(Debug)]
pub(crate) struct ClientKey {
    pair: EcdsaKeyPair,
    pkcs8: Secret,
}

impl ClientKey {
    /// A new one.
    ///
    /// # Errors
    /// If the machine gives no randomness.
    pub(crate) fn generate() -> Result<Self, CommandError> {
        // ring asks for its own source here; the key pair's making has no other door.
        #[expect(
            clippy::disallowed_methods,
            reason = "ring's key generation takes its own source of randomness"
        )]
        let random = ring::rand::SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|_| broken())?;
        Self::read(made.as_ref())
    }

    /// From its PKCS#8 form.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn read(pkcs8: &[u8]) -> Result<Self, CommandError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "ring's key reading takes its own source of randomness"
        )]
        let random = ring::rand::SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random).map_err(|_| broken())?;
        Ok(Self {
            pair,
            pkcs8: Secret::new(pkcs8.to_vec()),
        })
    }

    /// What is kept in the profile.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        self.pkcs8.expose()
    }

    /// The public key, with its thumbprint (RFC 7638) as `kid`.
    pub(crate) fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let part = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
        let (x, y) = (part(1), part(33));
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": thumbprint(&x, &y) })
    }

    /// A `client_assertion` for `client`, to be used once at `audience` (the issuer).
    ///
    /// # Errors
    /// If the machine gives no randomness.
    pub(crate) fn assertion(
        &self,
        client: &str,
        audience: &str,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<String, CommandError> {
        let jwk = self.jwk();
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": jwk.get("kid") });
        let claims = json!({ "iss": client, "sub": client, "aud": audience, "jti": token(random, 16),
            "iat": now.unix(), "exp": now.unix() + LIFE });
        let body = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        #[expect(
            clippy::disallowed_methods,
            reason = "ring's signing takes its own source of randomness"
        )]
        let source = ring::rand::SystemRandom::new();
        let signature = self.pair.sign(&source, body.as_bytes()).map_err(|_| broken())?;
        Ok(format!("{body}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }
}

/// RFC 7638 §3: the required members in order, no space.
fn thumbprint(x: &str, y: &str) -> String {
    let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

fn broken() -> CommandError {
    CommandError::unknown("login.key", "the client's own key could not be made or read")
        .hint("log in again with a new profile: visum login --profile NAME")
}
