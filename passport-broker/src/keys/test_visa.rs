//! Visas for trying programs out, which no node believes: a media type of their own, and an issuer below `.invalid`, which
//! no trust entry takes.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::Value;
use visa_verifier::seam::Secret;

use super::{KeyError, SigningAlg, pair};

/// Their `typ`: no verifier reads a visa under it.
pub const TEST_VISA_TYPE: &str = "visum-test-visa+jwt";
/// Their `iss` (RFC 6761 §6.4: `.invalid` is nobody's, for good).
pub const TEST_VISA_ISSUER: &str = "https://test-visas.invalid";

/// A new private key for test visas (ES256, PKCS#8).
///
/// # Errors
/// [`KeyError::Generate`]
pub fn test_visa_key() -> Result<Secret, KeyError> {
    pair::generate(SigningAlg::ES256).map_err(|()| KeyError::Generate)
}

/// Signs these claims as a test visa: `iss` and `typ` are those of test visas whatever the claims say. The token, and the
/// public half of the key.
///
/// # Errors
/// [`KeyError::Sealed`] if `key` is no key of [`test_visa_key`]; [`KeyError::Sign`].
pub fn sign_test_visa(key: &Secret, claims: &Value) -> Result<(String, Value), KeyError> {
    visa_verifier::keys::provider::install();
    let no_key = || KeyError::Sealed {
        kid: "of test visas".to_owned(),
    };
    let (public, kid) = pair::public(SigningAlg::ES256, key).map_err(|()| no_key())?;
    let mut claims = claims.clone();
    if let Some(members) = claims.as_object_mut() {
        members.insert("iss".to_owned(), Value::from(TEST_VISA_ISSUER));
    }
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(TEST_VISA_TYPE.to_owned());
    header.kid = Some(kid);
    let signed = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_der(key.expose()));
    Ok((signed.map_err(|_| KeyError::Sign)?, public))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_test_visa_says_what_it_is_whatever_is_asked_for() {
        let key = test_visa_key().unwrap();
        let (visa, public) =
            sign_test_visa(&key, &json!({ "iss": "https://broker.example.org", "sub": "ada" })).unwrap();
        let read = visa_verifier::token::CompactToken::parse(&visa, 4_096).unwrap();
        assert_eq!(json!(read.claims())["iss"], TEST_VISA_ISSUER);
        assert_eq!(read.header().typ.as_deref(), Some(TEST_VISA_TYPE));
        assert!(public.get("d").is_none());
        assert!(sign_test_visa(&Secret::new(b"no key"), &json!({})).is_err());
    }
}
