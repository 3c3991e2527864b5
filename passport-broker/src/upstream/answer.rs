//! Back from the institution: the answer proven to be of this browser, this login and this provider, then its code
//! for tokens, then its tokens checked (`specs/trust.md` C.5, C.6, C.30).

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClaimsVerificationError, Nonce, OAuth2TokenResponse as _,
    PkceCodeVerifier, RedirectUrl, TokenResponse as _, UserInfoClaims,
};
use subtle::ConstantTimeEq as _;
use visa_verifier::seam::{Fetch, Secret, Timestamp};

use super::claims::{UpstreamClaims, UpstreamIdentity, UserInfoAccess};
use super::one_word::{self, KeepsBack};
use super::provider::Discovered;
use super::{Discoveries, LoginProblem, Outside, PendingLogin, Upstream};
use crate::page::Fields;

/// So far an institution's clock may be ahead of ours.
const CLOCKS: Duration = Duration::from_secs(60);

/// How long an access token is taken to be good that does not say, and how long at most.
const ACCESS: Duration = Duration::from_secs(3600);
const ACCESS_MOST: Duration = Duration::from_secs(24 * 3600);

/// What the browser brought back.
#[derive(Debug)]
pub(crate) struct UpstreamAnswer {
    /// The state, as sent.
    pub(crate) state: String,
    code: Option<String>,
    error: Option<String>,
    issuer: Option<String>,
}

impl UpstreamAnswer {
    /// Reads the query of the callback.
    pub(crate) fn read(fields: &Fields) -> Result<Self, LoginProblem> {
        let one = |name: &str| {
            fields
                .one(name)
                .map(|value| value.map(str::to_owned))
                .map_err(|_| LoginProblem::Unreadable)
        };
        Ok(Self {
            state: one("state")?.ok_or(LoginProblem::NotPending)?,
            code: one("code")?,
            error: one("error")?,
            issuer: one("iss")?,
        })
    }

    /// Whether this is the answer to `pending`, asked of the upstream `id`.
    pub(crate) fn answers(&self, pending: &PendingLogin, id: &str) -> Result<(), LoginProblem> {
        if !bool::from(self.state.as_bytes().ct_eq(pending.state.as_bytes())) {
            return Err(LoginProblem::NotPending);
        }
        if pending.upstream == id {
            Ok(())
        } else {
            Err(LoginProblem::MixedUp)
        }
    }

    /// Whether it comes from the provider that was asked (RFC 9207 §2.4).
    fn comes_from(&self, at: &Discovered) -> Result<(), LoginProblem> {
        match &self.issuer {
            Some(issuer) if *issuer != at.upstream.issuer => Err(LoginProblem::MixedUp),
            None if at.promises_issuer() => Err(LoginProblem::MixedUp),
            Some(_) | None => Ok(()),
        }
    }
}

