//! TES: create, get, list, cancel, withdrawal.

use audit_log::{EventType, Outcome};
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;
use visa_verifier::seam::{Clock, SystemClock};

use crate::world::{A, C, World, withdrawal};

const TASKS: &str = "/ga4gh/tes/v1/tasks";

async fn ada(grants: &[&str]) -> (World, String) {
    let world = World::new().await;
    world.broker.affiliate("ada");
    for dataset in grants {
        world.broker.grant("ada", dataset);
    }
    let token = world.broker.token("ada");
    (world, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permitted_task_runs_on_capabilities_and_shows_the_callers_own_words() {
    let (world, token) = ada(&[A]).await;
    let task = world.count(&["a-cohort.vcf"]);
    let created = world.post(TASKS, Some(&token), &task).await;
    assert_eq!(created.status, StatusCode::OK, "{:?}", created.bytes);
    assert!(created.headers.contains_key("visum-audit"));
    let body = created.json();
    assert_eq!(
        body.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["id"],
        "nothing that py-tes does not know"
    );
    let id = body["id"].as_str().unwrap().to_owned();
    world
        .within_five_seconds("the task is complete", || async {
            world.state(&id, &token).await == "COMPLETE"
        })
        .await;
    let full = world
        .get(&format!("/v1/tasks/{id}?view=FULL"), Some(&token))
        .await
        .json();
    assert_eq!(
        full["inputs"][0]["url"], "drs://drs.example.org/a-cohort.vcf",
        "e28: no capability comes back"
    );
    assert_eq!(full["tags"], json!({"project": "P1"}));
    assert!(!full.to_string().contains("visum/data/"), "{full}");
    let size = world
        .node
        .objects()
        .iter()
        .find(|object| object.id == "a-cohort.vcf")
        .unwrap()
        .size;
    let out = std::fs::read_to_string(world.node.outputs_dir().join("uni/out.txt")).unwrap();
    assert!(out.contains(&size.to_string()), "{out}");
    assert_eq!(world.events(EventType::TesCreateTask).len(), 1);
    let begun = world.events(EventType::DrsStreamBegin);
    assert_eq!(begun.len(), 1);
    assert_eq!(begun[0].entry.outcome, Outcome::Success);
    let list = world.get(&format!("{TASKS}?view=BASIC"), Some(&token)).await.json();
    assert_eq!(list["tasks"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_with_one_ungranted_input_is_denied_as_a_whole_and_says_which() {
    let (world, token) = ada(&[A]).await;
    let denied = world
        .post(TASKS, Some(&token), &world.count(&["a-cohort.vcf", "c-cohort.vcf"]))
        .await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let body = denied.json();
    assert_eq!(body["code"], "consent.approval_missing", "{body}");
    assert!(body["reasons"].to_string().contains(C), "{body}");
    assert!(
        denied
            .phrase
            .as_deref()
            .is_some_and(|phrase| phrase.starts_with("Forbidden: consent.approval_missing C")),
        "{:?}",
        denied.phrase
    );
    assert!(world.node.notes().is_empty(), "no backend heard of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn e2_e12_e27_tasks_that_cannot_be_understood_or_lead_elsewhere_are_refused() {
    let (world, token) = ada(&[A]).await;
    let good = world.count(&["a-cohort.vcf"]);
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut task = good.clone();
        change(&mut task);
        task
    };
    let cases = [
        (
            "an unknown field",
            with(&|task| task["inputs"][0]["url2"] = json!("s3://secret/x")),
            400,
        ),
        (
            "a storage URL that no dataset owns",
            with(&|task| task["inputs"][0]["url"] = json!("s3://nobodys/x")),
            403,
        ),
        (
            "a sink that is not ours",
            with(&|task| task["outputs"][0]["url"] = json!("s3://evil-bucket/x")),
            403,
        ),
        (
            "an image by tag",
            with(&|task| task["executors"][0]["image"] = json!("sample/wc:1")),
            403,
        ),
        (
            "a URL in the command",
            with(&|task| task["executors"][0]["command"][0] = json!("https://x.example.org/y")),
            403,
        ),
        (
            "a foreign DRS",
            with(&|task| task["inputs"][0]["url"] = json!("drs://other.example.org/a-cohort.vcf")),
            403,
        ),
    ];
    for (name, task, status) in cases {
        let answer = world.post(TASKS, Some(&token), &task).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {:?}", answer.bytes);
    }
    let twice = r#"{"executors":[{"image":"a","image":"b","command":["c"]}]}"#;
    let request = Request::post(TASKS)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    assert_eq!(world.send(request, twice).await.status, StatusCode::BAD_REQUEST, "e1");
    assert!(world.node.notes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn e32_e33_e34_tasks_of_others_are_unknown() {
    let (world, token) = ada(&[A]).await;
    world.broker.affiliate("bob");
    let bob = world.broker.token("bob");
    for _ in 0..3 {
        world.post(TASKS, Some(&token), &world.count(&["a-cohort.vcf"])).await;
    }
    let page = world.get(&format!("{TASKS}?page_size=2"), Some(&token)).await.json();
    let next = page["next_page_token"].as_str().unwrap();
    assert_eq!(
        world
            .get(&format!("{TASKS}?page_size=2&page_token={next}"), Some(&token))
            .await
            .json()["tasks"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        world
            .get(&format!("{TASKS}?page_size=2&page_token={next}"), Some(&bob))
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(world.get(TASKS, Some(&bob)).await.json(), json!({"tasks": []}));
    let id = page["tasks"][0]["id"].as_str().unwrap();
    let others = world.get(&format!("{TASKS}/{id}"), Some(&bob)).await;
    let never = world
        .get(&format!("{TASKS}/01J00000000000000000000000"), Some(&bob))
        .await;
    assert_eq!(others.status, StatusCode::NOT_FOUND);
    assert_eq!(
        (others.code(), others.json()["message"].clone()),
        (never.code(), never.json()["message"].clone())
    );
    assert_eq!(
        world
            .post(&format!("{TASKS}/{id}:cancel"), Some(&bob), &json!({}))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world
            .get(&format!("{TASKS}?tag_key=visum.owner"), Some(&token))
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
}

fn sleeper(world: &World) -> serde_json::Value {
    let mut task = world.count(&["a-cohort.vcf"]);
    task["executors"][0] = json!({"image": world.node.image("sleep").unwrap(), "command": ["sleep", "60"]});
    task.as_object_mut().unwrap().remove("outputs");
    task
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_is_idempotent() {
    let (world, token) = ada(&[A]).await;
    let id = world.post(TASKS, Some(&token), &sleeper(&world)).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for _ in 0..2 {
        let request = Request::post(format!("{TASKS}/{id}:cancel"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-length", "0");
        let answer = world.send(request, Body::empty()).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({})));
    }
    world
        .within_five_seconds("it is canceled", || async {
            world.state(&id, &token).await == "CANCELED"
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e51_a_withdrawal_cancels_the_running_task_within_five_seconds_and_says_so_in_the_log() {
    let (world, token) = ada(&[A]).await;
    let id = world.post(TASKS, Some(&token), &sleeper(&world)).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .within_five_seconds("it runs", || async { world.state(&id, &token).await == "RUNNING" })
        .await;
    world.publish(|_| {});
    world.proxy.sweep().await;
    assert_eq!(
        world.state(&id, &token).await,
        "RUNNING",
        "a snapshot that changes nothing ends nothing"
    );
    let person = world
        .node
        .objects()
        .iter()
        .find(|object| object.id == "a-cohort.vcf")
        .unwrap()
        .participants[0]
        .clone();
    world.publish(|snapshot| {
        snapshot
            .holds
            .push(serde_json::from_value(withdrawal(&person, SystemClock.now())).unwrap())
    });
    world
        .within_five_seconds("it is canceled", || async {
            world.state(&id, &token).await == "CANCELED"
        })
        .await;
    let events = world.events(EventType::TesCancelTask);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].entry.end, Some(audit_log::Ended::Withdrawn));
}

#[tokio::test(flavor = "multi_thread")]
async fn e57_e61_a_tasks_capability_opens_nothing_on_the_public_listener_and_service_info_tells_nothing() {
    let (world, _) = ada(&[A]).await;
    let info = world.get("/ga4gh/tes/v1/service-info", None).await;
    assert_eq!(
        (info.status, info.json()["storage"].clone()),
        (StatusCode::OK, json!([]))
    );
    assert_eq!(world.get("/visum/data/AAAA", None).await.code(), "capability.invalid");
    assert_eq!(world.get("/metrics", None).await.status, StatusCode::NOT_FOUND);
    let metadata = world.get("/.well-known/oauth-protected-resource", None).await.json();
    assert_eq!(metadata["authorization_servers"], json!([crate::broker::ISSUER]));
}
