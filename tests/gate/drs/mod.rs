//! Ways around the gate: naming objects and reading them.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get as route,
};
use serde_json::{Value, json};
use tests::{
    house::{CONSENT_SERVICE, DATASET, House, Wants},
    outside::{Answer, get, post, read},
};

mod bulk;
mod bundles;
mod bytes;
mod objects;

/// A DRS whose objects are bundles of each other, with one member that hardly anybody may know of.
#[derive(Clone, Debug)]
struct Fake {
    address: String,
    /// What was asked for, in order.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    async fn start() -> Self {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let router = Router::new()
            .route("/ga4gh/drs/v1/objects/{id}", route(one))
            .with_state(Arc::clone(&asked));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked }
    }

    /// What was asked for since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

type Asked = Arc<Mutex<Vec<String>>>;

async fn one(State(asked): State<Asked>, Path(id): Path<String>) -> Response {
    let before = {
        let mut asked = asked.lock().unwrap();
        asked.push(id.clone());
        asked.iter().filter(|one| **one == id).count() - 1
    };
    let sum = |letter: &str| json!([{ "type": "sha-256", "checksum": letter.repeat(64) }]);
    let member =
        |id: &str| json!({ "name": format!("{id}.name"), "id": id, "drs_uri": [format!("drs://127.0.0.1:9/{id}")] });
    let of = |members: Vec<Value>| {
        json!({ "id": id, "self_uri": format!("drs://drs.inner.example/{id}"), "size": 1000,
            "created_time": "2026-01-01T00:00:00Z", "checksums": sum("f"), "contents": members,
            "secret_note": "of the backend" })
    };
    let bundle = |members: &[&str]| of(members.iter().map(|id| member(id)).collect());
    let blob = |size: u64, kind: &str| {
        json!({ "id": id, "size": size, "created_time": "2026-01-01T00:00:00Z",
            "checksums": [{ "type": kind, "checksum": "a".repeat(32) }],
            "access_methods": [{ "type": "s3", "access_url": { "url": "s3://inner-bucket/x" } }] })
    };
    let found = match id.as_str() {
        "bundle" => bundle(&["shown-1", "hidden-1", "inner"]),
        "inner" => bundle(&["shown-2", "hidden-1"]),
        "whole" => bundle(&["shown-1", "shown-2"]),
        "loop" => bundle(&["loop-2"]),
        "loop-2" => bundle(&["loop"]),
        "ruined" => bundle(&["shown-1", "broken", "later", "shown-2"]),
        // only what nobody sees is broken, endless, or without a checksum of the usual kind
        "mixed" => bundle(&["shown-1", "hidden-loop", "hidden-1"]),
        "hidden-loop" => bundle(&["mixed"]),
        // another bundle each time
        "turning" if before % 2 == 0 => bundle(&["shown-1"]),
        "turning" => bundle(&["hidden-1"]),
        "worldwide" => of(vec![
            json!({ "name": "elsewhere", "id": "far-1", "drs_uri": ["drs://drs.example.net/far-1", "drs://dg.4503:far-1"] }),
            json!({ "name": "anonymous", "drs_uri": ["drs://drs.example.net/far-2"] }),
            json!({ "name": "ours", "id": "shown-1", "drs_uri": ["drs://drs.inner.example/shown-1", "drs://mirror.example.net/m1"] }),
            json!({ "name": "ours by its address", "drs_uri": ["drs://DRS.inner.example:8443/shown-2"] }),
            json!({ "name": "hidden by its address", "drs_uri": ["drs://drs.inner.example/hidden-1"] }),
            json!({ "name": "hidden behind another name", "id": "shown-1", "drs_uri": ["drs://127.0.0.1/hidden-1"] }),
            json!({ "name": "hidden, with a mirror", "id": "hidden-1", "drs_uri": ["drs://mirror.example.net/h1"] }),
            json!({ "name": "a bucket", "id": "odd", "drs_uri": ["s3://inner-bucket/x"] }),
            json!({ "name": "nothing" }),
        ]),
        "wide" => of((0..10_001)
            .map(|at| json!({ "name": at.to_string(), "id": format!("x-{at}") }))
            .collect()),
        "broken" => return (StatusCode::INTERNAL_SERVER_ERROR, "inner words").into_response(),
        "busy" => return (StatusCode::SERVICE_UNAVAILABLE, "inner words").into_response(),
        "later" => return (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "7")]).into_response(),
        "shown-1" | "dg.4503/slash-1" => blob(10, "sha-256"),
        "shown-2" => blob(5, "md5"),
        "hidden-1" => blob(985, "md5"),
        deep => match deep.strip_prefix("deep-").and_then(|at| at.parse::<u32>().ok()) {
            Some(at) => bundle(&[&format!("deep-{}", at + 1)]),
            None => return StatusCode::NOT_FOUND.into_response(),
        },
    };
    Json(found).into_response()
}

