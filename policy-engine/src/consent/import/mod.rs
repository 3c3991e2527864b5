//! Labels of other systems as consent groups of ours (`consent.md` 2.7, 3, 7). Nothing is guessed: what a source does
//! not say is asked, and what cannot be read stays in the label as it was written, where it denies until answered.

mod answer;
mod code;
mod dbgap;
mod duos;
mod ega;
mod iri;
mod rems;
mod resolve;

use serde::Serialize;

pub use answer::{AnswerError, Answers, Meaning};

use super::dataset::UseGroup;
use super::tables::Tables;
use super::word::words;

/// Bytes that a file of labels may have.
pub const LABEL_BYTES: usize = 64 * 1024 * 1024;
/// Labels that a file may hold.
const LABELS: usize = 100_000;
/// Terms that a group may hold.
const TERMS: usize = 256;
/// Values that a term may have.
const VALUES: usize = 10_000;

words! {
    /// Where labels come from.
    Source, "source of labels" {
        /// A resource of REMS, with `duo/codes`.
        Rems = "rems",
        /// A policy of EGA, in XML or JSON.
        Ega = "ega",
        /// A data use of DUOS.
        Duos = "duos",
        /// Consent codes as dbGaP writes them, one a line.
        Dbgap = "dbgap",
        /// Terms by IRI, id or shorthand.
        Iri = "iri",
    }
}

words! {
    /// What the import could not know.
    Ask, "question" {
        /// The label holds no permission.
        PermissionMissing = "import.permission_missing",
        /// A term changed its meaning, and the label does not say when it was made.
        FormDate = "import.form_date_missing",
        /// No release that this build knows was in force on that day.
        ReleaseUnknown = "import.release_unknown",
        /// A shorthand that named different terms in different releases.
        ShorthandAmbiguous = "import.shorthand_ambiguous",
        /// A code or member that says nothing we can read for certain.
        TermUnreadable = "import.term_unreadable",
        /// A term needs a value that the label lacks.
        ValueMissing = "import.value_missing",
        /// A value that cannot be read for certain.
        ValueUnreadable = "import.value_unreadable",
        /// A value on a term that takes none.
        ValueUnexpected = "import.value_unexpected",
        /// A disease that is no MONDO term.
        DiseaseForeign = "import.disease_not_mondo",
        /// A MONDO term that this ontology lacks.
        DiseaseUnknown = "import.disease_unknown",
        /// A MONDO term that is no longer in use.
        DiseaseObsolete = "import.disease_obsolete",
    }
}

/// What came out of a file.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Imported {
    /// 1.
    pub version: u8,
    /// Where from.
    pub from: Source,
    /// Whether nothing is left to ask.
    pub complete: bool,
    /// The labels, in the order of the file.
    pub labels: Vec<ImportedLabel>,
    /// What somebody has to say before the labels mean what participants agreed to.
    pub asked: Vec<Question>,
    /// What was read and does not stand in a label.
    pub notes: Vec<Note>,
}

/// One label.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ImportedLabel {
    /// What the source calls it; empty where it says no name.
    pub name: String,
    /// The consent groups, as a dataset of the catalogue has them.
    pub uses: Vec<UseGroup>,
}

/// Something to answer.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Question {
    /// Stable.
    pub code: Ask,
    /// The label, as the source calls it.
    pub label: String,
    /// The consent group.
    pub group: String,
    /// The term or word that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What has to be known, and by whom.
    pub question: String,
    /// The option that answers it.
    pub answer: String,
}

/// Something that was read and stands nowhere in the label.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Note {
    /// The label.
    pub label: String,
    /// The consent group.
    pub group: String,
    /// In words.
    pub note: String,
}

/// A file that holds no labels of this kind.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ImportError {
    /// Not what the source writes.
    #[error("this is no file of labels from {from}: {what}")]
    Unreadable {
        /// The source.
        from: Source,
        /// What is wrong, and where.
        what: String,
    },
    /// More than an import takes.
    #[error("more than {bound} {what} are more than one import takes")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The bound.
        bound: usize,
    },
}

impl ImportError {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "import.unreadable",
            Self::TooMany { .. } => "import.too_much",
        }
    }
}

/// A group as a source has it, before anything is understood.
#[derive(Clone, Debug, Default)]
struct RawGroup {
    name: Option<String>,
    terms: Vec<RawTerm>,
    notes: Vec<String>,
}

/// A label as a source has it.
#[derive(Clone, Debug, Default)]
struct RawLabel {
    name: String,
    groups: Vec<RawGroup>,
}

/// A term as a source has it.
#[derive(Clone, Debug, Default)]
struct RawTerm {
    /// The code, or the member that stands for one, as `--read` names it.
    word: String,
    /// Its id, where the source leaves no doubt.
    id: Option<&'static str>,
    values: Vec<String>,
    date: Option<String>,
    months: Option<String>,
    version: Option<String>,
    /// Why it cannot be read, if the source itself is unclear.
    unclear: Option<&'static str>,
}

impl RawTerm {
    fn of(word: impl Into<String>) -> Self {
        Self {
            word: word.into(),
            ..Self::default()
        }
    }

    fn known(word: impl Into<String>, id: &'static str) -> Self {
        Self {
            word: word.into(),
            id: Some(id),
            ..Self::default()
        }
    }

    fn unclear(word: impl Into<String>, why: &'static str) -> Self {
        Self {
            word: word.into(),
            unclear: Some(why),
            ..Self::default()
        }
    }
}

/// Reads labels. Never panics, whatever the bytes; never supplies what the file does not say.
///
/// # Errors
/// [`ImportError`] if the file is not of this kind, or too large.
pub fn labels(from: Source, bytes: &[u8], answers: &Answers, tables: &Tables) -> Result<Imported, ImportError> {
    if bytes.len() > LABEL_BYTES {
        return Err(ImportError::TooMany {
            what: "bytes",
            bound: LABEL_BYTES,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable(from, "it is not UTF-8"))?;
    let raw = match from {
        Source::Rems => rems::read(text)?,
        Source::Ega => ega::read(text)?,
        Source::Duos => duos::read(text)?,
        Source::Dbgap => dbgap::read(text),
        Source::Iri => iri::read(text)?,
    };
    if raw.is_empty() {
        return Err(unreadable(from, "it holds no label"));
    }
    if raw.len() > LABELS {
        return Err(ImportError::TooMany {
            what: "labels",
            bound: LABELS,
        });
    }
    resolve::labels(from, raw, answers, tables)
}

fn unreadable(from: Source, what: impl Into<String>) -> ImportError {
    ImportError::Unreadable {
        from,
        what: what.into(),
    }
}

fn json(from: Source, text: &str) -> Result<serde_json::Value, ImportError> {
    serde_json::from_str(text).map_err(|why| unreadable(from, format!("it is no JSON: {why}")))
}

#[cfg(test)]
mod tests;
