//! [`TokenSource`]: what an access token of one broker stands for (AAI 1.2 "Conformance for Passport Clearinghouses"
//! 2.1; CLH-03, CLH-04). The token is checked here, or it is opaque; then the broker is asked, by token exchange or at
//! UserInfo; what it gives is verified like every Passport.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::error::SourceError;
use super::exchange::{Exchange, ExchangeSettings};
use super::metadata::{Endpoint, Metadata};
use super::poller::Poller;
use super::userinfo;
use crate::keys::{KeyRequest, KeyServer, KeyStore};
use crate::passport::{Passport, VerifiedPassport};
use crate::seam::{Clock, Fetch, Random, Timestamp};
use crate::token::{Issuer, TokenDigest, limits};
use crate::trust::{GRACE, KeySource, Role, TrustEntry, TrustPolicy};
use crate::verify::userinfo::{UserInfoAnswer, read};
use crate::verify::{AccessToken, AccessTokenRejected, AccessTokenRules};

/// An answer is used for one token this long at most: the token's endpoints are asked at most once an hour (EXP-10).
const KEEP: Duration = Duration::from_secs(3_600);
/// A broker's refusal of a token is remembered this long.
const KEEP_REFUSAL: Duration = Duration::from_secs(600);
/// What is kept of all answers, bytes.
const KEPT_BYTES: u64 = 64 * 1024 * 1024;

/// What is done with the token itself.
#[derive(Clone, Debug)]
pub enum TokenMode {
    /// It is a JWT of the rules' issuer, and must count by them before that broker is asked.
    Check(AccessTokenRules),
    /// It is never looked into: it goes to this broker as it came. Forged ones cost that broker a call each.
    Opaque(Issuer),
}

/// Whether UserInfo is asked where exchange gave nothing. A token that the broker refuses is refused: nowhere else is
/// tried.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fallback {
    /// Never.
    Never,
    /// Where the broker does not do exchanges, or not for us.
    #[default]
    Unsupported,
    /// Also where its token endpoint is out of order, or gives no Passport for our audience.
    Failure,
}

/// One broker and how it is asked. At least one of `exchange` and `userinfo` is needed.
#[derive(Clone, Debug)]
pub struct TokenSourceSettings {
    /// The token itself, and whose it is.
    pub mode: TokenMode,
    /// By token exchange: preferred where it is set (BRK-10).
    pub exchange: Option<(ExchangeSettings, Endpoint)>,
    /// At UserInfo.
    pub userinfo: Option<Endpoint>,
    /// When the second takes the first one's place.
    pub fallback: Fallback,
    /// `http://` to this very machine (demo and tests).
    pub loopback_http: bool,
}

/// By which way the visas came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// In a Passport, by token exchange.
    Exchange,
    /// In a UserInfo answer.
    UserInfo,
}

/// What a broker gave for a token: not believed yet.
#[derive(Clone, Debug)]
pub struct Sourced {
    /// By which way.
    pub way: Way,
    /// The token, if it was checked here.
    pub token: Option<AccessToken>,
    /// What came.
    pub passport: Passport,
}

/// What a token stands for: verified.
#[derive(Clone, Debug)]
pub struct Asked {
    /// By which way the visas came.
    pub way: Way,
    /// The token, if it was checked here.
    pub token: Option<AccessToken>,
    /// The visas that count. It is the broker's, and the token's person's.
    pub passport: VerifiedPassport,
}

/// Asks one broker what access tokens stand for. Cheap to clone; clones share what is known.
#[derive(Clone)]
pub struct TokenSource {
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    keys: KeyStore,
    metadata: Metadata,
    exchange: Option<(Exchange, Endpoint)>,
    mode: TokenMode,
    userinfo: Option<Endpoint>,
    fallback: Fallback,
    poller: Option<Poller>,
    kept: Cache<TokenDigest, Kept>,
}

#[derive(Clone)]
struct Kept {
    what: Result<(Way, Passport), SourceError>,
    bytes: usize,
    until: Timestamp,
}

impl TokenSource {
    /// Ready; nobody is asked yet.
    pub fn new(
        settings: TokenSourceSettings,
        fetch: Arc<dyn Fetch>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        keys: KeyStore,
    ) -> Result<Self, SourceError> {
        let exchange = match settings.exchange {
            None => None,
            Some((exchange, endpoint)) => {
                let fragment = || SourceError::Target("a resource has a fragment".to_owned());
                let exchange = Exchange::new(Arc::clone(&fetch), random, exchange).ok_or_else(fragment)?;
                Some((exchange, endpoint))
            }
        };
        if exchange.is_none() && settings.userinfo.is_none() {
            return Err(SourceError::NoWay);
        }
        let weigh = |_: &TokenDigest, kept: &Kept| u32::try_from(kept.bytes).unwrap_or(u32::MAX);
        Ok(Self {
            metadata: Metadata::new(Arc::clone(&fetch), Arc::clone(&clock), settings.loopback_http),
            fetch,
            clock,
            keys,
            exchange,
            mode: settings.mode,
            userinfo: settings.userinfo,
            fallback: settings.fallback,
            poller: None,
            kept: Cache::builder().max_capacity(KEPT_BYTES).weigher(weigh).build(),
        })
    }

