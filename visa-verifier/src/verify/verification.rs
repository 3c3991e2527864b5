//! [`Verification`]: begin, step, supply. The whole judgement of one Passport without a socket.

use std::collections::HashMap;

use super::broker::{self, CheckedPassport};
use super::judge::{Judgement, judge};
use super::polled::Polled;
use super::times::Moment;
use super::visa::{self, Source, Waiting};
use crate::keys::{KeyRequest, Supplied};
use crate::passport::container::bounded;
use crate::passport::{Carrier, Code, Draft, Passport, PassportRejected, Rejected, VerifiedPassport};
use crate::seam::{FetchError, Timestamp};
use crate::token::TokenDigest;
use crate::trust::{KeySource, TrustPolicy};
use crate::visa::VisaIdentity;

/// What a verification wants next.
#[derive(Debug)]
pub enum Step {
    /// These keys; hand them to [`Verification::supply`].
    Need(KeyRequest),
    /// Nothing: here is the result.
    Done(Box<Result<VerifiedPassport, PassportRejected>>),
}

/// One Passport under judgement.
#[derive(Debug)]
pub struct Verification<'t> {
    passport: Passport,
    trust: &'t TrustPolicy,
    moment: Moment,
    polled: Polled,
    keys: HashMap<KeyRequest, Result<Supplied, FetchError>>,
    asked: Option<KeyRequest>,
    checked: Option<CheckedPassport>,
    slots: Option<Vec<Slot<'t>>>,
}

#[derive(Debug)]
enum Slot<'t> {
    Waiting(Box<Waiting<'t>>),
    Rejected(Box<Rejected>),
}

impl<'t> Verification<'t> {
    /// Begins to judge `passport` by `trust`, as of `now`.
    #[must_use]
    pub fn begin(passport: Passport, trust: &'t TrustPolicy, now: Timestamp) -> Self {
        Self {
            passport,
            trust,
            moment: Moment::new(now, trust.clock_skew()),
            polled: Polled::new(),
            keys: HashMap::new(),
            asked: None,
            checked: None,
            slots: None,
        }
    }

    /// Says which access-token visas their issuers confirmed within the last hour (CLH-12).
    #[must_use]
    pub fn polled(mut self, visas: impl IntoIterator<Item = TokenDigest>) -> Self {
        for visa in visas {
            self.polled.confirm(visa, self.moment.now);
        }
        self
    }

    /// Says what polls of their issuers told of access-token visas: which they confirmed and when, which they
    /// replaced, which they withdrew (CLH-12, EXP-16). Takes the place of what was said before.
    #[must_use]
    pub fn polls(mut self, polled: Polled) -> Self {
        self.polled = polled;
        self
    }

    /// What is wanted next. After `Need`, [`supply`](Self::supply) what was asked for; after `Done` it is over.
    pub fn step(&mut self) -> Step {
        match self.advance() {
            Ok(None) => Step::Done(Box::new(Ok(self.finish()))),
            Ok(Some(request)) => {
                self.asked = Some(request.clone());
                Step::Need(request)
            }
            Err(rejected) => Step::Done(Box::new(Err(rejected))),
        }
    }

    /// Hands over the keys that were asked for, or why there are none.
    pub fn supply(&mut self, keys: Result<Supplied, FetchError>) {
        if let Some(request) = self.asked.take() {
            self.keys.insert(request, keys);
        }
    }

    fn advance(&mut self) -> Result<Option<KeyRequest>, PassportRejected> {
        if self.slots.is_none() {
            if let Some(request) = self.check_carrier()? {
                return Ok(Some(request));
            }
            self.passport.visas = self.polled.in_place(std::mem::take(&mut self.passport.visas));
            bounded(&self.passport.visas)?;
            let read = |(index, text): (usize, &String)| match visa::read(index, text, self.trust, self.moment) {
                Ok(waiting) => Slot::Waiting(Box::new(waiting)),
                Err(rejected) => Slot::Rejected(rejected),
            };
            self.slots = Some(self.passport.visas.iter().enumerate().map(read).collect());
        }
        let wanted = self.slots.iter().flatten().find_map(|slot| match slot {
            Slot::Waiting(waiting) => match &waiting.keys {
                Source::Ask(request) if !self.keys.contains_key(request) => Some(request.clone()),
                Source::Ask(_) | Source::Here(_) | Source::Joined(_) => None,
            },
            Slot::Rejected(_) => None,
        });
        Ok(wanted)
    }

