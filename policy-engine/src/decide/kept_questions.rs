//! The questions of a decision as they were put to Cedar, kept until the decision is on record.

use std::{fmt, sync::Arc};

use cedar_policy::{Entities, Request};

/// One question.
#[derive(Clone)]
pub(crate) struct Put {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
}

impl fmt::Debug for Put {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Put(…)")
    }
}

/// All questions of a decision; cheap to clone.
#[derive(Clone)]
pub(crate) struct KeptQuestions(Arc<[Put]>);

impl KeptQuestions {
    pub(crate) fn of(questions: Vec<Put>) -> Self {
        Self(questions.into())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Put> {
        self.0.iter()
    }
}

/// Two decisions that agree in all that they say are equal, however the question was put to Cedar.
impl PartialEq for KeptQuestions {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for KeptQuestions {}

impl fmt::Debug for KeptQuestions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptQuestions({})", self.0.len())
    }
}
