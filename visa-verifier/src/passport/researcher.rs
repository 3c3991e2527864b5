//! Which identities are one person: links by whom they may be made, chains, refused sets (D2; trust rule 8).
//!
//! Links of one linker join. Links of two linkers join only if both entries say `chain`. So there is no one
//! partition: each linker without `chain` has its own, and all with `chain` share one. Two identities are one
//! person if some partition joins them.

use std::collections::{BTreeSet, HashMap};

use super::visa::Draft;
use crate::token::Issuer;
use crate::visa::VisaIdentity;

/// A set of identities proven to be one person.
pub(crate) type Person = BTreeSet<VisaIdentity>;

/// All persons that links prove, each a set of two identities or more. An identity in none of them stands alone.
#[derive(Clone, Debug, Default)]
pub struct People {
    sets: Vec<Person>,
}

impl People {
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

/// The people that these link visas prove; and the visas (by index) whose sets contradict themselves: two
/// subjects of a provider that never gives two.
pub(crate) fn people<'d>(
    links: impl Iterator<Item = &'d Draft>,
    unique: &dyn Fn(&Issuer) -> bool,
) -> (People, Vec<usize>) {
    // one pool of joined sets a linker, and one for all that chain
    let mut pools: HashMap<Option<Issuer>, Vec<(Person, Vec<usize>)>> = HashMap::new();
    for draft in links {
        let entry = draft.evidence.entry();
        let Some(named) = draft.object.links() else { continue };
        let mut set: Person = named
            .entries()
            .iter()
            .filter(|i| entry.may_join(&i.iss))
            .cloned()
            .collect();
        set.insert(draft.identity.clone());
        let pool = pools.entry((!entry.chain).then(|| entry.id.clone())).or_default();
        let mut visas = vec![draft.index];
        // whatever it touches becomes one with it
        let mut apart = Vec::with_capacity(pool.len());
        for (other, others) in pool.drain(..) {
            if other.is_disjoint(&set) {
                apart.push((other, others));
            } else {
                set.extend(other);
                visas.extend(others);
            }
        }
        apart.push((set, visas));
        *pool = apart;
    }
    let (mut sets, mut refused) = (Vec::new(), Vec::new());
    for (set, visas) in pools.into_values().flatten() {
        let mut issuers = BTreeSet::new();
        if set.iter().any(|i| unique(&i.iss) && !issuers.insert(&i.iss)) {
            refused.extend(visas);
        } else if set.len() > 1 {
            sets.push(set);
        }
    }
    sets.sort();
    (People { sets }, refused)
}
