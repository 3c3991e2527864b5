//! [`Verification`]: begin, step, supply. The whole judgement of one Passport without a socket.

use std::collections::HashMap;
use std::sync::Arc;

use super::broker::{self, CheckedPassport};
use super::cache::VerifiedTokens;
use super::crew;
use super::judge::{Judgement, judge};
use super::polled::Polled;
use super::times::Moment;
use super::visa::{self, Source, Waiting};
use crate::keys::{KeyRequest, Supplied};
use crate::passport::container::bounded;
use crate::passport::{Carrier, Code, Draft, Passport, PassportRejected, Rejected, VerifiedPassport};
use crate::seam::{FetchError, Timestamp};
use crate::token::TokenDigest;
use crate::trust::{KeySource, Relaxation, TrustPolicy};
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
    memory: Option<VerifiedTokens>,
    /// How many of the slots, from the first on, have all the keys that they ask for.
    answered: usize,
    /// Whose UserInfo answer the Passport stood in.
    answer_of: Option<VisaIdentity>,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are of the large kinds, and live for one Passport"
)]
enum Slot<'t> {
    Waiting(Waiting<'t>),
    /// On its way, while a thread checks it.
    Checking,
    Counts(Draft),
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
            memory: None,
            answered: 0,
            answer_of: None,
        }
    }

    /// Uses and fills a memory of visas whose signatures were confirmed before. No verdict changes by it.
    #[must_use]
    pub fn remembering(mut self, memory: &VerifiedTokens) -> Self {
        self.remember(memory);
        self
    }

    pub(super) fn remember(&mut self, memory: &VerifiedTokens) {
        self.memory = Some(memory.clone());
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
        loop {
            if let Some(step) = self.part(usize::MAX) {
                return step;
            }
        }
    }

    /// The same in parts: at most `most` signatures are checked, and `None` says that there are more of them. For
    /// callers that share their thread with others.
    pub fn part(&mut self, most: usize) -> Option<Step> {
        Some(match self.advance() {
            Ok(None) => {
                if self.check_visas(most) {
                    return None;
                }
                Step::Done(Box::new(Ok(self.finish())))
            }
            Ok(Some(request)) => {
                self.asked = Some(request.clone());
                Step::Need(request)
            }
            Err(rejected) => Step::Done(Box::new(Err(rejected))),
        })
    }

    /// How many signatures of visas are known to be still unchecked.
    #[must_use]
    pub fn unchecked(&self) -> usize {
        let costly = |slot: &&Slot<'_>| matches!(slot, Slot::Waiting(waiting) if waiting.is_costly());
        self.slots.iter().flatten().filter(costly).count()
    }

    /// Checks up to `most` visas, on several cores if they are many. Says whether there are more.
    fn check_visas(&mut self, most: usize) -> bool {
        let Some(mut slots) = self.slots.take() else {
            return false;
        };
        if let [slot] = slots.as_mut_slice() {
            self.check(slot);
            self.slots = Some(slots);
            return false;
        }
        let waiting = slots.iter_mut().filter(|slot| matches!(slot, Slot::Waiting(_)));
        let chosen: Vec<&mut Slot<'t>> = waiting.take(most).collect();
        let costly = chosen
            .iter()
            .filter(|slot| matches!(slot, Slot::Waiting(waiting) if waiting.is_costly()));
        // signatures on all cores; all else here, where the memory that it takes and gives back is at hand
        let costly = costly.count();
        if crew::is_worth(costly) {
            let mut chosen = chosen;
            crew::each(costly, chosen.iter_mut().collect(), |slot| self.check_signature(slot));
            chosen.into_iter().for_each(|slot| self.check(slot));
        } else {
            chosen.into_iter().for_each(|slot| self.check(slot));
        }
        let more = slots.iter().any(|slot| matches!(slot, Slot::Waiting(_)));
        self.slots = Some(slots);
        more
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
            let visas = self.polled.in_place(std::mem::take(&mut self.passport.visas));
            bounded(&visas)?;
            let memory = self.memory.as_ref();
            let read = |(index, text)| match visa::read(index, text, self.trust, self.moment, memory) {
                Ok(waiting) => Slot::Waiting(waiting),
                Err(rejected) => Slot::Rejected(rejected),
            };
            self.slots = Some(visas.into_iter().enumerate().map(read).collect());
        }
        // from where the last question stood: who asks 500 times still walks 500 visas once
        while let Some(slot) = self.slots.as_ref().and_then(|slots| slots.get(self.answered)) {
            if let Slot::Waiting(waiting) = slot
                && let Source::Ask(request) = &waiting.keys
                && !self.keys.contains_key(request)
            {
                return Ok(Some(request.clone()));
            }
            self.answered += 1;
        }
        Ok(None)
    }

    /// The container's own checks; `Some` if they need keys first.
    fn check_carrier(&mut self) -> Result<Option<KeyRequest>, PassportRejected> {
        match &self.passport.carrier {
            Carrier::Alone => {}
            Carrier::UserInfo(holder) => {
                let entry = broker::known(&holder.iss, self.trust, self.moment.now)?;
                if entry.accepts(Relaxation::PassportJwtV11)
                    && let Some(compact) = self.passport.inside.take()
                {
                    self.answer_of = Some(holder.clone());
                    self.passport = Passport::parse(&compact)?;
                    return self.check_carrier();
                }
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
                self.passport.listed.clone()?;
                self.checked = Some(match &self.answer_of {
                    Some(holder) if *holder != checked.holder => {
                        let why = "the Passport in the UserInfo answer is somebody else's";
                        return Err(PassportRejected::detailed(Code::MalformedPassport, why));
                    }
                    Some(_) => checked.relaxing(Relaxation::PassportJwtV11),
                    None => checked,
                });
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
                Slot::Counts(draft) => drafts.push(draft),
                // none is left: all were checked before
                Slot::Waiting(_) | Slot::Checking => {}
            }
        }
        let Judgement { visas, dropped, people } = judge(drafts, self.trust.unique());
        for (draft, code) in dropped {
            rejected.push(Rejected {
                index: draft.index,
                code,
                detail: None,
                digest: draft.digest,
                claims: Arc::unwrap_or_clone(draft.facts).claims,
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
            beside: Vec::new(),
            claims,
        }
    }

    fn check_signature(&self, slot: &mut Slot<'t>) {
        let Slot::Waiting(waiting) = slot else { return };
        let keys = match &waiting.keys {
            Source::Here(set) => (*set).clone(),
            Source::Joined(set) => set.clone(),
            Source::Ask(request) => match self.keys.get(request) {
                Some(Ok(supplied)) => supplied.keys.clone(),
                Some(Err(_)) | None => return,
            },
        };
        waiting.check_signature(&keys, self.trust);
    }

    fn check(&self, slot: &mut Slot<'t>) {
        if !matches!(slot, Slot::Waiting(_)) {
            return;
        }
        // a stand-in for the moment of the check
        let Slot::Waiting(waiting) = std::mem::replace(slot, Slot::Checking) else {
            return;
        };
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
                Some(Ok(supplied)) => Ok(supplied),
                Some(Err(e)) => Err(e.to_string()),
                None => Err("they were not asked for".to_owned()),
            },
        };
        let memory = self.memory.as_ref();
        *slot = match waiting.check(keys, self.trust, self.moment, &self.polled, memory) {
            Ok(draft) => Slot::Counts(draft),
            Err(rejected) => Slot::Rejected(rejected),
        };
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
