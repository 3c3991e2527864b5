//! The whole chain on PostgreSQL: login, grant, read. Runs where `VISUM_TEST_PG` names a server (`cargo xtask test` starts one).

use tests::{
    house::{DATASET, House, Wants},
    outside::get,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_postgresql_logs_in_grants_and_reads() {
    let Some(server) = std::env::var_os("VISUM_TEST_PG").and_then(|url| url.into_string().ok()) else {
        assert!(
            std::env::var_os("VISUM_REQUIRE_PG").is_none(),
            "VISUM_REQUIRE_PG is set, and VISUM_TEST_PG names no PostgreSQL"
        );
        return;
    };
    sqlx::any::install_default_drivers();
    let admin = sqlx::AnyPool::connect(&server).await.unwrap();
    let name = format!("visum_system_{}", std::process::id());
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&admin)
        .await
        .unwrap();

    let house = House::start(Wants {
        database: Some(url_of(&server, &name)),
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
    let pool = sqlx::AnyPool::connect(&url_of(&server, &name)).await.unwrap();
    let row = sqlx::query("SELECT CAST(count(*) AS BIGINT) AS n FROM governed WHERE kind = 'grant'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(sqlx::Row::get::<i64, _>(&row, "n") >= 1);
    assert!(!house.node.data().join("broker.db").exists() && !house.node.data().join("proxy.db").exists());
    pool.close().await;
    drop(house);
    sqlx::query(sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
        .execute(&admin)
        .await
        .unwrap();
}

pub(crate) fn url_of(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name);
    url.to_string()
}
