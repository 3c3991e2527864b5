//! What a check says of a file.

use serde::{Deserialize, Serialize};

/// One thing that was found; codes are stable, the sentence names where.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Finding {
    /// `output.fact`.
    pub(crate) code: String,
    /// What is wrong, where, and what to do.
    pub(crate) sentence: String,
    /// It never passes; else a person has to look at it.
    pub(crate) refuses: bool,
}

impl Finding {
    /// It never passes.
    pub(crate) fn refuses(code: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            sentence: sentence.into(),
            refuses: true,
        }
    }

    /// For the eyes of whoever releases.
    pub(crate) fn tells(code: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            refuses: false,
            ..Self::refuses(code, sentence)
        }
    }
}
