//! The header `Visum-Purpose`, which only narrows (`consent.md` 2.3).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::disease::Diseases;
use super::name::Name;
use super::purpose::{Categories, ResearchPurpose};
use super::strict;

/// Bytes that the header may have.
pub const HEADER_BYTES: usize = 8 * 1024;

/// What a session asks to be judged by instead: categories, diseases, commercial, project, institution; no more.
///
/// The same form bounds a token's `authorization_details` of type `visum_purpose`.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Narrowing {
    categories: Categories,
    #[serde(default, deserialize_with = "strict::unique")]
    diseases: BTreeSet<Name>,
    #[serde(default)]
    commercial: Option<bool>,
    #[serde(default)]
    project: Option<Name>,
    #[serde(default)]
    institution: Option<Name>,
}

/// A narrowing that is refused: 400, `consent.input_invalid`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NarrowError {
    /// Too long, no base64url, no such JSON object, or another member in it.
    #[error("the purpose in the header cannot be read")]
    Unreadable,
    /// There is no purpose that it could narrow.
    #[error("there is no purpose to narrow")]
    Nothing,
    /// It says more than the purpose that it narrows.
    #[error("`{member}` of the header goes beyond the purpose that it narrows")]
    Widens {
        /// Which member.
        member: &'static str,
    },
}

impl NarrowError {
    /// `consent.input_invalid`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "consent.input_invalid"
    }
}

impl Narrowing {
    /// Reads the header: a JSON object, base64url without padding, at most [`HEADER_BYTES`].
    ///
    /// # Errors
    /// [`NarrowError::Unreadable`].
    pub fn from_header(text: &str) -> Result<Self, NarrowError> {
        if text.len() > HEADER_BYTES {
            return Err(NarrowError::Unreadable);
        }
        Self::from_json(&URL_SAFE_NO_PAD.decode(text).map_err(|_| NarrowError::Unreadable)?)
    }

    /// Reads the JSON object itself: at most [`HEADER_BYTES`].
    ///
    /// # Errors
    /// [`NarrowError::Unreadable`].
    pub fn from_json(json: &[u8]) -> Result<Self, NarrowError> {
        if json.len() > HEADER_BYTES {
            return Err(NarrowError::Unreadable);
        }
        let mut reader = serde_json::Deserializer::from_slice(json);
        let narrowing = strict::object(&mut reader).map_err(|_| NarrowError::Unreadable)?;
        reader.end().map_err(|_| NarrowError::Unreadable)?;
        Ok(narrowing)
    }
}

