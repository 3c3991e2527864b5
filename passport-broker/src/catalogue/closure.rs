//! Who is one person for bars: all identities of an account, and those of accounts that an identity of it led to before
//! (architecture D2: bars come from every link ever proven here).

use std::collections::{BTreeMap, BTreeSet};

use policy_engine::snapshot::PersonDigest;

use crate::store::people::PersonId;

/// Sets of digests, joined as links say.
#[derive(Debug, Default)]
pub(super) struct Closures {
    sets: Vec<Option<(BTreeSet<PersonDigest>, bool)>>,
    of: BTreeMap<PersonId, usize>,
}

impl Closures {
    /// An account with its identities, and whether it is barred.
    pub(super) fn add(&mut self, person: PersonId, digests: BTreeSet<PersonDigest>, barred: bool) {
        self.of.insert(person, self.sets.len());
        self.sets.push(Some((digests, barred)));
    }

    /// Two accounts that one identity led to, one after the other.
    pub(super) fn join(&mut self, one: &PersonId, other: &PersonId) {
        let (Some(&keep), Some(&gone)) = (self.of.get(one), self.of.get(other)) else {
            return;
        };
        if keep == gone {
            return;
        }
        let Some((digests, barred)) = self.sets.get_mut(gone).and_then(Option::take) else {
            return;
        };
        if let Some(Some(kept)) = self.sets.get_mut(keep) {
            kept.0.extend(digests);
            kept.1 |= barred;
        }
        for at in self.of.values_mut().filter(|at| **at == gone) {
            *at = keep;
        }
    }

    /// The sets, each with whether it is barred.
    pub(super) fn sets(self) -> impl Iterator<Item = (BTreeSet<PersonDigest>, bool)> {
        self.sets.into_iter().flatten()
    }
}
