//! DPoP at the broker's own endpoints (RFC 9449): proofs, each good once at all replicas, and our nonces.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;
use visa_verifier::{DpopProof, DpopRejected, PROOF_WINDOW};

use super::access_token::{self, Live};
use super::problem::BearerProblem;
use crate::front::Front;
use crate::session::digest_of;
use crate::store::StoreError;
use crate::store::codes::{self, OnceKind};

/// The header of proofs.
const PROOF: &str = "dpop";
/// The header of our nonces.
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// A nonce is good for this long.
const NONCE_SECONDS: i64 = 300;

/// `cnf` of a bound token (RFC 9449 §6.1).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Cnf {
    /// Thumbprint of the key.
    pub(crate) jkt: String,
}

/// A proof that does not count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BadProof {
    /// There is none, where this client needs one.
    Missing,
    /// There are several.
    Several,
    /// It is wrong in itself.
    Rejected(DpopRejected),
    /// It was used before, here or at another replica.
    Used,
    /// It repeats a nonce that is not ours or is over: it may be made anew with the one that the answer carries.
    Nonce,
    /// The database.
    Store,
}

impl BadProof {
    /// OAuth's word.
    pub(crate) const fn error(self) -> &'static str {
        match self {
            Self::Nonce => "use_dpop_nonce",
            Self::Missing | Self::Several | Self::Rejected(_) | Self::Used | Self::Store => "invalid_dpop_proof",
        }
    }
}

impl fmt::Display for BadProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("this client's tokens are bound to its key: a DPoP proof is missing"),
            Self::Several => f.write_str("there are several DPoP proofs"),
            Self::Rejected(rejected) => rejected.fmt(f),
            Self::Used => f.write_str("the DPoP proof was used before"),
            Self::Nonce => f.write_str("the nonce is not one of ours, or is over: repeat with the one of this answer"),
            Self::Store => f.write_str("the DPoP proof could not be checked"),
        }
    }
}

impl From<StoreError> for BadProof {
    fn from(error: StoreError) -> Self {
        tracing::error!(error.code = error.code(), %error, "a DPoP proof could not be checked");
        Self::Store
    }
}

/// The key whose proof a request carries; `None` without a proof. A proof is used up here, whatever follows.
pub(crate) async fn key(
    front: &Front,
    headers: &HeaderMap,
    method: &str,
    path: &str,
    token: Option<&str>,
    now: Timestamp,
) -> Result<Option<String>, BadProof> {
    let mut values = headers.get_all(PROOF).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(BadProof::Several);
    }
    let text = value.to_str().map_err(|_| BadProof::Rejected(DpopRejected::Form))?;
    let proof = DpopProof::check(text, method, &front.url(path), token).map_err(BadProof::Rejected)?;
    match &proof.nonce {
        Some(nonce) if !is_ours(front, nonce, now) => return Err(BadProof::Nonce),
        Some(_) | None => {}
    }
    proof.is_recent(now).map_err(BadProof::Rejected)?;
    // It could come again until its `iat` is too old.
    let window = Duration::from_secs(PROOF_WINDOW + 1);
    let until = proof.issued.max(now).plus(window);
    let name = digest_of(&format!("{} {}", proof.thumbprint, proof.jti));
    if !codes::first_use(&mut front.broker.db(), OnceKind::Dpop, &name, now, until).await? {
        return Err(BadProof::Used);
    }
    Ok(Some(proof.thumbprint))
}

/// The live token that a request shows: a bound one with the scheme `DPoP` and a proof of its key, any other as bearer.
pub(crate) async fn shown(
    front: &Front,
    headers: &HeaderMap,
    method: &str,
    path: &str,
    now: Timestamp,
) -> Result<Live, BearerProblem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(BearerProblem::Missing);
    };
    let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
    let bound = parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("dpop"));
    let text = match bound {
        Some((_, token)) => token.trim(),
        None => access_token::bearer(headers)?,
    };
    let live = access_token::live(&front.broker, &mut front.broker.db(), text, now).await?;
    match (&live.claims.cnf, bound) {
        (None, None) => Ok(live),
        (Some(cnf), Some(_)) => {
            let key = key(front, headers, method, path, Some(text), now)
                .await
                .map_err(BearerProblem::Proof)?;
            match key {
                Some(key) if key == cnf.jkt => Ok(live),
                Some(_) => Err(BearerProblem::Invalid),
                None => Err(BearerProblem::Proof(BadProof::Missing)),
            }
        }
        // A bound token without its key is anybody's; an unbound one with a proof proves nothing (RFC 9449 §7.2).
        (Some(_), None) | (None, Some(_)) => Err(BearerProblem::Invalid),
    }
}

/// Puts the nonce of this moment into the answer to a request that carries a proof.
pub(crate) fn with_nonce(front: &Front, headers: &HeaderMap, answer: &mut HeaderMap) {
    if headers.contains_key(PROOF)
        && let Ok(nonce) = HeaderValue::try_from(nonce(front, front.broker.now()))
    {
        answer.insert(NONCE, nonce);
    }
}

/// The nonce of this moment: its second, and that we said so. Good at every replica.
fn nonce(front: &Front, now: Timestamp) -> String {
    let second = now.unix().to_string();
    format!("{second}.{}", front.cookies.csrf.token(&second, PROOF))
}

fn is_ours(front: &Front, nonce: &str, now: Timestamp) -> bool {
    let Some((said, seal)) = nonce.split_once('.') else {
        return false;
    };
    let at = said.parse::<i64>().ok();
    at.is_some_and(|at| at <= now.unix() && now.unix() - at <= NONCE_SECONDS)
        && front.cookies.csrf.holds(said, PROOF, Some(seal))
}