impl ResearchPurpose {
    /// This purpose, narrowed. What the narrowing does not say stays as it is.
    ///
    /// # Errors
    /// [`NarrowError`] if there is nothing to narrow, or it would widen.
    pub fn narrow(&self, to: &Narrowing, diseases: &Diseases) -> Result<Self, NarrowError> {
        let widens = |member| Err(NarrowError::Widens { member });
        if self.categories.is_unstated() {
            return Err(NarrowError::Nothing);
        }
        if !to.categories.is_within(self.categories) {
            return widens("categories");
        }
        let known = |id: &Name| diseases.is_under_any(id.as_str(), self.diseases.iter().map(Name::as_str));
        if !self.diseases.is_empty() && !to.diseases.iter().all(known) {
            return widens("diseases");
        }
        if to.commercial == Some(true) && self.commercial != Some(true) {
            return widens("commercial");
        }
        if self.project.is_some() && to.project.is_some() && to.project != self.project {
            return widens("project");
        }
        if self.institution.is_some() && to.institution.is_some() && to.institution != self.institution {
            return widens("institution");
        }
        let mut narrowed = self.clone();
        narrowed.categories = to.categories;
        if !to.diseases.is_empty() {
            narrowed.diseases.clone_from(&to.diseases);
        }
        narrowed.commercial = to.commercial.or(self.commercial);
        narrowed.project = self.project.clone().or_else(|| to.project.clone());
        narrowed.institution = self.institution.clone().or_else(|| to.institution.clone());
        Ok(narrowed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::consent::{Category, Tables};

    fn purpose(json: &Value) -> ResearchPurpose {
        serde_json::from_value(json.clone()).unwrap()
    }

    fn narrowed(from: &Value, to: &Value) -> Result<ResearchPurpose, NarrowError> {
        let header = URL_SAFE_NO_PAD.encode(to.to_string());
        purpose(from).narrow(&Narrowing::from_header(&header)?, Tables::builtin().diseases())
    }

    #[test]
    fn a_header_narrows_and_never_widens() {
        let whole = json!({"categories": ["genetic", "disease"], "diseases": ["MONDO:0007254"], "project": "p"});
        let widens = |member| Err(NarrowError::Widens { member });
        let cases = [
            (
                "fewer categories",
                json!({"categories": ["genetic"]}),
                Ok(json!({"categories": ["genetic"], "diseases": ["MONDO:0007254"], "project": "p"})),
            ),
            (
                "a kind of the disease",
                json!({"categories": ["disease"], "diseases": ["MONDO:0004989"]}),
                Ok(json!({"categories": ["disease"], "diseases": ["MONDO:0004989"], "project": "p"})),
            ),
            (
                "an empty list says nothing",
                json!({"categories": ["disease"], "diseases": []}),
                Ok(json!({"categories": ["disease"], "diseases": ["MONDO:0007254"], "project": "p"})),
            ),
            (
                "a no to commerce, an institution",
                json!({"categories": ["genetic"], "commercial": false, "institution": "i"}),
                Ok(
                    json!({"categories": ["genetic"], "diseases": ["MONDO:0007254"], "commercial": false, "project": "p", "institution": "i"}),
                ),
            ),
            (
                "the same project",
                json!({"categories": ["genetic"], "project": "p"}),
                Ok(json!({"categories": ["genetic"], "diseases": ["MONDO:0007254"], "project": "p"})),
            ),
            (
                "another category",
                json!({"categories": ["ancestry"]}),
                widens("categories"),
            ),
            (
                "a wider disease",
                json!({"categories": ["disease"], "diseases": ["MONDO:0004992"]}),
                widens("diseases"),
            ),
            (
                "a yes to commerce",
                json!({"categories": ["genetic"], "commercial": true}),
                widens("commercial"),
            ),
            (
                "another project",
                json!({"categories": ["genetic"], "project": "q"}),
                widens("project"),
            ),
        ];
        for (name, to, expected) in cases {
            assert_eq!(narrowed(&whole, &to), expected.map(|json| purpose(&json)), "{name}");
        }
    }

    #[test]
    fn any_disease_narrows_a_purpose_that_names_none_and_a_yes_may_become_a_no() {
        let whole = json!({"categories": ["biomedical"], "commercial": true, "institution": "i"});
        let to = json!({"categories": ["biomedical"], "diseases": ["MONDO:0007254"], "commercial": false});
        let narrow = narrowed(&whole, &to).unwrap();
        assert_eq!((narrow.diseases.len(), narrow.commercial), (1, Some(false)));
        let other = json!({"categories": ["biomedical"], "institution": "j"});
        assert_eq!(
            narrowed(&whole, &other),
            Err(NarrowError::Widens { member: "institution" })
        );
    }

    #[test]
    fn a_header_that_cannot_be_read_is_refused() {
        let whole = json!({"categories": ["genetic"]});
        let cases = [
            ("ethics papers", json!({"categories": ["genetic"], "ethics": []})),
            ("duties", json!({"categories": ["genetic"], "agrees": {}})),
            ("an unknown member", json!({"categories": ["genetic"], "disease": []})),
            ("no category", json!({})),
            ("an empty list of categories", json!({"categories": []})),
            ("a list", json!([["genetic"]])),
            (
                "null for diseases",
                json!({"categories": ["genetic"], "diseases": null}),
            ),
        ];
        for (name, to) in cases {
            assert_eq!(narrowed(&whole, &to), Err(NarrowError::Unreadable), "{name}");
        }
        let good = URL_SAFE_NO_PAD.encode(json!({"categories": ["genetic"]}).to_string());
        assert!(Narrowing::from_header(&good).is_ok());
        for text in ["", "{}", "====", &format!("{good}="), &"A".repeat(HEADER_BYTES + 1)] {
            assert_eq!(Narrowing::from_header(text), Err(NarrowError::Unreadable), "{text:.20}");
        }
        assert_eq!(
            Narrowing::from_json(br#"{"categories":["genetic"]} x"#),
            Err(NarrowError::Unreadable)
        );
        let twice = br#"{"categories":["genetic"],"categories":["genetic"]}"#;
        assert_eq!(Narrowing::from_json(twice), Err(NarrowError::Unreadable));
    }

    #[test]
    fn where_nobody_said_anything_there_is_nothing_to_narrow() {
        for word in Category::ALL {
            let to = json!({"categories": [word.as_str()]});
            assert_eq!(
                narrowed(&json!({"categories": ["unstated"]}), &to),
                Err(NarrowError::Nothing),
                "{word}"
            );
        }
    }
}
