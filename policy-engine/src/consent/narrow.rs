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

    /// Reads the JSON object itself.
    ///
    /// # Errors
    /// [`NarrowError::Unreadable`].
    pub fn from_json(json: &[u8]) -> Result<Self, NarrowError> {
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
