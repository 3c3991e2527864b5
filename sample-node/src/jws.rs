//! ES256 keys made at start, and what they sign.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::{SampleError, world};

/// A P-256 key pair that lives as long as the process.
#[derive(Debug)]
pub(crate) struct SigningKey {
    pair: EcdsaKeyPair,
    kid: String,
}

impl SigningKey {
    /// Makes a new one, with a random key id.
    pub(crate) fn generate() -> Result<Self, SampleError> {
        let random = world::random();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| SampleError::Key)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).map_err(|_| SampleError::Key)?;
        Ok(Self {
            pair,
            kid: world::token(12)?,
        })
    }

    /// The public key as a JWK Set (RFC 7517).
    pub(crate) fn jwks(&self) -> Value {
        // An uncompressed point: 0x04, then 32 bytes each of x and y (SEC 1 section 2.3.3).
        let point = self.pair.public_key().as_ref();
        let coordinate = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": coordinate(1), "y": coordinate(33),
        }] })
    }

    /// A compact JWS (RFC 7515) over the claims; `typ`, and `jku` if given, go into its header.
    pub(crate) fn sign(&self, typ: &str, jku: Option<&str>, claims: &Value) -> Result<String, SampleError> {
        let mut header = json!({ "alg": "ES256", "typ": typ, "kid": self.kid });
        if let (Some(jku), Some(members)) = (jku, header.as_object_mut()) {
            members.insert("jku".to_owned(), jku.into());
        }
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = self
            .pair
            .sign(&world::random(), signed.as_bytes())
            .map_err(|_| SampleError::Key)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_token_verifies_with_the_published_key_and_no_other() {
        let (key, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let token = key
            .sign("JWT", Some("https://issuer.example.org/jwks"), &json!({ "sub": "a" }))
            .unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let holds = |key: &SigningKey| {
            let jwk = key.jwks();
            let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk["keys"][0][name].as_str().unwrap()).unwrap();
            let point = [vec![4], part("x"), part("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(signed.as_bytes(), &signature)
                .is_ok()
        };
        assert!(holds(&key));
        assert!(!holds(&other));
    }
}
