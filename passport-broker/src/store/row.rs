//! Parameters in, columns out: the few types that pass on both databases.

use sqlx::Row as _;
use visa_verifier::seam::Timestamp;

use super::StoreError;

/// One parameter of a query. Nothing else exists on both databases (stack: TEXT and BIGINT).
#[derive(Clone, Debug)]
pub enum Arg {
    /// TEXT
    Text(Option<String>),
    /// BIGINT
    Int(Option<i64>),
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<Timestamp> for Arg {
    fn from(value: Timestamp) -> Self {
        Self::Int(Some(value.unix()))
    }
}

impl From<Option<Timestamp>> for Arg {
    fn from(value: Option<Timestamp>) -> Self {
        Self::Int(value.map(|instant| instant.unix()))
    }
}

/// The parameters of one query, in the order of `$1`, `$2`, …
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::Arg::from($value)),*] };
}
pub(crate) use args;

/// A row as the database gave it: columns by name, of the type that the meaning has.
pub struct Row {
    pub(super) table: &'static str,
    pub(super) inner: sqlx::any::AnyRow,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row")
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

impl Row {
    fn bad(&self, column: &'static str) -> StoreError {
        StoreError::Inconsistent {
            table: self.table,
            column,
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// The column is missing, NULL or of another type.
    pub fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.inner.try_get::<String, _>(column).map_err(|_| self.bad(column))
    }

    /// A text that may be NULL.
    ///
    /// # Errors
    /// The column is missing or of another type.
    pub fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.inner
            .try_get::<Option<String>, _>(column)
            .map_err(|_| self.bad(column))
    }

    /// A number that must be there.
    ///
    /// # Errors
    /// The column is missing, NULL or of another type.
    pub fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.inner.try_get::<i64, _>(column).map_err(|_| self.bad(column))
    }

    /// A number that may be NULL.
    ///
    /// # Errors
    /// The column is missing or of another type.
    pub fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.inner
            .try_get::<Option<i64>, _>(column)
            .map_err(|_| self.bad(column))
    }

    /// 0 or 1.
    ///
    /// # Errors
    /// Anything else.
    pub fn truth(&self, column: &'static str) -> Result<bool, StoreError> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.bad(column)),
        }
    }

    /// An instant that must be there.
    ///
    /// # Errors
    /// The column is missing, NULL or of another type.
    pub fn instant(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.int(column).map(Timestamp::from_unix)
    }

    /// An instant that may be NULL.
    ///
    /// # Errors
    /// The column is missing or of another type.
    pub fn maybe_instant(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.maybe_int(column)?.map(Timestamp::from_unix))
    }

    /// A text parsed into what it means.
    ///
    /// # Errors
    /// It is missing or does not parse: a row that no function of ours wrote.
    pub fn parsed<T: std::str::FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|_| self.bad(column))
    }

    /// A JSON text read into its type.
    ///
    /// # Errors
    /// It is missing or not of that type.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| self.bad(column))
    }
}

/// A table's row made into its meaning.
pub trait FromRow: Sized {
    /// The table, for errors.
    const TABLE: &'static str;

    /// Reads the columns by name.
    ///
    /// # Errors
    /// An impossible row is [`StoreError::Inconsistent`].
    fn from_row(row: &Row) -> Result<Self, StoreError>;
}
