//! `KeptFacts`: what running work rests on, kept when its owner's passport is gone (architecture D7).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use visa_verifier::{VerifiedPassport, VisaIdentity, VisaType, seam::Timestamp};

use super::{Client, Decision, Engine, Facts, Session, WorkItem, facts::Who, presented::Presented};
use crate::{
    consent::ResearchPurpose,
    intent::{Action, DataRef, Intent, Read},
    snapshot::Snapshot,
};

/// An owner's verified facts as far as one decision rests on them, and the purpose that it judged. No tokens.
///
/// It was verified when it was made, so it must be stored where only the node writes. Ends, revocations, bars, holds
/// and the register count as of the snapshot on which it is asked again.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFacts {
    presented: Presented,
    authn: u8,
    identity: u8,
    authenticated: Option<Timestamp>,
    client: Client,
    country: Option<String>,
    internal: bool,
    affiliation_fresh: bool,
    address: IpAddr,
    purpose: Option<ResearchPurpose>,
}

impl Facts {
    /// Keeps what a decision about these facts rests on. `None` for a service, which has nothing to keep.
    pub fn keep(&self, decision: &Decision) -> Option<KeptFacts> {
        let Who::Person(presented) = &self.who else { return None };
        let used = &decision.rests_on().visas;
        let mut presented = (**presented).clone();
        presented
            .visas
            .retain(|visa| used.contains(&visa.digest) || visa.kind == VisaType::LinkedIdentities);
        Some(KeptFacts {
            presented,
            authn: self.session.authn,
            identity: self.session.identity,
            authenticated: self.session.authenticated,
            client: self.session.client.clone(),
            country: self.session.country.clone(),
            internal: self.session.internal,
            affiliation_fresh: self.session.affiliation_fresh,
            address: self.session.address,
            purpose: decision.purpose().cloned(),
        })
    }
}

impl KeptFacts {
    /// The owner's identity that names the principal.
    pub const fn holder(&self) -> &VisaIdentity {
        &self.presented.holder
    }

    /// The owner's identities.
    pub fn identities(&self) -> &[VisaIdentity] {
        &self.presented.identities
    }

    /// The purpose that was judged.
    pub const fn purpose(&self) -> Option<&ResearchPurpose> {
        self.purpose.as_ref()
    }

    /// The same with what the owner holds now, by a Passport of their own; the login and the purpose stay. `None` if it is
    /// somebody else's.
    pub fn renewed(&self, passport: &VerifiedPassport, snapshot: &Snapshot) -> Option<Self> {
        let presented = Presented::of(passport, snapshot);
        let same = presented.identities.contains(&self.presented.holder);
        same.then(|| Self {
            presented: Presented {
                holder: self.presented.holder.clone(),
                ..presented
            },
            ..self.clone()
        })
    }

    /// The same with no more visas than a decision about them rests on.
    #[must_use]
    pub fn resting_on(mut self, decision: &Decision) -> Self {
        let used = &decision.rests_on().visas;
        self.presented
            .visas
            .retain(|visa| used.contains(&visa.digest) || visa.kind == VisaType::LinkedIdentities);
        self
    }

    /// The facts on a snapshot. The login's own end is over and asks nothing: the work is the principal.
    pub fn facts(&self, snapshot: &Snapshot) -> Facts {
        let session = Session {
            authn: self.authn,
            identity: self.identity,
            authenticated: self.authenticated,
            client: self.client.clone(),
            country: self.country.clone(),
            internal: self.internal,
            affiliation_fresh: self.affiliation_fresh,
            ..Session::unknown(self.address, Timestamp::MAX)
        };
        Facts::person(self.presented.clone(), session, snapshot)
    }
}

impl Engine {
    /// Whether work may still read these data: one question as the task or run, under what was kept of its owner.
    pub fn stream_kept<'d>(
        &self,
        kept: &KeptFacts,
        work: &WorkItem,
        data: impl IntoIterator<Item = &'d DataRef>,
        now: Timestamp,
    ) -> Decision {
        let mut intent = Intent::new(Action::DrsTaskStream);
        intent.purpose.clone_from(&kept.purpose);
        intent.reads = data
            .into_iter()
            .map(|data| Read {
                data: data.clone(),
                place: String::new(),
            })
            .collect();
        self.stream(&kept.facts(&self.snapshot), work, &intent, now)
    }
}
