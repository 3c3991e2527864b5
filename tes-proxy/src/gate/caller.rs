//! Who asks: a person whose Passport was verified here, and the circumstances of this very request.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use audit_log::{Auth, PersonKey};
use policy_engine::{
    consent::Narrowing,
    decide::{Facts, KeptFacts, Session},
    snapshot::Snapshot,
};
use visa_verifier::{VerifiedPassport, VisaIdentity, seam::Timestamp};

use crate::session::Session as WorkflowSession;

/// What a person stands on.
#[derive(Debug)]
pub(crate) enum Standing {
    /// The Passport that they presented.
    Passport(Box<VerifiedPassport>),
    /// What was kept of them when their session began.
    Kept(Box<KeptFacts>),
}

impl Person {
    /// Their identities.
    pub(crate) fn identities(&self) -> &[VisaIdentity] {
        match &self.standing {
            Standing::Passport(passport) => passport.identities(),
            Standing::Kept(kept) => kept.identities(),
        }
    }

    /// Their Passport; whoever comes with a session's token shows none.
    pub(crate) fn passport(&self) -> Option<&VerifiedPassport> {
        match &self.standing {
            Standing::Passport(passport) => Some(passport),
            Standing::Kept(_) => None,
        }
    }
}

/// A person as we verified them: kept under the digest of the credential until it ends.
#[derive(Debug)]
pub(crate) struct Person {
    /// Under which it is kept; a digest, no token.
    pub(crate) digest: String,
    /// The identity that names them in events: the one of the token, or the Passport's holder.
    pub(crate) identity: VisaIdentity,
    /// What they stand on.
    pub(crate) standing: Standing,
    /// Thumbprint of the key that their token is bound to: each request proves it.
    pub(crate) bound: Option<String>,
    /// Login, client and end, without the circumstances of one request.
    pub(crate) session: Session,
    /// How they were authenticated, for events.
    pub(crate) auth: Auth,
    /// Their key in the log.
    pub(crate) key: PersonKey,
    /// When their facts had last changed, in the snapshot from before the Passport was fetched: another value makes us
    /// fetch anew.
    pub(crate) changed: Option<Timestamp>,
    /// Until when it is used.
    pub(crate) until: Timestamp,
    /// What follows on the snapshot that they last asked about.
    pub(crate) facts: Mutex<Option<Facts>>,
}

/// One request's caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who.
    pub(crate) person: Arc<Person>,
    /// The session with this request's circumstances.
    pub(crate) session: Session,
    /// The request.
    pub(crate) request_id: String,
    /// The client's own word for itself.
    pub(crate) agent: Option<String>,
    /// The workflow session whose token they came with.
    pub(crate) scope: Option<Arc<WorkflowSession>>,
}

impl Caller {
    /// A person in a request.
    pub(crate) fn new(
        person: Arc<Person>,
        address: IpAddr,
        internal: bool,
        narrow: Option<Narrowing>,
        request_id: &str,
        agent: Option<String>,
    ) -> Self {
        let session = Session {
            address,
            internal,
            narrow,
            ..person.session.clone()
        };
        Self {
            person,
            session,
            request_id: request_id.to_owned(),
            agent,
            scope: None,
        }
    }

    /// What follows from all that on a snapshot.
    pub(crate) fn facts(&self, snapshot: &Snapshot) -> Facts {
        let mut known = self.person.facts.lock().unwrap_or_else(PoisonError::into_inner);
        match known.as_ref().filter(|facts| facts.are_of(snapshot)) {
            Some(facts) => facts.in_session(self.session.clone()),
            None => {
                let facts = match &self.person.standing {
                    Standing::Passport(passport) => Facts::of(passport, &self.session, snapshot),
                    Standing::Kept(kept) => kept.facts(snapshot).in_session(self.session.clone()),
                };
                *known = Some(facts.clone());
                facts
            }
        }
    }

    /// The identities of the person, as the index knows them.
    pub(crate) fn owners(&self) -> Vec<String> {
        let mut owners: Vec<String> = self.person.identities().iter().map(ToString::to_string).collect();
        let own = self.person.identity.to_string();
        if !owners.contains(&own) {
            owners.push(own);
        }
        owners
    }

    /// The identity under which new tasks and runs are entered.
    pub(crate) fn owner(&self) -> String {
        self.person.identity.to_string()
    }
}
