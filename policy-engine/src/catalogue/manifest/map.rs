//! Entries to objects of one dataset. What names no dataset, or another, is left out: it stays closed.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ObjectRecord;
use super::Entry;
use crate::consent::Name;

/// Which entries belong to a dataset.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The dataset, by its id in the catalogue.
    pub dataset: Name,
    /// Other names under which lists know it (an accession, an `acl`, an `authz`).
    pub names: BTreeSet<String>,
    /// Where its bytes lie: lists that do not speak of datasets give these alone. Empty: all that they name.
    pub prefixes: Vec<String>,
    /// Consent groups for entries that name none.
    pub groups: Option<BTreeSet<Name>>,
}

/// Why an entry was left out.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum LeftOut {
    /// It names no dataset.
    NoDataset,
    /// It names another dataset.
    OtherDataset,
    /// It names this dataset and another: whose rules would hold?
    SeveralDatasets,
    /// Its id is empty or too long, or a group or person of it has no name.
    NoName,
    /// Another entry has the same id and says something else.
    Contradiction,
}

impl LeftOut {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoDataset => "belongs to no dataset",
            Self::OtherDataset => "belongs to another dataset",
            Self::SeveralDatasets => "belongs to several datasets",
            Self::NoName => "has an id, a group or a person that is no name (1 to 255 characters)",
            Self::Contradiction => "stands in the list twice, and not the same",
        }
    }
}

/// Objects of a dataset, and what was left out.
#[derive(Clone, Debug, Default)]
pub struct Mapped {
    /// By id.
    pub objects: BTreeMap<Name, ObjectRecord>,
    /// Ids with the reason; they stay closed.
    pub left_out: Vec<(String, LeftOut)>,
    /// Addresses that are no storage URLs and so map nothing.
    pub other_urls: usize,
    contradicted: BTreeSet<String>,
}

/// Maps entries; those of earlier files may stand in `mapped` already.
pub fn map(entries: Vec<Entry>, mapping: &Mapping, mapped: &mut Mapped) {
    for entry in entries {
        mapped.other_urls = mapped.other_urls.saturating_add(entry.other_urls);
        let id = entry.id.clone();
        match one(entry, mapping) {
            Err(why) => mapped.left_out.push((id, why)),
            Ok(record) => match mapped.objects.get(&record.id) {
                Some(known) if *known == record => {}
                Some(_) => {
                    // neither is taken: which one is right, nobody here can say
                    mapped.objects.remove(&record.id);
                    mapped.contradicted.insert(id.clone());
                    mapped.left_out.push((id, LeftOut::Contradiction));
                }
                None if mapped.contradicted.contains(&id) => {}
                None => drop(mapped.objects.insert(record.id.clone(), record)),
            },
        }
    }
}

fn one(entry: Entry, mapping: &Mapping) -> Result<ObjectRecord, LeftOut> {
    let ours = |name: &String| *name == *mapping.dataset.as_str() || mapping.names.contains(name);
    match &entry.datasets {
        Some(named) if named.is_empty() => return Err(LeftOut::NoDataset),
        Some(named) if named.iter().all(ours) => {}
        Some(named) if named.iter().any(ours) => return Err(LeftOut::SeveralDatasets),
        Some(_) => return Err(LeftOut::OtherDataset),
        None if mapping.prefixes.is_empty() => {}
        None => {
            let under = |url: &String| mapping.prefixes.iter().any(|prefix| url.starts_with(prefix.as_str()));
            if entry.urls.is_empty() || !entry.urls.iter().all(under) {
                return Err(LeftOut::NoDataset);
            }
        }
    }
    let name = |text: String| Name::try_from(text).map_err(|_| LeftOut::NoName);
    let groups: BTreeSet<Name> = entry.groups.into_iter().map(name).collect::<Result<_, _>>()?;
    let mut participants: Option<Vec<Name>> = match entry.participants {
        Some(people) => Some(people.into_iter().map(name).collect::<Result<_, _>>()?),
        None => None,
    };
    if let Some(people) = &mut participants {
        people.sort_unstable();
        people.dedup();
    }
    let mut urls = entry.urls;
    urls.sort_unstable();
    Ok(ObjectRecord {
        id: name(entry.id)?,
        dataset: mapping.dataset.clone(),
        groups: if groups.is_empty() {
            mapping.groups.clone()
        } else {
            Some(groups)
        },
        participants,
        urls,
    })
}
