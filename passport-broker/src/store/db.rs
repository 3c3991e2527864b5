//! `Db`: SQLite or PostgreSQL by URL. The only file that knows the engine.
//!
//! Every store function takes `&mut Db`: a handle on the pools, or (inside [`Db::begin`]) on one transaction, so that
//! the same function works alone and as a part of something larger.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::{AnyArguments, AnyPoolOptions, AnyRow};
use sqlx::{Any, AnyPool, Arguments as _, AssertSqlSafe, Transaction};

use super::row::{Arg, FromRow, Row};
use super::{StoreError, migrations};

/// Which database answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// One file beside the node.
    Sqlite,
    /// A server, shared by replicas.
    Postgres,
}

/// How long a query waits for a connection before it is an error.
const ACQUIRE: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 8;
/// Grants, codes and tokens must not come back after a power loss, so `synchronous = FULL`.
const PRAGMAS: [&str; 4] = [
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
];

#[derive(Debug)]
struct Pools {
    read: AnyPool,
    write: AnyPool,
    kind: Kind,
}

/// A handle on the database; cheap to clone. A clone is never inside a transaction.
#[derive(Debug)]
pub struct Db {
    pools: Arc<Pools>,
    /// Never locked: reached by `&mut` alone. The lock only makes the handle shareable between threads.
    inside: Mutex<Option<Transaction<'static, Any>>>,
}

impl Clone for Db {
    fn clone(&self) -> Self {
        Self {
            pools: self.pools.clone(),
            inside: Mutex::default(),
        }
    }
}

/// A transaction: a [`Db`] whose changes count only after [`Tx::commit`]. Dropped without, nothing happened.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is rolled back"]
pub struct Tx(Db);

impl Deref for Tx {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Db {
        &mut self.0
    }
}

impl Tx {
    /// Makes all changes of this transaction durable.
    ///
    /// # Errors
    /// The database could not; then none of them happened.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        match self.0.inside().take() {
            Some(transaction) => transaction.commit().await.map_err(|source| StoreError::Down { source }),
            None => Ok(()),
        }
    }
}

