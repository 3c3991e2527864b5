//! What is tried is counted before it is answered; what may not be known is answered as what is not there.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use audit_log::EventType;
use futures::{FutureExt, future::BoxFuture};
use http::StatusCode;
use serde_json::{Value, json};
use tes_proxy::{Counted, Tried, Tries, TriesError};
use url::Url;

use crate::{
    broker::DIGEST,
    world::{A, C, World},
};

/// A counter in memory, which can break.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) tried: Mutex<Vec<Tried>>,
    pub(crate) broken: Mutex<bool>,
}

impl Tries for Counting {
    fn tried(&self, tried: Tried) -> BoxFuture<'_, Result<Vec<Counted>, TriesError>> {
        if *self.broken.lock().unwrap_or_else(PoisonError::into_inner) {
            return async { Err(TriesError::Down("broken".to_owned())) }.boxed();
        }
        let counted = tried.datasets.iter().map(|dataset| Counted {
            dataset: dataset.clone(),
            purposes_in_24_hours: 1,
        });
        let counted: Vec<Counted> = counted.collect();
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).push(tried);
        async { Ok(counted) }.boxed()
    }

    fn at_length<'t>(&'t self, _: &'t str) -> BoxFuture<'t, Result<Option<Duration>, TriesError>> {
        async { Ok(None) }.boxed()
    }
}

const HIDDEN: &str = "https://data.example.org/b";
const NONE: &str = "https://data.example.org/x";

fn purpose() -> Value {
    json!({"categories": ["biomedical"], "commercial": false})
}

/// An answer without what is of this request alone: its id, its moment, and the name that it asked about.
fn alike(answer: &Value, name: &str) -> String {
    let mut answer = answer.clone();
    for member in ["decision_id", "valid_until", "at", "snapshot_published"] {
        answer.as_object_mut().unwrap().remove(member);
    }
    answer.to_string().replace(name, "NAME")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_known_is_answered_recorded_and_counted_as_what_is_not_there() {
    type Ask = fn(&str) -> Value;
    let doors: [(&str, Ask); 5] = [
        ("explain", |id| json!({"dataset": id, "purpose": purpose()})),
        (
            "explain?explain=full",
            |id| json!({"dataset": id, "purpose": purpose()}),
        ),
        ("can-i", |id| json!({"datasets": [id], "purpose": purpose()})),
        (
            "can-i?explain=full",
            |id| json!({"datasets": [id, A], "purpose": purpose()}),
        ),
        ("can-i", |id| json!({"datasets": [id, A], "images": ["a:1"]})),
    ];
    let mut seen = Vec::new();
    for id in [HIDDEN, NONE] {
        // a node for each, so that equal denials are not counted together
        let world = World::new().await;
        let token = world.broker.token("ada");
        let mut answers = Vec::new();
        for (door, body) in doors {
            let answer = world.post(&format!("/visum/v1/{door}"), Some(&token), &body(id)).await;
            assert_eq!(answer.status, StatusCode::OK, "{door}: {:?}", answer.bytes);
            let answer = answer.json();
            assert!(answer["code"].is_string(), "{answer}");
            let tried: Vec<Vec<String>> = {
                let all = world.counting.tried.lock().unwrap();
                all.iter().map(|tried| tried.datasets.clone()).collect()
            };
            answers.push((alike(&answer, id), world.events(EventType::Decision).len(), tried));
        }
        seen.push(answers);
        // A purpose alone names what may be known and nothing else.
        let which = world
            .post("/visum/v1/can-i", Some(&token), &json!({"purpose": purpose()}))
            .await
            .json();
        assert_eq!(which["datasets"].as_array().unwrap().len(), 3, "{which}");
        assert!(!which.to_string().contains(HIDDEN), "{which}");
    }
    assert_eq!(seen[0], seen[1]);
    let counted: Vec<String> = seen[0].iter().flat_map(|(_, _, tried)| tried.concat()).collect();
    assert!(
        counted.contains(&A.to_owned()) && !counted.contains(&HIDDEN.to_owned()),
        "{counted:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_counted_is_not_answered() {
    let world = World::new().await;
    let token = world.broker.token("ada");
    let body = json!({"dataset": C, "purpose": purpose()});
    assert_eq!(
        world.post("/visum/v1/explain", Some(&token), &body).await.status,
        StatusCode::OK
    );
    *world.counting.broken.lock().unwrap() = true;
    let answer = world.post("/visum/v1/explain", Some(&token), &body).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "explain.uncounted")
    );
    let unwired = world.again().await;
    let router = tes_proxy::router(unwired);
    let request = http::Request::post("/visum/v1/can-i")
        .header("host", "127.0.0.1:8081")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(axum::body::Body::from(
            json!({"datasets": [C], "purpose": purpose()}).to_string(),
        ))
        .unwrap();
    let answer = crate::world::whole(tower::ServiceExt::oneshot(router, request).await.unwrap()).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "explain.uncounted")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_by_tag_is_answered_with_its_digest_where_a_registry_of_the_node_knows_it() {
    let world = World::with(|config| {
        config.registries = vec![(
            "registry.example.org".to_owned(),
            Url::parse("https://registry.example.org/").unwrap(),
        )];
    })
    .await;
    let token = world.broker.token("ada");
    let images = [
        "registry.example.org/tools/count:1.2",
        "registry.example.org/tools/other:1",
        "elsewhere.example.net/tools/count:1.2",
    ];
    let answer = world
        .post(
            "/visum/v1/can-i",
            Some(&token),
            &json!({"datasets": [A], "images": images}),
        )
        .await
        .json();
    let told = |at: usize| &answer["images"][at];
    assert_eq!(
        told(0)["by_digest"],
        format!("registry.example.org/tools/count@{DIGEST}"),
        "{answer}"
    );
    for at in [1, 2] {
        assert_eq!(told(at)["by_digest"], Value::Null, "{answer}");
        assert!(
            told(at)["sentence"].as_str().unwrap().contains("nobody here knows"),
            "{answer}"
        );
    }
    // Named so, it is no fault any more.
    let pinned = json!({"datasets": [A], "images": [told(0)["by_digest"]]});
    let again = world.post("/visum/v1/can-i", Some(&token), &pinned).await.json();
    let said = |answer: &Value| answer["reasons"].to_string().contains("policy.image_not_pinned");
    assert!(said(&answer) && !said(&again), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_is_there_after_a_restart_for_its_owner_alone() {
    let world = World::new().await;
    let (ada, ben) = (world.broker.token("ada"), world.broker.token("ben"));
    let told = world
        .post("/visum/v1/explain", Some(&ada), &json!({"dataset": C}))
        .await
        .json();
    let path = format!("/visum/v1/decisions/{}", told["decision_id"].as_str().unwrap());
    let other = world.again().await;
    let ask = |token: &str| {
        let router = tes_proxy::router(other.clone());
        let request = http::Request::get(&path)
            .header("host", "127.0.0.1:8081")
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty())
            .unwrap();
        async move { crate::world::whole(tower::ServiceExt::oneshot(router, request).await.unwrap()).await }
    };
    world
        .within_five_seconds("the page is kept", async || ask(&ada).await.status == StatusCode::OK)
        .await;
    assert_eq!(ask(&ada).await.json(), told);
    assert_eq!(ask(&ben).await.status, StatusCode::NOT_FOUND);
}