/// Takes the answer's code to the provider and believes what it says, once everything fits.
pub(crate) async fn redeem(
    upstream: &Arc<Upstream>,
    discoveries: &Discoveries,
    answer: UpstreamAnswer,
    pending: &PendingLogin,
    redirect: RedirectUrl,
    fetch: &dyn Fetch,
    now: Timestamp,
) -> Result<UpstreamIdentity, LoginProblem> {
    let at = discoveries.discover(upstream, fetch, now).await?;
    answer.comes_from(&at)?;
    if let Some(error) = answer.error {
        let word = error
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
            .take(60)
            .collect();
        return Err(LoginProblem::Refused { error: word });
    }
    let code = AuthorizationCode::new(answer.code.ok_or(LoginProblem::Unreadable)?);
    let outside = Outside(fetch);
    let keeps_back = KeepsBack::new(fetch);
    let mut party = at.relying_party(redirect.clone());
    let tokens = party
        .exchange_code(code)
        .map_err(|error| LoginProblem::unverified(&error))?
        .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()))
        .request_async(&keeps_back)
        .await
        .map_err(|error| LoginProblem::unverified(&error))?;
    let claims = match keeps_back.kept() {
        Some(kept) => {
            let expected = one_word::Expected {
                nonce: &pending.nonce,
                access_token: tokens.access_token().secret(),
                clocks: CLOCKS,
                now,
            };
            match one_word::check(&at, &kept, &expected) {
                Ok(claims) => claims,
                Err(_) => one_word::check(&discoveries.refresh(upstream, fetch, now).await?, &kept, &expected)?,
            }
        }
        None => {
            let id_token = tokens.id_token().ok_or(LoginProblem::Unverified {
                why: "no ID Token".into(),
            })?;
            let nonce = Nonce::new(pending.nonce.clone());
            // A provider may have changed its keys since they were fetched: asked once more, then it is a refusal.
            let claims = match check(&party, id_token, &nonce, now) {
                Ok(claims) => claims.clone(),
                Err(_) => {
                    party = discoveries.refresh(upstream, fetch, now).await?.relying_party(redirect);
                    check(&party, id_token, &nonce, now)?.clone()
                }
            };
            fits(&party, id_token, &claims, tokens.access_token())?;
            claims
        }
    };
    let userinfo: Option<UserInfoClaims<UpstreamClaims, _>> = if at.has_userinfo() {
        let request = party
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(|error| LoginProblem::unverified(&error))?;
        Some(
            request
                .request_async(&outside)
                .await
                .map_err(|error| LoginProblem::unverified(&error))?,
        )
    } else {
        None
    };
    let mut identity = UpstreamIdentity::of(&at.upstream, &claims, userinfo.as_ref(), now)?;
    if !identity.visas.is_empty() {
        identity.userinfo = at.userinfo_endpoint().map(|endpoint| UserInfoAccess {
            endpoint,
            token: Secret::from(tokens.access_token().secret().clone()),
            life: tokens.expires_in().unwrap_or(ACCESS).min(ACCESS_MOST),
        });
    }
    Ok(identity)
}

type Claims = openidconnect::IdTokenClaims<UpstreamClaims, openidconnect::core::CoreGenderClaim>;
type IdToken = openidconnect::IdToken<
    UpstreamClaims,
    openidconnect::core::CoreGenderClaim,
    openidconnect::core::CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The access token is the one that the ID Token speaks of, if it speaks of one.
fn fits(
    party: &super::provider::RelyingParty,
    id_token: &IdToken,
    claims: &Claims,
    access_token: &AccessToken,
) -> Result<(), LoginProblem> {
    let Some(expected) = claims.access_token_hash() else {
        return Ok(());
    };
    let verifier = party.id_token_verifier();
    let alg = id_token
        .signing_alg()
        .map_err(|error| LoginProblem::unverified(&error))?;
    let key = id_token
        .signing_key(&verifier)
        .map_err(|error| LoginProblem::unverified(&error))?;
    let own = AccessTokenHash::from_token(access_token, alg, key).map_err(|error| LoginProblem::unverified(&error))?;
    if own == *expected {
        Ok(())
    } else {
        Err(LoginProblem::Unverified {
            why: "at_hash does not fit the access token".into(),
        })
    }
}

/// Signature, issuer, audience, expiry and nonce of the ID Token, by our clock and two algorithms.
fn check<'t>(
    party: &super::provider::RelyingParty,
    id_token: &'t IdToken,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<&'t Claims, LoginProblem> {
    let algorithms = [
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    ];
    let seconds = u64::try_from(now.unix()).unwrap_or(0);
    let verifier = party
        .id_token_verifier()
        .set_allowed_algs(algorithms)
        .set_time_fn(move || (std::time::UNIX_EPOCH + Duration::from_secs(seconds)).into());
    let claims = id_token.claims(&verifier, nonce).map_err(|error| {
        // It came straight from the institution: one that is over already says that the clocks differ.
        if let ClaimsVerificationError::Expired(why) = error {
            LoginProblem::Clock { why }
        } else {
            LoginProblem::unverified(&error)
        }
    })?;
    let issued = Timestamp::from_unix(claims.issue_time().timestamp());
    if now.plus(CLOCKS) < issued {
        return Err(LoginProblem::Clock {
            why: format!("the ID Token was issued at {issued}, which is to come"),
        });
    }
    Ok(claims)
}
