//! The caller's bearer token, judged here without asking its broker: a JWT access token (RFC 9068), or a
//! Passport-scoped access token as the AAI profile has it.
//!
//! Keys come from the broker's entry alone: `jku`, `jwk`, `x5u` and `x5c` of the token are never looked at (CLH-27).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::times::Moment;
use crate::keys::{KeyError, KeyServer, KeySet};
#[cfg(feature = "fetch")]
use crate::keys::{KeyRequest, KeyStore};
use crate::passport::Code;
use crate::seam::{FetchError, Timestamp};
use crate::token::{Algorithm, Audience, ClaimError, CompactToken, Issuer, TokenDigest, TokenError};
use crate::token::{claims, limits, same_type, scope_has};
use crate::visa::VisaIdentity;

/// Which shape of access token is taken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TokenProfile {
    /// RFC 9068 to the letter (TOK-12): `typ` is `at+jwt`; `aud` names us; `client_id` and `jti` are there.
    #[default]
    Rfc9068,
    /// A Passport-scoped access token (AAI 1.2 "Conformance for Brokers" 1.4): `typ` is `JWT` or `at+jwt`; `scope`
    /// holds `openid` and `ga4gh_passport_v1` (which tells it from an ID token, TOK-11); `aud`, `client_id` and `jti`
    /// may be absent. An `aud` that is there must name one of ours: our own identifier, or the id of a client that
    /// we work with (TOK-07, CLH-21).
    PassportScoped,
}

/// The two scopes of a Passport-scoped access token.
const PASSPORT_SCOPES: [&str; 2] = ["openid", "ga4gh_passport_v1"];

/// By what access tokens are judged.
#[derive(Clone, Debug)]
pub struct AccessTokenRules {
    /// Which shape.
    pub profile: TokenProfile,
    /// Whose tokens are taken, exactly.
    pub issuer: Issuer,
    /// Where its keys are.
    pub server: KeyServer,
    /// Our identifiers; `aud` must name one.
    pub audience: Vec<String>,
    /// How far clocks may differ, seconds, at most 300.
    pub clock_skew: u64,
    /// Scopes that must be there, as whole words (TOK-13); those of the profile beside. Default none.
    pub scopes: Vec<String>,
    /// Thumbprints of revoked keys.
    pub revoked_keys: BTreeSet<String>,
}

impl AccessTokenRules {
    /// Tokens of `issuer` for one of `audience`; keys by discovery, 60 s of skew.
    #[must_use]
    pub fn new(issuer: Issuer, audience: Vec<String>) -> Self {
        let server = KeyServer::Discovery { issuer: issuer.clone() };
        Self {
            profile: TokenProfile::Rfc9068,
            issuer,
            server,
            audience,
            clock_skew: 60,
            scopes: Vec::new(),
            revoked_keys: BTreeSet::new(),
        }
    }

    /// The same for Passport-scoped access tokens of any broker of the AAI profile.
    #[must_use]
    pub fn passport_scoped(issuer: Issuer, audience: Vec<String>) -> Self {
        Self {
            profile: TokenProfile::PassportScoped,
            ..Self::new(issuer, audience)
        }
    }
}

/// An access token that counts here: typ, issuer, audience, signature and times were checked.
#[derive(Clone, Debug)]
pub struct AccessToken {
    identity: VisaIdentity,
    client_id: String,
    audience: Option<Audience>,
    expires: Timestamp,
    issued: Timestamp,
    digest: TokenDigest,
    claims: Map<String, Value>,
}

