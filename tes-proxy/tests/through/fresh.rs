//! A snapshot that nobody saw to be current of late opens nothing (E50, E81); a node that is full says so (`apis.md` 8).

use std::time::Duration;

use audit_log::{EventType, Outcome};
use http::StatusCode;
use visa_verifier::seam::{Clock, SystemClock};

use crate::{
    between::{TASKS, slow, slow_with},
    world::{A, World},
};

const OBJECT: &str = "/ga4gh/drs/v1/objects/a-cohort.vcf";

#[tokio::test(flavor = "multi_thread")]
async fn e81_a_snapshot_that_nobody_saw_to_be_current_opens_nothing_until_it_is_seen_again() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let token = world.broker.token("ada");
    assert_eq!(world.get(OBJECT, Some(&token)).await.status, StatusCode::OK);

    let now = SystemClock.now();
    world.current.confirm(now.minus(Duration::from_secs(302)));
    let answer = world.get(OBJECT, Some(&token)).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "gate.snapshot_stale")
    );
    assert_eq!(answer.headers["retry-after"], "30");
    let denied = world.events(EventType::DrsGetObject);
    let last = &denied.last().unwrap().entry;
    assert_eq!(last.outcome, Outcome::Denied);
    assert!(format!("{last:?}").contains("gate.snapshot_stale"), "{last:?}");

    // a snapshot put in force is no sight of the record: only who looked says that it is the newest
    world.publish(|_| {});
    let answer = world.get(OBJECT, Some(&token)).await;
    assert_eq!(answer.code(), "gate.snapshot_stale");

    world.current.confirm(now.minus(Duration::from_secs(200)));
    assert_eq!(world.get(OBJECT, Some(&token)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn e81_what_runs_can_be_cancelled_on_a_stale_snapshot_and_nothing_can_be_begun() {
    let (world, tes, token) = slow().await;
    tes.answers.add_permits(2);
    let created = world.post(TASKS, Some(&token), &world.count(&["a-cohort.vcf"])).await;
    assert_eq!(created.status, StatusCode::OK);
    let id = created.json()["id"].as_str().unwrap().to_owned();

    world.current.confirm(SystemClock.now().minus(Duration::from_secs(400)));
    let refused = world.post(TASKS, Some(&token), &world.count(&["a-cohort.vcf"])).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "gate.snapshot_stale")
    );
    assert_eq!(tes.tasks.lock().unwrap().len(), 1, "the backend got no second task");
    let cancelled = world
        .post(&format!("{TASKS}/{id}:cancel"), Some(&token), &serde_json::json!({}))
        .await;
    assert_eq!(cancelled.status, StatusCode::OK);
    assert_eq!(tes.cancelled.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_full_answers_503_with_a_time_and_still_says_that_it_lives() {
    let (world, tes, token) = slow_with(|config| config.requests_at_once = 1).await;
    let busy = tokio::spawn({
        let (world, token) = (world.clone(), token.clone());
        async move { world.post(TASKS, Some(&token), &world.count(&["a-cohort.vcf"])).await }
    });
    let backend = tes.clone();
    world
        .within_five_seconds("the backend has the task", || {
            let got = backend.tasks.lock().unwrap().len() == 1;
            async move { got }
        })
        .await;
    let full = world.get(OBJECT, Some(&token)).await;
    assert_eq!(
        (full.status, full.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "gate.busy")
    );
    assert_eq!(full.headers["retry-after"], "2");
    assert_eq!(world.get("/healthz", None).await.status, StatusCode::OK);
    tes.answers.add_permits(1);
    assert_eq!(busy.await.unwrap().status, StatusCode::OK);
    assert_eq!(world.get(OBJECT, Some(&token)).await.status, StatusCode::OK);
}
