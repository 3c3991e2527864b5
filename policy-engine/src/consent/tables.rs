//! `Tables`: everything the evaluation knows that is not in its input (`consent.md` 3).
//!
//! They come with the build (`rules/`); the ontology may be another one.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::code::{Code, Effect};
use super::disease::Diseases;
use super::place::Countries;
use super::rule::Rules;
use super::sheet::{Sheet, SheetError};

static BUILTIN: LazyLock<Arc<Tables>> = LazyLock::new(|| {
    let read = || {
        Ok::<_, TablesError>(Tables {
            rules: Rules::from_csv(
                include_str!("../../rules/terms.csv"),
                include_str!("../../rules/permissions.csv"),
            )?,
            diseases: Diseases::from_csv(include_str!("../../rules/diseases.csv"))?,
            countries: Countries::from_csv(include_str!("../../rules/countries.csv"))?,
            sentences: sentences(include_str!("../../rules/codes.csv"))?,
        })
    };
    #[expect(
        clippy::expect_used,
        reason = "compiled in; a test reads it, and no input can reach it"
    )]
    Arc::new(read().expect("the tables of the build can be read"))
});

/// Terms, permissions, diseases, countries, sentences.
#[derive(Clone, Debug)]
pub struct Tables {
    pub(crate) rules: Rules,
    pub(crate) diseases: Diseases,
    pub(crate) countries: Countries,
    sentences: HashMap<Code, Sentence>,
}

/// What a code does and says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sentence {
    /// What it does.
    pub effect: Effect,
    /// What is wrong.
    pub message: String,
    /// What would help; never teaches the answer that would open.
    pub remedy: String,
}

/// A table that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TablesError {
    /// Not a sheet.
    #[error("the table of {table} cannot be read at line {line}: {what}")]
    Sheet {
        /// Which table.
        table: &'static str,
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// An entry that means nothing, or stands twice.
    #[error("the table of {table} has an entry that cannot be used: `{entry}`")]
    Entry {
        /// Which table.
        table: &'static str,
        /// Its id.
        entry: String,
    },
    /// A code that has no sentence.
    #[error("code `{code}` has no sentence")]
    Silent {
        /// The code.
        code: Code,
    },
}

impl TablesError {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Sheet { .. } => "tables.unreadable",
            Self::Entry { .. } => "tables.entry_unusable",
            Self::Silent { .. } => "tables.code_silent",
        }
    }

    pub(crate) fn sheet(table: &'static str, error: SheetError) -> Self {
        Self::Sheet {
            table,
            line: error.line,
            what: error.what,
        }
    }

    pub(crate) fn entry(table: &'static str, entry: impl Into<String>) -> Self {
        Self::Entry {
            table,
            entry: entry.into(),
        }
    }
}

impl Tables {
    /// The tables that came with the build.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// The same, to keep.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        Arc::clone(&BUILTIN)
    }

    /// The same tables with other countries.
    #[must_use]
    pub fn with_countries(&self, countries: Countries) -> Self {
        Self {
            countries,
            ..self.clone()
        }
    }

    /// The same tables with another ontology.
    #[must_use]
    pub fn with_diseases(&self, diseases: Diseases) -> Self {
        Self {
            diseases,
            ..self.clone()
        }
    }

    /// Terms and permissions.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The ontology.
    #[must_use]
    pub fn diseases(&self) -> &Diseases {
        &self.diseases
    }

    /// Countries and regions.
    #[must_use]
    pub fn countries(&self) -> &Countries {
        &self.countries
    }

    /// What a code does and says.
    #[must_use]
    pub fn sentence(&self, code: Code) -> Sentence {
        // Every code has one: `sentences` refuses a table with a gap. A gap would deny.
        self.sentences.get(&code).cloned().unwrap_or_else(|| Sentence {
            effect: Effect::Deny,
            message: code.as_str().to_owned(),
            remedy: String::new(),
        })
    }

    /// What a code does.
    #[must_use]
    pub fn effect(&self, code: Code) -> Effect {
        self.sentences
            .get(&code)
            .map_or(Effect::Deny, |sentence| sentence.effect)
    }
}

fn sentences(text: &str) -> Result<HashMap<Code, Sentence>, TablesError> {
    let sheet = Sheet::parse(text).map_err(|error| TablesError::sheet("codes", error))?;
    let mut sentences = HashMap::new();
    for row in sheet.rows() {
        let fault = || TablesError::entry("codes", row.field("code"));
        let code: Code = row.field("code").parse().map_err(|_| fault())?;
        let sentence = Sentence {
            effect: row.field("effect").parse().map_err(|_| fault())?,
            message: row.field("message").to_owned(),
            remedy: row.field("remedy").to_owned(),
        };
        if sentence.message.is_empty() || sentence.remedy.is_empty() || sentences.insert(code, sentence).is_some() {
            return Err(fault());
        }
    }
    match Code::ALL.iter().find(|code| !sentences.contains_key(code)) {
        Some(code) => Err(TablesError::Silent { code: *code }),
        None => Ok(sentences),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_build_can_be_read() {
        let tables = Tables::builtin();
        assert_eq!(tables.rules.ids().len(), 41);
        assert_eq!(tables.diseases.len(), 105);
        assert_eq!(tables.effect(Code::AccessCountryOutside), Effect::Review);
    }

    #[test]
    fn a_code_without_a_sentence_is_refused() {
        let short = "code,effect,about,message,remedy\nconsent.hold,deny,x,y,z\n";
        assert!(matches!(sentences(short), Err(TablesError::Silent { .. })));
    }
}