/// Why a bearer token does not count. To a client all but the last is `invalid_token` (RFC 6750 §3.1).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessTokenRejected {
    /// No token as we read them.
    #[error("the access token cannot be read: {0}")]
    Unreadable(TokenError),
    /// Another kind of token: ID token, visa, Passport (RFC 8725 §3.11).
    #[error("the token is not an access token that is taken here")]
    Kind,
    /// `crit` or an algorithm that does not exist for us.
    #[error("the access token's header demands what is not supported")]
    Header,
    /// Of another issuer.
    #[error("the access token is of another issuer")]
    Issuer,
    /// For somebody else.
    #[error("the access token is for somebody else")]
    Audience,
    /// Not signed by the issuer, or by a revoked key.
    #[error("the access token's signature does not count: {0}")]
    Signature(KeyError),
    /// Over, or not yet.
    #[error("the access token does not count at this time: {0}")]
    Time(Code),
    /// A claim is missing or wrong.
    #[error("the access token lacks what RFC 9068 demands: {0}")]
    Claim(ClaimError),
    /// A scope is missing.
    #[error("the access token lacks the scope `{0}`")]
    Scope(String),
    /// The issuer's keys could not be fetched: nothing is known about the token.
    #[error("the broker's keys could not be fetched: {0}")]
    Keys(FetchError),
}

impl AccessTokenRejected {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "bearer.unreadable",
            Self::Kind => "bearer.kind",
            Self::Header => "bearer.header",
            Self::Issuer => "bearer.issuer",
            Self::Audience => "bearer.audience",
            Self::Signature(_) => "bearer.signature",
            Self::Time(Code::Expired) => "bearer.expired",
            Self::Time(_) => "bearer.not_yet_valid",
            Self::Claim(_) => "bearer.claim",
            Self::Scope(_) => "bearer.scope",
            Self::Keys(_) => "bearer.keys_unavailable",
        }
    }

    /// Whether trying later can help: we could not find out (503 rather than 401).
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Keys(_))
    }
}

impl AccessToken {
    /// Judges `compact` as of `now`, asking `keys` for the issuer's. Nothing is fetched for a token that fails before.
    #[cfg(feature = "fetch")]
    pub async fn verify(
        compact: &str,
        rules: &AccessTokenRules,
        keys: &KeyStore,
        now: Timestamp,
    ) -> Result<Self, AccessTokenRejected> {
        let token = readable(compact, rules)?;
        let request = KeyRequest {
            server: rules.server.clone(),
            kid: token.header().kid.clone(),
            grace: crate::trust::GRACE,
        };
        let supplied = keys.get(&request).await.map_err(AccessTokenRejected::Keys)?;
        judged(token, rules, &supplied.keys, now)
    }

    /// The same with the issuer's keys at hand.
    pub fn check(
        compact: &str,
        rules: &AccessTokenRules,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<Self, AccessTokenRejected> {
        judged(readable(compact, rules)?, rules, keys, now)
    }

    /// Whose token: `iss` and `sub`.
    #[must_use]
    pub const fn identity(&self) -> &VisaIdentity {
        &self.identity
    }

    /// The client it was issued to; empty if it does not say so, which only a [`TokenProfile::PassportScoped`] may.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The scope, space-separated words; empty if there is none.
    #[must_use]
    pub fn scope(&self) -> &str {
        self.text("scope").unwrap_or_default()
    }

    /// Whether the scope holds `word`.
    #[must_use]
    pub fn has_scope(&self, word: &str) -> bool {
        scope_has(self.scope(), word)
    }

    /// For whom it is; one of them is us. `None` only of a [`TokenProfile::PassportScoped`].
    #[must_use]
    pub const fn audience(&self) -> Option<&Audience> {
        self.audience.as_ref()
    }

    /// Its `exp`.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Its `iat`.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }

    /// When the person logged in, if told.
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        claims::instant(&self.claims, "auth_time")
            .ok()
            .flatten()
            .map(crate::token::NumericDate::floor)
    }

    /// How strongly, if told.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.text("acr")
    }

    /// By which methods, if told.
    #[must_use]
    pub fn amr(&self) -> Vec<&str> {
        let list = self.claims.get("amr").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Its `jti`.
    #[must_use]
    pub fn jti(&self) -> &str {
        self.text("jti").unwrap_or_default()
    }

    /// Digest of the token: its name in caches and logs.
    #[must_use]
    pub const fn digest(&self) -> TokenDigest {
        self.digest
    }

    /// Any claim, such as `visum_idp` or `visum_assurance`.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }
}

