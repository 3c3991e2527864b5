//! Whether an object is held, for lists that leave held objects out (consent.md 2.8; `apis.md` 2.3). A use of it is
//! judged by consent, not here.

use visa_verifier::seam::Timestamp;

use super::{Engine, Facts};
use crate::{
    catalogue::Asked,
    consent::{ConsentHold, Dataset, HoldKind, HoldScope},
    intent::{DataRef, DrsId},
};

impl Engine {
    /// Whether a hold on data reaches this object now, by whichever of its names. An opt-out reaches nobody who was
    /// approved before it. An object that is not there is not held.
    pub fn is_held(&self, facts: Option<&Facts>, object: &DrsId, now: Timestamp) -> bool {
        let found = self.locate(&DataRef::local(object.clone()));
        found.iter().any(|(id, asked)| {
            let Some(dataset) = self.consent_dataset(id.as_str()) else {
                return true;
            };
            dataset.holds.iter().any(|hold| {
                hold.in_force(now) && reaches(hold, dataset, asked) && !is_earlier(facts, hold, dataset, now)
            })
        })
    }
}

/// What nobody knows of an object, a hold reaches.
fn reaches(hold: &ConsentHold, dataset: &Dataset, asked: &Asked) -> bool {
    let Some(target) = hold.target() else { return true };
    match hold.scope() {
        HoldScope::Dataset => true,
        HoldScope::Group => match &asked.groups {
            Some(groups) if !groups.is_empty() => groups.contains(target),
            Some(_) | None => dataset.uses.iter().any(|entry| entry.group == *target),
        },
        HoldScope::Object => asked.objects.as_ref().is_none_or(|objects| objects.contains(target)),
        HoldScope::Participant => asked.participants.as_ref().is_none_or(|people| people.contains(target)),
        // they bar people, not data
        HoldScope::User | HoldScope::Project => false,
    }
}

/// An opt-out binds approvals given after it (EHDS article 71).
fn is_earlier(facts: Option<&Facts>, hold: &ConsentHold, dataset: &Dataset, now: Timestamp) -> bool {
    hold.kind() == HoldKind::OptOut
        && facts.is_some_and(|facts| {
            facts.derived.grants.iter().any(|grant| {
                let approval = &grant.approval;
                approval.dataset == dataset.id
                    && dataset.dac.contains(&approval.source)
                    && approval.starts < hold.from()
                    && now < approval.expires
            })
        })
}
