//! Parts that are gone, slow or full: a clear error in the shape of the API called, and nothing lost.

use tests::{demo::Demo, outside::get};

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_told_and_the_node_goes_on_afterwards() {
    use sqlx::Executor as _;
    let demo = Demo::start();
    let ada = demo.token("ada");
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", demo.data().join("proxy.db").display());
    let pool = sqlx::any::AnyPoolOptions::new()
        .max_connections(1)
        .connect(&url)
        .await
        .unwrap();
    let mut held = pool.acquire().await.unwrap();
    held.execute("BEGIN EXCLUSIVE").await.unwrap();

    let task = serde_json::json!({ "executors": [{ "image": demo.fact("/images/wc"), "command": ["wc", "-c"] }] });
    let tes = demo.fact("/proxy/tes");
    let answer = tests::outside::post(&format!("{tes}/tasks"), Some(&ada), &task).await;
    assert!(
        matches!(answer.status, 500 | 503),
        "{} {}",
        answer.status,
        answer.text()
    );
    assert!(!answer.code().is_empty(), "{}", answer.text());
    assert!(
        !answer.text().to_lowercase().contains("sqlite"),
        "nothing of the inside: {}",
        answer.text()
    );

    held.execute("ROLLBACK").await.unwrap();
    drop(held);
    pool.close().await;
    let answer = tests::outside::post(&format!("{tes}/tasks"), Some(&ada), &task).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(get(&format!("{tes}/tasks"), Some(&ada)).await.status, 200);
}
