//! What a judgement finds: reasons, duties, warnings, ends; each at most once, in the order of the answer.

use std::collections::BTreeMap;

use visa_verifier::seam::Timestamp;

use crate::consent::code::{Code, DutyCode, Effect};
use crate::consent::name::Name;
use crate::consent::output::{Date, Verdict};
use crate::consent::tables::Tables;

/// Where in a dataset: the order of the variants is the order of the answer.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum GroupPlace {
    /// The dataset as a whole.
    None,
    /// A group, by its position.
    Known(usize, Name),
    /// A group that the dataset lacks.
    Unknown(Name),
}

/// Group and term that a finding is about.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Spot {
    pub(crate) group: GroupPlace,
    pub(crate) term: Option<Name>,
}

/// A reason before it is put into words.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) code: Code,
    pub(crate) effect: Effect,
    /// What the sentence adds: the source, the disease. Each once.
    pub(crate) details: Vec<String>,
    /// The ethics entry that the reason is about.
    pub(crate) entry: Option<Name>,
}

/// What is owed.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    pub(crate) code: DutyCode,
    pub(crate) date: Date,
    pub(crate) values: Vec<Name>,
}

/// Findings about one dataset, under one approval or none.
#[derive(Clone, Debug)]
pub(crate) struct Findings<'t> {
    tables: &'t Tables,
    pub(crate) reasons: BTreeMap<(Spot, &'static str), Found>,
    pub(crate) settled: BTreeMap<(Spot, &'static str), Code>,
    pub(crate) duties: BTreeMap<(Spot, &'static str), Owed>,
    pub(crate) warnings: BTreeMap<(Spot, &'static str), Code>,
    /// The earliest end of what the answer rests on.
    pub(crate) end: Option<Timestamp>,
}

impl Spot {
    /// The dataset as a whole.
    pub(crate) const WHOLE: Self = Self {
        group: GroupPlace::None,
        term: None,
    };

    /// A term in the same group.
    pub(crate) fn term(&self, term: &Name) -> Self {
        Self {
            group: self.group.clone(),
            term: Some(term.clone()),
        }
    }
}

impl GroupPlace {
    /// The group's name.
    pub(crate) fn name(&self) -> Option<&Name> {
        match self {
            Self::None => None,
            Self::Known(_, name) | Self::Unknown(name) => Some(name),
        }
    }
}

impl<'t> Findings<'t> {
    pub(crate) fn new(tables: &'t Tables) -> Self {
        Self {
            tables,
            reasons: BTreeMap::new(),
            settled: BTreeMap::new(),
            duties: BTreeMap::new(),
            warnings: BTreeMap::new(),
            end: None,
        }
    }

    pub(crate) fn reason(&mut self, spot: &Spot, code: Code) -> &mut Found {
        let effect = self.tables.effect(code);
        self.reasons
            .entry((spot.clone(), code.as_str()))
            .or_insert_with(|| Found {
                code,
                effect,
                details: Vec::new(),
                entry: None,
            })
    }

    pub(crate) fn warn(&mut self, spot: &Spot, code: Code) {
        self.warnings.insert((spot.clone(), code.as_str()), code);
    }

    pub(crate) fn duty(&mut self, spot: &Spot, code: DutyCode, date: Date, values: Vec<Name>) {
        self.duties
            .insert((spot.clone(), code.as_str()), Owed { code, date, values });
    }

    /// The answer holds before this moment only.
    pub(crate) fn ends(&mut self, at: Timestamp) {
        self.end = Some(self.end.map_or(at, |end| end.min(at)));
    }

    /// Deny if anything denies, else review if anything is left to judge.
    pub(crate) fn verdict(&self) -> Verdict {
        if self.reasons.is_empty() {
            Verdict::Permit
        } else if self.reasons.values().all(|found| found.effect == Effect::Review) {
            Verdict::Review
        } else {
            Verdict::Deny
        }
    }
}

impl Found {
    /// Adds a sentence about what exactly failed.
    pub(crate) fn about(&mut self, detail: impl Into<String>) {
        let detail = detail.into();
        // A handful is enough for a person; the list in the input may be long.
        if self.details.len() < 5 && !self.details.contains(&detail) {
            self.details.push(detail);
        }
    }
}
