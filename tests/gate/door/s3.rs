//! The S3 side of the door: who reads and writes what, from where (E30, E63, E74).

use serde_json::{Value, json};
use tests::{
    house::{House, Wants},
    s3::{Ask, S3, elements},
    tes::PlayedTes,
};

use super::{alarms, house, session, size, with};

pub(crate) const INPUT: &str = "/visum-inputs/a/a-cohort.vcf";

/// A session, its keys, its bucket.
pub(crate) async fn keys(house: &House, ada: &str) -> (Value, S3, String) {
    let session = session::started(house, ada).await;
    let s3 = S3::of(&session);
    let scratch = session
        .pointer("/s3/scratch")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let bucket = scratch.trim_start_matches("s3://").trim_end_matches('/').to_owned();
    (session, s3, bucket)
}

pub(crate) fn code(answer: &tests::outside::Answer) -> (u16, String) {
    (answer.status, answer.header("visum-code"))
}

pub(crate) fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn e74_inputs_are_read_from_the_compute_network_while_a_task_lives() {
    let (house, tes) = with("networks = [\"127.0.7.0/24\"]").await;
    let (ada, _) = house.granted().await;
    let (session, outside, _) = keys(&house, &ada).await;
    let inside = outside.from("127.0.7.1");
    // before any task: described, not read
    for s3 in [&outside, &inside] {
        let head = s3.head(INPUT).await;
        assert_eq!(head.status, 200, "{:?}", head.headers);
        assert_eq!(head.header("content-length"), size(&house).to_string());
        assert_eq!(s3.get("/visum-inputs", "list-type=2").await.status, 200);
    }
    assert_eq!(code(&inside.get(INPUT, "").await), is(403, "door.no_task"));
    assert_eq!(code(&outside.get(INPUT, "").await), is(403, "door.wrong_network"));
    // while one is queued or running
    assert_eq!(session::send(&house, &session, |_| {}).await.status, 200);
    let read = inside.get(INPUT, "").await;
    assert_eq!(read.status, 200, "{}", read.text());
    assert_eq!(read.body.len() as u64, size(&house));
    let part = inside.send(&Ask::new("GET", INPUT).header("range", "bytes=2-5")).await;
    assert_eq!((part.status, part.body.len()), (206, 4));
    assert_eq!(
        inside.from("127.0.7.9").get(INPUT, "").await.status,
        200,
        "many nodes: a session is not pinned"
    );
    let laptop = outside.get(INPUT, "").await;
    assert_eq!(code(&laptop), is(403, "door.wrong_network"), "{}", laptop.text());
    let ranged = outside.send(&Ask::new("GET", INPUT).header("range", "bytes=0-0")).await;
    assert_eq!(code(&ranged), is(403, "door.wrong_network"), "not one byte");
    assert!(
        !alarms(&house, "door.wrong_network").await.is_empty(),
        "it is on record"
    );
    // when it is over
    tes.say("COMPLETE");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let byte = Ask::new("GET", INPUT).header("range", "bytes=0-0");
    while inside.send(&byte).await.status == 206 {
        assert!(std::time::Instant::now() < until, "the end of the task is never seen");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert_eq!(code(&inside.send(&byte).await), is(403, "door.no_task"));
}

#[tokio::test(flavor = "multi_thread")]
async fn e63_e74_a_session_has_a_budget_of_its_own() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let (session, s3, _) = keys(&house, &ada).await;
    assert_eq!(session::send(&house, &session, |_| {}).await.status, 200);
    for turn in 0..4 {
        assert_eq!(s3.get(INPUT, "").await.status, 200, "{turn}");
    }
    assert_eq!(code(&s3.get(INPUT, "").await), is(403, "door.budget"));
    let range = s3.send(&Ask::new("GET", INPUT).header("range", "bytes=0-0")).await;
    assert_eq!(code(&range), is(403, "door.budget"), "not by a small range either");
}

#[tokio::test(flavor = "multi_thread")]
async fn e74_what_comes_from_compute_only_data_is_listed_and_deleted_outside_and_no_more() {
    let (house, _) = with("networks = [\"127.0.7.0/24\"]").await;
    let (ada, _) = house.granted().await;
    let (_, outside, bucket) = keys(&house, &ada).await;
    let inside = outside.from("127.0.7.1");
    let key = format!("/{bucket}/out/result.txt");
    assert_eq!(code(&outside.put(&key, b"42").await), is(403, "door.derived"));
    assert_eq!(inside.put(&key, b"42").await.status, 200);
    assert_eq!(outside.head(&key).await.status, 200);
    let listed = outside.get(&format!("/{bucket}"), "list-type=2").await;
    assert_eq!(elements(&listed, "Key"), ["out/result.txt"], "{}", listed.text());
    assert_eq!(code(&outside.get(&key, "").await), is(403, "door.derived"));
    let ranged = outside.send(&Ask::new("GET", &key).header("range", "bytes=0-0")).await;
    assert_eq!(code(&ranged), is(403, "door.derived"));
    let read = inside.get(&key, "").await;
    assert_eq!((read.status, read.body.as_slice()), (200, b"42".as_slice()));
    let begun = outside.send(&Ask::new("POST", &key).query("uploads")).await;
    assert_eq!(code(&begun), is(403, "door.derived"), "nor in parts");
    assert_eq!(outside.delete(&key).await.status, 204);
    assert_eq!(inside.get(&key, "").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn e30_e74_a_session_of_download_data_reads_its_own_bucket_from_anywhere() {
    let tes = PlayedTes::start().await;
    let wants = Wants {
        tes: Some(tes.url.clone()),
        door: Some("networks = [\"127.0.7.0/24\"]".to_owned()),
        ..Wants::default()
    };
    let house = House::start(wants).await;
    let (ada, _) = house.granted().await;
    let (_, laptop, bucket) = keys(&house, &ada).await;
    let key = format!("/{bucket}/a%20b/c.txt");
    assert_eq!(laptop.put(&key, b"hello").await.status, 200);
    let read = laptop.get(&key, "").await;
    assert_eq!(
        (read.status, read.body.as_slice()),
        (200, b"hello".as_slice()),
        "{}",
        read.text()
    );
    assert_eq!(laptop.head(&key).await.header("content-length"), "5");
    assert_eq!(
        laptop.get(&format!("/{bucket}/none"), "").await.status,
        404,
        "missing in one's own: 404"
    );
    assert_eq!(
        code(&laptop.get(INPUT, "").await),
        is(403, "door.wrong_network"),
        "inputs are inputs"
    );
    assert_eq!(
        code(&laptop.put("/visum-inputs/a/new", b"x").await),
        is(403, "door.read_only")
    );
    // another person's session sees none of it, under any name
    let other = session::ask(&house, &ada, |body| body["out"] = json!([])).await.json();
    let other = S3::of(&other);
    for (name, answer) in [
        ("get", other.get(&key, "").await),
        ("head", other.head(&key).await),
        ("put", other.put(&key, b"x").await),
        ("delete", other.delete(&key).await),
        ("list", other.get(&format!("/{bucket}"), "").await),
        ("a bucket that is not there", other.get("/nobodys/x", "").await),
    ] {
        assert_eq!(answer.status, 403, "{name}: {}", answer.text());
    }
}
