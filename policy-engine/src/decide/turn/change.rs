//! One change as a patch of facts, session and intent.

use std::{collections::BTreeSet, sync::Arc};

use visa_verifier::seam::Timestamp;

use crate::{
    consent::ResearchPurpose,
    decide::{Decision, Engine, Facts, Session, facts::Who, presented::Held},
    intent::{Image, Intent},
};

/// What a change does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// A login with a second factor, just now.
    SecondFactor,
    /// An identity of this assurance.
    Identity(u8),
    /// A recent confirmation of the affiliation.
    FreshAffiliation,
    /// A token that is bound to its client's key.
    SenderConstrained,
    /// From inside.
    Internal,
    /// Further visas.
    Visas(Vec<Held>),
    /// No purpose but the recorded one.
    AsRecorded,
    /// This purpose. Never told: it shows that there is one.
    Purpose(Box<ResearchPurpose>),
    /// Without these reads, by position.
    LeaveOut(BTreeSet<usize>),
    /// On this service.
    Node(String),
    /// The body is seen.
    BodySeen,
    /// Nothing is opaque.
    Plain,
    /// Every image by a digest.
    Pinned,
}

impl Eq for Change {}

/// What is decided about: who, how, what.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    who: Who,
    pub(crate) session: Session,
    pub(crate) intent: Intent,
}

impl Ground {
    pub(crate) fn of(facts: &Facts, intent: &Intent) -> Self {
        Self {
            who: facts.who.clone(),
            session: facts.session().clone(),
            intent: intent.clone(),
        }
    }

    /// With these changes made; `None` if nothing would be left to ask.
    pub(crate) fn with<'c>(&self, changes: impl IntoIterator<Item = &'c Change>, now: Timestamp) -> Option<Self> {
        let mut changed = self.clone();
        let mut left_out = BTreeSet::new();
        for change in changes {
            changed.make(change, &mut left_out, now);
        }
        if left_out.is_empty() {
            return Some(changed);
        }
        let reads = std::mem::take(&mut changed.intent.reads);
        changed.intent.reads = reads
            .into_iter()
            .enumerate()
            .filter(|(at, _)| !left_out.contains(at))
            .map(|(_, read)| read)
            .collect();
        (!changed.intent.reads.is_empty()).then_some(changed)
    }

    fn make(&mut self, change: &Change, left_out: &mut BTreeSet<usize>, now: Timestamp) {
        let (session, intent) = (&mut self.session, &mut self.intent);
        match change {
            Change::SecondFactor => {
                session.authn = 2;
                session.authenticated = Some(now);
            }
            Change::Identity(level) => session.identity = *level,
            Change::FreshAffiliation => session.affiliation_fresh = true,
            Change::SenderConstrained => session.client.sender_constrained = true,
            Change::Internal => session.internal = true,
            Change::Visas(more) => {
                if let Who::Person(presented) = &mut self.who {
                    Arc::make_mut(presented).visas.extend(more.iter().cloned());
                }
            }
            Change::AsRecorded => {
                intent.purpose = None;
                session.token_purpose = None;
                session.narrow = None;
            }
            Change::Purpose(purpose) => {
                intent.purpose = Some((**purpose).clone());
                session.narrow = None;
            }
            Change::LeaveOut(reads) => left_out.extend(reads),
            Change::Node(service) => intent.service = Some(service.clone()),
            Change::BodySeen => intent.body_seen = true,
            Change::Plain => intent.opaque = false,
            Change::Pinned => {
                for image in &mut intent.runs {
                    if !image.is_pinned()
                        && let Some(pinned) = some_digest(image)
                    {
                        *image = pinned;
                    }
                }
            }
        }
    }

    /// Decides on it.
    pub(crate) fn decide(&self, engine: &Engine, now: Timestamp) -> Decision {
        engine.decide(&self.facts(engine), &self.intent, now)
    }

    pub(crate) fn facts(&self, engine: &Engine) -> Facts {
        match &self.who {
            Who::Person(presented) => Facts::person(presented.clone(), self.session.clone(), engine.snapshot()),
            Who::Service(id) => Facts::service(id.clone(), &self.session, engine.snapshot()),
        }
    }
}

/// The image by a digest: which one it has nobody here knows, so that a policy about certain digests still denies.
fn some_digest(image: &Image) -> Option<Image> {
    Image::parse(&format!("{}@sha256:{}", image.repository(), "0".repeat(64))).ok()
}
