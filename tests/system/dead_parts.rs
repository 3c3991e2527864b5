//! Parts that are gone, slow or full: a clear error in the shape of the API called, and nothing lost.

use tests::{
    binary,
    demo::Demo,
    house::{House, Wants},
    outside::{get, post},
};

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
    let answer = post(&format!("{tes}/tasks"), Some(&ada), &task).await;
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
    let answer = post(&format!("{tes}/tasks"), Some(&ada), &task).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(get(&format!("{tes}/tasks"), Some(&ada)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_gives_nothing_out_and_loses_nothing() {
    let demo = Demo::start();
    let (ada, noor) = (demo.token("ada"), demo.token("noor"));
    let access = demo.access("a-cohort.vcf").await;
    assert_eq!(get(&access, Some(&ada)).await.status, 200);
    let tasks = format!("{}/tasks", demo.fact("/proxy/tes"));
    let task =
        serde_json::json!({ "executors": [{ "image": demo.fact("/images/wc"), "command": ["wc", "--version"] }] });
    let before = demo.events(&noor).await.len();

    may_grow(&demo, "1");
    for (what, answer) in [
        ("a read", get(&access, Some(&ada)).await),
        ("a task", post(&tasks, Some(&ada), &task).await),
    ] {
        assert_eq!(answer.status, 503, "{what}: {}", answer.text());
        assert!(!answer.code().is_empty(), "{what}: {}", answer.text());
        assert!(
            !answer.text().contains("capability") && answer.json().get("url").is_none(),
            "{what}: nothing is given out"
        );
    }
    may_grow(&demo, "unlimited");

    // With room again it goes on; what was on record still is, and the log is whole.
    // The log opens itself anew at most once a second: asked until then, not longer than a loaded machine needs.
    let patience = std::time::Instant::now();
    loop {
        let again = get(&access, Some(&ada)).await;
        if again.status == 200 {
            break;
        }
        assert!(
            again.status == 503 && patience.elapsed().as_secs() < 30,
            "{} {}",
            again.status,
            again.text()
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(post(&tasks, Some(&ada), &task).await.status, 200);
    assert!(demo.events(&noor).await.len() > before);
    let verified = demo.run(&["audit", "verify"]);
    assert_eq!(verified.code, 0, "{} {}", verified.out, verified.err);
}

/// Lets the node's files grow to so many bytes only, as a disk without room does.
fn may_grow(demo: &Demo, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let done = std::process::Command::new("prlimit")
        .args(["--pid", &demo.process().to_string(), &limit])
        .status();
    assert!(
        done.is_ok_and(|status| status.success()),
        "prlimit (util-linux) sets the node's limit"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_visum_up_on_the_same_folder_refuses_and_the_first_goes_on() {
    let house = House::start(Wants::default()).await;
    let config = house.node.config();
    let said = binary::run(&["up", "--config", config.to_str().unwrap()]);
    assert_eq!(said.code, 3, "{} {}", said.out, said.err);
    assert!(said.err.contains("runs") || said.err.contains("holds"), "{}", said.err);
    let again = get(&house.broker("/healthz"), None).await;
    assert_eq!(again.status, 204);
    let _ = house.token("ada");
}
