//! [`Request`]: everything that one request carries, judged together: Passports, UserInfo answers, visas alone.
//!
//! Each carrier is judged on its own (A-13): no visa of one helps a visa of another. A carrier that fails its checks
//! rejects the whole request (Passport 1.2 General Requirements 8.1, CLH-17); one of a broker that is unknown here is
//! ignored, but nothing stands on it (8.3, A-25).

use serde_json::Value;

use super::cache::VerifiedTokens;
use super::polled::Polled;
use super::require::{Met, Requirement};
use super::verification::{Step, Verification};
use crate::keys::{KeyRequest, Supplied};
use crate::passport::{Carrier, Code, Passport, PassportRejected, VerifiedPassport};
use crate::seam::{FetchError, Timestamp};
use crate::trust::TrustPolicy;

/// Carriers in one request. Over it nothing of the request is read.
pub const CARRIERS: usize = 16;

/// What one request carries, in its order. Nothing is believed, and nothing is fetched, until it is judged.
///
/// ```
/// use visa_verifier::verify::{Request, RequestStep};
/// use visa_verifier::{Timestamp, TrustPolicy};
///
/// let trust = TrustPolicy::default(); // believes nobody
/// let mut judging = Request::new().passport("a.b.c").begin(&trust, Timestamp::from_unix(1_700_000_000));
/// match judging.step() {
///     RequestStep::Done(judged) => assert!(judged.accepted().is_err()),
///     RequestStep::Need(request) => panic!("keys of {} are wanted", request.server),
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Request {
    carriers: Vec<Result<Passport, PassportRejected>>,
    polled: Polled,
}

impl Request {
    /// An empty one, which is rejected.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a Passport JWS.
    #[must_use]
    pub fn passport(self, compact: &str) -> Self {
        self.add(|| Passport::parse(compact))
    }

    /// Adds a UserInfo answer with `iss`, `sub` and perhaps `ga4gh_passport_v1` (v1.0; A-38). Who hands one in says
    /// that it came from that broker over a channel that it trusts; an answer as it came from the wire is read by
    /// [`userinfo`](super::userinfo::read).
    #[must_use]
    pub fn userinfo(self, answer: &Value) -> Self {
        self.add(|| Passport::from_userinfo(answer))
    }

    /// Adds a visa on its own, vouched for by nobody but its issuer. It is for looking at, and for hosts that get
    /// visas by a way that they trust: the profile itself wants a broker that is trusted too (8.3, A-41).
    #[must_use]
    pub fn visa(self, compact: &str) -> Self {
        self.add(|| Passport::of_one(compact))
    }

    /// Adds what was read before.
    #[must_use]
    pub fn carrier(self, passport: Passport) -> Self {
        self.add(|| Ok(passport))
    }

    /// What polls said of access-token visas (CLH-12, EXP-16).
    #[must_use]
    pub fn polled(mut self, polled: Polled) -> Self {
        self.polled = polled;
        self
    }

    /// How many carriers it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.carriers.len()
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.carriers.is_empty()
    }

    /// Begins to judge by `trust`, as of `now`.
    #[must_use]
    pub fn begin(self, trust: &TrustPolicy, now: Timestamp) -> Judging<'_> {
        let begin = |carrier: Result<Passport, PassportRejected>| match carrier {
            Ok(passport) => {
                let alone = matches!(passport.carrier, Carrier::Alone);
                let verification = Verification::begin(passport, trust, now).polls(self.polled.clone());
                Part::Waiting(Box::new(verification), alone)
            }
            Err(rejected) => Part::Done(Box::new(Err(rejected)), false),
        };
        Judging {
            parts: self.carriers.into_iter().map(begin).collect(),
            asked: None,
        }
    }

    /// The carriers as they were read, for who judges each of them itself.
    #[cfg(feature = "fetch")]
    pub(crate) fn into_carriers(self) -> Vec<Result<Passport, PassportRejected>> {
        self.carriers
    }

    // one beyond the bound is kept as the reason to reject, and no more of it is read
    fn add(mut self, read: impl FnOnce() -> Result<Passport, PassportRejected>) -> Self {
        match self.carriers.len() {
            n if n < CARRIERS => self.carriers.push(read()),
            CARRIERS => self.carriers.push(Err(PassportRejected::detailed(
                Code::TooLarge,
                format_args!("more than {CARRIERS} Passports in one request"),
            ))),
            _ => {}
        }
        self
    }
}

/// What the judgement of a request wants next.
#[derive(Debug)]
pub enum RequestStep {
    /// These keys; hand them to [`Judging::supply`].
    Need(KeyRequest),
    /// Nothing: here is the result.
    Done(Judged),
}

/// A request under judgement: step, supply, until it is done. No I/O.
#[derive(Debug)]
pub struct Judging<'t> {
    parts: Vec<Part<'t>>,
    asked: Option<usize>,
}

