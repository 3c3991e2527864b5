//! What can go wrong between the broker and its database.

/// An answer that the database could not give, or that makes no sense.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database cannot be reached, is locked, or its disk is full.
    #[error("the database did not answer")]
    Down {
        /// What the driver said.
        source: sqlx::Error,
    },
    /// A row with this key is there already, or was changed by somebody else meanwhile.
    #[error("a row of `{table}` was already there or has changed")]
    Conflict {
        /// The table concerned.
        table: &'static str,
    },
    /// A row holds what no function of ours writes.
    #[error("column `{column}` of a row in `{table}` cannot be read")]
    Inconsistent {
        /// The table concerned.
        table: &'static str,
        /// The column concerned.
        column: &'static str,
    },
    /// A query was written with another number of parameters than it names: a mistake of ours.
    #[error("a query names {named} parameters and was given {given}")]
    Parameters {
        /// The highest `$n` of the text.
        named: usize,
        /// How many were bound.
        given: usize,
    },
    /// The schema could not be brought up to date.
    #[error("the database schema could not be migrated")]
    Migration {
        /// What the migrator said.
        source: sqlx::migrate::MigrateError,
    },
    /// The URL is neither `sqlite:` nor `postgres:`.
    #[error("the database URL must begin with `sqlite:` or `postgres:`")]
    Url,
}

impl StoreError {
    /// Stable: tests and dashboards compare it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Down { .. } => "store.down",
            Self::Conflict { .. } => "store.conflict",
            Self::Inconsistent { .. } => "store.inconsistent",
            Self::Parameters { .. } => "store.parameters",
            Self::Migration { .. } => "store.migration",
            Self::Url => "store.url",
        }
    }

    /// A driver's error: a broken unique key is a conflict, all else means that the database is down.
    pub(crate) fn driver(table: &'static str, source: sqlx::Error) -> Self {
        if let sqlx::Error::Database(error) = &source
            && error.is_unique_violation()
        {
            return Self::Conflict { table };
        }
        Self::Down { source }
    }
}
