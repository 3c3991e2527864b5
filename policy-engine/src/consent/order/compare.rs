//! Is a label neutral, wider or stricter than another?

use std::collections::BTreeSet;

use serde::Serialize;

use super::facets::Facets;
use super::point::{Point, PurposeRule};
use super::table::{Budget, category_sets, diseases, purpose};
use crate::consent::dataset::UseGroup;
use crate::consent::effective::EffectiveRule;
use crate::consent::label::Label;
use crate::consent::name::Name;
use crate::consent::output::Verdict;
use crate::consent::purpose::ResearchPurpose;
use crate::consent::rule::{Modifier, Permission};
use crate::consent::tables::Tables;

/// How a rule moved.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// For no use is the answer another one.
    Neutral,
    /// For some use it is better, for none worse.
    Wider,
    /// For some use it is worse, for none better.
    Stricter,
    /// Better for some, worse for others.
    Both,
}

impl Shift {
    /// By what was found in each direction.
    #[must_use]
    pub const fn of(wider: bool, stricter: bool) -> Self {
        match (wider, stricter) {
            (false, false) => Self::Neutral,
            (true, false) => Self::Wider,
            (false, true) => Self::Stricter,
            (true, true) => Self::Both,
        }
    }

    /// Whether somebody may now do what they could not.
    #[must_use]
    pub const fn widens(self) -> bool {
        matches!(self, Self::Wider | Self::Both)
    }

    /// Whether approvals given before still carry all that they settled: neutral or wider (2.9).
    #[must_use]
    pub const fn keeps_approvals(self) -> bool {
        matches!(self, Self::Neutral | Self::Wider)
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Wider => "wider",
            Self::Stricter => "stricter",
            Self::Both => "wider and stricter",
        }
    }
}

/// A purpose whose answer changed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Turn {
    /// The purpose.
    pub purpose: ResearchPurpose,
    /// Before.
    pub before: Verdict,
    /// After.
    pub after: Verdict,
}

impl Turn {
    /// In words: `for genetic, methods: deny before, review after`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let words: Vec<&str> = self.purpose.categories.iter().map(|word| word.as_str()).collect();
        let about = self.purpose.diseases.iter().map(Name::as_str).collect::<Vec<_>>();
        let about = if about.is_empty() {
            String::new()
        } else {
            format!(" about {}", about.join(", "))
        };
        let (before, after) = (self.before, self.after);
        if before == after {
            format!("for {}{about}: {after} as before, for fewer reasons", words.join(", "))
        } else {
            format!("for {}{about}: {before} before, {after} after", words.join(", "))
        }
    }
}

/// What a comparison of two groups' labels found.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct UseShift {
    /// The whole of it.
    pub shift: Shift,
    /// Purposes for which the label's own answer is better, the simplest first.
    pub better: Vec<Turn>,
    /// Purposes for which it is worse.
    pub worse: Vec<Turn>,
    /// What it no longer asks of facts.
    pub dropped: Vec<String>,
    /// What it newly asks of facts.
    pub added: Vec<String>,
    /// False: the budget was spent, and what was not tried counts as wider.
    pub complete: bool,
}

impl UseShift {
    fn neutral() -> Self {
        Self {
            shift: Shift::Neutral,
            better: Vec::new(),
            worse: Vec::new(),
            dropped: Vec::new(),
            added: Vec::new(),
            complete: true,
        }
    }
}

