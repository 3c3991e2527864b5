//! Signs with the current key: compact JWS, ES256, `typ` and `kid` always, `jku` for what travels to others.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::{KeyError, KeyRing, KeyUse};

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
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(key.kid.clone());
        header.jku = jku;
        let private = EncodingKey::from_ec_der(key.private.expose());
        jsonwebtoken::encode(&header, claims, &private).map_err(|_| KeyError::Sign)
    }
}
