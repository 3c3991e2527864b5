//! Decisions about many things of one answer: each is on record, permitted or denied, before the answer leaves. Equal
//! ones share a record that names them all.

use std::collections::BTreeMap;

use audit_log::{EventType, What};
use futures::future::try_join_all;
use policy_engine::decide::{Decision, Engine};

use super::{Caller, Gate, NoPermit, Recorded, event};

/// So many things are named in one record, beside its first.
const IN_ONE: usize = 99;

/// What was decided of many things is on record.
#[derive(Debug)]
pub(crate) struct OnRecord(());

impl Recorded for OnRecord {}

/// Decisions that one record can tell.
struct Alike<'d> {
    first: &'d Decision,
    /// What the others are about.
    more: Vec<What>,
}

/// Equal in two decisions that one record can tell: the answer, its code and policies, and the datasets.
type Likeness<'d> = (bool, Option<&'d str>, &'d [String], Vec<&'d str>);

impl Gate {
    /// Records decisions that were made on one snapshot, and waits until they are durable.
    ///
    /// They are parts of one answer, and none is a request of its own: they are not counted among somebody's denials.
    ///
    /// # Errors
    /// [`NoPermit::Unrecorded`]
    pub(crate) async fn record_all(
        &self,
        caller: &Caller,
        kind: EventType,
        engine: &Engine,
        decisions: &[Decision],
    ) -> Result<OnRecord, NoPermit> {
        let mut groups: Vec<Alike<'_>> = Vec::new();
        let mut open: BTreeMap<Likeness<'_>, usize> = BTreeMap::new();
        for decision in decisions {
            let alike = likeness(decision);
            let place = open.get(&alike).and_then(|at| groups.get_mut(*at));
            match place.filter(|group| group.more.len() < IN_ONE) {
                Some(group) => group.more.extend(event::whats(decision, engine.snapshot())),
                None => {
                    open.insert(alike, groups.len());
                    let more = Vec::new();
                    groups.push(Alike { first: decision, more });
                }
            }
        }
        let pending = groups.into_iter().map(|Alike { first, more }| {
            let told = event::decided(kind, caller, first, &self.id(), engine.snapshot());
            self.writer.append(event::with_facts(told, first).whats(more))
        });
        try_join_all(pending).await.map_err(|error| {
            tracing::error!(error = %error, "decisions could not be made durable");
            NoPermit::Unrecorded
        })?;
        Ok(OnRecord(()))
    }
}

fn likeness(decision: &Decision) -> Likeness<'_> {
    let reads = decision.reads().iter();
    let datasets = reads.flat_map(|read| read.datasets.iter().map(String::as_str));
    (
        decision.allow(),
        decision.code(),
        decision.policies(),
        datasets.collect(),
    )
}