    /// Polls access-token visas by this poller.
    #[must_use]
    pub fn with_poller(mut self, poller: Poller) -> Self {
        self.poller = Some(poller);
        self
    }

    /// Whose tokens.
    #[must_use]
    pub const fn issuer(&self) -> &Issuer {
        match &self.mode {
            TokenMode::Check(rules) => &rules.issuer,
            TokenMode::Opaque(issuer) => issuer,
        }
    }

    /// The Passport of the token's person, verified by `trust`. For one token the broker is asked at most once an
    /// hour (EXP-10), unless what it gave ends sooner.
    pub async fn verified(&self, access_token: &str, trust: &TrustPolicy) -> Result<Asked, SourceError> {
        let now = self.clock.now();
        let token = self.begin(access_token, trust, now).await?;
        let digest = TokenDigest::of(access_token);
        if let Some(kept) = self.kept.get(&digest).filter(|kept| now < kept.until) {
            let (way, passport) = kept.what?;
            return self.judged(way, token, passport, trust).await;
        }
        let keep = |what: Result<(Way, Passport), SourceError>, bytes: usize, until: Timestamp| {
            self.kept.insert(digest, Kept { what, bytes, until });
        };
        let (way, passport) = match self.asked(access_token, token.as_ref(), trust).await {
            Ok(sourced) => sourced,
            Err(error) => {
                if !error.is_unknown() {
                    keep(Err(error.clone()), 1_024, now.plus(KEEP_REFUSAL));
                }
                return Err(error);
            }
        };
        let asked = self.judged(way, token, passport.clone(), trust).await?;
        let ends = [asked.passport.expires(), asked.token.as_ref().map(AccessToken::expires)];
        let until = ends.into_iter().flatten().fold(now.plus(KEEP), Timestamp::min);
        // visas are held as text and as claims
        let bytes = passport.visas.iter().map(|visa| 3 * visa.len()).sum::<usize>() + 4_096;
        keep(Ok((way, passport)), bytes, until);
        Ok(asked)
    }

    /// What the broker gives for the token, unverified and without memory; for who judges it together with other
    /// carriers ([`Request::carrier`](crate::verify::Request::carrier)).
    pub async fn sourced(&self, access_token: &str, trust: &TrustPolicy) -> Result<Sourced, SourceError> {
        let token = self.begin(access_token, trust, self.clock.now()).await?;
        let (way, passport) = self.asked(access_token, token.as_ref(), trust).await?;
        Ok(Sourced { way, token, passport })
    }

    /// Forgets what is kept of a token: its end was noticed (EXP-14).
    pub fn forget(&self, access_token: &str) {
        self.kept.invalidate(&TokenDigest::of(access_token));
    }

    /// What can be said without asking: the broker is trusted, and the token counts or is at least a bearer's text.
    async fn begin(
        &self,
        access_token: &str,
        trust: &TrustPolicy,
        now: Timestamp,
    ) -> Result<Option<AccessToken>, SourceError> {
        // CLH-15: no call on behalf of a broker that is not trusted now
        let entry = self.broker(trust, now)?;
        match &self.mode {
            TokenMode::Opaque(_) => is_bearer(access_token).then_some(None).ok_or(SourceError::Form),
            TokenMode::Check(rules) => {
                let mut rules = rules.clone();
                rules.revoked_keys.extend(trust.revoked_keys().iter().cloned());
                // keys that trust has pinned are used, as for the broker's Passports
                let checked = match entry.keys_for(None) {
                    Some(KeySource::Here(set)) => AccessToken::check(access_token, &rules, set, now),
                    Some(KeySource::Joined(set)) => AccessToken::check(access_token, &rules, &set, now),
                    Some(KeySource::Ask(_)) | None => AccessToken::verify(access_token, &rules, &self.keys, now).await,
                };
                checked.map(Some).map_err(SourceError::Token)
            }
        }
    }

