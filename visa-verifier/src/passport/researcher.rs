//! Which identities are one person (D2; trust rule 8). How links prove it stands in `verify/linking.rs`.

use std::collections::BTreeSet;

use crate::visa::VisaIdentity;

/// A set of identities proven to be one person.
pub(crate) type Person = BTreeSet<VisaIdentity>;

/// All persons that links prove, each a set of two identities or more. An identity in none of them stands alone.
#[derive(Clone, Debug, Default)]
pub struct People {
    sets: Vec<Person>,
}

impl People {
    pub(crate) fn of_sets(mut sets: Vec<Person>) -> Self {
        sets.sort();
        Self { sets }
    }

    /// Whether `a` and `b` are the same identity or proven to be one person.
    #[must_use]
    pub fn same(&self, a: &VisaIdentity, b: &VisaIdentity) -> bool {
        a == b || self.sets.iter().any(|set| set.contains(a) && set.contains(b))
    }

    /// All identities proven to be the same person as `one`, itself first.
    #[must_use]
    pub fn of(&self, one: &VisaIdentity) -> Vec<VisaIdentity> {
        let mut all = vec![one.clone()];
        for set in self.sets.iter().filter(|set| set.contains(one)) {
            for other in set {
                if !all.contains(other) {
                    all.push(other.clone());
                }
            }
        }
        all
    }

    /// The proven sets.
    #[must_use]
    pub fn sets(&self) -> &[BTreeSet<VisaIdentity>] {
        &self.sets
    }
}
