//! A signing key of somebody else: of the in-test provider, of a visa issuer, of a client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

pub(crate) struct TestKey {
    pkcs8: Vec<u8>,
    point: Vec<u8>,
    pub(crate) kid: String,
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
        let point = pair.public_key().as_ref().to_vec();
        let (x, y) = (
            URL_SAFE_NO_PAD.encode(&point[1..33]),
            URL_SAFE_NO_PAD.encode(&point[33..65]),
        );
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()));
        Self { pkcs8, point, kid }
    }

    pub(crate) fn jwk(&self) -> Value {
        let half = |from: usize| URL_SAFE_NO_PAD.encode(&self.point[from..from + 32]);
        json!({ "kty": "EC", "crv": "P-256", "x": half(1), "y": half(33), "kid": self.kid, "use": "sig", "alg": "ES256" })
    }

    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// A DPoP proof with this header and these claims; a header without `jwk` gets this key's.
    pub(crate) fn proof(&self, mut header: Value, claims: &Value) -> String {
        let members = header.as_object_mut().unwrap();
        members.entry("jwk").or_insert_with(|| {
            let jwk = self.jwk();
            json!({ "kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"] })
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(claims));
        #[expect(clippy::disallowed_methods, reason = "ring signs with its own randomness only")]
        let random = ring::rand::SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.pkcs8, &random).unwrap();
        let signature = pair.sign(&random, text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    pub(crate) fn sign(&self, typ: &str, jku: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        header.jku = jku.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_der(&self.pkcs8)).unwrap()
    }
}

/// The claims of a compact token, unverified.
pub(crate) fn claims(compact: &str) -> Value {
    part(compact, 1)
}

/// The header of a compact token.
pub(crate) fn header(compact: &str) -> Value {
    part(compact, 0)
}

fn part(compact: &str, at: usize) -> Value {
    let text = compact.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}
