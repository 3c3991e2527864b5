//! A backend that says RUNNING for ever, or nothing at all (E73): a capability ends at its time, and sleeps unconfirmed.

use std::{sync::atomic::Ordering, time::Duration};

use http::StatusCode;
use serde_json::json;

use crate::{
    between::{TASKS, door, slow},
    world::World,
};

/// Puts the last word of the backend so many seconds back.
async fn aged(world: &World, seconds: i64) {
    let pool = sqlx::any::AnyPoolOptions::new()
        .max_connections(1)
        .connect(&world.config.database)
        .await
        .unwrap();
    sqlx::query("UPDATE works SET confirmed_at = confirmed_at - $1")
        .bind(seconds)
        .execute(&pool)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn e73_a_capability_ends_at_its_time_whatever_the_backend_says() {
    let (world, tes, token) = slow().await;
    tes.answers.add_permits(1);
    let mut task = world.count(&["a-cohort.vcf"]);
    task["tags"] = json!({"visum.walltime": "2"});
    let sent = world.post(TASKS, Some(&token), &task).await;
    assert_eq!(sent.status, StatusCode::OK, "{:?}", sent.bytes);
    let url = tes.capability().unwrap();
    assert_eq!(door(&world, &url, 7).await.status, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(
        door(&world, &url, 7).await.code(),
        "door.expired",
        "it says RUNNING all the same"
    );
    world
        .within_five_seconds("it is cancelled", || async {
            tes.cancelled.lock().unwrap().contains(&"b0".to_owned())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e73_a_capability_sleeps_while_the_backend_is_silent_for_ten_minutes_and_wakes_when_it_speaks() {
    let (world, tes, token) = slow().await;
    tes.answers.add_permits(1);
    let sent = world.post(TASKS, Some(&token), &world.count(&["a-cohort.vcf"])).await;
    assert_eq!(sent.status, StatusCode::OK, "{:?}", sent.bytes);
    let url = tes.capability().unwrap();
    tes.silent.store(true, Ordering::SeqCst);
    aged(&world, 590).await;
    assert_eq!(
        door(&world, &url, 7).await.status,
        StatusCode::OK,
        "not yet ten minutes"
    );
    aged(&world, 20).await;
    let asleep = door(&world, &url, 7).await;
    assert_eq!(asleep.status, StatusCode::FORBIDDEN, "{:?}", asleep.bytes);
    assert!(tes.cancelled.lock().unwrap().is_empty(), "it sleeps, it is not ended");
    tes.silent.store(false, Ordering::SeqCst);
    assert_eq!(door(&world, &url, 7).await.status, StatusCode::OK, "it wakes");
}
