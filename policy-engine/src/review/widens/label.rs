//! Labels: the verdict of each consent group for every purpose, and which groups bind a request.

use std::collections::{BTreeSet, HashSet};

use super::{Found, WeakerKind};
use crate::{
    consent::{
        Dataset, EffectiveRule, Name, Tables, UseGroup,
        order::{UseShift, asks_consent_to_duties, compare_groups},
    },
    snapshot::{DatasetRecord, Snapshot},
};

/// Purposes that a sentence names.
const NAMED: usize = 3;

impl Found<'_> {
    pub(super) fn labels(&mut self, before: &Snapshot, was: &DatasetRecord, is: &DatasetRecord) {
        let id = is.id();
        let (was, is) = (&was.consent, &is.consent);
        if was.uses == is.uses && was.agreements == is.agreements && self.same_tables() {
            return;
        }
        if is.uses.is_empty() {
            // without a label nothing is permitted
            return;
        }
        for group in &was.uses {
            match group_of(is, &group.group) {
                Some(now) => {
                    let shift = self.shift(group, now);
                    self.told(id, group, &shift);
                }
                None => self.gone(id, group, is),
            }
        }
        for group in is.uses.iter().filter(|group| group_of(was, &group.group).is_none()) {
            if was.uses.is_empty() || is_asked(before, id, &group.group) {
                let name = &group.group;
                self.tell(
                    WeakerKind::Label,
                    Some(id),
                    format!("Group `{name}` is new, and data that could not be judged before now can."),
                );
            }
        }
        // Accepting the dataset's agreement accepts the duties of COL and RTN (consent.md 2.6): a first agreement is a new
        // way to say yes.
        let duties = was
            .uses
            .iter()
            .any(|group| asks_consent_to_duties(group, self.tables[0]));
        let first = was.agreements.is_empty() && !is.agreements.is_empty();
        self.unless(
            !(duties && first),
            WeakerKind::Agreements,
            Some(id),
            "Whoever accepts its new agreement has accepted the duties of its label (COL, RTN).",
        );
    }

    /// An approval covers what lies under its diseases (2.9): with another ontology that may be more.
    pub(super) fn ontology(&mut self) {
        let [old, new] = self.tables.map(Tables::diseases);
        if self.same_tables() {
            return;
        }
        let mut told = BTreeSet::new();
        for purpose in self.purposes {
            let approved: HashSet<&str> = purpose.diseases.iter().map(Name::as_str).collect();
            let more = |id: &&str| new.is_under(id, &approved) && !old.is_under(id, &approved);
            if approved.is_empty() || !told.insert(&purpose.diseases) {
                continue;
            }
            if let Some(id) = new.ids().into_iter().find(more) {
                let diseases = purpose.diseases.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
                self.tell(
                    WeakerKind::Label,
                    None,
                    format!("An approval for {diseases} would cover {id}, and perhaps more, by the new ontology."),
                );
            }
        }
    }

    fn same_tables(&self) -> bool {
        let [old, new] = self.tables;
        std::ptr::eq(old, new)
    }

    fn shift(&mut self, was: &UseGroup, is: &UseGroup) -> UseShift {
        let [old, new] = self.tables;
        let said = |group, tables| serde_json::to_string(&EffectiveRule::of(group, tables)).unwrap_or_default();
        let pair = (said(was, old), said(is, new));
        if let Some(known) = self.known.get(&pair) {
            return known.clone();
        }
        let shift = compare_groups((was, old), (is, new), self.purposes, &mut self.budget);
        self.complete &= shift.complete;
        self.known.insert(pair, shift.clone());
        shift
    }

    fn told(&mut self, id: &str, group: &UseGroup, shift: &UseShift) {
        let name = &group.group;
        if !shift.complete {
            self.tell(
                WeakerKind::Label,
                Some(id),
                format!("Group `{name}`: it could not be told within the bounds, so it counts as wider."),
            );
        }
        for turn in shift.better.iter().take(NAMED) {
            self.tell(
                WeakerKind::Label,
                Some(id),
                format!("Group `{name}`: {}.", turn.sentence()),
            );
        }
        if let Some(more) = shift.better.len().checked_sub(NAMED).filter(|more| *more > 0) {
            self.tell(
                WeakerKind::Label,
                Some(id),
                format!("Group `{name}`: the answer is better for {more} further purposes."),
            );
        }
        for sentence in &shift.dropped {
            self.tell(WeakerKind::Label, Some(id), format!("Group `{name}`: {sentence}"));
        }
    }

    /// A group that is gone binds nobody who asks for the dataset as a whole, unless another one is as strict.
    fn gone(&mut self, id: &str, group: &UseGroup, is: &Dataset) {
        let bound = is.uses.iter().any(|other| !self.shift(group, other).shift.widens());
        let name = &group.group;
        self.unless(
            bound,
            WeakerKind::Label,
            Some(id),
            format!("Group `{name}` is gone, and its label binds no request for the whole dataset any more."),
        );
        let held = is.holds.iter().any(|hold| hold.target() == Some(name));
        self.unless(
            !held,
            WeakerKind::Holds,
            Some(id),
            format!("Group `{name}` is gone, and the hold on it stops no request for the whole dataset any more."),
        );
    }
}

fn group_of<'d>(dataset: &'d Dataset, name: &Name) -> Option<&'d UseGroup> {
    dataset.uses.iter().find(|group| group.group == *name)
}

/// Whether data are mapped to a group of the dataset.
fn is_asked(snapshot: &Snapshot, dataset: &str, group: &Name) -> bool {
    let names = |of: &Name, groups: Option<&BTreeSet<Name>>| {
        of.as_str() == dataset && groups.is_some_and(|groups| groups.contains(group))
    };
    let name = Name::try_from(dataset).ok();
    let mut objects = name.iter().flat_map(|name| snapshot.objects.of_dataset(name));
    objects.any(|record| names(&record.dataset, record.groups.as_ref()))
        || snapshot
            .prefixes
            .iter()
            .any(|record| names(&record.dataset, record.groups.as_ref()))
}
