//! [`Poller`]: asks the issuers of access-token visas whether they still stand by them: on demand, when a Passport
//! that holds such a visa is verified, and by the clock ([`Poller::run`]). When to ask, and when to stop, says the
//! book ([`Polls`]); whom: the UserInfo endpoint that the discovery document of the visa's own trusted issuer names.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, join_all};
use http::header;
use tokio::sync::Semaphore;

use super::answer::header;
use super::metadata::Metadata;
use super::userinfo;
use crate::keys::KeyStore;
use crate::passport::{Carrier, Code, Passport, PassportRejected, VerifiedPassport};
use crate::seam::{Clock, Fetch, Random, Timestamp};
use crate::token::{Issuer, TokenDigest};
use crate::trust::{Role, TrustPolicy};
use crate::verify::{
    Judged, PollAnswer, PollSettings, Polled, PolledVisa, Polls, Request, Verification, VerifiedTokens, drive,
};

/// How the poller works.
#[derive(Clone, Debug)]
pub struct PollerSettings {
    /// When visas are polled.
    pub polls: PollSettings,
    /// Calls at once. Default 8.
    pub at_once: usize,
    /// How long a verification waits for polls. What is not answered by then does not count yet. Default 10 s.
    pub wait: Duration,
    /// `http://` to this very machine (demo and tests).
    pub loopback_http: bool,
}

impl Default for PollerSettings {
    fn default() -> Self {
        Self {
            polls: PollSettings::default(),
            at_once: 8,
            wait: Duration::from_secs(10),
            loopback_http: false,
        }
    }
}

/// Polls at most this many visas on behalf of one Passport; the others do not count once they are an hour old.
const OF_ONE: usize = 32;
/// [`Poller::run`] looks at the book at least this often: visas are entered while it sleeps.
const LOOK: Duration = Duration::from_secs(60);

/// Polls access-token visas. Cheap to clone; clones share one book.
#[derive(Clone)]
pub struct Poller(Arc<Inner>);

type Flight = Shared<BoxFuture<'static, ()>>;

struct Inner {
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    metadata: Metadata,
    /// One Passport may be judged before and after a poll: its good signatures are checked once.
    memory: VerifiedTokens,
    // INVARIANT: neither lock is held across an await; `flights` is taken before `polls`, never after
    polls: Mutex<Polls>,
    flights: Mutex<HashMap<TokenDigest, Flight>>,
    calls: Semaphore,
    wait: Duration,
}

impl Inner {
    fn polls(&self) -> MutexGuard<'_, Polls> {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<TokenDigest, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, visa: &PolledVisa) -> PollAnswer {
        let Ok(_call) = self.calls.acquire().await else {
            return PollAnswer::none();
        };
        let answer = match self.metadata.userinfo_endpoint(visa.issuer()).await {
            Ok(endpoint) => userinfo::call(&*self.fetch, &endpoint, visa.compact()).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => {
                let after = header(&answer.headers, header::RETRY_AFTER);
                PollAnswer::read(visa, answer.status.as_u16(), Some(after), &answer.body)
            }
            Err(error) => {
                tracing::warn!(issuer = %visa.issuer(), code = error.code(), "a visa could not be polled: {error}");
                PollAnswer::none()
            }
        }
    }
}

impl Poller {
    /// With an empty book.
    #[must_use]
    pub fn new(
        settings: PollerSettings,
        fetch: Arc<dyn Fetch>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self(Arc::new(Inner {
            metadata: Metadata::new(Arc::clone(&fetch), Arc::clone(&clock), settings.loopback_http),
            fetch,
            clock,
            random,
            memory: VerifiedTokens::default(),
            polls: Mutex::new(Polls::new(settings.polls)),
            flights: Mutex::default(),
            calls: Semaphore::new(settings.at_once.max(1)),
            wait: settings.wait,
        }))
    }

    /// Verifies a Passport as [`verify::drive`](drive) does, with what polls said. Of its access-token visas those that
    /// would count but for their age are polled first, if their hour allows; those that count are entered in the book
    /// and, where [`run`](Self::run) runs, polled until `needed`.
    pub async fn drive(
        &self,
        passport: Passport,
        trust: &TrustPolicy,
        keys: &KeyStore,
        now: Timestamp,
        needed: Timestamp,
    ) -> Result<VerifiedPassport, PassportRejected> {
        let judge = |polled: Polled| {
            let verification = Verification::begin(passport.clone(), trust, now).polls(polled);
            drive(verification.remembering(&self.0.memory), keys)
        };
        let texts: HashMap<TokenDigest, &String> = passport.visas.iter().map(|v| (TokenDigest::of(v), v)).collect();
        let known = || self.0.polls().polled_of(texts.keys().copied());
        let mut verified = judge(known()).await?;
        let stale: HashSet<TokenDigest> = verified
            .rejected()
            .iter()
            .filter(|rejected| rejected.code() == Code::StaleAccessTokenVisa)
            .map(crate::Rejected::digest)
            .take(OF_ONE)
            .collect();
        if !stale.is_empty() {
            // nobody is asked about a visa that would not count anyway (CLH-18): bad object, no trust for its type …
            let mut hopeful = known();
            stale.iter().for_each(|digest| hopeful.confirm(*digest, now));
            let trial = judge(hopeful).await?;
            let worth = trial.visas().iter().map(crate::Visa::digest);
            let worth: Vec<TokenDigest> = worth.filter(|digest| stale.contains(digest)).collect();
            if !worth.is_empty() {
                self.enter(worth.iter().filter_map(|digest| texts.get(digest)), needed);
                let flights: Vec<Flight> = worth.into_iter().filter_map(|digest| self.fly(digest)).collect();
                // who is not answered in time goes on by itself
                let _ = tokio::time::timeout(self.0.wait, join_all(flights)).await;
                verified = judge(known()).await?;
            }
        }
        let polled = verified.visas().iter().filter(|visa| visa.poll_before().is_some());
        self.enter(polled.filter_map(|visa| texts.get(&visa.digest())), needed);
        Ok(verified)
    }