/// What can be judged without keys.
fn readable(compact: &str, rules: &AccessTokenRules) -> Result<CompactToken, AccessTokenRejected> {
    let token = CompactToken::parse(compact, limits::VISA_BYTES).map_err(AccessTokenRejected::Unreadable)?;
    let (header, said) = (token.header(), token.claims());
    if header.crit || Algorithm::named(&header.alg).is_none() {
        return Err(AccessTokenRejected::Header);
    }
    // an access token holds no GA4GH claims (BRK-07): with them it is a visa or a Passport, and no bearer (VIS-07)
    let is_visa = said.contains_key("ga4gh_visa_v1") || said.contains_key("ga4gh_passport_v1");
    let types: &[&str] = match rules.profile {
        TokenProfile::Rfc9068 => &["at+jwt"],
        TokenProfile::PassportScoped => &["at+jwt", "JWT"],
    };
    let is_type = |typ: &str| types.iter().any(|known| same_type(typ, known));
    if is_visa || !header.typ.as_deref().is_some_and(is_type) {
        return Err(AccessTokenRejected::Kind);
    }
    if claims::required(said, "iss").map_err(AccessTokenRejected::Claim)? != rules.issuer.as_str() {
        return Err(AccessTokenRejected::Issuer);
    }
    Ok(token)
}

fn judged(
    token: CompactToken,
    rules: &AccessTokenRules,
    keys: &KeySet,
    now: Timestamp,
) -> Result<AccessToken, AccessTokenRejected> {
    use AccessTokenRejected as No;
    keys.verify(&token, &rules.revoked_keys).map_err(No::Signature)?;
    let said = token.claims();
    let exp = claims::required_instant(said, "exp").map_err(No::Claim)?;
    let iat = claims::required_instant(said, "iat").map_err(No::Claim)?;
    let nbf = claims::instant(said, "nbf").map_err(No::Claim)?;
    Moment::new(now, rules.clock_skew)
        .check(exp, nbf, iat)
        .map_err(No::Time)?;
    let audience = Audience::read(said).map_err(No::Claim)?;
    if audience.as_ref().is_some_and(|aud| !aud.names(&rules.audience)) {
        return Err(No::Audience);
    }
    let sub = claims::required(said, "sub").and_then(str::parse).map_err(No::Claim)?;
    let client_id = claims::text(said, "client_id").map_err(No::Claim)?;
    let jti = claims::text(said, "jti").map_err(No::Claim)?;
    let scope = claims::text(said, "scope").map_err(No::Claim)?;
    let profile_scopes: &[&str] = match rules.profile {
        TokenProfile::Rfc9068 => {
            let there = [
                ("aud", audience.is_some()),
                ("client_id", client_id.is_some()),
                ("jti", jti.is_some()),
            ];
            if let Some((claim, _)) = there.into_iter().find(|(_, is)| !is) {
                return Err(No::Claim(ClaimError::Missing { claim }));
            }
            &[]
        }
        TokenProfile::PassportScoped => &PASSPORT_SCOPES,
    };
    let wanted = profile_scopes
        .iter()
        .copied()
        .chain(rules.scopes.iter().map(String::as_str));
    let scope = scope.unwrap_or_default();
    if let Some(lacking) = wanted.into_iter().find(|word| !scope_has(scope, word)) {
        return Err(No::Scope(lacking.to_owned()));
    }
    let client_id = client_id.unwrap_or_default().to_owned();
    Ok(AccessToken {
        identity: VisaIdentity::new(rules.issuer.clone(), sub),
        client_id,
        audience,
        expires: exp.ceiling(),
        issued: iat.floor(),
        digest: token.digest(),
        claims: token.into_claims(),
    })
}