    fn broker<'t>(&self, trust: &'t TrustPolicy, now: Timestamp) -> Result<&'t Arc<TrustEntry>, SourceError> {
        trust
            .entry(Role::Broker, self.issuer())
            .filter(|entry| entry.stands(now))
            .ok_or(SourceError::Token(AccessTokenRejected::Issuer))
    }

    async fn asked(
        &self,
        access_token: &str,
        token: Option<&AccessToken>,
        trust: &TrustPolicy,
    ) -> Result<(Way, Passport), SourceError> {
        let first = match &self.exchange {
            None => None,
            Some((exchange, endpoint)) => match self.exchanged(exchange, endpoint, access_token).await {
                Ok(passport) => return Ok((Way::Exchange, passport)),
                Err(error) => Some(error),
            },
        };
        match (&self.userinfo, first) {
            (Some(endpoint), first) if first.as_ref().is_none_or(|error| self.falls_back(error)) => {
                let passport = self.told(endpoint, access_token, token, trust).await?;
                Ok((Way::UserInfo, passport))
            }
            (_, Some(error)) => Err(error),
            (_, None) => Err(SourceError::NoWay),
        }
    }

    const fn falls_back(&self, error: &SourceError) -> bool {
        match error {
            SourceError::Unsupported(_) => !matches!(self.fallback, Fallback::Never),
            SourceError::Client(_)
            | SourceError::Target(_)
            | SourceError::Later { .. }
            | SourceError::Unreachable(_)
            | SourceError::Answer(_) => matches!(self.fallback, Fallback::Failure),
            SourceError::Token(_)
            | SourceError::Form
            | SourceError::Refused(_)
            | SourceError::OtherPerson
            | SourceError::Passport(_)
            | SourceError::NoWay => false,
        }
    }

    async fn exchanged(
        &self,
        exchange: &Exchange,
        endpoint: &Endpoint,
        access_token: &str,
    ) -> Result<Passport, SourceError> {
        let endpoint = match endpoint {
            Endpoint::At(url) => url.clone(),
            Endpoint::Discovered => self
                .metadata
                .token_endpoint(self.issuer())
                .await
                .map_err(SourceError::Unreachable)?,
        };
        let exchanged = exchange.passport(&endpoint, access_token, self.clock.now()).await?;
        Passport::parse(&exchanged.passport).map_err(SourceError::Passport)
    }

    async fn told(
        &self,
        endpoint: &Endpoint,
        access_token: &str,
        token: Option<&AccessToken>,
        trust: &TrustPolicy,
    ) -> Result<Passport, SourceError> {
        let endpoint = match endpoint {
            Endpoint::At(url) => url.clone(),
            Endpoint::Discovered => self
                .metadata
                .userinfo_endpoint(self.issuer())
                .await
                .map_err(SourceError::Unreachable)?,
        };
        let (kind, body) = userinfo::visas(&*self.fetch, &endpoint, access_token).await?;
        let subject = token.map(|token| &token.identity().sub);
        match read(self.issuer(), subject, &kind, &body).map_err(SourceError::Passport)? {
            UserInfoAnswer::Plain(passport) => Ok(passport),
            UserInfoAnswer::Signed(signed) => {
                let now = self.clock.now();
                let entry = self.broker(trust, now)?;
                let keys = match entry.keys_for(None) {
                    Some(KeySource::Here(set)) => set.clone(),
                    Some(KeySource::Joined(set)) => set,
                    Some(KeySource::Ask(_)) | None => {
                        let request = KeyRequest {
                            server: KeyServer::Discovery {
                                issuer: self.issuer().clone(),
                            },
                            kid: signed.kid().map(str::to_owned),
                            grace: GRACE,
                        };
                        self.keys.get(&request).await.map_err(SourceError::Unreachable)?.keys
                    }
                };
                signed.check(&keys, trust, now).map_err(SourceError::Passport)
            }
        }
    }

    async fn judged(
        &self,
        way: Way,
        token: Option<AccessToken>,
        passport: Passport,
        trust: &TrustPolicy,
    ) -> Result<Asked, SourceError> {
        let now = self.clock.now();
        let passport = match &self.poller {
            Some(poller) => poller.drive(passport, trust, &self.keys, now, now.plus(KEEP)).await,
            None => {
                let verification = crate::verify::Verification::begin(passport, trust, now);
                crate::verify::drive(verification, &self.keys).await
            }
        };
        let passport = passport.map_err(SourceError::Passport)?;
        let is_person = |token: &AccessToken| passport.identities().contains(token.identity());
        if passport.holder().iss != *self.issuer() || !token.as_ref().is_none_or(is_person) {
            return Err(SourceError::OtherPerson);
        }
        Ok(Asked { way, token, passport })
    }
}

/// RFC 6750 §2.1: `b64token`.
fn is_bearer(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    !text.is_empty() && text.len() <= limits::VISA_BYTES && text.bytes().all(plain)
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource")
            .field("mode", &self.mode)
            .field("exchange", &self.exchange.is_some())
            .field("userinfo", &self.userinfo)
            .field("fallback", &self.fallback)
            .finish_non_exhaustive()
    }
}
