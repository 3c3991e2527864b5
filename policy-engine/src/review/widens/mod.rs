//! Does a change of facts widen: does it let anybody do more than before (policy.md 6)?
//!
//! The answer is computed from the snapshots before and after, never typed in. Each part of a snapshot says which of its
//! changes narrow; every other change of it widens, and so does a part that is not known here. What consent says is
//! compared for every purpose ([`crate::consent::order`]), what it asks of facts term by term.

mod dataset;
mod hold;
mod label;
mod mapping;
mod parts;
mod people;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::Serialize;

use crate::{
    consent::{
        ResearchPurpose, Tables,
        order::{Budget, UseShift},
    },
    snapshot::{Governance, Snapshot},
};

/// What got weaker.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeakerKind {
    /// A verdict of consent got better for some purpose.
    Label,
    /// The data class.
    Class,
    /// Compute-only became download.
    Mode,
    /// More people may know of it.
    Discoverable,
    /// Less identity assurance is asked for.
    MinIdentity,
    /// A weaker login is asked for.
    MinAuthn,
    /// More regions may process it.
    Regions,
    /// An agreement is no longer asked for.
    Agreements,
    /// A committee's recorded purpose is no longer asked for.
    BoundPurpose,
    /// A hold ends.
    Holds,
    /// An object or a prefix comes to another dataset, or is new in one.
    Mapping,
    /// A committee source is added, or a set of sources is no longer asked for.
    Source,
    /// Fewer votes are asked for.
    Quorum,
    /// A trust entry, a client or a login provider is new or wider.
    Trust,
    /// A role or a membership is given.
    Role,
    /// A team shares more.
    Sharing,
    /// An entry of the stop list ends.
    Stop,
    /// Something else: an institution, a service, a place for outputs, a policy.
    Other,
}

/// One thing that got weaker.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Weaker {
    /// What.
    pub kind: WeakerKind,
    /// Of which dataset.
    pub dataset: Option<String>,
    /// In a sentence, for who has to agree.
    pub sentence: String,
}

/// Whether a change widens, and why.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Widening {
    /// It lets somebody do more than before, or nobody can tell.
    pub widens: bool,
    /// By what.
    pub why: Vec<Weaker>,
    /// Every question was asked; if not, it widens.
    pub complete: bool,
}

impl Widening {
    /// Nobody could tell: it widens.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            widens: true,
            why: vec![Weaker {
                kind: WeakerKind::Other,
                dataset: None,
                sentence: "It could not be told within the bounds, so it counts as wider.".to_owned(),
            }],
            complete: false,
        }
    }
}

/// Compares two snapshots, for the purposes that somebody recorded and for the finite table of purposes; `budget` bounds
/// the judgements of consent (two for each purpose and group whose rule changed).
#[must_use]
pub fn compare(before: &Snapshot, after: &Snapshot, purposes: &[ResearchPurpose], budget: usize) -> Widening {
    let (Ok(old), Ok(new)) = (before.tables.tables(), after.tables.tables()) else {
        return Widening::unknown();
    };
    let same = before.tables == after.tables;
    let mut found = Found {
        why: Vec::new(),
        complete: true,
        budget: Budget::of(u64::try_from(budget).unwrap_or(u64::MAX)),
        purposes,
        tables: [&old, if same { &old } else { &new }],
        known: HashMap::new(),
    };
    found.snapshots(before, after);
    found.ontology();
    Widening {
        widens: !found.why.is_empty() || !found.complete,
        why: found.why,
        complete: found.complete,
    }
}

/// What a comparison has found so far.
struct Found<'c> {
    why: Vec<Weaker>,
    complete: bool,
    budget: Budget,
    purposes: &'c [ResearchPurpose],
    /// What the two snapshots are judged by.
    tables: [&'c Tables; 2],
    /// Pairs of labels that were compared: many datasets share one.
    known: HashMap<(String, String), UseShift>,
}

impl Found<'_> {
    fn tell(&mut self, kind: WeakerKind, dataset: Option<&str>, sentence: impl Into<String>) {
        self.why.push(Weaker {
            kind,
            dataset: dataset.map(ToOwned::to_owned),
            sentence: sentence.into(),
        });
    }

    /// Tells unless it holds that nothing got weaker.
    fn unless(&mut self, kept: bool, kind: WeakerKind, dataset: Option<&str>, sentence: impl Into<String>) {
        if !kept {
            self.tell(kind, dataset, sentence);
        }
    }

    /// Every member of a snapshot is named here: a new one does not compile until somebody says what of it narrows.
    fn snapshots(&mut self, before: &Snapshot, after: &Snapshot) {
        let Snapshot {
            version: _,
            published: _,
            node,
            governance,
            drs_hosts,
            datasets: _,
            objects: _,
            prefixes: _,
            sinks: _,
            institutions: _,
            committees: _,
            services: _,
            holds: _,
            person_key,
            persons,
            bars,
            changed,
            revocations,
            roles: _,
            groups: _,
            stop,
            trust: _,
            standard,
            policies,
            links,
            observe,
            tables: _,
        } = before;
        self.datasets(before, after);
        self.mapping(before, after);
        self.sinks(&before.sinks, &after.sinks);
        self.institutions(before, after);
        self.committees(&before.committees, &after.committees);
        self.services(&before.services, &after.services);
        self.roles(&before.roles, &after.roles);
        self.groups(&before.groups, &after.groups);
        self.trust(&before.trust, &after.trust);
        let stops = (!stop.all || after.stop.all)
            && stop.datasets.is_subset(&after.stop.datasets)
            && stop.persons.is_subset(&after.stop.persons)
            && stop.issuers.is_subset(&after.stop.issuers);
        self.unless(stops, WeakerKind::Stop, None, "An entry of the stop list ends.");
        let called_back = revocations.visas.is_subset(&after.revocations.visas)
            && revocations.digests.is_subset(&after.revocations.digests);
        let passports = changed
            .iter()
            .all(|(person, at)| after.changed.get(person).is_some_and(|later| later >= at));
        let barred = bars.iter().all(|bar| {
            let as_long = |other: Option<visa_verifier::seam::Timestamp>| match (bar.until, other) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(end), Some(other)) => other >= end,
            };
            let same = |other: &&crate::snapshot::Bar| other.person == bar.person && other.kind == bar.kind;
            !bar.in_force(after.published) || after.bars.iter().filter(same).any(|other| as_long(other.until))
        });
        let policies = *standard == after.standard
            && *policies == after.policies
            && *links == after.links
            && *observe == after.observe;
        let tests = [
            (*node == after.node, "The node is another service."),
            (
                *governance == after.governance || after.governance == Governance::Dual,
                "One administrator alone may approve (governance `single`).",
            ),
            (
                *drs_hosts == after.drs_hosts,
                "The node answers for other DRS host names.",
            ),
            (
                *person_key == after.person_key,
                "People are named by another key: bars on them reach nobody.",
            ),
            (*persons == after.persons, "Identities are linked otherwise."),
            (barred, "A bar against a person ends, or ends earlier."),
            (
                passports,
                "Passports that had to be fetched anew are taken as they are.",
            ),
            (called_back, "A visa that was called back counts again."),
            (
                policies,
                "Policies are others; what they open, `visum policy diff` and `visum policy prove` tell.",
            ),
        ];
        for (kept, sentence) in tests {
            self.unless(kept, WeakerKind::Other, None, sentence);
        }
    }
}
