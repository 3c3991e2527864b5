//! REMS as the committee's system: a small server answers in its published shapes, and grants follow.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, Request, StatusCode};
use passport_broker::Caller;
use passport_broker::rems::Rems;
use passport_broker::store::grants::Grant;
use policy_engine::decide::ClientKind;
use serde_json::{Value, json};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Secret;

use crate::world::{Browser, World, world_with};

const DATASET: &str = "https://data.example.org/b";
const URN: &str = "urn:nbn:fi:lb-2026112301";
/// The dataset's label lists it among its sources.
const SOURCE: &str = "https://foreign.example.org/dac";
const KEY: &str = "the node's key at REMS";

/// What REMS would say and was told.
#[derive(Default)]
struct There {
    entitlements: Mutex<Value>,
    down: Mutex<bool>,
    asked: Mutex<Vec<BTreeMap<String, String>>>,
    revoked: Mutex<Vec<Value>>,
}

fn known(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|got| got == value);
    is("x-rems-api-key", KEY) && is("x-rems-user-id", "visum")
}

async fn start() -> (Arc<There>, String) {
    let there = Arc::new(There::default());
    *there.entitlements.lock().unwrap() = json!([]);
    let router = Router::new()
        .route(
            "/rems/api/entitlements",
            get(
                async |State(there): State<Arc<There>>,
                       headers: HeaderMap,
                       Query(query): Query<BTreeMap<String, String>>| {
                    if !known(&headers) {
                        return (StatusCode::UNAUTHORIZED, Json(json!("unauthorized")));
                    }
                    if *there.down.lock().unwrap() {
                        return (StatusCode::BAD_GATEWAY, Json(json!([])));
                    }
                    there.asked.lock().unwrap().push(query);
                    (StatusCode::OK, Json(there.entitlements.lock().unwrap().clone()))
                },
            ),
        )
        .route(
            "/rems/api/applications/revoke",
            post(
                async |State(there): State<Arc<There>>, headers: HeaderMap, Json(body): Json<Value>| {
                    let success = known(&headers);
                    there.revoked.lock().unwrap().push(body);
                    Json(json!({ "success": success }))
                },
            ),
        )
        .with_state(there.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/rems/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (there, url)
}

/// As `/api/entitlements` writes one.
fn entitlement(application: u64, resource: &str, user: &str, end: Value) -> Value {
    json!({
        "resource": resource,
        "user": { "userid": user, "name": "Somebody", "email": "somebody@example.org" },
        "application-id": application,
        "start": "2026-01-02T03:04:05.678Z",
        "end": end,
        "mail": "somebody@example.org",
    })
}

async fn world() -> (World, Arc<There>) {
    let (there, url) = start().await;
    let world = world_with(
        |all, home| {
            let dan = VisaIdentity::new(home.issuer.parse().unwrap(), "sub-dan".parse().unwrap());
            let seat = json!({ "person": dan.to_string(), "role": { "committee": "https://uni.example.org/dac" },
                "until": "2030-01-01T00:00:00Z" });
            all.roles.push(serde_json::from_value(seat).unwrap());
        },
        false,
        |config, home| {
            config.rems = vec![Rems {
                name: "csc".to_owned(),
                url: url.parse().unwrap(),
                user_id: "visum".to_owned(),
                api_key: Secret::from(KEY.to_owned()),
                identities: home.issuer.parse().unwrap(),
                source: SOURCE.to_owned(),
                resources: [
                    (URN.to_owned(), "B".to_owned()),
                    ("https://rems.example.org/x".to_owned(), "none".to_owned()),
                ]
                .into_iter()
                .collect(),
                life: Duration::from_secs(90 * 86_400),
                revoke_there: true,
            }];
        },
    )
    .await;
    (world, there)
}

/// REMS pushes; what it pushes is not believed, and makes us ask.
async fn pushed(world: &World, way: &str, body: &Value) -> StatusCode {
    let request = Request::post(format!("/visum/v1/rems/{way}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    world.send(request).await.status
}

async fn live(world: &World) -> Vec<Grant> {
    let grants: Vec<Grant> = world.broker.live().await.unwrap();
    grants.into_iter().filter(|grant| grant.elsewhere.is_some()).collect()
}

/// Dan of the dataset's committee, with a second factor just now.
async fn dan(world: &World) -> Caller {
    let page = Browser::default().follow(world, "/account?login_hint=dan").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let login = VisaIdentity::new(world.home.issuer.parse().unwrap(), "sub-dan".parse().unwrap());
    let person = world.broker.person_of(&login).await.unwrap().unwrap();
    let now = world.broker.now();
    Caller {
        identity: world.broker.identity_of(&person).unwrap(),
        person,
        login: Some(login),
        client: "visum-cli".to_owned(),
        client_kind: ClientKind::Cli,
        scope: vec!["openid".to_owned(), "visum:admin".to_owned()],
        auth_time: Some(now),
        acr: None,
        amr: vec!["mfa".to_owned()],
        assurance: 2,
        expires: now.plus(Duration::from_secs(300)),
        jti: "of-a-test".to_owned(),
        token_digest: [7; 32],
        address: None,
    }
}

fn say(there: &There, all: &[Value]) {
    *there.entitlements.lock().unwrap() = json!(all);
}

#[tokio::test]
async fn entitlements_become_grants_and_end_with_them() {
    let (world, there) = world().await;
    let forever = entitlement(7, URN, "sub-of-ada", Value::Null);
    say(
        &there,
        &[
            forever.clone(),
            entitlement(8, "urn:not:mapped", "sub-of-ada", Value::Null),
            entitlement(9, "https://rems.example.org/x", "sub-of-ada", Value::Null),
            entitlement(10, URN, "sub-of-dan", json!("2020-01-01T00:00:00.000Z")),
        ],
    );
    // a push that lies gives nothing that REMS itself does not say
    let lie =
        json!([{ "application": 99, "resource": URN, "user": "sub-of-eve", "mail": "e@example.org", "end": null }]);
    assert_eq!(pushed(&world, "csc/add", &lie).await, StatusCode::NO_CONTENT);
    assert_eq!(pushed(&world, "other/add", &lie).await, StatusCode::NOT_FOUND);
    let grants = live(&world).await;
    let [grant] = grants.as_slice() else {
        panic!("{grants:?}")
    };
    assert_eq!(
        (
            grant.dataset.as_str(),
            grant.source.as_str(),
            grant.to.sub.as_str(),
            grant.to.iss.as_str()
        ),
        (DATASET, SOURCE, "sub-of-ada", world.home.issuer.as_str())
    );
    assert_eq!(grant.until, world.broker.now().plus(Duration::from_secs(90 * 86_400)));
    assert_eq!(there.asked.lock().unwrap()[0]["expired"], "false");
    let issued = |world: &World| world.events().iter().filter(|kind| *kind == "grant.issue").count();
    assert_eq!(issued(&world), 1, "on record");
    pushed(&world, "csc/add", &lie).await;
    assert_eq!(issued(&world), 1, "what is known is not written again");

    // REMS down, or not to be read: nothing changes
    *there.down.lock().unwrap() = true;
    pushed(&world, "csc/remove", &lie).await;
    *there.down.lock().unwrap() = false;
    *there.entitlements.lock().unwrap() = json!({ "error": "busy" });
    pushed(&world, "csc/remove", &lie).await;
    assert_eq!(live(&world).await.len(), 1);

    // taken back there, and given again
    say(&there, &[]);
    pushed(&world, "csc/remove", &lie).await;
    assert!(live(&world).await.is_empty());
    assert!(world.events().contains(&"grant.revoke".to_owned()));
    say(&there, std::slice::from_ref(&forever));
    pushed(&world, "csc/add", &lie).await;
    assert_eq!(live(&world).await.len(), 1, "what ended there may come again");

    // an end is set there; without a push the next round takes it
    say(
        &there,
        &[entitlement(7, URN, "sub-of-ada", json!("2026-12-01T00:00:00.000Z"))],
    );
    world.broker.do_chores().await;
    let grants = live(&world).await;
    assert_eq!(grants[0].until.to_string(), "2026-12-01T00:00:00Z");
    assert!(there.revoked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_revoked_here_is_revoked_there_and_does_not_come_again() {
    let (world, there) = world().await;
    let forever = entitlement(7, URN, "sub-of-ada", Value::Null);
    say(&there, std::slice::from_ref(&forever));
    world.broker.do_chores().await;
    let grants = live(&world).await;
    let [grant] = grants.as_slice() else {
        panic!("{grants:?}")
    };
    let dan = dan(&world).await;
    let revoked = passport_broker::committee::revoke(&world.broker, &dan, &grant.id, "they left").await;
    assert!(revoked.is_ok(), "{revoked:?}");
    assert!(live(&world).await.is_empty());

    // REMS is down: it is asked again, and the grant stays ended here meanwhile
    *there.down.lock().unwrap() = true;
    pushed(&world, "csc/add", &json!([])).await;
    assert!(there.revoked.lock().unwrap().is_empty());
    *there.down.lock().unwrap() = false;
    pushed(&world, "csc/add", &json!([])).await;
    assert_eq!(
        *there.revoked.lock().unwrap(),
        [json!({ "application-id": 7, "comment": "The grant was revoked at the node that holds the data." })]
    );
    assert!(
        live(&world).await.is_empty(),
        "what was taken back here does not come again"
    );

    // once REMS has ended it there is nothing more to say; a new entitlement is another one
    say(&there, &[entitlement(8, URN, "sub-of-ada", Value::Null)]);
    pushed(&world, "csc/add", &json!([])).await;
    assert_eq!(there.revoked.lock().unwrap().len(), 1);
    assert_eq!(live(&world).await.len(), 1);
}

#[tokio::test]
async fn a_dataset_follows_a_rems_that_its_label_names_and_no_other() {
    let (there, url) = start().await;
    let world = world_with(
        |_, _| {},
        false,
        |config, home| {
            let rems = |name: &str, source: &str, key: &str| Rems {
                name: name.to_owned(),
                url: url.parse().unwrap(),
                user_id: "visum".to_owned(),
                api_key: Secret::from(key.to_owned()),
                identities: home.issuer.parse().unwrap(),
                source: source.to_owned(),
                resources: [(URN.to_owned(), DATASET.to_owned())].into_iter().collect(),
                life: Duration::from_secs(86_400),
                revoke_there: false,
            };
            config.rems = vec![
                rems("stranger", "https://stranger.example.org", KEY),
                rems("wrong-key", SOURCE, "another key"),
            ];
        },
    )
    .await;
    say(&there, &[entitlement(7, URN, "sub-of-ada", Value::Null)]);
    world.broker.do_chores().await;
    assert!(live(&world).await.is_empty());
    assert_eq!(
        there.asked.lock().unwrap().len(),
        1,
        "the one with the right key was answered"
    );
}