    /// The container's own checks; `Some` if they need keys first.
    fn check_carrier(&mut self) -> Result<Option<KeyRequest>, PassportRejected> {
        match &self.passport.carrier {
            Carrier::Alone => {}
            Carrier::UserInfo(holder) => {
                broker::known(&holder.iss, self.trust, self.moment.now)?;
            }
            Carrier::Signed(token) => {
                let entry = broker::entry(token, self.trust, self.moment.now)?;
                let supplied = match broker::key_source(token, entry) {
                    Ok(KeySource::Here(set)) => Supplied::from(set.clone()),
                    Ok(KeySource::Joined(set)) => Supplied::from(set),
                    Ok(KeySource::Ask(_)) => return Err(PassportRejected::new(Code::KeysUnavailable)),
                    Err(request) => match self.keys.get(&request) {
                        None => return Ok(Some(request)),
                        Some(Ok(supplied)) => supplied.clone(),
                        Some(Err(e)) => return Err(PassportRejected::detailed(Code::KeysUnavailable, e)),
                    },
                };
                let checked = broker::check(token, entry, &supplied, self.trust, self.moment)?;
                // an array of strings, or it is no Passport
                if let Some(claim) = token.claims().get("ga4gh_passport_v1") {
                    self.passport.visas = crate::passport::container::visas(claim)?;
                }
                self.checked = Some(checked);
            }
        }
        bounded(&self.passport.visas)?;
        Ok(None)
    }

    fn finish(&mut self) -> VerifiedPassport {
        let (mut drafts, mut rejected): (Vec<Draft>, Vec<Rejected>) = (Vec::new(), Vec::new());
        for slot in self.slots.take().unwrap_or_default() {
            match slot {
                Slot::Rejected(one) => rejected.push(*one),
                Slot::Waiting(waiting) => match self.check(*waiting) {
                    Ok(draft) => drafts.push(draft),
                    Err(one) => rejected.push(*one),
                },
            }
        }
        let Judgement { visas, dropped, people } = judge(drafts);
        for (draft, code) in dropped {
            let Draft {
                index, digest, claims, ..
            } = draft;
            rejected.push(Rejected {
                index,
                code,
                detail: None,
                digest,
                claims,
            });
        }
        rejected.sort_by_key(|r| r.index);
        let checked = self.checked.take();
        let holder = match (&checked, &self.passport.carrier, visas.first()) {
            (Some(checked), _, _) => checked.holder.clone(),
            (None, Carrier::UserInfo(holder), _) => holder.clone(),
            (None, _, Some(visa)) => visa.identity().clone(),
            (None, _, None) => said_holder(&rejected),
        };
        let ends = visas.iter().map(crate::passport::Visa::expires);
        let (expires, issued, audience, evidence, claims) = match checked {
            Some(c) => (c.expires, c.issued, c.audience, c.evidence, c.claims),
            None => (None, None, None, None, serde_json::Map::new()),
        };
        // an access-token visa must be polled again before its hour is over: the whole stands no longer than that
        let polls = visas.iter().filter_map(crate::passport::Visa::poll_before);
        // keys that are fetched count until the grace of their server ends: a result stands no longer
        let grounds = visas.iter().map(crate::passport::Visa::evidence).chain(&evidence);
        let keys = grounds.filter_map(crate::trust::Evidence::keys_until);
        let valid_until = ends
            .chain(polls)
            .chain(keys)
            .chain(expires)
            .min()
            .unwrap_or(self.moment.now);
        let identities = people.of(&holder);
        VerifiedPassport {
            holder,
            identities,
            people,
            visas,
            rejected,
            valid_until,
            expires,
            issued,
            audience,
            evidence,
            claims,
        }
    }

    fn check(&self, waiting: Waiting<'t>) -> Result<Draft, Box<Rejected>> {
        let local;
        let keys = match &waiting.keys {
            Source::Here(set) => {
                local = Supplied::from((*set).clone());
                Ok(&local)
            }
            Source::Joined(set) => {
                local = Supplied::from(set.clone());
                Ok(&local)
            }
            Source::Ask(request) => match self.keys.get(request) {
                Some(Ok(supplied)) => {
                    local = supplied.clone();
                    Ok(&local)
                }
                Some(Err(e)) => Err(e.to_string()),
                None => Err("they were not asked for".to_owned()),
            },
        };
        waiting.check(keys, self.trust, self.moment, &self.polled)
    }
}

/// Of a visa alone that was rejected: whom it says it speaks of. It holds no rights.
fn said_holder(rejected: &[Rejected]) -> VisaIdentity {
    let said = rejected.first().and_then(|r| {
        Some(VisaIdentity::new(
            r.said("iss")?.parse().ok()?,
            r.said("sub")?.parse().ok()?,
        ))
    });
    said.unwrap_or_else(VisaIdentity::nobody)
}
