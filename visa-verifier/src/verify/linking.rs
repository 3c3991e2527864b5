//! Links as numbers: which identities are one person, counted anew for any choice of link visas in linear time
//! (LNK-11: union-find).
//!
//! Links of one linker join. Links of two linkers join only if both entries say `chain`. So there is no one
//! partition: each linker without `chain` has its own pool, and all with `chain` share one. An identity is a
//! node of its own in each pool, so two nodes with one root are in one pool and one person.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::passport::{Draft, People};
use crate::token::Issuer;
use crate::visa::VisaIdentity;

/// The link visas of one Passport, every identity that they name, and the nodes of each visa's own identity.
#[derive(Debug, Default)]
pub(super) struct Linking {
    /// By node: its identity.
    names: Vec<VisaIdentity>,
    /// By node: whether its provider never gives one person two subjects.
    unique: Vec<bool>,
    links: Vec<Link>,
    /// By visa: the nodes of its own identity, one a pool that names it.
    own: Vec<usize>,
    /// By visa: where its nodes end in `own`.
    ends: Vec<usize>,
}

#[derive(Debug)]
struct Link {
    visa: usize,
    nodes: Vec<usize>,
}

impl Linking {
    /// `unique`: the providers that never give two subjects, in whatever role they are trusted and whether or not they
    /// say anything here themselves.
    pub(super) fn new(drafts: &[&Draft], unique: &BTreeSet<Issuer>) -> Self {
        let mut made = Self::default();
        let mut pools: HashMap<Option<&Issuer>, HashMap<VisaIdentity, usize>> = HashMap::new();
        for (visa, draft) in drafts.iter().enumerate() {
            let Some(named) = draft.object.links() else { continue };
            let entry = draft.evidence.entry();
            let pool = pools.entry((!entry.chain).then_some(&entry.id)).or_default();
            let joined = named.entries().iter().filter(|i| entry.may_join(&i.iss));
            let mut nodes = Vec::new();
            for identity in joined.chain([&draft.identity]) {
                let node = *pool.entry(identity.clone()).or_insert_with(|| {
                    made.names.push(identity.clone());
                    made.unique.push(unique.contains(&identity.iss));
                    made.names.len() - 1
                });
                nodes.push(node);
            }
            made.links.push(Link { visa, nodes });
        }
        for draft in drafts {
            made.own
                .extend(pools.values().filter_map(|pool| pool.get(&draft.identity).copied()));
            made.ends.push(made.own.len());
        }
        made
    }

    fn own(&self, visa: usize) -> &[usize] {
        let start = visa.checked_sub(1).and_then(|before| self.ends.get(before).copied());
        let end = self.ends.get(visa).copied().unwrap_or(0);
        self.own.get(start.unwrap_or(0)..end).unwrap_or_default()
    }

    /// What the link visas that `with` chooses join.
    pub(super) fn join(&self, with: impl Fn(usize) -> bool) -> Joined {
        let mut roots = Roots((0..self.names.len()).collect());
        let chosen: Vec<&Link> = self.links.iter().filter(|link| with(link.visa)).collect();
        for link in &chosen {
            for pair in link.nodes.windows(2) {
                if let [a, b] = *pair {
                    roots.union(a, b);
                }
            }
        }
        // two subjects of a provider that never gives two: the set contradicts itself
        let mut subjects: HashMap<(usize, &Issuer), &VisaIdentity> = HashMap::new();
        let mut broken = HashSet::new();
        for &node in chosen.iter().flat_map(|link| &link.nodes) {
            if let (Some(name), Some(true)) = (self.names.get(node), self.unique.get(node)) {
                let root = roots.find(node);
                if *subjects.entry((root, &name.iss)).or_insert(name) != name {
                    broken.insert(root);
                }
            }
        }
        let root: Vec<Option<usize>> = (0..self.names.len())
            .map(|node| Some(roots.find(node)).filter(|root| !broken.contains(root)))
            .collect();
        let first = |link: &Link| link.nodes.first().and_then(|node| root.get(*node)?.as_ref());
        let contradicted = chosen
            .iter()
            .filter(|link| first(link).is_none())
            .map(|link| link.visa)
            .collect();
        Joined { root, contradicted }
    }

    /// Whether two visas speak of one person, if they are not of one identity anyway.
    pub(super) fn same(&self, joined: &Joined, a: usize, b: usize) -> bool {
        let of = |visa: usize| self.own(visa).iter().filter_map(|n| joined.root(*n));
        of(a).any(|root| of(b).any(|other| other == root))
    }

    /// The persons whom a visa's identity belongs to, by their numbers.
    pub(super) fn persons(&self, joined: &Joined, visa: usize) -> impl Iterator<Item = usize> {
        self.own(visa).iter().filter_map(|n| joined.root(*n))
    }

    /// The proven sets of two identities or more, by name.
    pub(super) fn people(&self, joined: &Joined) -> People {
        let mut sets: BTreeMap<usize, BTreeSet<VisaIdentity>> = BTreeMap::new();
        for (node, name) in self.names.iter().enumerate() {
            if let Some(root) = joined.root(node) {
                sets.entry(root).or_default().insert(name.clone());
            }
        }
        People::of_sets(sets.into_values().filter(|set| set.len() > 1).collect())
    }
}

/// Which nodes are one person, and which link visas make a set that contradicts itself.
#[derive(Debug)]
pub(super) struct Joined {
    /// By node: its person; `None` in a set that contradicts itself.
    root: Vec<Option<usize>>,
    /// Visas.
    pub(super) contradicted: HashSet<usize>,
}

impl Joined {
    fn root(&self, node: usize) -> Option<usize> {
        self.root.get(node).copied().flatten()
    }
}

/// Union-find: by node, its parent.
struct Roots(Vec<usize>);

impl Roots {
    fn find(&mut self, mut node: usize) -> usize {
        while let Some(&parent) = self.0.get(node)
            && parent != node
        {
            // halves the way for whoever comes next
            let grand = self.0.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.0.get_mut(node) {
                *slot = grand;
            }
            node = grand;
        }
        node
    }

    fn union(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}