/// Compares the labels of a group before and after, each by its own tables. `recorded` are purposes that must be tried
/// beside the table: they decide nothing that the table does not, and are named first.
#[must_use]
pub fn compare_groups(
    (before, old): (&UseGroup, &Tables),
    (after, new): (&UseGroup, &Tables),
    recorded: &[ResearchPurpose],
    budget: &mut Budget,
) -> UseShift {
    let same_tables = std::ptr::eq(old, new);
    let rules = (EffectiveRule::of(before, old), EffectiveRule::of(after, new));
    // Of all terms only DS and GS look at the tables.
    let looks =
        rules.0.permissions.contains(Permission::Ds.as_str()) || rules.0.modifiers.contains_key(Modifier::Gs.as_str());
    if rules.0 == rules.1 && (same_tables || !looks) {
        return UseShift::neutral();
    }
    let labels = (Label::read(before, old), Label::read(after, new));
    let mut asked = Asked {
        recorded,
        before: PurposeRule::of(before, old),
        after: PurposeRule::of(after, new),
        found: UseShift::neutral(),
    };
    for purpose in recorded {
        if !asked.ask(purpose, budget) {
            return asked.out_of_budget();
        }
    }
    let values = [&labels.0.diseases, &labels.1.diseases];
    let candidates = diseases(values, &old.diseases, &new.diseases, same_tables);
    let first_of = |set: &BTreeSet<&Name>| set.first().map(|name| (*name).clone());
    let mut few: BTreeSet<Name> = values.into_iter().filter_map(first_of).collect();
    if few.is_empty() {
        few.extend(candidates.first().cloned());
    }
    let mut open: [Option<(Verdict, ResearchPurpose)>; 2] = [None, None];
    for disease in std::iter::once(None).chain(few.iter().map(Some)) {
        for categories in category_sets() {
            let Some(purpose) = purpose(categories, disease) else {
                continue;
            };
            let Some(points) = asked.points(&purpose, budget) else {
                return asked.out_of_budget();
            };
            // What a label denies least is the purpose to try all diseases with.
            for (best, point) in open.iter_mut().zip([&points.0, &points.1]) {
                let better = best.as_ref().is_none_or(|(verdict, _)| point.verdict < *verdict);
                if better && point.verdict != Verdict::Deny {
                    *best = Some((point.verdict, purpose.clone()));
                }
            }
        }
    }
    let asks_diseases = |label: &Label<'_>| {
        label.permissions.contains_key(&Permission::Ds) || label.permissions.contains_key(&Permission::Poa)
    };
    if asks_diseases(&labels.0) || asks_diseases(&labels.1) {
        for disease in &candidates {
            for (_, start) in open.iter().flatten() {
                let mut purpose = start.clone();
                purpose.diseases = BTreeSet::from([disease.clone()]);
                if !asked.ask(&purpose, budget) {
                    return asked.out_of_budget();
                }
            }
        }
    }
    // A label that lets nothing through neither loses nor gains by what else it asks.
    let both_open = open.iter().all(Option::is_some);
    let facets = both_open.then(|| (Facets::of(&labels.0, old), Facets::of(&labels.1, new)));
    asked.whole(facets)
}

struct Asked<'t> {
    recorded: &'t [ResearchPurpose],
    before: PurposeRule<'t>,
    after: PurposeRule<'t>,
    found: UseShift,
}

impl Asked<'_> {
    /// Asks both; false if the budget is spent.
    fn ask(&mut self, purpose: &ResearchPurpose, budget: &mut Budget) -> bool {
        self.points(purpose, budget).is_some()
    }

    fn points(&mut self, purpose: &ResearchPurpose, budget: &mut Budget) -> Option<(Point, Point)> {
        if !budget.take(2) {
            return None;
        }
        let (before, after) = (self.before.answer(purpose), self.after.answer(purpose));
        let turn = || Turn {
            purpose: purpose.clone(),
            before: before.verdict,
            after: after.verdict,
        };
        let tell = |list: &mut Vec<Turn>| {
            if !list.iter().any(|turn| turn.purpose == *purpose) {
                list.push(turn());
            }
        };
        if after.is_better_than(&before) {
            tell(&mut self.found.better);
        }
        if before.is_better_than(&after) {
            tell(&mut self.found.worse);
        }
        Some((before, after))
    }

    /// What is not known counts as wider.
    fn out_of_budget(mut self) -> UseShift {
        self.found.complete = false;
        self.found.shift = Shift::of(true, !self.found.worse.is_empty());
        self.found
    }

    fn whole(mut self, facets: Option<(Facets<'_>, Facets<'_>)>) -> UseShift {
        if let Some((before, after)) = facets {
            self.found.dropped = before.lost(&after);
            self.found.added = after.lost(&before);
        }
        let recorded = self.recorded;
        let simplest = |turn: &Turn| {
            let purpose = &turn.purpose;
            (
                !recorded.contains(purpose),
                purpose.categories.len(),
                purpose.diseases.len(),
            )
        };
        self.found.better.sort_by_key(simplest);
        self.found.worse.sort_by_key(simplest);
        let wider = !self.found.better.is_empty() || !self.found.dropped.is_empty();
        let stricter = !self.found.worse.is_empty() || !self.found.added.is_empty();
        self.found.shift = Shift::of(wider, stricter);
        self.found
    }
}

/// The best that a label lets through by itself, for any purpose.
#[must_use]
pub fn reach(group: &UseGroup, tables: &Tables) -> Verdict {
    let label = Label::read(group, tables);
    let mut rule = PurposeRule::of(group, tables);
    let first = label.diseases.first().map(|name| (*name).clone());
    let any = tables.diseases.ids().into_iter().find_map(|id| Name::try_from(id).ok());
    let disease = first.or(any);
    let purposes = category_sets()
        .into_iter()
        .flat_map(|set| [purpose(set, None), purpose(set, disease.as_ref())]);
    let mut best = Verdict::Deny;
    for purpose in purposes.flatten() {
        best = best.min(rule.answer(&purpose).verdict);
        if best == Verdict::Permit {
            break;
        }
    }
    best
}
