//! Rows written behind the log: they open nothing, stop publication, and alarm (D16).

use serde_json::{Value, json};
use sqlx::Row as _;
use tests::{
    demo::Demo,
    outside::{get, post},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_written_into_the_database_by_hand_opens_nothing_and_stops_publication() {
    let demo = Demo::start();
    let (ada, dan, noor) = (demo.token("ada"), demo.token("dan"), demo.token("noor"));
    let object = demo.access("c-cohort.vcf").await;
    let before = get(&object, Some(&ada)).await;
    assert_eq!(before.status, 403, "{}", before.text());

    forge_a_grant(&demo).await;

    // Whatever makes the node look at its rows again finds the row that the log does not know.
    let broker = demo.fact("/broker/issuer");
    let purpose = json!({ "purpose": { "categories": ["methods"], "commercial": false } });
    let change = post(&format!("{broker}/visum/v1/purposes/default"), Some(&ada), &purpose).await;
    let after = get(&object, Some(&ada)).await;
    assert_eq!(after.status, 403, "the forged grant opens nothing: {}", after.text());
    assert!(!change.text().contains("forged"), "{}", change.text());
    let hold =
        json!({ "dataset": demo.fact("/datasets/1/id"), "kind": "disputed", "scope": "dataset", "reason": "test" });
    let held = post(&format!("{broker}/visum/v1/admin/holds"), Some(&dan), &hold).await;
    let said = format!("{} {}", change.text(), held.text());
    assert!(
        said.contains("db_not_as_logged"),
        "publication stops, and says so: {said}"
    );

    // It alarms where an auditor looks.
    let events = get(
        &format!("{broker}/visum/v1/admin/audit/events?from=0&limit=500"),
        Some(&noor),
    )
    .await;
    assert_eq!(events.status, 200, "{}", events.text());
    let text = events.text();
    assert!(
        text.contains("db_not_as_logged") || text.contains("config.change"),
        "{text}"
    );
}

/// Copies the grant of A as one for C, as somebody with the database's password could.
async fn forge_a_grant(demo: &Demo) {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", demo.data().join("broker.db").display());
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    let row = sqlx::query(
        "SELECT body, origin, ix, leaf, person FROM governed WHERE kind = 'grant' AND state = 'sealed' LIMIT 1",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let body: String = row.get("body");
    let forged = body.replace("/datasets/A", "/datasets/C");
    assert_ne!(forged, body, "the grant names A");
    let mut document: Value = serde_json::from_str(&forged).unwrap();
    let id = "01FORGED0000000000000000000";
    if let Some(known) = document.get_mut("id") {
        *known = id.into();
    }
    let forged = document.to_string();
    let digest: String = ring::digest::digest(&ring::digest::SHA256, forged.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    sqlx::query(
        "INSERT INTO governed (kind, id, version, state, live, person, dataset, body, digest, origin, ix, leaf, created_at)
         VALUES ('grant', $1, 1, 'sealed', 1, $2, $3, $4, $5, $6, $7, $8, 1)",
    )
    .bind(id)
    .bind(row.get::<Option<String>, _>("person"))
    .bind(demo.fact("/datasets/2/id"))
    .bind(forged)
    .bind(digest)
    .bind(row.get::<String, _>("origin"))
    .bind(row.get::<Option<i64>, _>("ix"))
    .bind(row.get::<Option<String>, _>("leaf"))
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e3_e50_a_body_is_an_object_and_no_answer_is_kept_by_a_cache() {
    let demo = Demo::start();
    let (dan, broker) = (demo.token("dan"), demo.fact("/broker/issuer"));
    let holds = format!("{broker}/visum/v1/admin/holds");
    let dataset = demo.fact("/datasets/1/id");
    for body in [
        json!([dataset, "disputed", "dataset", null, "by an array"]),
        json!([]),
        json!("x"),
        json!(null),
        json!(1),
    ] {
        let answer = post(&holds, Some(&dan), &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        assert_eq!(answer.code(), "admin.input_invalid", "{}", answer.text());
    }
    for path in ["/visum/v1/me", "/visum/v1/admin/roles"] {
        let answer = get(&format!("{broker}{path}"), Some(&dan)).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}: {}", answer.status);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}
