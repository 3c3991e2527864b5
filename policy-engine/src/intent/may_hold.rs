//! Which datasets a place of work may hold: a node of several may be trusted with some of them only.

use serde::{Deserialize, Serialize};

/// Most entries of one list.
const MOST: usize = 10_000;
/// Characters of one entry.
const LONGEST: usize = 1_024;

/// Why a list is none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is no dataset id and no prefix of one with `*` at its end")]
pub struct NotHeld(pub String);

/// The datasets that a place may hold: ids, and prefixes of ids with `*` at their end. An empty list: none.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct MayHold(Vec<String>);

impl MayHold {
    /// May it hold this dataset?
    pub fn covers(&self, dataset: &str) -> bool {
        self.0.iter().any(|entry| match entry.strip_suffix('*') {
            Some(prefix) => dataset.starts_with(prefix),
            None => entry == dataset,
        })
    }
}

impl TryFrom<Vec<String>> for MayHold {
    type Error = NotHeld;

    fn try_from(entries: Vec<String>) -> Result<Self, NotHeld> {
        // a star elsewhere would be read as one that stands for anything, and is not
        let sound = |entry: &str| {
            let id = entry.strip_suffix('*').unwrap_or(entry);
            !id.is_empty() && id.len() < LONGEST && !id.contains('*') && !id.chars().any(char::is_whitespace)
        };
        match entries.iter().find(|entry| !sound(entry)) {
            Some(wrong) => Err(NotHeld(wrong.chars().take(80).collect())),
            None if entries.len() > MOST => Err(NotHeld(format!("a list of {} entries", entries.len()))),
            None => Ok(Self(entries)),
        }
    }
}

impl From<MayHold> for Vec<String> {
    fn from(held: MayHold) -> Self {
        held.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> Result<MayHold, NotHeld> {
        MayHold::try_from(entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_list_covers_its_ids_and_what_begins_with_its_prefixes() {
        let held = list(&["https://data.example.org/a", "https://data.example.org/open/*"]).unwrap();
        for (dataset, covered) in [
            ("https://data.example.org/a", true),
            ("https://data.example.org/ab", false),
            ("https://data.example.org/A", false),
            ("https://data.example.org/open/x", true),
            ("https://data.example.org/open", false),
            ("", false),
        ] {
            assert_eq!(held.covers(dataset), covered, "{dataset}");
        }
        assert!(
            !list(&[]).unwrap().covers("https://data.example.org/a"),
            "nothing is held"
        );
    }

    #[test]
    fn what_could_be_misread_is_no_list() {
        for wrong in ["", "*", "a*b", "**", " a", "a b"] {
            assert!(list(&[wrong]).is_err(), "{wrong:?}");
        }
    }
}
