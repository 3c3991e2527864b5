//! What a label asks of facts (people, places, papers, times, duties), and what of it another label no longer asks.

use std::collections::BTreeSet;

use visa_verifier::seam::Timestamp;

use super::point::asks_purpose;
use crate::consent::dataset::UseGroup;
use crate::consent::label::{Label, Pool};
use crate::consent::name::{CountryCode, Name};
use crate::consent::rule::Modifier;
use crate::consent::tables::Tables;

/// The demands of one label on facts.
#[derive(Debug, Default)]
pub(crate) struct Facets<'d> {
    nonprofit: bool,
    noncommercial: bool,
    institutions: Option<BTreeSet<&'d Name>>,
    projects: Option<BTreeSet<&'d Name>>,
    users: Option<BTreeSet<&'d Name>>,
    places: Option<BTreeSet<CountryCode>>,
    ethics: bool,
    months: Option<i64>,
    embargo: Option<Timestamp>,
    publish: bool,
    collaborate: Option<BTreeSet<&'d Name>>,
    give_back: bool,
}

impl<'d> Facets<'d> {
    pub(crate) fn of(label: &Label<'d>, tables: &Tables) -> Self {
        let mut asked = Self::default();
        for (modifier, pool) in &label.modifiers {
            asked.take(*modifier, pool, tables);
        }
        asked
    }

    fn take(&mut self, modifier: Modifier, pool: &Pool<'d>, tables: &Tables) {
        let values = || Some(pool.values.clone());
        match modifier {
            Modifier::Npu => self.nonprofit = true,
            Modifier::Ncu => self.noncommercial = true,
            Modifier::Npuncu => (self.nonprofit, self.noncommercial) = (true, true),
            Modifier::Is => self.institutions = values(),
            Modifier::Ps => self.projects = values(),
            Modifier::Us => self.users = values(),
            Modifier::Gs => self.places = Some(tables.countries.within(&pool.regions)),
            Modifier::Irb => self.ethics = true,
            Modifier::Ts => self.months = pool.months,
            Modifier::Mor => self.embargo = pool.day.map(|(first, _)| first),
            Modifier::Pub => self.publish = true,
            Modifier::Col => self.collaborate = values(),
            Modifier::Rtn => self.give_back = true,
            Modifier::Rs | Modifier::Nmds | Modifier::Gso | Modifier::Npoa | Modifier::Ru | Modifier::Cc => {
                debug_assert!(asks_purpose(modifier), "every modifier is on one of the two sides");
            }
        }
    }

    /// What `self`, the label before, asks and `after` no longer asks as strictly.
    pub(crate) fn lost(&self, after: &Self) -> Vec<String> {
        let list = |before, after, empty| in_list(before, after, empty);
        let tests = [
            (
                !self.nonprofit || after.nonprofit,
                "It no longer asks for a non-profit organisation (NPU).",
            ),
            (
                !self.noncommercial || after.noncommercial,
                "It no longer asks for non-commercial use (NCU).",
            ),
            (
                list(
                    self.institutions.as_ref(),
                    after.institutions.as_ref(),
                    Unnamed::IsItsOwn,
                ),
                "Other institutions than before may use it (IS).",
            ),
            (
                list(self.projects.as_ref(), after.projects.as_ref(), Unnamed::IsAny),
                "Other projects than before may use it (PS).",
            ),
            (
                list(self.users.as_ref(), after.users.as_ref(), Unnamed::IsItsOwn),
                "Other people than before may use it (US).",
            ),
            (
                match (&self.places, &after.places) {
                    (None, _) => true,
                    (Some(before), Some(after)) => after.is_subset(before),
                    (Some(_), None) => false,
                },
                "It may be used in more countries (GS).",
            ),
            (
                !self.ethics || after.ethics,
                "It no longer asks for an ethics approval (IRB).",
            ),
            (
                match (self.months, after.months) {
                    (None, _) => true,
                    (Some(before), Some(after)) => after <= before,
                    (Some(_), None) => false,
                },
                "Use may last longer (TS).",
            ),
            (
                match (self.embargo, after.embargo) {
                    (None, _) => true,
                    (Some(before), Some(after)) => after >= before,
                    (Some(_), None) => false,
                },
                "Results may be published earlier (MOR).",
            ),
            (
                !self.publish || after.publish,
                "It no longer asks to publish the results (PUB).",
            ),
            (
                match (&self.collaborate, &after.collaborate) {
                    (None, _) => true,
                    (Some(before), Some(after)) => before == after || (!before.is_empty() && before.is_subset(after)),
                    (Some(_), None) => false,
                },
                "It no longer asks to collaborate with the same investigators (COL).",
            ),
            (
                !self.give_back || after.give_back,
                "It no longer asks to return derived data (RTN).",
            ),
        ];
        tests
            .into_iter()
            .filter(|(kept, _)| !kept)
            .map(|(_, sentence)| sentence.to_owned())
            .collect()
    }
}

/// Whether a label asks people to accept duties that an agreement of the dataset can accept for them (COL, RTN; 2.6).
#[must_use]
pub fn asks_consent_to_duties(group: &UseGroup, tables: &Tables) -> bool {
    let label = Label::read(group, tables);
    label.modifiers.contains_key(&Modifier::Col) || label.modifiers.contains_key(&Modifier::Rtn)
}

/// What a term without values means.
#[derive(Clone, Copy)]
enum Unnamed {
    /// A test of its own: neither stricter nor wider than a list (IS, US).
    IsItsOwn,
    /// The same test without the list: wider than any list (PS).
    IsAny,
}

/// Whether whoever passes the test after passed the one before.
fn in_list(before: Option<&BTreeSet<&Name>>, after: Option<&BTreeSet<&Name>>, unnamed: Unnamed) -> bool {
    let (Some(before), after) = (before, after) else {
        return true;
    };
    let Some(after) = after else { return false };
    match (before.is_empty(), after.is_empty(), unnamed) {
        (true, true, _) | (true, false, Unnamed::IsAny) => true,
        (true, false, Unnamed::IsItsOwn) | (false, true, _) => false,
        (false, false, _) => after.is_subset(before),
    }
}
