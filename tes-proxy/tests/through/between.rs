//! Between decision and effect (`apis.md` 10.3, E72), and the storage door (E61 to E63).

use std::{net::SocketAddr, sync::Arc};

use axum::{body::Body, extract::ConnectInfo};
use http::{Request, StatusCode};
use tower::ServiceExt;
use visa_verifier::seam::{Clock, SystemClock};

use crate::{
    slow::SlowTes,
    world::{A, Answer, World, whole, withdrawal},
};

pub(crate) const TASKS: &str = "/ga4gh/tes/v1/tasks";

pub(crate) async fn slow() -> (Arc<World>, SlowTes, String) {
    slow_with(|_| {}).await
}

/// The same, with other settings.
pub(crate) async fn slow_with(change: impl FnOnce(&mut tes_proxy::Config)) -> (Arc<World>, SlowTes, String) {
    let tes = SlowTes::start().await;
    let base = format!("http://{}/ga4gh/tes/v1", tes.address);
    let world = World::with(|config| {
        for mount in &mut config.tes {
            mount.backend.base = base.parse().unwrap();
        }
        change(config);
    })
    .await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let token = world.broker.token("ada");
    (Arc::new(world), tes, token)
}

pub(crate) fn withdraw(world: &World) {
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
}

/// Uses a capability at the door, from an address.
pub(crate) async fn door(world: &World, url: &str, last: u8) -> Answer {
    door_with(world, url, last, false).await
}

