//! [`ClientAuthentication`]: how we prove to a broker that we are its client (TX-04, TX-05).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::error::SourceError;
use crate::seam::{Random, Secret, Timestamp, token};

/// Life of an assertion, seconds.
const ASSERTION_SECONDS: i64 = 60;
/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How this node authenticates at a token endpoint. Public clients do not exist there (TX-04, A-45).
#[derive(Clone)]
pub struct ClientAuthentication {
    client_id: String,
    way: Proof,
}

#[derive(Clone)]
enum Proof {
    Key {
        key_id: String,
        key: EncodingKey,
        algorithm: Algorithm,
    },
    Basic(Secret),
}

/// A proof for one request: fields of its form, or its `Authorization`.
pub(super) struct Proven {
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) authorization: Option<HeaderValue>,
}

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

impl ClientAuthentication {
    /// `private_key_jwt` (RFC 7523, OIDC Core §9) with an ES256 key as PKCS#8 DER; `key_id` names it in our
    /// registration. `None` if the key is none.
    #[must_use]
    pub fn es256(client_id: String, key_id: String, pkcs8: &[u8]) -> Option<Self> {
        Self::with_key(client_id, key_id, EncodingKey::from_ec_der(pkcs8), Algorithm::ES256)
    }

    /// The same with an RS256 key.
    #[must_use]
    pub fn rs256(client_id: String, key_id: String, pkcs8: &[u8]) -> Option<Self> {
        Self::with_key(client_id, key_id, EncodingKey::from_rsa_der(pkcs8), Algorithm::RS256)
    }

    /// `client_secret_basic` (RFC 6749 §2.3.1).
    #[must_use]
    pub const fn basic(client_id: String, secret: Secret) -> Self {
        Self {
            client_id,
            way: Proof::Basic(secret),
        }
    }

    /// Who we are there.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    fn with_key(client_id: String, key_id: String, key: EncodingKey, algorithm: Algorithm) -> Option<Self> {
        crate::keys::provider::install();
        // a key that cannot sign is found here, not at the first request
        jsonwebtoken::crypto::sign(b"", &key, algorithm).ok()?;
        let way = Proof::Key { key_id, key, algorithm };
        Some(Self { client_id, way })
    }

    /// The proof for a request that is sent now. `issuer` is the broker's, the one audience of an assertion.
    pub(super) fn prove(&self, issuer: &str, now: Timestamp, random: &dyn Random) -> Result<Proven, SourceError> {
        match &self.way {
            Proof::Key { key_id, key, algorithm } => {
                let claims = Assertion {
                    iss: &self.client_id,
                    sub: &self.client_id,
                    aud: issuer,
                    jti: token(random, 16),
                    iat: now.unix(),
                    exp: now.unix().saturating_add(ASSERTION_SECONDS),
                };
                let header = Header {
                    kid: Some(key_id.clone()),
                    ..Header::new(*algorithm)
                };
                let assertion = jsonwebtoken::encode(&header, &claims, key)
                    .map_err(|_| SourceError::Client("our key does not sign".to_owned()))?;
                let fields = vec![
                    ("client_id", self.client_id.clone()),
                    ("client_assertion_type", ASSERTION_TYPE.to_owned()),
                    ("client_assertion", assertion),
                ];
                Ok(Proven {
                    fields,
                    authorization: None,
                })
            }
            Proof::Basic(secret) => {
                let encoded =
                    |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
                let secret = secret.expose_str().unwrap_or_default();
                let pair = format!("{}:{}", encoded(&self.client_id), encoded(secret));
                let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))
                    .map_err(|_| SourceError::Client("our secret cannot be sent".to_owned()))?;
                value.set_sensitive(true);
                Ok(Proven {
                    fields: Vec::new(),
                    authorization: Some(value),
                })
            }
        }
    }
}

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAuthentication")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