const HIDDEN: &str = "https://data.example.org/datasets/hidden";
/// Of the dataset that everybody may know.
const SHOWN: [&str; 16] = [
    "bundle",
    "inner",
    "whole",
    "loop",
    "loop-2",
    "ruined",
    "mixed",
    "turning",
    "worldwide",
    "wide",
    "shown-1",
    "shown-2",
    "broken",
    "busy",
    "later",
    "alias-1",
];

fn with_bundles(facts: &mut Value) {
    let mut hidden = facts["datasets"][0].clone();
    hidden["consent"]["id"] = json!(HIDDEN);
    hidden["short_name"] = json!("h");
    hidden["discoverable"] = json!(false);
    facts["datasets"].as_array_mut().unwrap().push(hidden);
    let objects = facts["objects"].as_array_mut().unwrap();
    let mut add = |id: &str, dataset: &str, urls: Value| {
        objects.push(json!({ "id": id, "dataset": dataset, "participants": [], "urls": urls }));
    };
    for id in SHOWN {
        let urls = match id {
            // one file by two names
            "shown-1" | "alias-1" => json!(["s3://cohort-bucket/one-file"]),
            _ => json!([]),
        };
        add(id, DATASET, urls);
    }
    add("dg.4503/slash-1", DATASET, json!([]));
    for at in 0..20 {
        add(&format!("deep-{at}"), DATASET, json!([]));
    }
    for id in ["hidden-1", "hidden-loop"] {
        add(id, HIDDEN, json!([]));
    }
}

async fn house_of(fake: &Fake) -> House {
    House::start(Wants {
        drs: Some(fake.address.clone()),
        facts: Some(with_bundles),
        ..Wants::default()
    })
    .await
}

async fn house() -> House {
    house_of(&Fake::start().await).await
}

fn url(house: &House, path: &str) -> String {
    format!("{}/ga4gh/drs/v1/{path}", house.node.at.proxy)
}

/// An answer without what differs from one request to the next.
fn told(answer: &Answer) -> Value {
    let mut body = answer.json();
    if let Some(body) = body.as_object_mut() {
        for name in ["request_id", "decision_id"] {
            body.remove(name);
        }
    }
    json!({ "status": answer.status, "body": body })
}

fn names(answer: &Answer, pointer: &str) -> Vec<String> {
    let body = answer.json();
    let rows = body.pointer(pointer).and_then(Value::as_array);
    rows.into_iter()
        .flatten()
        .filter_map(|row| row["id"].as_str().map(str::to_owned))
        .collect()
}

/// The events of a kind so far, as the auditor reads them.
async fn events(house: &House, noor: &str, kind: &str) -> Vec<Value> {
    let page = get(
        &house.broker(&format!("/visum/v1/admin/audit/events?type={kind}&limit=1000")),
        Some(noor),
    )
    .await;
    assert_eq!(page.status, 200, "{}", page.text());
    let body = page.json();
    let rows = body["events"].as_array().or_else(|| body.as_array());
    rows.expect("events").clone()
}

/// A hold by the consent service. Gives its id.
async fn hold(house: &House, scope: &str, target: &str) -> String {
    let request = tests::outside::client()
        .post(house.broker("/token"))
        .basic_auth(
            CONSENT_SERVICE.0.replace(' ', "+"),
            Some(CONSENT_SERVICE.1.replace(' ', "+").replace('\'', "%27")),
        )
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials&scope=visum:consent");
    let token = read(request.send().await.unwrap()).await.json();
    let service = token["access_token"].as_str().expect("a token of the consent service");
    let hold =
        json!({ "dataset": DATASET, "kind": "withdrawn", "scope": scope, "target": target, "reason": "taken back" });
    let placed = post(&house.broker("/visum/v1/consent/holds"), Some(service), &hold).await;
    assert_eq!(placed.status, 201, "{}", placed.text());
    placed.json()["hold"]["id"].as_str().unwrap().to_owned()
}
