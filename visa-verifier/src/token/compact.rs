//! A compact JWS taken apart: header and claims read strictly, the signature kept; nothing believed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::error::TokenError;
use super::header::Header;
use super::{json, limits};

/// SHA-256 of a token's compact form: how a token is named in logs and caches, never by itself.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a compact token.
    #[must_use]
    pub fn of(compact: &str) -> Self {
        let mut digest = [0; 32];
        digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, compact.as_bytes()).as_ref());
        Self(digest)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenDigest({self})")
    }
}

/// A compact JWS in parts. `Debug` shows its digest only.
#[derive(Clone)]
pub struct CompactToken {
    text: String,
    signed: usize,
    header: Header,
    claims: Map<String, Value>,
    signature: Vec<u8>,
}

impl CompactToken {
    /// Reads `text`: at most `max` bytes, three parts of strict base64url, header and claims strict JSON objects.
    pub fn parse(text: &str, max: usize) -> Result<Self, TokenError> {
        Self::read(text.to_owned(), max)
    }

    /// The same of a text that is ours already.
    pub fn read(text: String, max: usize) -> Result<Self, TokenError> {
        if text.len() > max {
            return Err(TokenError::TooLarge {
                limit: max,
                unit: "bytes",
            });
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Parts);
        };
        if header.is_empty() || claims.is_empty() {
            return Err(TokenError::Parts);
        }
        let signed = header.len() + 1 + claims.len();
        // one buffer for all three parts
        let mut bytes = Vec::with_capacity(claims.len().max(header.len()).max(signature.len()));
        decode(header, "header", &mut bytes)?;
        let header = Header::parse(&bytes)?;
        decode(claims, "claims", &mut bytes)?;
        let claims = json::object(&bytes, max, limits::TOKEN_DEPTH).map_err(|e| broken("claims", &e))?;
        // may be empty here: `alg: none` shall be refused by its name
        decode(signature, "signature", &mut bytes)?;
        Ok(Self {
            text,
            signed,
            header,
            claims,
            signature: bytes,
        })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// All members of the header, for showing.
    pub fn header_members(&self) -> Result<Map<String, Value>, TokenError> {
        let mut bytes = Vec::new();
        decode(self.text.split('.').next().unwrap_or_default(), "header", &mut bytes)?;
        json::object(&bytes, self.text.len(), limits::TOKEN_DEPTH).map_err(|e| broken("header", &e))
    }

    /// The claims, unverified.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The claims, taken out.
    #[must_use]
    pub fn into_claims(self) -> Map<String, Value> {
        self.claims
    }

    /// Takes one claim out.
    pub(crate) fn take(&mut self, claim: &str) -> Option<Value> {
        self.claims.remove(claim)
    }

    /// How long its compact form is, bytes.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.text.len()
    }

    /// Header and claims, taken out.
    pub(crate) fn into_parts(self) -> (Header, Map<String, Value>) {
        (self.header, self.claims)
    }

    /// The bytes that the signature is over.
    #[must_use]
    pub fn signed(&self) -> &[u8] {
        self.text.as_bytes().get(..self.signed).unwrap_or_default()
    }

    /// The signature's bytes.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The digest of the whole.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(&self.text)
    }
}

impl fmt::Debug for CompactToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompactToken({})", self.digest())
    }
}

/// Decodes `part` into `bytes`, in place of what stood there.
fn decode(part: &str, name: &'static str, bytes: &mut Vec<u8>) -> Result<(), TokenError> {
    bytes.clear();
    URL_SAFE_NO_PAD
        .decode_vec(part, bytes)
        .map_err(|_| TokenError::Base64 { part: name })
}

pub(super) fn broken(part: &'static str, error: &json::JsonError) -> TokenError {
    TokenError::Json {
        part,
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compact(header: &str, claims: &str) -> String {
        format!(
            "{}.{}.AAAA",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        )
    }

    #[test]
    fn only_three_strict_parts_are_a_token() {
        let good = compact(r#"{"alg":"ES256"}"#, r#"{"iss":"a"}"#);
        let cases = [
            ("good", good.clone(), true),
            ("two parts", good.rsplit_once('.').unwrap().0.to_owned(), false),
            ("four parts", format!("{good}.AAAA"), false),
            ("padding", format!("{good}=="), false),
            ("a blank", format!(" {good}"), false),
            (
                "a member twice",
                compact(r#"{"alg":"ES256"}"#, r#"{"iss":"a","iss":"b"}"#),
                false,
            ),
            (
                "a header member twice",
                compact(r#"{"alg":"ES256","alg":"none"}"#, "{}"),
                false,
            ),
            ("no alg", compact("{}", "{}"), false),
            ("kid is a number", compact(r#"{"alg":"ES256","kid":1}"#, "{}"), false),
            ("claims are an array", compact(r#"{"alg":"ES256"}"#, "[]"), false),
            ("nothing", String::new(), false),
            ("dots", "..".to_owned(), false),
        ];
        for (name, text, is) in cases {
            assert_eq!(CompactToken::parse(&text, limits::VISA_BYTES).is_ok(), is, "{name}");
        }
        assert!(CompactToken::parse(&good, good.len()).is_ok());
        assert!(CompactToken::parse(&good, good.len() - 1).is_err());
    }

    #[test]
    fn debug_shows_no_token() {
        let text = compact(r#"{"alg":"ES256"}"#, r#"{"iss":"a"}"#);
        let token = CompactToken::parse(&text, limits::VISA_BYTES).unwrap();
        assert!(!format!("{token:?}").contains(&text));
    }
}
