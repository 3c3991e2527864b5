//! The ring of signing keys: one current key a use, old ones until what they signed is over.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use visa_verifier::seam::{Secret, Timestamp};

use super::{AtRest, KeyError};
use crate::store::keys::{self, SigningKeyRow};
use crate::store::{Db, StoreError};

/// What a key signs: tokens of the OpenID Provider, visas and Passports, or snapshots.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyUse {
    /// Access and ID tokens.
    Token,
    /// Visas and Passports.
    Visa,
    /// Manifests of snapshots; never in the key set that others verify tokens by.
    Snapshot,
}

impl KeyUse {
    const fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Visa => "visa",
            Self::Snapshot => "snapshot",
        }
    }
}

/// One signing key, opened.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs.
    pub purpose: KeyUse,
    pub(super) current: bool,
    pub(super) private: Secret,
    public: Value,
}

/// All keys that may still verify something.
#[derive(Clone, Debug)]
pub struct KeyRing {
    keys: Arc<[SigningKey]>,
}

impl KeyRing {
    /// Reads the keys, and makes those that are missing (first start).
    ///
    /// # Errors
    /// The database, or a key that does not open under this node key.
    pub async fn open(db: &mut Db, at_rest: &AtRest, now: Timestamp) -> Result<Self, KeyError> {
        let store = |source| KeyError::Store { source };
        let mut rows = keys::all(db, now).await.map_err(store)?;
        for purpose in [KeyUse::Token, KeyUse::Visa, KeyUse::Snapshot] {
            if rows
                .iter()
                .any(|row| row.purpose == purpose.word() && row.state == "current")
            {
                continue;
            }
            let made = make(purpose, at_rest, now)?;
            match keys::insert(db, &made).await {
                // another replica was first: its key is the one
                Ok(()) | Err(StoreError::Conflict { .. }) => rows = keys::all(db, now).await.map_err(store)?,
                Err(source) => return Err(KeyError::Store { source }),
            }
        }
        let opened: Result<Arc<[SigningKey]>, KeyError> = rows.iter().map(|row| open(row, at_rest)).collect();
        Ok(Self { keys: opened? })
    }

    /// The current key of a use.
    ///
    /// # Errors
    /// There is none.
    pub fn current(&self, purpose: KeyUse) -> Result<&SigningKey, KeyError> {
        self.keys
            .iter()
            .find(|key| key.purpose == purpose && key.current)
            .ok_or(KeyError::Missing)
    }

    /// The JWK Set of tokens, visas and Passports: public halves, oldest first.
    #[must_use]
    pub fn jwks(&self) -> Value {
        self.public(|purpose| purpose != KeyUse::Snapshot)
    }

    /// The JWK Set of snapshots' manifests.
    #[must_use]
    pub fn snapshot_jwks(&self) -> Value {
        self.public(|purpose| purpose == KeyUse::Snapshot)
    }

    fn public(&self, of: impl Fn(KeyUse) -> bool) -> Value {
        let keys = self.keys.iter().filter(|key| of(key.purpose));
        json!({ "keys": keys.map(|key| key.public.clone()).collect::<Vec<_>>() })
    }
}

fn open(row: &SigningKeyRow, at_rest: &AtRest) -> Result<SigningKey, KeyError> {
    let refused = || KeyError::Sealed { kid: row.kid.clone() };
    let purpose = match row.purpose.as_str() {
        "token" => KeyUse::Token,
        "visa" => KeyUse::Visa,
        "snapshot" => KeyUse::Snapshot,
        _ => return Err(refused()),
    };
    let public: Value = serde_json::from_str(&row.public_jwk).map_err(|_| refused())?;
    let private = at_rest.open(&row.kid, &row.sealed)?;
    // the public half that we publish must be the one that we sign with, whatever the row says
    let pair = pair(&private).map_err(|()| refused())?;
    if public != public_jwk(pair.public_key().as_ref(), &row.kid) || thumbprint(&public) != row.kid {
        return Err(refused());
    }
    Ok(SigningKey {
        kid: row.kid.clone(),
        purpose,
        current: row.state == "current",
        private,
        public,
    })
}

fn make(purpose: KeyUse, at_rest: &AtRest, now: Timestamp) -> Result<SigningKeyRow, KeyError> {
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &source()).map_err(|_| KeyError::Generate)?;
    let private = Secret::new(document.as_ref());
    let pair = pair(&private).map_err(|()| KeyError::Generate)?;
    let bare = public_jwk(pair.public_key().as_ref(), "");
    let kid = thumbprint(&bare);
    Ok(SigningKeyRow {
        sealed: at_rest.seal(&kid, private.expose())?,
        public_jwk: public_jwk(pair.public_key().as_ref(), &kid).to_string(),
        kid,
        purpose: purpose.word().to_owned(),
        state: "current".to_owned(),
        created: now,
        not_after: None,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "ring makes and uses ECDSA keys with its own sealed source only"
)]
fn source() -> SystemRandom {
    SystemRandom::new()
}

fn pair(private: &Secret) -> Result<EcdsaKeyPair, ()> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private.expose(), &source()).map_err(|_| ())
}

fn public_jwk(point: &[u8], kid: &str) -> Value {
    // uncompressed point: 0x04, then 32 bytes each
    let half = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
    json!({ "kty": "EC", "crv": "P-256", "x": half(1), "y": half(33), "kid": kid, "use": "sig", "alg": "ES256" })
}

/// RFC 7638 §3.2: the required members in the order of their names, no spaces.
fn thumbprint(jwk: &Value) -> String {
    let member = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
    let text = format!(
        r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
        member("x"),
        member("y")
    );
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}
