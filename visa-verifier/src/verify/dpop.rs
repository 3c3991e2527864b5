//! DPoP proofs (RFC 9449 §4.3): that who shows a token holds the key that it is bound to.
//!
//! No clock, no memory: whether a `jti` was seen before, and whether a `nonce` is ours, is for who asks.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use url::Url;

use crate::keys::KeySet;
use crate::seam::Timestamp;
use crate::token::{Algorithm, CompactToken, TokenDigest, claims, same_type};

/// Most bytes of a proof.
const BYTES: usize = 8 * 1024;
/// Most bytes of its `jti`.
const NAME_BYTES: usize = 255;
/// How far its `iat` may be from now, seconds, in both directions.
pub const PROOF_WINDOW: u64 = 60;

/// A proof whose form, key, signature, method and address were checked; of its `iat`, `jti` and `nonce` ask further.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DpopProof {
    /// RFC 7638 thumbprint of the key.
    pub thumbprint: String,
    /// Its name: good once.
    pub jti: String,
    /// When it was made.
    pub issued: Timestamp,
    /// The nonce that it repeats.
    pub nonce: Option<String>,
}

/// Why a proof does not count.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DpopRejected {
    /// No token as we read them, `typ` is not `dpop+jwt`, `crit`, or another algorithm than RS256 and ES256.
    #[error("the DPoP proof cannot be read, or is another kind of token")]
    Form,
    /// `jwk` is missing, holds a private half, or is no key that we take.
    #[error("the DPoP proof carries no public key that is taken here")]
    Key,
    /// Not signed by the key that it carries.
    #[error("the DPoP proof is not signed by its own key")]
    Signature,
    /// `htm` or `htu` is of another request.
    #[error("the DPoP proof is for another request")]
    Request,
    /// `ath` is missing or of another token.
    #[error("the DPoP proof is for another access token")]
    Token,
    /// `jti` or `iat` is missing or no such thing.
    #[error("the DPoP proof lacks `jti` or `iat`")]
    Claims,
    /// Too old, or from the future.
    #[error("the DPoP proof is not of this minute")]
    Time,
}

impl DpopProof {
    /// Checks the proof of a request with this method and address, and with this access token if it carries one.
    ///
    /// # Errors
    /// [`DpopRejected`].
    pub fn check(text: &str, method: &str, address: &str, token: Option<&str>) -> Result<Self, DpopRejected> {
        let proof = CompactToken::parse(text, BYTES).map_err(|_| DpopRejected::Form)?;
        let header = proof.header();
        let kind = header.typ.as_deref().is_some_and(|typ| same_type(typ, "dpop+jwt"));
        if !kind || header.crit || Algorithm::named(&header.alg).is_none() {
            return Err(DpopRejected::Form);
        }
        let members = proof.header_members().map_err(|_| DpopRejected::Form)?;
        let mut jwk = members
            .get("jwk")
            .and_then(Value::as_object)
            .cloned()
            .ok_or(DpopRejected::Key)?;
        // A proof names no key but the one that it carries: what it calls it makes no difference.
        jwk.remove("kid");
        jwk.extend(header.kid.iter().map(|kid| ("kid".to_owned(), json!(kid))));
        let keys = KeySet::from_value(json!({ "keys": [jwk] })).map_err(|_| DpopRejected::Key)?;
        if keys.len() != 1 {
            return Err(DpopRejected::Key);
        }
        let verified = keys
            .verify(&proof, &BTreeSet::new())
            .map_err(|_| DpopRejected::Signature)?;
        let said = proof.claims();
        let claim = |name: &str| said.get(name).and_then(Value::as_str);
        let same_address = match (claim("htu").and_then(bare), bare(address)) {
            (Some(one), Some(other)) => one == other,
            (None, _) | (_, None) => false,
        };
        if claim("htm") != Some(method) || !same_address {
            return Err(DpopRejected::Request);
        }
        match token {
            Some(token) if claim("ath") != Some(TokenDigest::of(token).to_string().as_str()) => {
                return Err(DpopRejected::Token);
            }
            Some(_) | None => {}
        }
        let jti = claim("jti").filter(|jti| !jti.is_empty() && jti.len() <= NAME_BYTES);
        let issued = claims::required_instant(said, "iat").map_err(|_| DpopRejected::Claims)?;
        Ok(Self {
            thumbprint: verified.thumbprint.to_string(),
            jti: jti.ok_or(DpopRejected::Claims)?.to_owned(),
            issued: issued.floor(),
            nonce: claim("nonce").map(str::to_owned),
        })
    }

    /// Whether it was made within [`PROOF_WINDOW`] of `now`.
    ///
    /// # Errors
    /// [`DpopRejected::Time`].
    pub fn is_recent(&self, now: Timestamp) -> Result<(), DpopRejected> {
        let (early, late) = (now.since(self.issued).as_secs(), self.issued.since(now).as_secs());
        if early.max(late) > PROOF_WINDOW {
            return Err(DpopRejected::Time);
        }
        Ok(())
    }
}

/// An address without query and fragment, normalised as URLs are (RFC 9449 §4.3, step 9).
fn bare(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}
