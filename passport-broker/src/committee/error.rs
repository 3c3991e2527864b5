//! Why a step of governance did not happen. The admin API alone gives it a shape.

use audit_log::AuditError;
use policy_engine::decide::Reason;

use crate::catalogue::ChangeError;
use crate::store::StoreError;

/// A step that did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GovernError {
    /// The policies say no.
    #[error("the policies do not permit this")]
    Denied {
        /// Why, and what would help.
        reasons: Vec<Reason>,
    },
    /// The dataset is not known here, or the caller may not know of it.
    #[error("there is no dataset `{dataset}` here")]
    NoDataset {
        /// As it was named.
        dataset: String,
    },
    /// Something else is not known here.
    #[error("there is no {what} `{id}` here")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// As it was named.
        id: String,
    },
    /// What was asked for makes no sense.
    #[error("{message}")]
    Input {
        /// Stable code.
        code: &'static str,
        /// What is wrong, and what to do.
        message: String,
    },
    /// It cannot be done in the state that things are in.
    #[error("{message}")]
    Conflict {
        /// Stable code.
        code: &'static str,
        /// What stands in the way.
        message: String,
    },
    /// The change failed.
    #[error("the change did not take place")]
    Change {
        /// Why.
        source: ChangeError,
    },
    /// The database.
    #[error("the database did not answer")]
    Store {
        /// What it said.
        source: StoreError,
    },
    /// The audit log.
    #[error("the audit log cannot be written")]
    Audit {
        /// What it said.
        source: AuditError,
    },
    /// Our own facts about the caller could not be put together.
    #[error("the caller's facts could not be put together: {why}")]
    Facts {
        /// What went wrong.
        why: String,
    },
}

impl GovernError {
    /// Stable: tests, dashboards and other people's scripts compare it.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Denied { reasons } => reasons
                .first()
                .map_or("policy.no_rule_permits", |reason| reason.code.as_str()),
            Self::NoDataset { .. } => "admin.no_such_dataset",
            Self::Unknown { .. } => "admin.not_found",
            Self::Input { code, .. } | Self::Conflict { code, .. } => code,
            Self::Change { source } => source.code(),
            Self::Store { source } => source.code(),
            Self::Audit { source } => source.code(),
            Self::Facts { .. } => "admin.facts",
        }
    }

    pub(crate) fn input(code: &'static str, message: impl Into<String>) -> Self {
        Self::Input {
            code,
            message: message.into(),
        }
    }
}

impl From<StoreError> for GovernError {
    fn from(source: StoreError) -> Self {
        Self::Store { source }
    }
}

impl From<ChangeError> for GovernError {
    fn from(source: ChangeError) -> Self {
        Self::Change { source }
    }
}

impl From<AuditError> for GovernError {
    fn from(source: AuditError) -> Self {
        Self::Audit { source }
    }
}
