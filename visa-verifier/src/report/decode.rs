//! A token taken apart for looking at. Nothing here is verified, and the document says so.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::token::{CompactToken, TokenDigest, TokenError, limits};

/// Header and claims of a token, and of the visas in it. Believe none of it.
#[derive(Clone, Debug, Serialize)]
pub struct Decoded {
    /// Always `false`.
    pub verified: bool,
    /// SHA-256 of the token, base64url.
    pub digest: String,
    /// The header.
    pub header: Map<String, Value>,
    /// The claims; visas are moved to `visas`.
    pub claims: Map<String, Value>,
    /// The visas of a Passport, in their order; what is no token has an `error` instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub visas: Vec<DecodedVisa>,
}

/// A visa in it.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum DecodedVisa {
    /// Taken apart.
    Token(Box<Decoded>),
    /// Not a token.
    Broken {
        /// Why.
        error: String,
    },
}

/// Takes a compact Passport, visa or other signed token apart.
pub fn decode(compact: &str) -> Result<Decoded, TokenError> {
    let mut decoded = one(compact, limits::PASSPORT_BYTES)?;
    if let Some(Value::Array(visas)) = decoded.claims.remove("ga4gh_passport_v1") {
        let visa = |v: &Value| match v.as_str().map(|text| one(text, limits::VISA_BYTES)) {
            Some(Ok(decoded)) => DecodedVisa::Token(Box::new(decoded)),
            Some(Err(e)) => DecodedVisa::Broken { error: e.to_string() },
            None => DecodedVisa::Broken {
                error: "not a string".to_owned(),
            },
        };
        decoded.visas = visas.iter().take(limits::VISAS).map(visa).collect();
    }
    Ok(decoded)
}

fn one(compact: &str, max: usize) -> Result<Decoded, TokenError> {
    let token = CompactToken::parse(compact, max)?;
    Ok(Decoded {
        verified: false,
        digest: TokenDigest::of(compact).to_string(),
        header: token.header_members()?,
        claims: token.into_claims(),
        visas: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn a_passport_is_taken_apart_and_never_called_verified() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let visa = format!("{}.{}.AAAA", part(r#"{"alg":"ES256","x":1}"#), part(r#"{"iss":"v"}"#));
        let claims = format!(r#"{{"iss":"b","ga4gh_passport_v1":["{visa}","broken",1]}}"#);
        let decoded = decode(&format!("{}.{}.AAAA", part(r#"{"alg":"ES256"}"#), part(&claims))).unwrap();
        let document = serde_json::to_value(&decoded).unwrap();
        assert_eq!(document["verified"], false);
        assert_eq!(document["visas"][0]["header"]["x"], 1);
        assert_eq!(document["visas"][0]["claims"]["iss"], "v");
        assert!(document["visas"][1]["error"].is_string() && document["visas"][2]["error"].is_string());
        assert!(decode("x").is_err());
    }
}