impl Db {
    /// Opens `sqlite:///path/to/file.db?mode=rwc` or `postgres://…` and brings the schema up to date.
    ///
    /// # Errors
    /// Another scheme, an unreachable database, or a migration that fails.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let kind = match url.split_once(':') {
            Some(("sqlite", _)) => Kind::Sqlite,
            Some(("postgres" | "postgresql", _)) => Kind::Postgres,
            _ => return Err(StoreError::Url),
        };
        sqlx::any::install_default_drivers();
        let options = |connections: u32| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE)
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        if kind == Kind::Sqlite {
                            for pragma in PRAGMAS {
                                sqlx::query(pragma).execute(&mut *connection).await?;
                            }
                        }
                        Ok(())
                    })
                })
        };
        let down = |source| StoreError::Down { source };
        let writers = if kind == Kind::Sqlite { 1 } else { POSTGRES_CONNECTIONS };
        let write = options(writers).connect(url).await.map_err(down)?;
        migrations::migrator()
            .run(&write)
            .await
            .map_err(|source| StoreError::Migration { source })?;
        let read = if kind == Kind::Sqlite {
            options(READERS).connect(url).await.map_err(down)?
        } else {
            write.clone()
        };
        Ok(Self {
            pools: Arc::new(Pools { read, write, kind }),
            inside: Mutex::default(),
        })
    }

    /// Which engine this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.pools.kind
    }

    /// A transaction. On SQLite it takes the one writer at once, so that read-then-write cannot be overtaken.
    ///
    /// # Errors
    /// The database could not begin one.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let begun = match self.pools.kind {
            Kind::Sqlite => self.pools.write.begin_with("BEGIN IMMEDIATE").await,
            Kind::Postgres => self.pools.write.begin().await,
        };
        let transaction = begun.map_err(|source| StoreError::Down { source })?;
        Ok(Tx(Self {
            pools: self.pools.clone(),
            inside: Mutex::new(Some(transaction)),
        }))
    }

    fn inside(&mut self) -> &mut Option<Transaction<'static, Any>> {
        self.inside.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// All rows of a question.
    ///
    /// # Errors
    /// The database is down, or a row cannot be read.
    pub async fn all<T: FromRow>(&mut self, sql: &str, args: Vec<Arg>) -> Result<Vec<T>, StoreError> {
        let rows = self.rows(T::TABLE, sql, args, false).await?;
        rows.into_iter()
            .map(|inner| T::from_row(&Row { table: T::TABLE, inner }))
            .collect()
    }

    /// The one row of a question, or none. More than one is a row that cannot be: an error.
    ///
    /// # Errors
    /// The database is down, or the row cannot be read, or there are several.
    pub async fn one<T: FromRow>(&mut self, sql: &str, args: Vec<Arg>) -> Result<Option<T>, StoreError> {
        let rows = self.rows(T::TABLE, sql, args, false).await?;
        Self::at_most_one(rows)
    }

    /// Changes rows, and gives back the one that the text `RETURNING …` names, if any was touched.
    ///
    /// # Errors
    /// As [`Db::one`], and a broken unique key is [`StoreError::Conflict`].
    pub async fn change_one<T: FromRow>(&mut self, sql: &str, args: Vec<Arg>) -> Result<Option<T>, StoreError> {
        let rows = self.rows(T::TABLE, sql, args, true).await?;
        Self::at_most_one(rows)
    }

    fn at_most_one<T: FromRow>(rows: Vec<AnyRow>) -> Result<Option<T>, StoreError> {
        if rows.len() > 1 {
            return Err(StoreError::Inconsistent {
                table: T::TABLE,
                column: "(more than one row)",
            });
        }
        rows.into_iter()
            .next()
            .map(|inner| T::from_row(&Row { table: T::TABLE, inner }))
            .transpose()
    }

    /// Changes rows; how many were touched. The caller checks that number.
    ///
    /// # Errors
    /// The database is down, or a unique key is broken ([`StoreError::Conflict`]).
    pub async fn change(&mut self, table: &'static str, sql: &str, args: Vec<Arg>) -> Result<u64, StoreError> {
        let arguments = bind(sql, args)?;
        let query = sqlx::query_with::<Any, _>(AssertSqlSafe(sql), arguments);
        let pools = self.pools.clone();
        let done = match self.inside() {
            Some(transaction) => query.execute(&mut **transaction).await,
            None => query.execute(&pools.write).await,
        };
        done.map(|result| result.rows_affected())
            .map_err(|source| StoreError::driver(table, source))
    }

    async fn rows(
        &mut self,
        table: &'static str,
        sql: &str,
        args: Vec<Arg>,
        writes: bool,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let arguments = bind(sql, args)?;
        let query = sqlx::query_with::<Any, _>(AssertSqlSafe(sql), arguments);
        let pools = self.pools.clone();
        let done = match self.inside() {
            Some(transaction) => query.fetch_all(&mut **transaction).await,
            None if writes => query.fetch_all(&pools.write).await,
            None => query.fetch_all(&pools.read).await,
        };
        done.map_err(|source| StoreError::driver(table, source))
    }
}

/// SQLite takes a missing parameter for NULL without an error, so the number is compared here.
fn bind(sql: &str, args: Vec<Arg>) -> Result<AnyArguments, StoreError> {
    let named = highest_parameter(sql);
    if named != args.len() {
        return Err(StoreError::Parameters {
            named,
            given: args.len(),
        });
    }
    let mut arguments = AnyArguments::default();
    for arg in args {
        let added = match arg {
            Arg::Text(text) => arguments.add(text),
            Arg::Int(number) => arguments.add(number),
        };
        added.map_err(|source| StoreError::Down {
            source: sqlx::Error::Encode(source),
        })?;
    }
    Ok(arguments)
}

fn highest_parameter(sql: &str) -> usize {
    sql.split('$')
        .skip(1)
        .filter_map(|rest| {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest.get(..digits).and_then(|number| number.parse().ok())
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_by_their_highest_number() {
        let cases = [
            ("SELECT 1", 0),
            ("WHERE a = $1 AND b > $2 AND $2 > 0", 2),
            ("VALUES ($1, $10)", 10),
        ];
        for (sql, named) in cases {
            assert_eq!(highest_parameter(sql), named, "{sql}");
        }
    }

    #[test]
    fn a_missing_parameter_is_an_error_and_not_null() {
        assert!(matches!(
            bind("WHERE a = $1", vec![]),
            Err(StoreError::Parameters { named: 1, given: 0 })
        ));
    }
}
