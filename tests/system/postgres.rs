//! The whole chain on PostgreSQL: login, grant, read. Runs where `VISUM_TEST_PG` names a server (`cargo xtask test` starts one).

use tests::{
    house::{DATASET, House, Wants},
    outside::get,
    postgres::Fresh,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_postgresql_logs_in_grants_and_reads() {
    let Some(database) = Fresh::of("system").await else {
        return;
    };
    let house = House::start(Wants {
        database: Some(database.url.clone()),
        ..Wants::default()
    })
    .await;
    let ada = house.token("ada");
    let object = house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf");
    let described = get(&object, Some(&ada)).await.json();
    let id = described
        .pointer("/access_methods/0/access_id")
        .and_then(serde_json::Value::as_str)
        .unwrap()
        .to_owned();
    let access = format!("{object}/access/{id}");
    let before = get(&access, Some(&ada)).await;
    assert_eq!(
        (before.status, before.code().as_str()),
        (403, "consent.approval_missing"),
        "{}",
        before.text()
    );

    let (ada, dan) = house.granted().await;
    let after = get(&access, Some(&ada)).await;
    assert_eq!(after.status, 200, "{}", after.text());
    let url = after
        .json()
        .get("url")
        .and_then(serde_json::Value::as_str)
        .unwrap()
        .to_owned();
    let bytes = get(&url, None).await;
    let known = house
        .sample
        .objects()
        .iter()
        .find(|object| object.id == "a-cohort.vcf")
        .unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, &bytes.body);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, known.sha256, "the bytes are the original's");
    let grants = get(
        &house.broker(&format!("/visum/v1/admin/grants?dataset={DATASET}")),
        Some(&dan),
    )
    .await;
    assert_eq!(grants.status, 200, "{}", grants.text());

    // The rows are in PostgreSQL, and no file of a database is in the folder.
    let pool = sqlx::AnyPool::connect(&database.url).await.unwrap();
    let row = sqlx::query("SELECT CAST(count(*) AS BIGINT) AS n FROM governed WHERE kind = 'grant'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(sqlx::Row::get::<i64, _>(&row, "n") >= 1);
    assert!(!house.node.data().join("broker.db").exists() && !house.node.data().join("proxy.db").exists());
    pool.close().await;
    drop(house);
    database.remove().await;
}
