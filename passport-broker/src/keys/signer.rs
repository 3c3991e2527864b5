//! Signs with the current key: compact JWS, ES256 (ID Tokens by their client's wish RS256), `typ` and `kid` always, `jku` for what travels to others.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use visa_verifier::KeySet;

use super::{KeyError, KeyRing, KeyUse, SigningAlg};

/// Signs tokens, visas and Passports of this broker.
#[derive(Clone, Debug)]
pub struct Signer {
    ring: KeyRing,
    /// The absolute URL of our JWK Set: the `jku` of visas and Passports.
    jku: String,
}

impl Signer {
    /// With these keys, whose public halves are at `jku`.
    #[must_use]
    pub fn new(ring: KeyRing, jku: impl Into<String>) -> Self {
        visa_verifier::keys::provider::install();
        Self { ring, jku: jku.into() }
    }

    /// A token of the OpenID Provider (`at+jwt`, `JWT`, `logout+jwt`), under the current token key; no `jku`.
    ///
    /// # Errors
    /// There is no current key, or the claims are no JSON object.
    pub fn sign_jws<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, KeyError> {
        self.sign(KeyUse::Token, typ, None, claims)
    }

    /// An ID Token, with the algorithm that its client registered.
    ///
    /// # Errors
    /// As [`Signer::sign_jws`].
    pub fn sign_id_token<T: Serialize>(&self, alg: SigningAlg, claims: &T) -> Result<String, KeyError> {
        let purpose = match alg {
            SigningAlg::RS256 => KeyUse::IdToken,
            SigningAlg::ES256 => KeyUse::Token,
        };
        self.sign(purpose, "JWT", None, claims)
    }

    /// A logout token, with the algorithm of its client's ID Tokens (Back-Channel Logout 1.0 §2.4).
    ///
    /// # Errors
    /// As [`Signer::sign_jws`].
    pub fn sign_logout<T: Serialize>(&self, alg: SigningAlg, claims: &T) -> Result<String, KeyError> {
        let purpose = match alg {
            SigningAlg::RS256 => KeyUse::IdToken,
            SigningAlg::ES256 => KeyUse::Token,
        };
        self.sign(purpose, "logout+jwt", None, claims)
    }

    /// A visa (`vnd.ga4gh.visa+jwt`) or a Passport (`vnd.ga4gh.passport+jwt`), under the current visa key, with `jku`.
    ///
    /// # Errors
    /// As [`Signer::sign_jws`].
    pub fn sign_visa<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, KeyError> {
        self.sign(KeyUse::Visa, typ, Some(self.jku.clone()), claims)
    }

    /// The manifest of a snapshot (`visum-snapshot+jwt`), under the current snapshot key.
    ///
    /// # Errors
    /// As [`Signer::sign_jws`].
    pub fn sign_snapshot<T: Serialize>(&self, manifest: &T) -> Result<String, KeyError> {
        self.sign(KeyUse::Snapshot, "visum-snapshot+jwt", None, manifest)
    }

    /// The JWK Set of snapshots' manifests.
    #[must_use]
    pub fn snapshot_jwks(&self) -> serde_json::Value {
        self.ring.snapshot_jwks()
    }

    /// The JWK Set to publish.
    #[must_use]
    pub fn jwks(&self) -> serde_json::Value {
        self.ring.jwks()
    }

    /// What our own tokens are verified by: no key of visas or snapshots is among them.
    #[must_use]
    pub fn token_keys(&self) -> KeySet {
        self.ring.token_keys()
    }

    /// The ring behind.
    #[must_use]
    pub const fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Where it is published.
    #[must_use]
    pub fn jku(&self) -> &str {
        &self.jku
    }

    fn sign<T: Serialize>(
        &self,
        purpose: KeyUse,
        typ: &str,
        jku: Option<String>,
        claims: &T,
    ) -> Result<String, KeyError> {
        let key = self.ring.current(purpose)?;
        let mut header = Header::new(match purpose.alg() {
            SigningAlg::RS256 => Algorithm::RS256,
            SigningAlg::ES256 => Algorithm::ES256,
        });
        header.typ = Some(typ.to_owned());
        header.kid = Some(key.kid.clone());
        header.jku = jku;
        // Both kinds are kept as PKCS#8, which our provider of cryptography takes.
        let private = match purpose.alg() {
            SigningAlg::RS256 => EncodingKey::from_rsa_der(key.private.expose()),
            SigningAlg::ES256 => EncodingKey::from_ec_der(key.private.expose()),
        };
        jsonwebtoken::encode(&header, claims, &private).map_err(|_| KeyError::Sign)
    }
}