#[derive(Debug)]
enum Part<'t> {
    Waiting(Box<Verification<'t>>, bool),
    Done(Box<Result<VerifiedPassport, PassportRejected>>, bool),
}

impl Judging<'_> {
    /// Uses and fills a memory of visas whose signatures were confirmed before. No verdict changes by it.
    #[must_use]
    pub fn remembering(mut self, memory: &VerifiedTokens) -> Self {
        for part in &mut self.parts {
            if let Part::Waiting(verification, _) = part {
                verification.remember(memory);
            }
        }
        self
    }

    /// What is wanted next. After `Need`, [`supply`](Self::supply) what was asked for; after `Done` it is over.
    pub fn step(&mut self) -> RequestStep {
        loop {
            if let Some(step) = self.part(usize::MAX) {
                return step;
            }
        }
    }

    /// The same in parts: at most `most` signatures of visas are checked, and `None` says that there are more.
    pub fn part(&mut self, most: usize) -> Option<RequestStep> {
        for (at, part) in self.parts.iter_mut().enumerate() {
            let Part::Waiting(verification, alone) = part else {
                continue;
            };
            match verification.part(most)? {
                Step::Need(request) => {
                    self.asked = Some(at);
                    return Some(RequestStep::Need(request));
                }
                Step::Done(result) => {
                    let alone = *alone;
                    *part = Part::Done(result, alone);
                }
            }
        }
        let done = |part| match part {
            Part::Done(result, alone) => Some((*result, alone)),
            Part::Waiting(..) => None,
        };
        let results = self.parts.drain(..).filter_map(done).collect();
        Some(RequestStep::Done(Judged::of(results)))
    }

    /// Hands over the keys that were asked for, or why there are none.
    pub fn supply(&mut self, keys: Result<Supplied, FetchError>) {
        let asked = self.asked.take().and_then(|at| self.parts.get_mut(at));
        if let Some(Part::Waiting(verification, _)) = asked {
            verification.supply(keys);
        }
    }
}

/// A request that was judged.
#[derive(Clone, Debug)]
pub struct Judged {
    results: Vec<Result<VerifiedPassport, PassportRejected>>,
    rejection: Option<PassportRejected>,
}

/// A request of one Passport that was verified before.
impl From<VerifiedPassport> for Judged {
    fn from(passport: VerifiedPassport) -> Self {
        Self::of(vec![(Ok(passport), false)])
    }
}

impl Judged {
    /// Each carrier's result, and whether it is a visa alone.
    pub(crate) fn of(parts: Vec<(Result<VerifiedPassport, PassportRejected>, bool)>) -> Self {
        let failed = || parts.iter().filter_map(|(result, _)| result.as_ref().err());
        // a visa alone brings no container that could stand without it: it counts, or the request has nothing
        let lone = parts.iter().find_map(|(result, alone)| {
            let first = result.as_ref().ok().filter(|_| *alone)?.rejected().first()?;
            Some(PassportRejected {
                code: first.code(),
                detail: first.detail().map(str::to_owned),
            })
        });
        let standing = parts.iter().any(|(result, _)| result.is_ok());
        let rejection = failed()
            .find(|rejected| !rejected.is_ignored())
            .or_else(|| failed().next().filter(|_| !standing))
            .cloned()
            .or(lone)
            .or_else(|| {
                let nothing = || PassportRejected::detailed(Code::MalformedPassport, "the request holds none");
                parts.is_empty().then(nothing)
            });
        Self {
            results: parts.into_iter().map(|(result, _)| result).collect(),
            rejection,
        }
    }

    /// The Passports that count, in the order of the request; or why the whole request is rejected.
    pub fn accepted(&self) -> Result<impl Iterator<Item = &VerifiedPassport>, &PassportRejected> {
        match &self.rejection {
            Some(rejected) => Err(rejected),
            None => Ok(self.results.iter().filter_map(|result| result.as_ref().ok())),
        }
    }

    /// Why the whole request is rejected, if it is.
    #[must_use]
    pub const fn rejection(&self) -> Option<&PassportRejected> {
        self.rejection.as_ref()
    }

    /// Every carrier's own result, in the order of the request: for explaining. What counts says
    /// [`accepted`](Self::accepted).
    pub fn results(&self) -> &[Result<VerifiedPassport, PassportRejected>] {
        &self.results
    }

    /// Judges a requirement: one Passport must carry it alone (A-13); the one that does so longest is told.
    /// A rejected request meets nothing.
    #[must_use]
    pub fn meets(&self, requirement: &Requirement, now: Timestamp) -> Met {
        let nothing = Met {
            granted: false,
            expiry: None,
        };
        match self.accepted() {
            Err(_) => nothing,
            Ok(passports) => {
                let each = passports.map(|passport| requirement.judge(passport, now));
                each.max_by_key(|met| (met.granted, met.expiry)).unwrap_or(nothing)
            }
        }
    }
}
