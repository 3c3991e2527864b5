//! The Evaluate interface over HTTP, and what is counted of it.

use http::StatusCode;
use policy_engine::consent::{Tables, command};
use serde_json::{Value, json};

use super::tests::send;
use crate::bootstrap;
use crate::store::tried;
use crate::testing::{A, Node, bare, catalogue, node};

const HIDDEN: &str = "https://data.example.org/hidden";

fn question(dataset: &str, disease: &str) -> String {
    json!({
        "version": 1, "action": "compute", "context": { "now": "2026-11-22T12:00:00Z", "processing_countries": ["FI"] },
        "purpose": { "categories": ["disease"], "diseases": [disease], "commercial": false },
        "datasets": [{ "id": dataset, "access": "open",
            "uses": [{ "group": "all", "terms": [{ "id": "DUO:0000007", "values": ["MONDO:0004992"] }] }] }],
    })
    .to_string()
}

async fn post(node: &Node, token: &str, question: &str) -> (StatusCode, Value) {
    let answer = send(node, Some(token), "POST", "/visum/v1/consent/evaluate", Some(question)).await;
    (answer.status, answer.body)
}

async fn counted(node: &Node, dataset: &str) -> Vec<(String, i64)> {
    let rows = tried::of_dataset(&mut node.broker.db(), dataset, None, 10)
        .await
        .unwrap();
    rows.into_iter().map(|row| (row.door, row.times)).collect()
}

#[tokio::test]
async fn the_route_answers_what_the_command_answers() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let token = node.token(&ada, "openid visum:self").await;
    for (disease, decision) in [("MONDO:0007254", "permit"), ("MONDO:0004979", "deny")] {
        let question = question("https://elsewhere.example.org/d", disease);
        let own = command::answer(question.as_bytes(), Tables::builtin());
        let (status, body) = post(&node, &token, &question).await;
        assert_eq!(
            (status, &body["decision"]),
            (StatusCode::OK, &json!(decision)),
            "{body}"
        );
        assert_eq!(body, serde_json::from_slice::<Value>(&own.json).unwrap());
    }
}

#[tokio::test]
async fn what_is_refused_has_the_code_of_the_command_and_names_the_member() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let token = node.token(&ada, "openid visum:self").await;
    let good = question(A, "MONDO:0007254");
    let cases = [
        (
            "a misspelt member",
            good.replace("\"diseases\"", "\"deseases\""),
            "purpose.deseases",
        ),
        ("a time that is none", good.replace("11-22T", "11-31T"), "context.now"),
        ("no JSON", "hello".to_owned(), ""),
    ];
    for (name, question, path) in cases {
        let (status, body) = post(&node, &token, &question).await;
        assert_eq!(
            (status, &body["code"]),
            (StatusCode::BAD_REQUEST, &json!("consent.input_invalid")),
            "{name}"
        );
        assert!(body["message"].as_str().unwrap().contains(path), "{name}: {body}");
    }
    assert!(counted(&node, A).await.is_empty(), "what was not judged is not counted");
}

#[tokio::test]
async fn a_purpose_for_a_dataset_of_this_node_is_counted_as_tried_and_one_too_many_is_an_alert() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let token = node.token(&ada, "openid visum:self").await;
    for disease in [
        "MONDO:0007254",
        "MONDO:0007254",
        "MONDO:0004992",
        "MONDO:0004979",
        "MONDO:0005148",
    ] {
        post(&node, &token, &question(A, disease)).await;
    }
    let mut doors = counted(&node, A).await;
    doors.sort_unstable();
    let once = ("evaluate".to_owned(), 1);
    assert_eq!(doors, [once.clone(), once.clone(), once, ("evaluate".to_owned(), 2)]);
    let events = node.events();
    let count = |word: &str| events.iter().filter(|event| event.starts_with(word)).count();
    assert_eq!((count("purpose.tried"), count("purpose.many")), (4, 1), "{events:?}");
}

#[tokio::test]
async fn a_dataset_that_nobody_may_know_of_answers_as_one_that_does_not_exist() {
    let node = bare().await;
    let mut sample = catalogue();
    let mut hidden = serde_json::to_value(&sample.datasets[0]).unwrap();
    hidden["consent"]["id"] = json!(HIDDEN);
    hidden["short_name"] = json!("H");
    hidden["discoverable"] = json!(false);
    sample.datasets.push(serde_json::from_value(hidden).unwrap());
    bootstrap::apply(&node.broker, sample).await.unwrap();
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let token = node.token(&ada, "openid visum:self").await;
    let mut told = Vec::new();
    for id in [HIDDEN, "https://data.example.org/absent"] {
        let before = node.events().len();
        let (status, body) = post(&node, &token, &question(id, "MONDO:0007254")).await;
        let body = body.to_string().replace(id, "ID");
        told.push((status, body, node.events()[before..].to_vec()));
        assert!(counted(&node, id).await.is_empty(), "{id}");
    }
    assert_eq!(told[0], told[1]);
    // its committee may know of it, and is counted
    let dan = node.person("dan", "member@biobank.example.org").await;
    let token = node.token(&dan, "openid visum:self").await;
    post(&node, &token, &question(HIDDEN, "MONDO:0007254")).await;
    assert_eq!(counted(&node, HIDDEN).await, [("evaluate".to_owned(), 1)]);
}

#[tokio::test]
async fn what_can_i_counts_the_default_purpose_that_i_chose_and_no_review_of_others() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let token = node.token(&ada, "openid visum:self").await;
    send(&node, Some(&token), "GET", "/visum/v1/access", None).await;
    assert!(counted(&node, A).await.is_empty(), "there is no purpose to try");
    let purpose =
        json!({ "purpose": { "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false } });
    let chosen = send(
        &node,
        Some(&token),
        "POST",
        "/visum/v1/purposes/default",
        Some(&purpose.to_string()),
    )
    .await;
    assert_eq!(chosen.status, StatusCode::OK, "{}", chosen.body);
    let noor = node.person("noor", "member@biobank.example.org").await;
    let auditor = node.token(&noor, "openid visum:self visum:admin").await;
    let who = format!("/visum/v1/admin/access?person={}", ada.person.as_str());
    let review = send(&node, Some(&auditor), "GET", &who, None).await;
    assert_eq!(review.status, StatusCode::OK, "{}", review.body);
    assert!(counted(&node, A).await.is_empty(), "a reviewer chose nothing");
    let own = send(&node, Some(&token), "GET", "/visum/v1/access", None).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.body);
    assert_eq!(counted(&node, A).await, [("what-can".to_owned(), 1)]);
}
