//! A signing key of somebody outside: a client that proves itself by assertions, or binds its tokens (DPoP).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// An ES256 key.
#[derive(Debug)]
pub struct Key {
    pair: EcdsaKeyPair,
    random: ring::rand::SystemRandom,
}

impl Default for Key {
    #[expect(clippy::disallowed_methods, reason = "ring makes keys with its own randomness only")]
    #[expect(clippy::expect_used, reason = "a test without its key fails")]
    fn default() -> Self {
        let random = ring::rand::SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).expect("the same key");
        Self { pair, random }
    }
}

impl Key {
    /// Its public half.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let half = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
        json!({ "kty": "EC", "crv": "P-256", "x": half(1), "y": half(33) })
    }

    /// A compact token with this header (beside `alg`) and these claims.
    ///
    /// # Panics
    /// If it can't be signed.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without its signature fails")]
    pub fn sign(&self, mut header: Value, claims: &Value) -> String {
        if let Some(members) = header.as_object_mut() {
            members.insert("alg".to_owned(), json!("ES256"));
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(claims));
        let signature = self.pair.sign(&self.random, text.as_bytes()).expect("a signature");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}
