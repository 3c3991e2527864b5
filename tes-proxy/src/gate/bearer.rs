//! From a credential to a [`Person`]: our own access token checked here, the Passport fetched from the broker, and
//! every Passport verified under the snapshot's trust (`apis.md` 1.6).

use std::sync::{Arc, Mutex};

use audit_log::{Auth, Digest, Keystore, Name};
use moka::sync::Cache;
use policy_engine::decide::{Current, Session};
use visa_verifier::{
    AccessToken, AccessTokenRules, Issuer, KeyStore, KeyStoreSettings, Passport, PassportRejected, VerifiedPassport,
    VisaIdentity,
    report::{Report, VerifyInput},
    seam::{Clock, Timestamp},
    source::{Poller, PollerSettings},
    token::TokenDigest,
};

use crate::{
    config::{BrokerLink, Config},
    limits,
    opening::Seams,
    problem::{Challenge, Problem},
};

mod together;

use super::login::{default_purpose, key_of, login_of, session_of};
use super::{Person, Presented, Service, Standing, exchange::Exchange};

/// Knows callers by their credentials.
#[derive(Clone)]
pub(crate) struct Identify {
    rules: AccessTokenRules,
    issuer: Issuer,
    audience: String,
    keys: KeyStore,
    /// Asks the issuers of access-token visas (the old kind) whether they still stand by them.
    poller: Poller,
    exchange: Arc<Exchange>,
    current: Arc<Current>,
    keystore: Keystore,
    clock: Arc<dyn Clock>,
    people: Cache<String, Arc<Person>>,
}

impl std::fmt::Debug for Identify {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Identify")
    }
}

/// The client and the method of login of whoever comes with a Passport in the place of a token.
const PASSPORT_BEARER: &str = "passport-bearer";

/// A credential that does not count.
pub(super) fn invalid(code: &'static str, sentence: impl Into<String>) -> Problem {
    Problem::unauthenticated(Challenge::InvalidToken, code, sentence)
}