    /// The same for a whole request. What [`Request::polled`] said is not used: the book knows.
    pub async fn judge(
        &self,
        request: Request,
        trust: &TrustPolicy,
        keys: &KeyStore,
        now: Timestamp,
        needed: Timestamp,
    ) -> Judged {
        let mut parts = Vec::with_capacity(request.len());
        for carrier in request.into_carriers() {
            parts.push(match carrier {
                Ok(passport) => {
                    let alone = matches!(passport.carrier, Carrier::Alone);
                    (self.drive(passport, trust, keys, now, needed).await, alone)
                }
                Err(rejected) => (Err(rejected), false),
            });
        }
        Judged::of(parts)
    }

    /// Makes all polls that are due, and waits for their answers; how many they were. No call is made to an issuer
    /// that `trust` does not name now (CLH-15).
    pub async fn poll_due(&self, trust: &TrustPolicy) -> usize {
        let now = self.0.clock.now();
        let due: Vec<TokenDigest> = {
            let mut polls = self.0.polls();
            let stands = |issuer: &Issuer| trust.entry(Role::VisaIssuer, issuer).is_some_and(|e| e.stands(now));
            polls.release_where(|visa| !stands(visa.issuer()));
            polls.sweep(now);
            polls.due(now)
        };
        let flights: Vec<Flight> = due.into_iter().filter_map(|digest| self.fly(digest)).collect();
        let made = flights.len();
        join_all(flights).await;
        made
    }

    /// Polls by the clock, by the trust that `trust` gives each time, until `end`.
    pub async fn run(&self, trust: impl Fn() -> TrustPolicy, end: impl Future<Output = ()>) {
        let mut end = std::pin::pin!(end);
        loop {
            self.poll_due(&trust()).await;
            let next = self.0.polls().next();
            let pause = next.map_or(LOOK, |next| next.since(self.0.clock.now()));
            tokio::select! {
                () = &mut end => return,
                () = tokio::time::sleep(pause.clamp(Duration::from_secs(1), LOOK)) => {}
            }
        }
    }

    /// Nobody needs this visa any more (EXP-12).
    pub fn release(&self, visa: &TokenDigest) {
        self.0.polls().release(visa);
    }

    /// Its revocation, or that of the token behind it, was noticed elsewhere (EXP-14).
    pub fn revoked(&self, visa: &TokenDigest) {
        self.0.polls().revoked(visa);
    }

    /// What is known from polls, for a [`Verification`] or a [`Request`](crate::verify::Request) of one's own.
    #[must_use]
    pub fn polled(&self) -> Polled {
        self.0.polls().polled()
    }

    fn enter<'v>(&self, visas: impl Iterator<Item = &'v &'v String>, needed: Timestamp) {
        let now = self.0.clock.now();
        for visa in visas.filter_map(|text| PolledVisa::read(text)) {
            if !self.0.polls().watch(visa, needed, now) {
                tracing::warn!("the book of polled visas is full: one more visa is not polled");
            }
        }
    }

    /// The try that is under way for this visa, or a new one if one may be made.
    fn fly(&self, digest: TokenDigest) -> Option<Flight> {
        let mut flights = self.0.flights();
        if let Some(flight) = flights.get(&digest) {
            return Some(flight.clone());
        }
        let visa = self.0.polls().take(&digest, self.0.clock.now())?;
        let inner = Arc::clone(&self.0);
        // on its own task: a caller that hangs up must not leave a try that never ends
        let task = tokio::spawn(async move {
            let answer = inner.ask(&visa).await;
            let mut flights = inner.flights();
            let mut polls = inner.polls();
            polls.answered(&digest, answer, inner.clock.now(), &*inner.random);
            if let Some(ended) = polls.ended(&digest) {
                tracing::info!(visa = %digest, issuer = %visa.issuer(), ?ended, "a visa is not polled any more");
            }
            flights.remove(&digest);
        });
        let flight = async move { drop(task.await) }.boxed().shared();
        flights.insert(digest, flight.clone());
        Some(flight)
    }
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller")
            .field("visas", &self.0.polls().len())
            .finish_non_exhaustive()
    }
}
