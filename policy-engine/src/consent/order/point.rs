//! What a label says to one purpose, whoever asks: the part of its answer that facts can't change.

use std::collections::BTreeSet;

use visa_verifier::seam::Timestamp;

use crate::consent::code::{Code, Effect};
use crate::consent::dataset::{Access, Dataset, UseGroup};
use crate::consent::input::{Context, Input, Operation, Part, Question, Stage};
use crate::consent::judge::{Case, judge};
use crate::consent::label::Label;
use crate::consent::name::Name;
use crate::consent::output::Verdict;
use crate::consent::purpose::ResearchPurpose;
use crate::consent::rule::{Modifier, Rule};
use crate::consent::tables::Tables;
use crate::consent::user::UserFacts;

/// An answer to a purpose. Of two reviews, codes count: a committee settles by code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Point {
    /// The verdict.
    pub verdict: Verdict,
    /// Codes of the judgements to be made; the facts that deny, if it denies.
    pub codes: BTreeSet<Code>,
}

impl Point {
    /// Whether this answer may let through what the earlier one does not.
    #[must_use]
    pub fn is_better_than(&self, before: &Self) -> bool {
        self.verdict < before.verdict || (self.verdict == Verdict::Review && !before.codes.is_subset(&self.codes))
    }
}

/// A group's label without what it asks of facts, ready to be asked about many purposes.
pub(crate) struct PurposeRule<'t> {
    input: Input,
    tables: &'t Tables,
    /// Faults of the label: nothing is permitted.
    faulty: bool,
}

/// Modifiers that look at nothing but the categories of the purpose.
pub(crate) const fn asks_purpose(modifier: Modifier) -> bool {
    matches!(
        modifier,
        Modifier::Rs | Modifier::Nmds | Modifier::Gso | Modifier::Npoa | Modifier::Ru | Modifier::Cc
    )
}

impl<'t> PurposeRule<'t> {
    /// The rule of a group; none if its name is no name, which cannot be.
    pub(crate) fn of(group: &UseGroup, tables: &'t Tables) -> Self {
        let asks = |rule: Rule| match rule {
            Rule::Modifier(modifier) => asks_purpose(modifier),
            Rule::Permission(_) | Rule::NotALabel | Rule::Meaningless => true,
        };
        let kept = |id: &Name| tables.rules.term(id.as_str()).is_none_or(|row| asks(row.rule));
        let terms = group.terms.iter().filter(|term| kept(&term.id)).cloned().collect();
        let mut dataset = Dataset::new(
            group.group.clone(),
            vec![UseGroup {
                group: group.group.clone(),
                terms,
            }],
        );
        dataset.access = Access::Open;
        Self {
            input: Input {
                version: 1,
                stage: Stage::Apply,
                action: Operation::Compute,
                context: Context {
                    now: Timestamp::from_unix(0),
                    processing_countries: BTreeSet::new(),
                    access_country: None,
                },
                purpose: ResearchPurpose::unstated(),
                user: UserFacts::default(),
                approvals: Vec::new(),
                datasets: vec![dataset],
            },
            tables,
            faulty: !Label::read(group, tables).faults.is_empty(),
        }
    }

    /// Its answer to a purpose, told without the purpose's own faults (2.3).
    pub(crate) fn answer(&mut self, purpose: &ResearchPurpose) -> Point {
        self.input.purpose.clone_from(purpose);
        let Some(dataset) = self.input.datasets.first() else {
            return Point::closed();
        };
        let question = Question::from(&self.input);
        let judged = judge(&Case::new(&question, self.tables, Part::from(dataset)));
        let verdict = if self.faulty {
            Verdict::Deny
        } else {
            judged.findings.verdict()
        };
        let effect = if verdict == Verdict::Deny {
            Effect::Deny
        } else {
            Effect::Review
        };
        let codes = judged.findings.reasons.values().filter(|found| found.effect == effect);
        Point {
            verdict,
            codes: codes.map(|found| found.code).collect(),
        }
    }
}

impl Point {
    fn closed() -> Self {
        Self {
            verdict: Verdict::Deny,
            codes: BTreeSet::new(),
        }
    }
}

/// What a group's label says to a purpose, facts aside.
#[must_use]
pub fn judge_purpose(group: &UseGroup, tables: &Tables, purpose: &ResearchPurpose) -> Point {
    PurposeRule::of(group, tables).answer(purpose)
}
