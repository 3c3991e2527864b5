//! The four languages in which pages say what a code means: English, German, French, Spanish.
//!
//! English is what the engine says itself (`rules/codes.csv`, `rules/terms.csv`, the policies' own sentences). The others are
//! tables of this folder: those of consent are exhaustive matches, so that a new code does not compile without its words;
//! those of terms and of the shipped policies are held against the engine's own by tests. What a node's own policies say stands in the
//! language of who wrote them.

mod consent_de;
mod consent_es;
mod consent_fr;
mod language;
mod policies;
mod policies_people;
mod purpose;
mod words;

pub(crate) use language::{Choice, Told, Tongue};
pub(crate) use purpose::{CATEGORIES, purpose, purpose_named};
