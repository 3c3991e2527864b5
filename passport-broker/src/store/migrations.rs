//! The schema's history: one folder, one text for both databases.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

const ALL: &[(i64, &str, &str)] = &[
    (
        20_261_122_000_000,
        "first",
        include_str!("../../migrations/20261122000000_first.sql"),
    ),
    (
        20_261_123_000_000,
        "blobs",
        include_str!("../../migrations/20261123000000_blobs.sql"),
    ),
    (
        20_261_123_000_001,
        "snapshots",
        include_str!("../../migrations/20261123000001_snapshots.sql"),
    ),
    (
        20_261_123_000_002,
        "devices",
        include_str!("../../migrations/20261123000002_devices.sql"),
    ),
    (
        20_261_123_010_000,
        "purposes_tried",
        include_str!("../../migrations/20261123010000_purposes_tried.sql"),
    ),
    (
        20_261_123_140_000,
        "provider",
        include_str!("../../migrations/20261123140000_provider.sql"),
    ),
    (
        20_261_123_141_000,
        "logout_notices",
        include_str!("../../migrations/20261123141000_logout_notices.sql"),
    ),
    (
        20_261_123_150_000,
        "notices",
        include_str!("../../migrations/20261123150000_notices.sql"),
    ),
    (
        20_261_123_160_000,
        "documents",
        include_str!("../../migrations/20261123160000_documents.sql"),
    ),
    (
        20_261_123_550_000,
        "announced",
        include_str!("../../migrations/20261123550000_announced.sql"),
    ),
    (
        20_261_124_000_000,
        "mail",
        include_str!("../../migrations/20261124000000_mail.sql"),
    ),
];

/// Runs under a table name of its own, since the proxy's tables may live in the same database.
pub(super) fn migrator() -> Migrator {
    let mut migrator = Migrator::with_migrations(
        ALL.iter()
            .map(|&(version, name, sql)| {
                Migration::new(
                    version,
                    Cow::Borrowed(name),
                    MigrationType::Simple,
                    sql.into_sql_str(),
                    false,
                )
            })
            .collect(),
    );
    migrator.dangerous_set_table_name("_visum_broker_migrations");
    migrator
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn every_file_of_the_folder_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let listed: Vec<String> = ALL
            .iter()
            .map(|(version, name, _)| format!("{version}_{name}.sql"))
            .collect();
        assert_eq!(files, listed);
    }
}
