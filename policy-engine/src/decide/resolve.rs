//! What a request reads, to datasets. Unmapped is a denial; what the caller may not know of is told as unmapped.

use std::collections::BTreeMap;

use visa_verifier::seam::Timestamp;

use super::{Engine, Facts, Reason, ResolvedRead};
use crate::{
    catalogue::{Asked, Place, resolve},
    consent::Name,
    intent::{DataRef, Intent, Mention, ObjectRef, Read},
};

/// What no dataset owns, and equally what the caller may not know of.
pub(crate) const UNMAPPED: &str = "catalogue.unmapped";

/// The reads of a request with the datasets that they lead to.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    pub(crate) reads: Vec<ResolvedRead>,
    /// Datasets concerned and known to the caller, with the part asked for.
    pub(crate) asked: BTreeMap<Name, Asked>,
    pub(crate) reasons: Vec<Reason>,
}

impl Reads {
    /// Maps all reads of an intent.
    pub(crate) fn of(engine: &Engine, facts: &Facts, intent: &Intent, now: Timestamp) -> Self {
        let mut reads = Self::default();
        for read in &intent.reads {
            reads.take(engine, facts, read, now);
        }
        for mention in &intent.mentions {
            reads.mentioned(engine, facts, mention, now);
        }
        reads
    }

    /// Something that a text names is judged where a dataset owns it. Where none does, or none that the caller may
    /// know of, it is one to deny only if it had to be known: both alike, so that nobody learns the difference.
    fn mentioned(&mut self, engine: &Engine, facts: &Facts, mention: &Mention, now: Timestamp) {
        let found = engine.locate(&mention.data);
        let hidden = found
            .keys()
            .any(|dataset| !engine.may_know(facts, dataset.as_str(), now));
        if !mention.known && (found.is_empty() || hidden) {
            return;
        }
        let read = Read {
            data: mention.data.clone(),
            place: mention.place.clone(),
        };
        self.take(engine, facts, &read, now);
    }

    fn take(&mut self, engine: &Engine, facts: &Facts, read: &Read, now: Timestamp) {
        let found = engine.locate(&read.data);
        let unknown = found.is_empty();
        let hidden = found
            .keys()
            .any(|dataset| !engine.may_know(facts, dataset.as_str(), now));
        if unknown || hidden {
            // One sentence for both, so that nobody learns from it whether there is something.
            let mut reason = Reason::new(
                UNMAPPED,
                format!("`{}` is not known here.", read.data),
                "Check the reference, or ask whoever gave it to you.",
            );
            reason.about = Some(if read.place.is_empty() {
                read.data.to_string()
            } else {
                read.place.clone()
            });
            self.reasons.push(reason);
        }
        let shown = if unknown || hidden { BTreeMap::new() } else { found };
        self.reads.push(ResolvedRead {
            data: read.data.clone(),
            datasets: shown.keys().map(ToString::to_string).collect(),
            allow: false,
            hidden: unknown || hidden,
        });
        for (dataset, part) in shown {
            match self.asked.get_mut(&dataset) {
                Some(asked) => asked.join(part),
                None => drop(self.asked.insert(dataset, part)),
            }
        }
    }
}

impl Engine {
    /// The datasets behind a reference, with the part of each; empty if there is none.
    pub(crate) fn locate(&self, data: &DataRef) -> BTreeMap<Name, Asked> {
        let snapshot = &self.snapshot;
        let url;
        let place = match data {
            DataRef::Object(ObjectRef::Local(id)) => Place::Object(id.as_str()),
            DataRef::Object(ObjectRef::Host { host, id }) if snapshot.drs_hosts.contains(host) => {
                Place::Object(id.as_str())
            }
            DataRef::Object(ObjectRef::Host { .. } | ObjectRef::Compact { .. }) => return BTreeMap::new(),
            DataRef::Storage(storage) => {
                url = storage.to_string();
                if storage.is_prefix() {
                    Place::Directory(&url)
                } else {
                    Place::File(&url)
                }
            }
            DataRef::Dataset(id) => {
                let known = self
                    .consent_dataset(id)
                    .map(|dataset| (dataset.id.clone(), Asked::default()));
                return known.into_iter().collect();
            }
        };
        let found = resolve([place], &snapshot.objects, &snapshot.prefixes);
        if found.is_whole() {
            found.datasets
        } else {
            BTreeMap::new()
        }
    }
}
