//! A backend that says RUNNING for ever, or nothing at all (E73): a capability ends at its time, and sleeps unconfirmed.
//! And who counts as the compute network (E61).

use std::{sync::atomic::Ordering, time::Duration};

use http::StatusCode;
use serde_json::json;

use crate::{
    between::{TASKS, door, door_with, slow, slow_with},
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

#[tokio::test(flavor = "multi_thread")]
async fn e61_a_compute_nodes_certificate_stands_in_the_place_of_its_network() {
    let (world, tes, token) = slow_with(|config| config.door.client_certificates = true).await;
    assert!(world.config.door_is_guarded());
    tes.answers.add_permits(1);
    let sent = world.post(TASKS, Some(&token), &world.count(&["a-cohort.vcf"])).await;
    assert_eq!(sent.status, StatusCode::OK, "{:?}", sent.bytes);
    let url = tes.capability().unwrap();
    let bare = door(&world, &url, 7).await;
    assert_eq!(bare.code(), "door.wrong_network", "{:?}", bare.bytes);
    assert_eq!(door_with(&world, &url, 7, true).await.status, StatusCode::OK);
    assert_eq!(
        door_with(&world, &url, 8, true).await.code(),
        "door.second_address",
        "it is pinned all the same"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e61_a_dataset_that_becomes_compute_only_is_not_served_at_an_open_door() {
    let (world, tes, token) = slow().await;
    tes.answers.add_permits(2);
    let sent = world.post(TASKS, Some(&token), &world.count(&["a-cohort.vcf"])).await;
    assert_eq!(sent.status, StatusCode::OK, "{:?}", sent.bytes);
    let url = tes.capability().unwrap();
    assert_eq!(door(&world, &url, 7).await.status, StatusCode::OK);
    world.publish(|snapshot| {
        for dataset in &mut snapshot.datasets {
            dataset.mode = policy_engine::snapshot::DatasetMode::ComputeOnly;
        }
        for service in &mut snapshot.services {
            service.secure_environment = true;
        }
        for sink in &mut snapshot.sinks {
            sink.secure = true;
        }
    });
    assert_eq!(door(&world, &url, 7).await.code(), "door.network_missing");
    let denied = world.post(TASKS, Some(&token), &world.count(&["a-cohort.vcf"])).await;
    assert_eq!(
        denied.code(),
        "door.network_missing",
        "no new capability either: {:?}",
        denied.bytes
    );
    assert_eq!(tes.tasks.lock().unwrap().len(), 1, "no backend heard of it");
}
