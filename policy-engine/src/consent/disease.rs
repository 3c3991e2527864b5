//! The disease hierarchy (`consent.md` 2.4, 4.4): subsumption only, from the MONDO subset, a table or an OBO file.

use std::collections::{HashMap, HashSet};

use super::ontology::{DISEASES, PARENTS};
use super::sheet::Sheet;
use super::tables::TablesError;

/// Diseases, live and obsolete, and which lies under which.
#[derive(Clone, Debug, Default)]
pub struct Diseases {
    entries: HashMap<Box<str>, Disease>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Disease {
    pub(super) label: Box<str>,
    pub(super) parents: Vec<Box<str>>,
    pub(super) obsolete: bool,
    /// Of an obsolete one: what stands in its place, as the ontology says.
    pub(super) replaced_by: Vec<Box<str>>,
}

/// What an ontology says of an id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// In use.
    Live,
    /// No longer in use.
    Obsolete,
    /// Not in this ontology.
    Unknown,
}

impl Diseases {
    /// Reads a table with the columns `id`, `label`, `parents` (separated by `|`), `obsolete`.
    ///
    /// # Errors
    /// [`TablesError`] if the table cannot be read, or holds no disease.
    pub fn from_csv(text: &str) -> Result<Self, TablesError> {
        let sheet = Sheet::parse(text).map_err(|error| TablesError::sheet("diseases", error))?;
        let mut entries = HashMap::new();
        for row in sheet.rows() {
            let id = row.field("id");
            if id.is_empty() {
                return Err(TablesError::entry("diseases", "a row without id"));
            }
            let parents = list(row.field("parents"));
            let disease = Disease {
                label: row.field("label").into(),
                parents,
                obsolete: row.field("obsolete") == "true",
                replaced_by: list(row.field("replaced_by")),
            };
            if entries.insert(Box::from(id), disease).is_some() {
                return Err(TablesError::entry("diseases", id));
            }
        }
        Self::filled(entries)
    }

    /// Reads an OBO file: the `[Term]`s with `id: MONDO:…`, their `is_a` and `is_obsolete`.
    ///
    /// # Errors
    /// [`TablesError`] if it holds no disease.
    pub fn from_obo(text: &str) -> Result<Self, TablesError> {
        let mut entries: HashMap<Box<str>, Disease> = HashMap::new();
        let (mut in_term, mut id, mut disease) = (false, Box::<str>::default(), Disease::default());
        let mut twice = None;
        let mut close = |id: &mut Box<str>, disease: &mut Disease| {
            let (id, disease) = (std::mem::take(id), std::mem::take(disease));
            if id.starts_with("MONDO:") && entries.insert(id.clone(), disease).is_some() {
                twice = Some(id);
            }
        };
        for line in text.lines().map(str::trim_end) {
            if line.starts_with('[') {
                close(&mut id, &mut disease);
                in_term = line == "[Term]";
            } else if in_term && let Some((tag, value)) = line.split_once(':') {
                // `is_a: MONDO:0000001 {source="…"} ! disease`: the first word is the id.
                let first = value.split_whitespace().next().unwrap_or_default();
                match tag {
                    "id" => id = first.into(),
                    "name" => disease.label = value.trim().into(),
                    "is_a" => disease.parents.push(first.into()),
                    "is_obsolete" => disease.obsolete = first == "true",
                    "replaced_by" => disease.replaced_by.push(first.into()),
                    _ => {}
                }
            }
        }
        close(&mut id, &mut disease);
        match twice {
            Some(id) => Err(TablesError::entry("diseases", id)),
            None => Self::filled(entries),
        }
    }

