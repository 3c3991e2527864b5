//! DPoP at this replica (RFC 9449 §7, §9): a proof repeats a nonce of ours, and is good once.
//!
//! Nonces are sealed under a key that this process made at its start: a proof is good at one replica, so that one's
//! memory of names suffices.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use ring::hmac;
use url::Url;
use visa_verifier::seam::{Clock, Random};
use visa_verifier::{DpopProof, DpopRejected, PROOF_WINDOW};

use crate::{
    api::Incoming,
    problem::{Challenge, Problem},
};

/// The header of proofs.
const PROOF: &str = "dpop";
/// A nonce is good for this long.
const NONCE_SECONDS: i64 = 300;
/// A proof could come again for this long after it was first seen.
const SEEN_SECONDS: i64 = 2 * PROOF_WINDOW.cast_signed() + 1;
/// Most names that are remembered; over that, no proof is taken until some are over.
const SEEN: usize = 100_000;

/// Checks proofs.
pub(crate) struct Proofs {
    seal: hmac::Key,
    seen: Mutex<HashMap<String, i64>>,
    clock: Arc<dyn Clock>,
    public: Url,
}

impl fmt::Debug for Proofs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Proofs")
    }
}

impl Proofs {
    /// For requests to this public address.
    pub(crate) fn new(random: &dyn Random, clock: Arc<dyn Clock>, public: Url) -> Self {
        let mut secret = [0; 32];
        random.fill(&mut secret);
        Self {
            seal: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            seen: Mutex::default(),
            clock,
            public,
        }
    }

    /// The thumbprint of the key whose proof this request carries for this token. The proof is used up.
    ///
    /// # Errors
    /// 401 with a nonce for a proof that does not count, 503 where too many are remembered.
    pub(crate) fn key(&self, incoming: &Incoming, token: &str) -> Result<String, Problem> {
        let refused = |words: String| self.refusal("invalid_dpop_proof", "token.proof", words);
        let mut values = incoming.headers.get_all(PROOF).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(refused("exactly one DPoP proof is needed".to_owned()));
        };
        let told = |rejected: DpopRejected| refused(rejected.to_string());
        let text = value.to_str().map_err(|_| told(DpopRejected::Form))?;
        let proof =
            DpopProof::check(text, incoming.method.as_str(), &self.address(incoming), Some(token)).map_err(told)?;
        let now = self.clock.now();
        if !proof
            .nonce
            .as_deref()
            .is_some_and(|nonce| self.is_ours(nonce, now.unix()))
        {
            let words = "the DPoP proof repeats no nonce of this replica; make it anew with the one of this answer";
            return Err(self.refusal("use_dpop_nonce", "token.nonce", words.to_owned()));
        }
        proof.is_recent(now).map_err(told)?;
        self.first_use(format!("{} {}", proof.thumbprint, proof.jti), now.unix())?;
        Ok(proof.thumbprint)
    }

    fn first_use(&self, name: String, now: i64) -> Result<(), Problem> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SEEN {
            seen.retain(|_, until| *until > now);
        }
        if seen.get(&name).is_some_and(|until| *until > now) {
            let words = "the DPoP proof was used before".to_owned();
            return Err(self.refusal("invalid_dpop_proof", "token.proof", words));
        }
        if seen.len() >= SEEN {
            return Err(Problem::unavailable(
                "token.proofs_full",
                "too many DPoP proofs are remembered at this moment",
                30,
            ));
        }
        seen.insert(name, now.saturating_add(SEEN_SECONDS));
        Ok(())
    }

    /// What the client called: the host was found to be one of ours before.
    fn address(&self, incoming: &Incoming) -> String {
        let host = incoming.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.unwrap_or_else(|| self.public.authority());
        format!("{}://{host}{}", self.public.scheme(), incoming.path)
    }

    fn nonce(&self, now: i64) -> String {
        let text = now.to_string();
        let tag = hmac::sign(&self.seal, text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn is_ours(&self, nonce: &str, now: i64) -> bool {
        let Some((text, tag)) = nonce.split_once('.') else {
            return false;
        };
        let sealed = URL_SAFE_NO_PAD
            .decode(tag)
            .is_ok_and(|tag| hmac::verify(&self.seal, text.as_bytes(), &tag).is_ok());
        let at = text.parse::<i64>().ok();
        sealed && at.is_some_and(|at| at <= now && now.saturating_sub(at) <= NONCE_SECONDS)
    }

    fn refusal(&self, error: &'static str, code: &'static str, words: String) -> Problem {
        let mut problem = Problem::unauthenticated(Challenge::Dpop(error), code, words);
        problem.denial.nonce = Some(self.nonce(self.clock.now().unix()));
        problem
    }
}
