//! Every store function, on both engines: SQLite always, PostgreSQL where `VISUM_TEST_PG` has a URL.
//! With `VISUM_REQUIRE_PG=1` and no such URL the test fails rather than skips.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod people;
mod queues;
mod rows;
#[path = "../common/schema.rs"]
mod schema;
mod tokens;

use passport_broker::store::people::PersonId;
use passport_broker::store::{self, Db};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

/// The engines to run on; each test has rows of its own, by `name`.
async fn engines() -> Vec<(Db, Option<tempfile::TempDir>)> {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}?mode=rwc", dir.path().join("broker.db").display());
    let mut engines = vec![(Db::open(&sqlite).await.unwrap(), Some(dir))];
    #[expect(
        clippy::disallowed_methods,
        reason = "which databases a test runs on is told by its environment"
    )]
    let (url, required) = (
        std::env::var("VISUM_TEST_PG").ok(),
        std::env::var("VISUM_REQUIRE_PG").is_ok(),
    );
    match url {
        Some(url) => engines.push((Db::open(&schema::fresh(&url).await).await.unwrap(), None)),
        None => assert!(
            !required,
            "VISUM_REQUIRE_PG is set, and VISUM_TEST_PG names no PostgreSQL"
        ),
    }
    engines
}

fn identity(sub: &str) -> VisaIdentity {
    VisaIdentity::new("https://home.example.org".parse().unwrap(), sub.parse().unwrap())
}

async fn person(db: &mut Db, name: &str) -> PersonId {
    let id = PersonId::from_text(name);
    store::people::create(db, &id, NOW).await.unwrap();
    store::people::attach(db, &id, &identity(name), true, NOW)
        .await
        .unwrap();
    id
}