    pub(super) fn filled(entries: HashMap<Box<str>, Disease>) -> Result<Self, TablesError> {
        if entries.is_empty() {
            return Err(TablesError::entry("diseases", "no disease"));
        }
        if entries.len() > DISEASES {
            return Err(TablesError::entry(
                "diseases",
                "more diseases than an ontology may have",
            ));
        }
        let wide = |disease: &Disease| disease.parents.len() > PARENTS || disease.replaced_by.len() > PARENTS;
        match entries.iter().find(|(_, disease)| wide(disease)) {
            Some((id, _)) => Err(TablesError::entry("diseases", id.clone())),
            None => Ok(Self { entries }),
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Disease)> {
        self.entries.iter().map(|(id, disease)| (&**id, disease))
    }

    /// How many ids are known, obsolete ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no id is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What the ontology says of an id.
    #[must_use]
    pub fn standing(&self, id: &str) -> Standing {
        match self.entries.get(id) {
            None => Standing::Unknown,
            Some(disease) if disease.obsolete => Standing::Obsolete,
            Some(_) => Standing::Live,
        }
    }

    /// The label of an id.
    #[must_use]
    pub fn label(&self, id: &str) -> Option<&str> {
        self.entries.get(id).map(|disease| &*disease.label)
    }

    /// An obsolete id, for tests.
    #[cfg(test)]
    pub(crate) fn some_obsolete(&self) -> Option<&str> {
        let mut all: Vec<&str> = self
            .entries
            .iter()
            .filter(|(_, one)| one.obsolete)
            .map(|(id, _)| &**id)
            .collect();
        all.sort_unstable();
        all.first().copied()
    }

    /// What the ontology names in the place of an obsolete id; a person decides whether it means the same.
    #[must_use]
    pub fn replaced_by(&self, id: &str) -> Vec<&str> {
        self.entries
            .get(id)
            .map(|disease| disease.replaced_by.iter().map(|one| &**one).collect())
            .unwrap_or_default()
    }

    /// Every id, sorted.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.entries.keys().map(|id| &**id).collect();
        ids.sort_unstable();
        ids
    }

    /// The ids right above an id.
    #[must_use]
    pub fn parents(&self, id: &str) -> Vec<&str> {
        let disease = self.entries.get(id);
        disease.map_or_else(Vec::new, |disease| {
            disease.parents.iter().map(|parent| &**parent).collect()
        })
    }

    /// Whether `id` equals one of `wider` or is a kind of one. An unknown id is under itself only.
    #[must_use]
    pub fn is_under_any<'w>(&self, id: &str, wider: impl IntoIterator<Item = &'w str>) -> bool {
        self.is_under(id, &wider.into_iter().collect())
    }

    /// The same for a set that is asked again and again.
    #[must_use]
    pub fn is_under(&self, id: &str, wider: &HashSet<&str>) -> bool {
        let (mut open, mut seen) = (vec![id], HashSet::new());
        while let Some(next) = open.pop() {
            if wider.contains(next) {
                return true;
            }
            if let Some(disease) = self.entries.get(next)
                && seen.insert(next)
            {
                open.extend(disease.parents.iter().map(|parent| &**parent));
            }
        }
        false
    }
}

/// `a|b`
fn list(field: &str) -> Vec<Box<str>> {
    field
        .split('|')
        .filter(|entry| !entry.is_empty())
        .map(Box::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBO: &str = "format-version: 1.2\n\n[Term]\nid: MONDO:1\nname: disease\n\n[Term]\nid: MONDO:2\nname: a kind\n\
        is_a: MONDO:1 {source=\"x\"} ! disease\nis_a: MONDO:3\n\n[Term]\nid: MONDO:3\nis_a: MONDO:2\n\n\
        [Term]\nid: MONDO:4\nis_obsolete: true\n\n[Term]\nid: CL:1\n\n[Typedef]\nid: MONDO:5\n";

    #[test]
    fn an_obo_file_and_a_table_say_the_same() {
        let table = "id,label,parents,obsolete\nMONDO:1,disease,,false\nMONDO:2,a kind,MONDO:1|MONDO:3,false\n\
            MONDO:3,,MONDO:2,false\nMONDO:4,,,true\n";
        for diseases in [Diseases::from_obo(OBO).unwrap(), Diseases::from_csv(table).unwrap()] {
            assert_eq!(diseases.len(), 4);
            assert_eq!(diseases.standing("MONDO:2"), Standing::Live);
            assert_eq!(diseases.standing("MONDO:4"), Standing::Obsolete);
            assert_eq!(diseases.standing("MONDO:5"), Standing::Unknown);
            assert!(diseases.is_under_any("MONDO:2", ["MONDO:1"]));
            assert!(
                !diseases.is_under_any("MONDO:1", ["MONDO:2"]),
                "a circle elsewhere ends"
            );
            assert!(!diseases.is_under_any("MONDO:3", ["MONDO:9"]), "a circle ends");
            assert!(
                diseases.is_under_any("MONDO:9", ["MONDO:9"]),
                "an unknown id is under itself"
            );
        }
    }

    #[test]
    fn an_ontology_without_diseases_is_refused() {
        assert!(Diseases::from_obo("hello").is_err());
        assert!(Diseases::from_csv("id,label,parents,obsolete\n").is_err());
    }
}
