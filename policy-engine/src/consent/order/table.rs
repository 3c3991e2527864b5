//! The finite table of purposes that decides a label for all purposes.
//!
//! Why three categories are enough. A label's reasons against a purpose are of two sorts: one category is there that it
//! does not allow (as such, or unless `ancestry`, a health aim or another aim stands beside it), or something it needs is
//! not there (an aim, `genetic`). Say one label lets a purpose through and another holds a reason against it. Keep of the
//! purpose the category that the reason is about, `genetic` and `ancestry` if they are there, else one health aim, else one
//! aim: the second still has its reason and the first has none that it did not have. That leaves at most three categories.
//! Diseases are judged one by one, so one is enough, or none; and of those under a label its own values come first.
//! A test tries all 32,767 sets of categories against what this table finds (`tests.rs`).

use std::collections::BTreeSet;

use crate::consent::disease::{Diseases, Standing};
use crate::consent::name::Name;
use crate::consent::purpose::{Categories, Category, ResearchPurpose};

/// Judgements of a purpose by a label that a comparison of two snapshots may spend: about two seconds.
pub const PURPOSE_TABLE_BUDGET: Budget = Budget(400_000);

/// How many judgements are left. When it is spent, what is not known yet counts as wider.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget(u64);

impl Budget {
    /// So many judgements.
    #[must_use]
    pub const fn of(judgements: u64) -> Self {
        Self(judgements)
    }

    /// Takes so many; false if they are not there, and then nothing is.
    pub(crate) const fn take(&mut self, count: u64) -> bool {
        match self.0.checked_sub(count) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => {
                self.0 = 0;
                false
            }
        }
    }
}

/// A purpose of these categories, about one disease or none. None for one that is incomplete (2.3): it is always denied.
pub(crate) fn purpose(categories: Categories, disease: Option<&Name>) -> Option<ResearchPurpose> {
    let incomplete = categories.contains(Category::Disease) && disease.is_none();
    if incomplete || (categories.aims().is_empty() && !categories.is_unstated()) {
        return None;
    }
    let mut purpose = ResearchPurpose::of(categories);
    purpose.diseases = disease.cloned().into_iter().collect();
    Some(purpose)
}

/// Every set of one to three categories, and `unstated`.
pub(crate) fn category_sets() -> Vec<Categories> {
    let words: Vec<Category> = (Category::ALL.iter().copied())
        .filter(|word| !Categories::of(&[*word]).aims_and_scope().is_empty())
        .collect();
    let mut sets = vec![Categories::UNSTATED];
    for (at, one) in words.iter().enumerate() {
        sets.push(Categories::of(&[*one]));
        let later = words.get(at.saturating_add(1)..).unwrap_or_default();
        for (next, two) in later.iter().enumerate() {
            sets.push(Categories::of(&[*one, *two]));
            let last = later.get(next.saturating_add(1)..).unwrap_or_default();
            sets.extend(last.iter().map(|three| Categories::of(&[*one, *two, *three])));
        }
    }
    sets
}

/// The diseases that matter to two labels: their values, the neighbours above these, and one outside of each label.
///
/// With two ontologies also every disease that one counts under a label and the other does not.
pub(crate) fn diseases(
    labels: [&BTreeSet<&Name>; 2],
    before: &Diseases,
    after: &Diseases,
    same: bool,
) -> BTreeSet<Name> {
    let mut found: BTreeSet<Name> = labels.iter().copied().flatten().map(|name| (*name).clone()).collect();
    let above: Vec<Name> = (found.iter())
        .flat_map(|value| [before, after].map(|ontology| ontology.parents(value.as_str())))
        .flatten()
        .filter_map(|parent| Name::try_from(parent).ok())
        .collect();
    found.extend(above);
    let live = |ontology: &Diseases, id: &str| ontology.standing(id) == Standing::Live;
    for label in labels {
        let set = label.iter().map(|name| name.as_str()).collect();
        for ontology in [before, after] {
            let outside = ontology
                .ids()
                .into_iter()
                .find(|id| live(ontology, id) && !ontology.is_under(id, &set));
            found.extend(outside.and_then(|id| Name::try_from(id).ok()));
        }
        if !same && !label.is_empty() {
            let covers = |ontology: &Diseases, id: &str| live(ontology, id) && ontology.is_under(id, &set);
            let differs = |id: &&str| covers(before, id) != covers(after, id);
            let ids: BTreeSet<&str> = before.ids().into_iter().chain(after.ids()).collect();
            found.extend(ids.into_iter().filter(differs).filter_map(|id| Name::try_from(id).ok()));
        }
    }
    found
}
