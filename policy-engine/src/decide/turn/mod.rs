//! What would turn a denial: changes that the person or their committee could bring about, each verified by deciding
//! again with it made (policy.md 4, "What would turn it").

mod candidates;
mod change;
mod mentions;
mod obtainable;
mod purposes;
mod search;
#[cfg(test)]
mod tests;
mod visas;

use serde::Serialize;
use visa_verifier::seam::Timestamp;

use self::{change::Ground, search::Search};
use super::{Decision, Engine, Facts};
use crate::intent::Intent;

/// The kind of a change.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeverKind {
    /// Log in with a second factor.
    SecondFactor,
    /// Have the identity checked better.
    IdentityAssurance,
    /// Have the affiliation confirmed again.
    FreshAffiliation,
    /// Prove the affiliation with the institution that the purpose names.
    Affiliation,
    /// A grant of the dataset's committee, with the purpose bound.
    Grant,
    /// The committee decides what consent leaves to a person. Only where consent says review.
    Judgement,
    /// Attest the purpose at the broker for a grant that carries none.
    AttestPurpose,
    /// The status of a registered researcher.
    ResearcherStatus,
    /// Accept terms.
    AcceptTerms,
    /// Ask for the purpose that one's own grant records.
    RecordedPurpose,
    /// Say what the data are for.
    StatePurpose,
    /// Leave a dataset, or what is not known here, out of the request.
    LeaveOut,
    /// Run on another service.
    OtherNode,
    /// A client whose token is bound to its key.
    SenderConstrained,
    /// The institution's own network.
    InternalNetwork,
    /// Let the decision point see the whole body.
    BodyVisible,
    /// Name all data as inputs, so that nothing has to be guessed.
    PlainInputs,
    /// Name images by digest.
    ImageByDigest,
}

/// One change.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Lever {
    /// Its kind.
    pub kind: LeverKind,
    /// What to do, to the person asking.
    pub sentence: String,
    /// The datasets that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<String>,
    /// Who gives it: a committee's source, terms, an institution, a service.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    #[serde(skip)]
    change: change::Change,
}

/// One set of changes that turns the denial; no part of it does.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Turn {
    /// The changes, all of which are needed.
    pub levers: Vec<Lever>,
}

/// A decision, and for a denial what would turn it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// The smallest sets of changes that turn it, the smaller first; empty on a permit and where nothing would.
    pub turns: Vec<Turn>,
    /// All sets of up to three changes were tried.
    pub complete: bool,
    /// How often it was decided again.
    pub tried: usize,
}

/// Denials that nothing in a person's reach turns.
const FINAL: [&str; 5] = [
    "policy.suspended",
    "policy.lockdown",
    "policy.engine_error",
    "policy.too_much_at_once",
    "consent.use_barred",
];

impl Engine {
    /// Decides, and for a denial finds the smallest changes that would turn it: sets of one, two, then three, no
    /// superset of a found one, each decided again with the change made. About a thousand decisions at most.
    ///
    /// Nothing is offered to a suspended person or under a stop, and nothing but leaving them out for data that are
    /// held or closed. A judgement is offered only where consent says review; no other purpose is ever taught.
    pub fn explain(&self, facts: &Facts, intent: &Intent, now: Timestamp) -> Explanation {
        let decision = self.decide(facts, intent, now);
        let silent = |decision| Explanation {
            decision,
            turns: Vec::new(),
            complete: true,
            tried: 0,
        };
        let is_final = decision
            .reasons()
            .iter()
            .any(|reason| FINAL.contains(&reason.code.as_str()));
        if decision.allow() || decision.engine_error() || is_final {
            return silent(decision);
        }
        let facts = self.own(facts);
        let ground = Ground::of(&facts, intent);
        let levers = self.levers(&facts, &ground, &decision, now);
        let search = Search::of(self, &ground, &levers, now).run();
        Explanation {
            decision,
            turns: search.found,
            complete: search.complete,
            tried: search.tried,
        }
    }
}
