//! A backend that is down, and one that hangs: said so in the shape of the API, on record, and nothing lost.

use serde_json::{Value, json};
use tests::{
    house::{House, Wants},
    outside::{Answer, get, post},
};

/// A task that names no data: what it may do is decided before any backend is asked.
fn task(house: &House) -> Value {
    json!({ "executors": [{ "image": house.sample.image("wc"), "command": ["wc", "--version"] }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_is_down_is_told_apart_from_a_denial_and_is_on_record() {
    // A port that was free a moment ago: nobody listens.
    let dead = tests::node::Addresses::free().proxy;
    let house = House::start(Wants {
        tes: Some(dead.clone()),
        drs: Some(dead),
        ..Wants::default()
    })
    .await;
    let (ada, _) = house.granted().await;
    let object = house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf");
    told(&get(&object, Some(&ada)).await, "msg");
    told(
        &post(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&ada), &task(&house)).await,
        "error",
    );
    on_record(&house, &["tes:CreateTask", "drs:GetObject"]).await;
    // The gate itself goes on: its own list does not need the backend to know that nothing runs, or says that it is down.
    let list = get(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&ada)).await;
    assert!(matches!(list.status, 200 | 502), "{} {}", list.status, list.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_never_answers_is_given_up() {
    // Connections are taken by the kernel and never answered.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", deaf.local_addr().unwrap());
    let house = House::start(Wants {
        tes: Some(address.clone()),
        drs: Some(address),
        ..Wants::default()
    })
    .await;
    let (ada, _) = house.granted().await;
    let (object, tasks, wanted) = (
        house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf"),
        house.proxy("/ga4gh/tes/v1/tasks"),
        task(&house),
    );
    let (object, task) = tokio::join!(get(&object, Some(&ada)), post(&tasks, Some(&ada), &wanted));
    told(&object, "msg");
    told(&task, "error");
    on_record(&house, &["tes:CreateTask", "drs:GetObject"]).await;
    drop(deaf);
}

fn told(answer: &Answer, sentence: &str) {
    assert!(
        matches!(answer.status, 502..=504),
        "{} {}",
        answer.status,
        answer.text()
    );
    let body = answer.json();
    assert!(
        body.get(sentence)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty()),
        "{body}"
    );
    assert!(answer.code().starts_with("backend."), "{body}");
    assert!(!answer.text().contains("127.0.0.1"), "no address of the inside: {body}");
}

async fn on_record(house: &House, kinds: &[&str]) {
    let noor = house.token("noor");
    let events = get(
        &house.broker("/visum/v1/admin/audit/events?from=0&limit=1000"),
        Some(&noor),
    )
    .await;
    let body = events.json();
    let all = body
        .get("events")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for kind in kinds {
        assert!(
            all.iter()
                .any(|entry| entry.pointer("/event/type") == Some(&json!(kind))),
            "{kind}: {body:#}"
        );
    }
}
