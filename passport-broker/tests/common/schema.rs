//! A schema of one test alone in the PostgreSQL of `VISUM_TEST_PG`, so that tests do not meet.

use visa_verifier::seam::{SystemRandom, token};

/// Makes one; the URL by which connections see it and nothing else.
pub(crate) async fn fresh(url: &str) -> String {
    let name: String = token(&SystemRandom::new(), 16)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let schema = format!("t{}", name.to_ascii_lowercase());
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(url)
        .await
        .expect("the PostgreSQL of VISUM_TEST_PG answers");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}")))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}options=-c%20search_path%3D{schema}")
}
