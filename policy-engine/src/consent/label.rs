//! A group's label, read once (`consent.md` 2.5, 2.7): which permissions and modifiers it carries, values pooled,
//! faults of its terms named. What it asks of purpose and facts, `judge` finds out.

use std::collections::{BTreeMap, BTreeSet};

use visa_verifier::seam::Timestamp;

use super::code::Code;
use super::dataset::UseGroup;
use super::name::Name;
use super::place::Region;
use super::rule::{Modifier, Permission, Rule, Takes};
use super::tables::Tables;
use super::term::{Term, has_form_of_day};

/// Months of a time limit that are valid.
const MONTHS: std::ops::RangeInclusive<i64> = 1..=1200;

/// A label.
#[derive(Debug)]
pub(crate) struct Label<'d> {
    /// Its permissions, with the ids of their terms.
    pub(crate) permissions: BTreeMap<Permission, &'d Name>,
    /// Its modifiers.
    pub(crate) modifiers: BTreeMap<Modifier, Pool<'d>>,
    /// The values of DS, pooled.
    pub(crate) diseases: BTreeSet<&'d Name>,
    /// What is wrong with its terms; no approval changes it.
    pub(crate) faults: BTreeSet<(Option<&'d Name>, Code)>,
    /// What the custodian should look at.
    pub(crate) warnings: BTreeSet<(&'d Name, Code)>,
}

/// All entries of one modifier in a group.
#[derive(Debug)]
pub(crate) struct Pool<'d> {
    /// The term's id.
    pub(crate) id: &'d Name,
    /// Alternatives.
    pub(crate) values: BTreeSet<&'d Name>,
    /// GS: the alternatives as places.
    pub(crate) regions: Vec<Region>,
    /// NMDS: the release of each entry.
    pub(crate) releases: Vec<Option<&'d Name>>,
    /// MOR: the latest day.
    pub(crate) day: Option<(Timestamp, &'d Name)>,
    /// TS: the fewest months.
    pub(crate) months: Option<i64>,
    /// A value cannot be read: the term is not judged further.
    pub(crate) spoiled: bool,
    takes: Takes,
}

impl Pool<'_> {
    /// Whether there is something to judge by.
    pub(crate) fn can_be_judged(&self) -> bool {
        let filled = match self.takes {
            Takes::Nothing | Takes::OptionalValues => true,
            Takes::Values => !self.values.is_empty(),
            Takes::Date => self.day.is_some(),
            Takes::Months => self.months.is_some(),
        };
        filled && !self.spoiled
    }
}

impl<'d> Label<'d> {
    pub(crate) fn read(group: &'d UseGroup, tables: &Tables) -> Self {
        let mut label = Self {
            permissions: BTreeMap::new(),
            modifiers: BTreeMap::new(),
            diseases: BTreeSet::new(),
            faults: BTreeSet::new(),
            warnings: BTreeSet::new(),
        };
        for term in &group.terms {
            label.add(term, tables);
        }
        if label.permissions.is_empty() {
            label.faults.insert((None, Code::PermissionMissing));
        }
        let excludes = label.permissions.contains_key(&Permission::Hmb)
            || label.permissions.contains_key(&Permission::Ds)
            || label.modifiers.contains_key(&Modifier::Npoa);
        if label.permissions.contains_key(&Permission::Poa) && excludes {
            label.faults.insert((None, Code::PermissionConflict));
        }
        if let Some(id) = label.permissions.get(&Permission::Nres)
            && label.modifiers.keys().any(|modifier| *modifier != Modifier::Cc)
        {
            label.warnings.insert((id, Code::NresWithModifier));
        }
        label
    }

    fn add(&mut self, term: &'d Term, tables: &Tables) {
        let id = &term.id;
        let Some(row) = tables.rules.term(id.as_str()) else {
            self.faults.insert((Some(id), Code::TermUnknown));
            return;
        };
        match row.rule {
            Rule::NotALabel => drop(self.faults.insert((Some(id), Code::TermNotALabel))),
            Rule::Meaningless => drop(self.faults.insert((Some(id), Code::TermMeaningless))),
            Rule::Permission(permission) => {
                self.warn_if_deprecated(id, row.deprecated);
                self.permissions.insert(permission, id);
                self.check_values(term, row.takes);
                if permission == Permission::Ds {
                    self.diseases.extend(&term.values);
                }
            }
            Rule::Modifier(modifier) => {
                self.warn_if_deprecated(id, row.deprecated);
                let sound = self.check_values(term, row.takes);
                if modifier == Modifier::Nmds && term.version.is_none() {
                    self.warnings.insert((id, Code::LabelVersionMissing));
                }
                let regions = (modifier == Modifier::Gs).then_some(&term.values).into_iter().flatten();
                let regions: Option<Vec<Region>> = regions.map(|one| tables.countries.region(one.as_str())).collect();
                if regions.is_none() {
                    self.faults.insert((Some(id), Code::ValueInvalid));
                }
                let pool = self
                    .modifiers
                    .entry(modifier)
                    .or_insert_with(|| Pool::empty(id, row.takes));
                pool.spoiled |= !sound || regions.is_none();
                pool.regions.extend(regions.unwrap_or_default());
                pool.take(term);
            }
        }
    }

    fn warn_if_deprecated(&mut self, id: &'d Name, deprecated: bool) {
        if deprecated {
            self.warnings.insert((id, Code::TermDeprecated));
        }
    }

    /// Tells missing, superfluous and unreadable values; false if the term has one that cannot be read.
    fn check_values(&mut self, term: &'d Term, takes: Takes) -> bool {
        let has = (!term.values.is_empty(), term.date.is_some(), term.months.is_some());
        let (missing, unexpected) = match takes {
            Takes::Nothing => (false, has.0 || has.1 || has.2),
            Takes::OptionalValues => (false, has.1 || has.2),
            Takes::Values => (!has.0, has.1 || has.2),
            Takes::Date => (!has.1, has.0 || has.2),
            Takes::Months => (!has.2, has.0 || has.1),
        };
        let sound = match takes {
            Takes::Date => term
                .date
                .as_ref()
                .is_none_or(|day| first_second(day.as_str()).is_some()),
            Takes::Months => term.months.is_none_or(|months| MONTHS.contains(&months)),
            Takes::Nothing | Takes::OptionalValues | Takes::Values => true,
        };
        let told = [
            (missing, Code::ValueMissing),
            (unexpected, Code::ValueUnexpected),
            (!sound, Code::ValueInvalid),
        ];
        self.faults.extend(
            told.into_iter()
                .filter(|(so, _)| *so)
                .map(|(_, code)| (Some(&term.id), code)),
        );
        sound
    }
}

impl<'d> Pool<'d> {
    fn empty(id: &'d Name, takes: Takes) -> Self {
        Self {
            id,
            values: BTreeSet::new(),
            regions: Vec::new(),
            releases: Vec::new(),
            day: None,
            months: None,
            spoiled: false,
            takes,
        }
    }

    fn take(&mut self, term: &'d Term) {
        self.values.extend(&term.values);
        self.releases.push(term.version.as_ref());
        let day = term
            .date
            .as_ref()
            .and_then(|day| Some((first_second(day.as_str())?, day)));
        self.day = self.day.max(day);
        self.months = [self.months, term.months].into_iter().flatten().min();
    }
}

/// The first second of a real day `YYYY-MM-DD`.
pub(crate) fn first_second(day: &str) -> Option<Timestamp> {
    if !has_form_of_day(day) {
        return None;
    }
    format!("{day}T00:00:00Z").parse().ok()
}
