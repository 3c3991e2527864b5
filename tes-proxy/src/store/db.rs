//! The database of the ownership index; the only file that knows which engine it is.

use sqlx::{
    AnyPool,
    any::AnyPoolOptions,
    migrate::{Migration, MigrationType, Migrator},
};

/// Every migration, oldest first. They only add.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        20_261_122_210_000,
        "works",
        include_str!("../../migrations/20261122210000_works.sql"),
    ),
    (
        20_261_123_010_000,
        "pages",
        include_str!("../../migrations/20261123010000_pages.sql"),
    ),
    (
        20_261_123_530_000,
        "door",
        include_str!("../../migrations/20261123530000_door.sql"),
    ),
    (
        20_261_123_630_000,
        "releases",
        include_str!("../../migrations/20261123630000_releases.sql"),
    ),
    (
        20_261_123_650_000,
        "repeats",
        include_str!("../../migrations/20261123650000_repeats.sql"),
    ),
];

/// What a SQLite connection is told first: nothing acknowledged is lost, and a writer waits for another one.
const PRAGMAS: &[&str] = &[
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
];

/// The index could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database did not answer as it should.
    #[error("the ownership index could not be reached or refused")]
    Database(#[source] sqlx::Error),
    /// A migration failed.
    #[error("the ownership index could not be brought to this version")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A row says something impossible.
    #[error("column `{column}` of table `works` holds what it cannot")]
    Inconsistent {
        /// Which.
        column: &'static str,
    },
}

impl StoreError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Database(_) => "index.database",
            Self::Migration(_) => "index.migration",
            Self::Inconsistent { .. } => "index.inconsistent",
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Connections: one writer on SQLite, so that this process never waits for itself.
#[derive(Clone, Debug)]
pub(crate) struct Db {
    pub(crate) read: AnyPool,
    pub(crate) write: AnyPool,
}

impl Db {
    /// Opens the database and brings it to this version.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be reached or migrated.
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let sqlite = url.starts_with("sqlite:");
        let options = move |connections| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        if sqlite {
                            for pragma in PRAGMAS {
                                sqlx::query(*pragma).execute(&mut *connection).await?;
                            }
                        }
                        Ok(())
                    })
                })
        };
        let write = options(if sqlite { 1 } else { 8 }).connect(url).await?;
        // an in-memory database lives in its one connection
        let read = if sqlite && !url.contains(":memory:") {
            options(4).connect(url).await?
        } else {
            write.clone()
        };
        migrations().run(&write).await.map_err(StoreError::Migration)?;
        Ok(Self { read, write })
    }
}

fn migrations() -> Migrator {
    let mut migrator = Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|&(version, name, sql)| {
                Migration::new(
                    version,
                    name.into(),
                    MigrationType::Simple,
                    sqlx::SqlSafeStr::into_sql_str(sql),
                    false,
                )
            })
            .collect(),
    );
    migrator.dangerous_set_table_name("_visum_proxy_migrations");
    migrator
}
