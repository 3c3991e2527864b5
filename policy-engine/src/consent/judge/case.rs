//! One dataset of a question, prepared: what does not depend on the approval that is tried.

use std::collections::{BTreeSet, HashSet};

use visa_verifier::seam::Timestamp;

use super::findings::{GroupPlace, Spot};
use crate::consent::approval::Approval;
use crate::consent::dataset::{Access, Dataset};
use crate::consent::input::{Names, Operation, Part, Question, Stage};
use crate::consent::label::Label;
use crate::consent::name::Name;
use crate::consent::purpose::Categories;
use crate::consent::tables::Tables;

/// A dataset and the question about it.
#[derive(Debug)]
pub(crate) struct Case<'q> {
    pub(crate) input: &'q Question<'q>,
    pub(crate) tables: &'q Tables,
    pub(crate) dataset: &'q Dataset,
    /// The purpose without barred words: those are told once for the whole request.
    pub(crate) categories: Categories,
    /// The labels of the groups asked for that the dataset has.
    pub(crate) labels: Vec<(Spot, Label<'q>)>,
    /// Names of groups asked for.
    pub(crate) asked: BTreeSet<&'q Name>,
    /// Groups asked for that the dataset lacks.
    pub(crate) unknown_groups: Vec<&'q Name>,
    /// None: nobody knows.
    pub(crate) objects: Option<HashSet<&'q Name>>,
    /// None: nobody knows.
    pub(crate) participants: Option<HashSet<&'q Name>>,
}

impl<'q> Case<'q> {
    pub(crate) fn new(input: &'q Question<'q>, tables: &'q Tables, part: Part<'q>) -> Self {
        let dataset = part.dataset;
        // An empty set of groups cannot be read, but could be made: it asks for everything, not for nothing.
        let groups = part.groups.filter(|groups| groups.iter().next().is_some());
        let asked: BTreeSet<&Name> = match groups {
            Some(groups) => groups.iter().collect(),
            None => dataset.uses.iter().map(|entry| &entry.group).collect(),
        };
        let known: HashSet<&Name> = dataset.uses.iter().map(|entry| &entry.group).collect();
        let labels = dataset
            .uses
            .iter()
            .enumerate()
            .filter(|(_, entry)| asked.contains(&entry.group));
        let labels = labels.map(|(at, entry)| {
            let group = GroupPlace::Known(at, entry.group.clone());
            (Spot { group, term: None }, Label::read(entry, tables))
        });
        // Only holds look at them.
        let held = !dataset.holds.is_empty();
        let listed = |list: Option<Names<'q>>| list.map(|list| list.iter().filter(|_| held).collect());
        Self {
            input,
            tables,
            dataset,
            categories: input.purpose.categories.without(Categories::BARRED),
            labels: labels.collect(),
            unknown_groups: asked.iter().copied().filter(|name| !known.contains(*name)).collect(),
            asked,
            objects: listed(part.objects),
            participants: listed(part.participants),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.input.context.now
    }

    /// Whether somebody wants the data now.
    pub(crate) fn is_use(&self) -> bool {
        self.input.stage == Stage::Use
    }

    pub(crate) fn is(&self, action: Operation) -> bool {
        self.input.action == action
    }

    /// Whether only the missing approval itself has to be told, and not each term that would look at it (2.6).
    pub(crate) fn lack_of_approval_is_told(&self) -> bool {
        !self.is_use() || self.dataset.access == Access::Controlled
    }

    /// Whether an agreement with this URL was accepted and still holds.
    pub(crate) fn accepted(&self, value: &Name) -> Option<Timestamp> {
        let entries = self.input.user.accepted_terms.iter();
        entries
            .filter(|entry| entry.value == *value && self.now() < entry.expires)
            .map(|entry| entry.expires)
            .max()
    }

    /// What the committee recorded of an institution, in the approval that is tried.
    pub(crate) fn facts<'a>(
        approval: Option<&'a Approval>,
        institution: &'a Name,
    ) -> impl Iterator<Item = &'a crate::consent::approval::InstitutionFacts> {
        let facts = approval.map(|approval| approval.facts.as_slice()).unwrap_or_default();
        facts.iter().filter(move |facts| facts.institution == *institution)
    }
}