/// The same, on a connection that showed a compute node's certificate.
pub(crate) async fn door_with(world: &World, url: &str, last: u8, certified: bool) -> Answer {
    let path = url
        .strip_prefix(world.config.door_url.as_str().trim_end_matches('/'))
        .unwrap();
    let host = format!("127.0.0.1:{}", world.config.door_url.port().unwrap());
    let mut request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
    request
        .extensions_mut()
        .insert(ConnectInfo(SocketAddr::from(([127, 0, 0, last], 5_000))));
    if certified {
        request.extensions_mut().insert(tes_proxy::Certified);
    }
    whole(
        tes_proxy::storage_router(world.proxy.clone())
            .oneshot(request)
            .await
            .unwrap(),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn e72_a_task_whose_consent_goes_while_it_is_submitted_is_cancelled_when_the_answer_comes() {
    let (world, tes, token) = slow().await;
    let (asking, task) = (Arc::clone(&world), world.count(&["a-cohort.vcf"]));
    let post = tokio::spawn(async move { asking.post(TASKS, Some(&token), &task).await.status });
    world
        .within_five_seconds("the backend has the task", || async { tes.capability().is_some() })
        .await;
    withdraw(&world);
    world.proxy.sweep().await;
    assert!(tes.cancelled.lock().unwrap().is_empty(), "its id is not known yet");
    tes.answers.add_permits(1);
    assert_eq!(post.await.unwrap(), StatusCode::OK);
    world
        .within_five_seconds("it is cancelled", || async {
            tes.cancelled.lock().unwrap().contains(&"b0".to_owned())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e72_a_capability_waits_while_its_task_is_submitted_and_opens_when_it_is_queued() {
    let (world, tes, token) = slow().await;
    let (asking, task) = (Arc::clone(&world), world.count(&["a-cohort.vcf"]));
    let post = tokio::spawn(async move { asking.post(TASKS, Some(&token), &task).await.status });
    world
        .within_five_seconds("the backend has the task", || async { tes.capability().is_some() })
        .await;
    let url = tes.capability().unwrap();
    let (early, reader) = (Arc::clone(&world), url.clone());
    let read = tokio::spawn(async move { door(&early, &reader, 7).await.status });
    tokio::task::yield_now().await;
    assert!(!read.is_finished(), "it sleeps");
    tes.answers.add_permits(1);
    assert_eq!(post.await.unwrap(), StatusCode::OK);
    assert_eq!(read.await.unwrap(), StatusCode::OK);
    // e61: the public listener does not know it
    let sealed = url.rsplit('/').next().unwrap();
    assert_eq!(
        world.get(&format!("/visum/data/{sealed}"), None).await.code(),
        "capability.invalid"
    );
    // e62: a second address ends it, for the first one too
    assert_eq!(door(&world, &url, 8).await.code(), "door.second_address");
    assert_eq!(door(&world, &url, 7).await.code(), "door.ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn e51_a_capability_ends_with_its_consent_and_with_its_task() {
    let (world, tes, token) = slow().await;
    tes.answers.add_permits(2);
    for _ in 0..2 {
        assert_eq!(
            world
                .post(TASKS, Some(&token), &world.count(&["a-cohort.vcf"]))
                .await
                .status,
            StatusCode::OK
        );
    }
    let url = |at: usize| {
        tes.tasks.lock().unwrap()[at]["inputs"][0]["url"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(door(&world, &url(0), 7).await.status, StatusCode::OK);
    withdraw(&world);
    let after = door(&world, &url(1), 7).await;
    assert_eq!(after.status, StatusCode::FORBIDDEN, "{:?}", after.bytes);
    world
        .within_five_seconds("both are cancelled", || async {
            tes.cancelled.lock().unwrap().len() == 2
        })
        .await;
    assert_eq!(door(&world, &url(0), 7).await.code(), "door.ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn e72_after_a_restart_a_task_that_was_being_submitted_is_adopted() {
    let (world, tes, token) = slow().await;
    let (asking, task, owner) = (Arc::clone(&world), world.count(&["a-cohort.vcf"]), token.clone());
    let post = tokio::spawn(async move { asking.post(TASKS, Some(&owner), &task).await.status });
    world
        .within_five_seconds("the backend has the task", || async { tes.capability().is_some() })
        .await;
    // the process dies between POST and answer; another one opens the same index
    post.abort();
    let again = world.again().await;
    let _chores = again.start_chores();
    let url = tes.capability().unwrap();
    world
        .within_five_seconds("it is adopted, and its capability opens", || async {
            door(&world, &url, 7).await.status == StatusCode::OK
        })
        .await;
    assert_eq!(
        world.get(TASKS, Some(&token)).await.json()["tasks"][0]["state"],
        "RUNNING"
    );
    withdraw(&world);
    world
        .within_five_seconds("it is judged as before", || async {
            !tes.cancelled.lock().unwrap().is_empty()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e72_of_several_backends_the_one_that_it_was_sent_to_is_asked_for_it_after_a_restart() {
    let other = SlowTes::start().await;
    let base = format!("http://{}/ga4gh/tes/v1", other.address);
    let (world, tes, token) = slow_with(|config| {
        let mut first = config.tes[0].clone();
        first.name = "first".to_owned();
        first.backend.base = base.parse().unwrap();
        first.may_hold = Some(Vec::new().try_into().unwrap());
        config.tes.insert(0, first);
    })
    .await;
    let (asking, task) = (Arc::clone(&world), world.count(&["a-cohort.vcf"]));
    let post = tokio::spawn(async move { asking.post(TASKS, Some(&token), &task).await.status });
    world
        .within_five_seconds("the backend has the task", || async { tes.capability().is_some() })
        .await;
    post.abort();
    let again = world.again().await;
    let _chores = again.start_chores();
    let url = tes.capability().unwrap();
    world
        .within_five_seconds("it is adopted, and its capability opens", || async {
            door(&world, &url, 7).await.status == StatusCode::OK
        })
        .await;
    withdraw(&world);
    world
        .within_five_seconds("it is cancelled where it is", || async {
            !tes.cancelled.lock().unwrap().is_empty()
        })
        .await;
    assert!(other.cancelled.lock().unwrap().is_empty() && other.tasks.lock().unwrap().is_empty());
}
