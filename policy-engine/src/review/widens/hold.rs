//! Holds: each one in force or ahead has to be there still, at least as long, from the same origin.

use std::collections::BTreeMap;

use visa_verifier::seam::Timestamp;

use super::{Found, WeakerKind};
use crate::{
    consent::{ConsentHold, HoldScope},
    snapshot::{HoldOrigin, HoldRecord, Snapshot},
};

/// A hold and who placed it; `None`: it stands in the dataset itself.
type Held<'s> = (&'s ConsentHold, Option<&'s HoldOrigin>);

impl Found<'_> {
    pub(super) fn holds_of<'s>(&self, snapshot: &'s Snapshot) -> BTreeMap<&'s str, Vec<Held<'s>>> {
        let mut all: BTreeMap<&str, Vec<Held<'_>>> = BTreeMap::new();
        for record in &snapshot.datasets {
            let own = record.consent.holds.iter().map(|hold| (hold, None));
            all.entry(record.id()).or_default().extend(own);
        }
        for HoldRecord { dataset, hold, origin } in &snapshot.holds {
            all.entry(dataset).or_default().push((hold, Some(origin)));
        }
        all
    }

    pub(super) fn holds(&mut self, dataset: &str, was: &[Held<'_>], is: &[Held<'_>], now: Timestamp) {
        for (hold, origin) in was {
            let over = hold.until().is_some_and(|until| until <= now || until <= hold.from());
            let kept = is.iter().any(|(other, by)| by == origin && stands(hold, other, now));
            self.unless(
                over || kept,
                WeakerKind::Holds,
                Some(dataset),
                format!("The hold `{}` ({}) ends, or reaches less.", hold.id(), hold.kind()),
            );
        }
    }
}

/// Whether the other hold stops all that this one stops, from `now` on.
fn stands(hold: &ConsentHold, other: &ConsentHold, now: Timestamp) -> bool {
    let from = other.from() <= hold.from() || (other.from() <= now && !is_opt_out(hold));
    let until = match (hold.until(), other.until()) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(end), Some(other)) => other >= end,
    };
    let reach = hold.scope() == other.scope() && hold.target() == other.target();
    let whole = other.scope() == HoldScope::Dataset;
    hold.kind() == other.kind() && from && until && (reach || whole)
}

/// An opt-out binds approvals given after its first second: a later one binds fewer.
fn is_opt_out(hold: &ConsentHold) -> bool {
    hold.kind() == crate::consent::HoldKind::OptOut
}
