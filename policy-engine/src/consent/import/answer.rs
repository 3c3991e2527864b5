//! What somebody said where a source was silent: the date of the consent form, a permission, what a word means.

use std::collections::BTreeMap;

use super::super::label::first_second;
use super::super::name::Name;
use super::super::rule::{Rule, Takes};
use super::super::tables::Tables;
use super::super::term::Term;
use super::code;

/// Answers, each given by a person who knows.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The day of the consent form, or of the label.
    pub form_date: Option<Name>,
    /// The DUO release that the labels were made with.
    pub release: Option<Name>,
    /// The permission that participants gave, for labels that hold none.
    pub permission: Option<Term>,
    /// What a word of the source means.
    pub read: BTreeMap<String, Meaning>,
}

/// What a word means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Meaning {
    /// This term.
    Term(Term),
    /// This value (a disease, a region).
    Value(Name),
    /// No condition at all.
    Nothing,
}

/// An answer that cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AnswerError {
    /// No day.
    #[error("`{text}` is no day: write it as 2021-02-23")]
    Day {
        /// What was written.
        text: String,
    },
    /// No term.
    #[error("`{text}` is no term of DUO: {why}")]
    Term {
        /// What was written.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No permission.
    #[error("{id} is no permission: GRU, HMB, DS, POA, NRES are")]
    NoPermission {
        /// What was written.
        id: Name,
    },
    /// Not `WORD=MEANING`.
    #[error("`{text}` does not say what a word means: write WORD=TERM, WORD=VALUE or WORD=nothing")]
    Meaning {
        /// What was written.
        text: String,
    },
}

impl AnswerError {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "import.answer_unreadable"
    }
}

/// A real day, `YYYY-MM-DD`.
///
/// # Errors
/// [`AnswerError::Day`].
fn day(text: &str) -> Result<Name, AnswerError> {
    let wrong = || AnswerError::Day { text: text.to_owned() };
    first_second(text).ok_or_else(wrong)?;
    Name::try_from(text).map_err(|_| wrong())
}

impl Answers {
    /// Takes the day of the consent form.
    ///
    /// # Errors
    /// [`AnswerError`] if it is none.
    pub fn form_date(&mut self, text: &str) -> Result<(), AnswerError> {
        self.form_date = Some(day(text)?);
        Ok(())
    }

    /// Takes the release that the labels were made with.
    ///
    /// # Errors
    /// [`AnswerError`] if it is no day.
    pub fn release(&mut self, text: &str) -> Result<(), AnswerError> {
        self.release = Some(day(text)?);
        Ok(())
    }

    /// Takes the permission: `GRU`, `DUO:0000006`, `DS=MONDO:0004992`.
    ///
    /// # Errors
    /// [`AnswerError`] if it is none.
    pub fn permission(&mut self, text: &str, tables: &Tables) -> Result<(), AnswerError> {
        let term = term(text, self.release.as_ref(), tables)?;
        match tables.rules().term(term.id.as_str()).map(|row| row.rule) {
            Some(Rule::Permission(_)) => {
                self.permission = Some(term);
                Ok(())
            }
            _ => Err(AnswerError::NoPermission { id: term.id }),
        }
    }

    /// Takes what a word means: `WORD=DUO:0000045`, `DS-CA=MONDO:0004992`, `other=nothing`.
    ///
    /// # Errors
    /// [`AnswerError`] if it says nothing.
    pub fn read(&mut self, text: &str, tables: &Tables) -> Result<(), AnswerError> {
        let wrong = || AnswerError::Meaning { text: text.to_owned() };
        let (word, meaning) = text.split_once('=').ok_or_else(wrong)?;
        if word.is_empty() || meaning.is_empty() {
            return Err(wrong());
        }
        let named = meaning.split_once('=').map_or(meaning, |(id, _)| id);
        let meaning = if meaning == "nothing" {
            Meaning::Nothing
        } else if code::by_id(named, tables).is_some() || code::by_shorthand(named, self.release.as_ref()).is_ok() {
            Meaning::Term(term(meaning, self.release.as_ref(), tables)?)
        } else if named.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("duo:")) {
            return Err(AnswerError::Term {
                text: meaning.to_owned(),
                why: "no such id",
            });
        } else {
            Meaning::Value(Name::try_from(meaning).map_err(|_| wrong())?)
        };
        self.read.insert(word.to_owned(), meaning);
        Ok(())
    }
}

/// A term with its values: `GRU`, `DUO:0000022=FI,EEA`, `MOR=2027-01-01`, `TS=12`.
fn term(text: &str, release: Option<&Name>, tables: &Tables) -> Result<Term, AnswerError> {
    let wrong = |why| AnswerError::Term {
        text: text.to_owned(),
        why,
    };
    let (word, values) = match text.split_once('=') {
        Some((word, values)) => (word, Some(values)),
        None => (text, None),
    };
    let id = match code::by_id(word, tables) {
        Some(id) => id,
        None => code::by_shorthand(word, release).map_err(|_| wrong("write its id, DUO: and seven digits"))?,
    };
    let mut term = Term::new(Name::try_from(id).map_err(|_| wrong("no such id"))?);
    let takes = tables
        .rules()
        .term(id)
        .map(|row| row.takes)
        .ok_or_else(|| wrong("no such id"))?;
    let Some(values) = values else { return Ok(term) };
    match takes {
        Takes::Nothing => return Err(wrong("this term takes no value")),
        Takes::Date => term.date = Some(day(values)?),
        Takes::Months => {
            let months = values.parse().map_err(|_| wrong("months are a number"))?;
            term.months = Some(months);
        }
        Takes::Values | Takes::OptionalValues => {
            for value in values.split(',') {
                let value = Name::try_from(value.trim()).map_err(|_| wrong("a value is empty or too long"))?;
                term.values.push(value);
            }
        }
    }
    Ok(term)
}
