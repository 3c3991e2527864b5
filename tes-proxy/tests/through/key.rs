//! The signing key of the broker that these tests play.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

pub(crate) struct TestKey {
    pub(crate) pkcs8: Vec<u8>,
    point: Vec<u8>,
}

impl TestKey {
    pub(crate) fn new() -> Self {
        visa_verifier::keys::provider::install();
        #[expect(clippy::disallowed_methods, reason = "ring makes keys with its own randomness only")]
        let random = ring::rand::SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .unwrap()
            .as_ref()
            .to_vec();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random).unwrap();
        Self {
            point: pair.public_key().as_ref().to_vec(),
            pkcs8,
        }
    }

    pub(crate) fn jwks(&self) -> Value {
        let half = |from: usize| URL_SAFE_NO_PAD.encode(&self.point[from..from + 32]);
        json!({"keys": [{"kty": "EC", "crv": "P-256", "x": half(1), "y": half(33), "kid": "k1", "use": "sig", "alg": "ES256"}]})
    }

    pub(crate) fn sign(&self, typ: &str, jku: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some("k1".to_owned());
        header.jku = jku.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_der(&self.pkcs8)).unwrap()
    }
}

/// The claims of a compact token, unverified.
pub(crate) fn claims(compact: &str) -> Value {
    let text = compact.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}
