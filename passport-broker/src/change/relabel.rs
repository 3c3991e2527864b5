//! What a change does to approvals that were given by the label before (consent.md 2.9): neutral or wider, and they stay
//! settled; stricter, and their projects need the committee, within 30 days or at once.

use std::collections::BTreeMap;

use policy_engine::consent::order::Budget;
use policy_engine::consent::{EffectiveRule, LabelledMove, ResearchPurpose, Tables};
use policy_engine::review::relabel::{self, Relabel};
use policy_engine::snapshot::{DatasetRecord, Snapshot};
use visa_verifier::seam::Timestamp;

use super::words::{Told, harmless};
use crate::broker::Broker;
use crate::limits;
use crate::store::StoreError;
use crate::store::changes::{Relabelled, Unsettled};
use crate::store::governed::RowKind;
use crate::store::grants::Grant;

/// Datasets that one change of a table is told for.
const DATASETS: usize = 1000;
/// Sentences for one dataset.
const SENTENCES: usize = 8;

/// The datasets of both snapshots whose labels, or the tables that they are read by, differ. Whom it concerns is told by
/// [`concerned`].
pub(super) fn of(
    was: &Snapshot,
    will: &Snapshot,
    purposes: &[ResearchPurpose],
    (now, at_once): (Timestamp, bool),
    budget: usize,
) -> Vec<Relabelled> {
    let (Ok(old), Ok(new)) = (was.tables.tables(), will.tables.tables()) else {
        return Vec::new();
    };
    let same = was.tables == will.tables;
    let earlier: BTreeMap<&str, &DatasetRecord> = was.datasets.iter().map(|row| (row.id(), row)).collect();
    let mut budget = Budget::of(u64::try_from(budget).unwrap_or(u64::MAX));
    let pairs = will.datasets.iter().filter_map(|is| Some((*earlier.get(is.id())?, is)));
    let differ = pairs
        .filter(|(was, is)| was.consent.uses != is.consent.uses || (!same && digests(was, &old) != digests(is, &new)));
    differ
        .take(DATASETS)
        .map(|(was, is)| {
            let found = relabel::relabel((&was.consent, &old), (&is.consent, &new), purposes, &mut budget);
            told(&found, found.labelled(now, at_once))
        })
        .collect()
}

/// The digest of each group's effective rule.
pub(crate) fn digests(record: &DatasetRecord, tables: &Tables) -> BTreeMap<String, String> {
    let groups = record.consent.uses.iter();
    groups
        .map(|group| (group.group.to_string(), EffectiveRule::of(group, tables).digest()))
        .collect()
}

fn told(found: &Relabel, moved: Option<LabelledMove>) -> Relabelled {
    let side = |of: fn(&relabel::GroupShift) -> &Option<String>| {
        let groups = found.groups.iter();
        groups
            .filter_map(|group| Some((group.group.to_string(), of(group).clone()?)))
            .collect()
    };
    let mut what = Vec::new();
    for group in &found.groups {
        let name = &group.group;
        match (&group.before, &group.after, &group.what) {
            (None, ..) => what.push(format!("Group `{name}` is new.")),
            (_, None, _) => what.push(format!("Group `{name}` is gone.")),
            (.., Some(shift)) => {
                let turns = shift
                    .worse
                    .iter()
                    .map(|turn| format!("Group `{name}`: {}.", turn.sentence()));
                what.extend(turns);
                what.extend(shift.added.iter().map(|said| format!("Group `{name}`: {said}")));
            }
            (.., None) => {}
        }
    }
    if !found.complete {
        what.insert(
            0,
            "It could not be told within the bounds, so it counts as stricter.".to_owned(),
        );
    }
    what.truncate(SENTENCES);
    Relabelled {
        dataset: found.dataset.to_string(),
        shift: found.shift.as_str().to_owned(),
        before: side(|group| &group.before),
        after: side(|group| &group.after),
        what,
        moved,
        concerned: Vec::new(),
        projects: 0,
    }
}

/// With the grants in force that were given before: their projects need the committee.
pub(super) async fn concerned(broker: &Broker, mut found: Vec<Relabelled>) -> Result<Vec<Relabelled>, StoreError> {
    let now = broker.now();
    for one in found.iter_mut().filter(|one| one.moved.is_some()) {
        let grants: Vec<Grant> = broker.of_dataset(&one.dataset).await?;
        let live = grants
            .into_iter()
            .filter(|grant| grant.revoked.is_none() && now < grant.until);
        let mut all: Vec<Unsettled> = live
            .map(|grant| Unsettled {
                grant: grant.id,
                to: grant.to,
                project: grant.project,
                institution: grant.institution,
                until: grant.until,
            })
            .collect();
        one.projects = all.len();
        all.truncate(limits::LIST_ROWS);
        one.concerned = all;
    }
    Ok(found)
}

/// In words, for whoever has to agree, and for the committee whose projects need it.
#[must_use]
pub fn tell(one: &Relabelled) -> Told {
    let (dataset, shift) = (harmless(&one.dataset), &one.shift);
    let (headline, mut details) = match &one.moved {
        None => (
            format!("The rule of {dataset} moves: {shift}. Approvals given before stay settled."),
            Vec::new(),
        ),
        Some(moved) => (
            format!(
                "The rule of {dataset} moves: {shift}. It binds at once. {} project(s) need the committee; what was judged \
                 for them counts until {}.",
                one.projects, moved.by
            ),
            one.what.iter().map(|said| harmless(said)).collect(),
        ),
    };
    details.extend(one.concerned.iter().map(|grant| {
        let project = grant.project.as_deref().unwrap_or("no project");
        harmless(&format!(
            "Needs the committee: {project}, {} (grant {})",
            grant.to, grant.grant
        ))
    }));
    Told {
        kind: RowKind::Dataset,
        id: one.dataset.clone(),
        headline,
        details,
    }
}

/// The moves of a dataset's label that count: those of changes in force whose rules before are not the rules now.
///
/// A label that says again what it said keeps the approvals that were given by it: what counts is the rule, by its
/// digest, and not the time.
pub(crate) fn moves<'r>(
    record: &DatasetRecord,
    tables: &Tables,
    changes: impl Iterator<Item = &'r Relabelled>,
) -> Vec<LabelledMove> {
    let mut rules = None;
    let of = changes.filter(|change| change.dataset == record.id());
    let mut all: Vec<LabelledMove> = of
        .filter_map(|change| {
            let moved = change.moved?;
            let now = rules.get_or_insert_with(|| digests(record, tables));
            (change.before != *now).then_some(moved)
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