impl Identify {
    /// With the broker's tokens and these seams.
    ///
    /// # Errors
    /// The sentence of what is wrong with the link to the broker.
    pub(crate) fn new(
        config: &Config,
        link: BrokerLink,
        seams: &Seams,
        current: Arc<Current>,
        keystore: Keystore,
    ) -> Result<Self, &'static str> {
        let issuer: Issuer = link
            .issuer
            .parse()
            .map_err(|_| "the broker's issuer is no issuer identifier")?;
        let settings = KeyStoreSettings {
            allow_loopback_http: config.allow_loopback_http,
            ..KeyStoreSettings::default()
        };
        Ok(Self {
            rules: AccessTokenRules::new(issuer.clone(), vec![config.audience.clone()]),
            issuer,
            audience: config.audience.clone(),
            keys: KeyStore::new(Arc::clone(&seams.fetch), Arc::clone(&seams.clock), settings),
            poller: Poller::new(
                PollerSettings {
                    loopback_http: config.allow_loopback_http,
                    ..PollerSettings::default()
                },
                Arc::clone(&seams.fetch),
                Arc::clone(&seams.clock),
                Arc::clone(&seams.random),
            ),
            exchange: Arc::new(Exchange::new(link, config.audience.clone(), seams)?),
            current,
            keystore,
            clock: Arc::clone(&seams.clock),
            people: Cache::new(limits::CALLERS),
        })
    }

    /// A person known under this digest, if they still count.
    pub(crate) fn known(&self, digest: &str) -> Option<Arc<Person>> {
        let person = self.people.get(digest)?;
        let current = self.current.load();
        let changed = current.snapshot().changed_at(person.identities());
        // a key that was revoked since beats what was verified by it
        let keys = current.snapshot().trust.revoked_keys();
        let revoked = person.passport().is_some_and(|passport| passport.rests_on(keys));
        (self.clock.now() < person.until && changed == person.changed && !revoked).then_some(person)
    }

    /// The person behind a credential; `None` if there is none.
    ///
    /// # Errors
    /// 401 for one that does not count, 400 for two people, 503 when the broker or its keys cannot be reached.
    pub(crate) async fn person(&self, presented: &Presented) -> Result<Option<Arc<Person>>, Problem> {
        match presented {
            Presented::Nothing => Ok(None),
            Presented::Token(token) | Presented::Bound(token) => self.by_token(token).await.map(Some),
            Presented::Passports(passports) => {
                let before = self.current.load();
                let people = self.by_passports(passports).await?;
                self.together(people, &before, together::MANY).await.map(Some)
            }
            Presented::Both(token, passports) => {
                let before = self.current.load();
                let mut people = vec![self.by_token(token).await?];
                people.extend(self.by_passports(passports).await?);
                self.together(people, &before, together::TWO).await.map(Some)
            }
            Presented::Header(passport, passports) => {
                let before = self.current.load();
                let mut people = vec![self.by_passport(passport, true).await?];
                people.extend(self.by_passports(passports).await?);
                self.together(people, &before, together::MANY).await.map(Some)
            }
        }
    }

    async fn by_token(&self, token: &str) -> Result<Arc<Person>, Problem> {
        let digest = TokenDigest::of(token).to_string();
        if let Some(person) = self.known(&digest) {
            return Ok(person);
        }
        let now = self.clock.now();
        let access = self.access(token, now).await?;
        let bound = key_of(&access)?;
        if Service::of(&access).is_some() {
            return Err(Problem::new(
                http::StatusCode::FORBIDDEN,
                "token.service",
                "this token is a service's own; it opens no data, and this route is for people",
            ));
        }
        // The snapshot from before the broker is asked: what it knows of, the Passport knows of too.
        let before = self.current.load();
        let compact = self.exchange.passport(token, now).await?;
        // The Passport was made a moment after `now`.
        let now = self.clock.now();
        let passport = self.verified(&compact, now).await.map_err(|rejected| {
            tracing::warn!(code = %rejected.code(), "the broker's own Passport does not count here");
            Problem::new(
                http::StatusCode::BAD_GATEWAY,
                "broker.passport",
                "the broker's Passport does not count at this node",
            )
        })?;
        if !passport.identities().contains(access.identity()) {
            return Err(invalid(
                "token.other_person",
                "the Passport is of another person than the token",
            ));
        }
        let session = session_of(&access, &passport)?;
        let auth = Auth {
            acr: access.acr().map(Name::new),
            amr: access.amr().into_iter().map(Name::new).collect(),
            at: access.auth_time().map(Timestamp::unix),
            tok: Some(Digest::from_bytes(*access.digest().as_bytes())),
        };
        let until = access
            .expires()
            .min(passport.valid_until())
            .min(now.plus(limits::PASSPORT_LIFE));
        let changed = before.snapshot().changed_at(passport.identities());
        self.keep(
            digest,
            access.identity().clone(),
            passport,
            session,
            auth,
            changed,
            until,
            bound,
        )
        .await
    }

    /// The service behind a token; `None` if it is a person's.
    ///
    /// # Errors
    /// As [`person`](Self::person), and 403 for a service without the scope.
    pub(crate) async fn service(&self, token: &str) -> Result<Option<Service>, Problem> {
        if self.known(&TokenDigest::of(token).to_string()).is_some() {
            return Ok(None);
        }
        let service = Service::of(&self.access(token, self.clock.now()).await?);
        if service.as_ref().is_some_and(|service| !service.may_verify) {
            return Err(Problem::new(
                http::StatusCode::FORBIDDEN,
                "token.scope",
                "the token does not carry the scope that this route asks for",
            ));
        }
        Ok(service)
    }

    async fn access(&self, token: &str, now: Timestamp) -> Result<AccessToken, Problem> {
        let mut rules = self.rules.clone();
        // a key that the snapshot revokes signs no bearer token either
        rules.revoked_keys = self.current.load().snapshot().trust.revoked_keys().clone();
        let verified = AccessToken::verify(token, &rules, &self.keys, now).await;
        verified.map_err(|rejected| {
            if rejected.is_unknown() {
                Problem::unavailable(
                    "token.keys_unavailable",
                    "the broker's keys cannot be fetched; nothing is known about the token",
                    10,
                )
            } else {
                invalid("token.invalid", rejected.to_string())
            }
        })
    }

    /// Judges a request under the trust of the snapshot in force, for us and for `also` as audience.
    pub(crate) async fn report(&self, input: &VerifyInput, also: &[String]) -> Report {
        let mut trust = self.current.load().snapshot().trust.clone();
        let own = std::iter::once(self.audience.clone());
        trust.set_audience(own.chain(also.iter().cloned()).collect());
        let now = self.clock.now();
        let needed = now.plus(limits::PASSPORT_LIFE);
        let judged = self
            .poller
            .judge(input.request(), &trust, &self.keys, now, needed)
            .await;
        Report::of(&judged, input.require.as_ref(), now)
    }

    /// `in_header`: it came in the place of a token, which decision and record tell.
    async fn by_passport(&self, compact: &str, in_header: bool) -> Result<Arc<Person>, Problem> {
        // A key of its own kind: what came in a body is never found again as a bearer token (E35).
        let kind = if in_header { PASSPORT_BEARER } else { "passport" };
        let digest = format!("{kind}-{}", TokenDigest::of(compact));
        if let Some(person) = self.known(&digest) {
            return Ok(person);
        }
        let now = self.clock.now();
        let passport = self
            .verified(compact, now)
            .await
            .map_err(|rejected| invalid("token.passport", rejected.to_string()))?;
        passport
            .presentable(now)
            .map_err(|rejected| invalid("token.passport", rejected.to_string()))?;
        let expires = passport.expires().unwrap_or_else(|| passport.valid_until());
        let address = std::net::Ipv4Addr::UNSPECIFIED.into();
        let mut session = Session {
            default_purpose: default_purpose(&passport),
            ..Session::unknown(address, expires)
        };
        // How its person logged in is our own broker's word or nobody's.
        if passport.holder().iss == self.issuer {
            let login = login_of(&passport);
            (session.authn, session.identity, session.authenticated) = login;
        }
        let mut auth = Auth {
            tok: Some(Digest::from_bytes(*TokenDigest::of(compact).as_bytes())),
            ..Auth::default()
        };
        if in_header {
            PASSPORT_BEARER.clone_into(&mut session.client.id);
            auth.amr.push(Name::new(PASSPORT_BEARER));
        }
        let mut until = expires.min(passport.valid_until()).min(now.plus(limits::PASSPORT_LIFE));
        if let (None, Some(issued)) = (passport.audience(), passport.issued()) {
            // one that names nobody counts while it is young, and is kept no longer than that (E71)
            until = until.min(issued.plus(limits::PASSPORT_LIFE));
        }
        let holder = passport.holder().clone();
        // It can't be fetched anew: what was revoked since stands in the snapshot's own lists.
        let changed = self.current.load().snapshot().changed_at(passport.identities());
        self.keep(digest, holder, passport, session, auth, changed, until, None)
            .await
    }

    /// What Passports for us name.
    pub(crate) fn audience(&self) -> &str {
        &self.audience
    }

    /// Verifies a Passport under the trust of the snapshot in force, for us as audience.
    pub(crate) async fn verified(&self, compact: &str, now: Timestamp) -> Result<VerifiedPassport, PassportRejected> {
        let mut trust = self.current.load().snapshot().trust.clone();
        trust.set_audience(vec![self.audience.clone()]);
        let passport = Passport::parse(compact)?;
        let needed = now.plus(limits::PASSPORT_LIFE);
        let verified = self.poller.drive(passport, &trust, &self.keys, now, needed).await?;
        if let Some(link) = verified.contradictions().next() {
            // two subjects of a provider that never gives two: an account is shared, or a linker is wrong
            tracing::error!(
                visa = %link.digest(),
                code = "identity.links_contradict",
                "links would make two accounts of one provider one person; they are refused, and somebody should look"
            );
        }
        Ok(verified)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a person, put together in one place"
    )]
    async fn keep(
        &self,
        digest: String,
        identity: VisaIdentity,
        passport: VerifiedPassport,
        session: Session,
        auth: Auth,
        changed: Option<Timestamp>,
        until: Timestamp,
        bound: Option<String>,
    ) -> Result<Arc<Person>, Problem> {
        let (keystore, subject) = (self.keystore.clone(), identity.to_string());
        // a new person costs one disk sync
        let key = tokio::task::spawn_blocking(move || keystore.person(&subject)).await;
        let Ok(Ok(key)) = key else {
            return Err(Problem::unavailable(
                "gate.keystore",
                "the audit keystore is not available",
                10,
            ));
        };
        let person = Arc::new(Person {
            digest: digest.clone(),
            identity,
            standing: Standing::Passport(Box::new(passport)),
            bound,
            session,
            auth,
            key,
            changed,
            until,
            facts: Mutex::default(),
        });
        self.people.insert(digest, Arc::clone(&person));
        Ok(person)
    }
}
