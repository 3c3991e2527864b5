//! Why a request is not understood: what stands where in it, and what is wrong with it.

use policy_engine::intent::RefRefused;

use crate::problem::{Problem, Why};

/// Something in a request that we cannot read with certainty. It is refused before anybody is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct NotUnderstood {
    /// Stable code.
    pub(crate) code: &'static str,
    /// Where: `inputs[2].url`.
    pub(crate) part: String,
    /// What is wrong. Never repeats the text of the request.
    pub(crate) sentence: String,
}

impl NotUnderstood {
    /// Something at `part`.
    pub(crate) fn at(part: impl Into<String>, code: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            code,
            part: part.into(),
            sentence: sentence.into(),
        }
    }

    /// A reference that the intent's own types refuse.
    pub(crate) fn reference(part: impl Into<String>, refused: RefRefused) -> Self {
        Self {
            code: refused.code(),
            part: part.into(),
            sentence: refused.to_string(),
        }
    }

    /// The same, further inside: `tasks[1].` in front of where it stands.
    pub(crate) fn inside(mut self, front: &str) -> Self {
        self.part.insert_str(0, front);
        self
    }
}

impl From<NotUnderstood> for Problem {
    fn from(fault: NotUnderstood) -> Self {
        let mut problem = Self::refused(fault.code, format!("`{}`: {}", fault.part, fault.sentence));
        problem.denial.reasons.push(Why {
            code: fault.code.to_owned(),
            sentence: fault.sentence,
            remedy: None,
            dataset: None,
            term: None,
            part: Some(fault.part),
        });
        problem
    }
}
