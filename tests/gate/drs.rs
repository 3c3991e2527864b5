//! Ways around the gate: naming objects and reading them.

use axum::{Json, Router, extract::Path, http::StatusCode, routing::get as route};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    demo::Demo,
    house::{DATASET, House, Wants},
    outside::{self, Answer, get, post},
};

/// A DRS whose objects are bundles of each other, with one member that hardly anybody may know of.
async fn bundles() -> String {
    let one = |Path(id): Path<String>| async move {
        let sum = |letter: &str| json!([{ "type": "sha-256", "checksum": letter.repeat(64) }]);
        let member =
            |id: &str| json!({ "name": format!("{id}.name"), "id": id, "drs_uri": ["drs://backend.example.net/x"] });
        let bundle = |members: &[&str]| {
            json!({ "id": id, "size": 1000, "created_time": "2026-01-01T00:00:00Z", "checksums": sum("f"),
                "contents": members.iter().map(|id| member(id)).collect::<Vec<_>>(), "secret_note": "of the backend" })
        };
        let blob = |size: u64, letter: &str| {
            json!({ "id": id, "size": size, "created_time": "2026-01-01T00:00:00Z", "checksums": sum(letter),
                "access_methods": [{ "type": "s3", "access_url": { "url": "s3://inner-bucket/x" } }] })
        };
        let found = match id.as_str() {
            "bundle" => bundle(&["shown-1", "hidden-1", "inner"]),
            "inner" => bundle(&["shown-2", "hidden-1"]),
            "whole" => bundle(&["shown-1", "shown-2"]),
            "loop" => bundle(&["loop-2"]),
            "loop-2" => bundle(&["loop"]),
            "shown-1" => blob(10, "a"),
            "shown-2" => blob(5, "b"),
            "hidden-1" => blob(985, "c"),
            _ => return Err(StatusCode::NOT_FOUND),
        };
        Ok(Json(found))
    };
    let router = Router::new().route("/ga4gh/drs/v1/objects/{id}", route(one));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

const HIDDEN: &str = "https://data.example.org/datasets/hidden";

fn with_bundles(facts: &mut Value) {
    let mut hidden = facts["datasets"][0].clone();
    hidden["consent"]["id"] = json!(HIDDEN);
    hidden["short_name"] = json!("h");
    hidden["discoverable"] = json!(false);
    facts["datasets"].as_array_mut().unwrap().push(hidden);
    let objects = facts["objects"].as_array_mut().unwrap();
    for id in [
        "bundle", "inner", "whole", "loop", "loop-2", "shown-1", "shown-2", "hidden-1",
    ] {
        let dataset = if id == "hidden-1" { HIDDEN } else { DATASET };
        objects.push(json!({ "id": id, "dataset": dataset, "urls": [] }));
    }
}

async fn house() -> House {
    let drs = Some(bundles().await);
    House::start(Wants {
        drs,
        facts: Some(with_bundles),
        ..Wants::default()
    })
    .await
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

#[tokio::test(flavor = "multi_thread")]
async fn e16_a_bundle_shows_what_the_caller_may_know_and_sums_up_no_more_than_that() {
    let house = house().await;
    let ada = house.token("ada");
    let whole = get(&url(&house, "objects/whole"), Some(&ada)).await;
    assert_eq!(whole.status, 200, "{}", whole.text());
    assert_eq!(
        whole.json()["size"],
        1000,
        "all of it is shown, so the backend's own size is"
    );
    assert_eq!(names(&whole, "/contents"), ["shown-1", "shown-2"]);

    let part = get(&url(&house, "objects/bundle"), Some(&ada)).await;
    assert_eq!(part.status, 200, "{}", part.text());
    assert_eq!(names(&part, "/contents"), ["shown-1", "inner"]);
    assert_eq!(part.json()["size"], 15, "a size of what is shown: {}", part.text());
    for word in [
        "hidden",
        "fffff",
        "secret_note",
        "backend.example.net",
        "inner-bucket",
        "access_methods",
    ] {
        assert!(!part.text().contains(word), "{word}: {}", part.text());
    }
    for expand in ["true", "True", "TRUE"] {
        let all = get(&url(&house, &format!("objects/bundle?expand={expand}")), Some(&ada)).await;
        assert_eq!(names(&all, "/contents/1/contents"), ["shown-2"], "{}", all.text());
    }
    let none = get(&url(&house, "objects/bundle?expand=false"), Some(&ada)).await;
    assert!(none.json().pointer("/contents/1/contents").is_none(), "{}", none.text());
    let posted = post(&url(&house, "objects/bundle"), Some(&ada), &json!({ "expand": true })).await;
    assert_eq!(names(&posted, "/contents/1/contents"), ["shown-2"], "{}", posted.text());

    let endless = get(&url(&house, "objects/loop?expand=true"), Some(&ada)).await;
    assert_eq!((endless.status, endless.code().as_str()), (502, "backend.bundle"));
    // A permit on the bundle opens no byte of a member.
    for id in ["shown-1", "hidden-1"] {
        let bytes = get(&url(&house, &format!("objects/{id}/access/https")), Some(&ada)).await;
        assert!(matches!(bytes.status, 403 | 404), "{id}: {}", bytes.text());
    }
    let nobody = get(&url(&house, "objects/bundle"), None).await;
    assert_eq!(nobody.status, 401, "{}", nobody.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e56_what_is_hidden_answers_as_what_is_not_there_alone_in_bulk_and_by_options() {
    let house = house().await;
    let ada = house.token("ada");
    let asked = |id: &'static str| {
        let (house, ada) = (&house, ada.clone());
        async move {
            let mut all = Vec::new();
            for path in [format!("objects/{id}"), format!("objects/{id}/access/https")] {
                all.push(told(&get(&url(house, &path), Some(&ada)).await));
                all.push(told(&get(&url(house, &path), None).await));
            }
            all.push(told(
                &outside::send(Method::OPTIONS, &url(house, &format!("objects/{id}")), None, None).await,
            ));
            let bulk = json!({ "bulk_object_ids": [id] });
            all.push(told(&post(&url(house, "objects"), Some(&ada), &bulk).await));
            all.push(told(
                &outside::send(Method::OPTIONS, &url(house, "objects"), None, Some(&bulk)).await,
            ));
            let access = json!({ "bulk_object_access_ids": [{ "bulk_object_id": id, "bulk_access_ids": ["https"] }] });
            all.push(told(&post(&url(house, "objects/access"), Some(&ada), &access).await));
            serde_json::to_string(&all).unwrap().replace(id, "ID")
        }
    };
    assert_eq!(asked("hidden-1").await, asked("nothing1").await);

    let bulk = json!({ "bulk_object_ids": ["hidden-1", "shown-2", "nothing1", "shown-1", "shown-2"] });
    let some = post(&url(&house, "objects"), Some(&ada), &bulk).await;
    assert_eq!(some.status, 200, "{}", some.text());
    assert_eq!(
        names(&some, "/resolved_drs_object"),
        ["shown-2", "shown-1"],
        "in order, each once"
    );
    assert_eq!(
        some.json()["summary"],
        json!({ "requested": 4, "resolved": 2, "unresolved": 2 })
    );
    let unresolved = &some.json()["unresolved_drs_objects"];
    assert_eq!(
        unresolved[0]["object_ids"],
        json!(["hidden-1", "nothing1"]),
        "{unresolved}"
    );
    assert_eq!(unresolved[0]["error_code"], 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn e39_options_say_what_to_bring_and_open_nothing_and_head_is_decided_as_get() {
    let demo = Demo::start();
    let (base, ada) = (demo.fact("/proxy/drs"), demo.token("ada"));
    let way = outside::send(Method::OPTIONS, &format!("{base}/objects/a-cohort.vcf"), None, None).await;
    assert_eq!(way.status, 200, "{}", way.text());
    assert_eq!(way.json()["supported_types"], json!(["BearerAuth", "PassportAuth"]));
    assert_eq!(way.json()["drs_object_id"], "a-cohort.vcf");
    assert!(!way.text().contains("size"), "{}", way.text());
    for (id, token, status) in [
        ("a-cohort.vcf", Some(&ada), 200),
        ("nothing", Some(&ada), 404),
        ("nothing", None, 401),
    ] {
        let token = token.map(String::as_str);
        let head = outside::send(Method::HEAD, &format!("{base}/objects/{id}"), token, None).await;
        assert_eq!(head.status, status, "{id}");
        assert!(head.body.is_empty(), "{id}");
        assert_eq!(get(&format!("{base}/objects/{id}"), token).await.status, status, "{id}");
    }
    for (method, path) in [
        (Method::GET, "objects"),
        (Method::PUT, "objects/a-cohort.vcf"),
        (Method::OPTIONS, "service-info"),
    ] {
        let odd = outside::send(method.clone(), &format!("{base}/{path}"), Some(&ada), None).await;
        assert!(matches!(odd.status, 404 | 405), "{method} {path}: {}", odd.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e15_a_bulk_request_is_decided_one_by_one_and_bounded() {
    let demo = Demo::start();
    let (base, ada) = (demo.fact("/proxy/drs"), demo.token("ada"));
    let access = |ids: &[&str]| {
        let asked: Vec<Value> = ids
            .iter()
            .map(|id| json!({ "bulk_object_id": id, "bulk_access_ids": ["https"] }))
            .collect();
        json!({ "bulk_object_access_ids": asked })
    };
    let urls = format!("{base}/objects/access");
    let some = post(&urls, Some(&ada), &access(&["c-cohort.vcf", "a-cohort.vcf"])).await;
    assert_eq!(some.status, 200, "{}", some.text());
    let body = some.json();
    assert_eq!(
        body["summary"],
        json!({ "requested": 2, "resolved": 1, "unresolved": 1 })
    );
    assert_eq!(body["unresolved_drs_objects"][0]["error_code"], 403, "{body}");
    assert_eq!(body["unresolved_drs_objects"][0]["code"], "consent.approval_missing");
    let url = body["resolved_drs_object_access_urls"][0]["url"].as_str().unwrap();
    assert_eq!(get(url, None).await.status, 200, "a URL of ours that works");
    let denied = post(&urls, Some(&ada), &access(&["c-cohort.vcf", "d-cohort.vcf"])).await;
    assert_eq!(
        (denied.status, denied.json()["summary"]["resolved"].as_u64()),
        (200, Some(0))
    );
    assert_eq!(post(&urls, None, &access(&["a-cohort.vcf"])).await.status, 401);

    let passport = demo.passport("ada");
    let mut by_passport = access(&["a-cohort.vcf"]);
    by_passport["passports"] = json!([passport]);
    assert_eq!(post(&urls, None, &by_passport).await.json()["summary"]["resolved"], 1);

    let odd = json!({ "bulk_object_ids": ["a//b", "access", "a-cohort.vcf"] });
    let odd = post(&format!("{base}/objects"), Some(&ada), &odd).await.json();
    assert_eq!(odd["summary"]["resolved"], 1, "{odd}");
    let named = odd["unresolved_drs_objects"].to_string();
    assert!(
        named.contains("a//b") && named.contains("access"),
        "what is no id keeps its name: {odd}"
    );

    let many: Vec<String> = (0..101).map(|at| format!("x-{at}")).collect();
    let large = post(
        &format!("{base}/objects"),
        Some(&ada),
        &json!({ "bulk_object_ids": many }),
    )
    .await;
    assert_eq!((large.status, large.code().as_str()), (413, "request.too_many"));
    let info = get(&format!("{base}/service-info"), None).await.json();
    assert_eq!(
        (&info["maxBulkRequestLength"], &info["drs"]["maxBulkRequestLength"]),
        (&json!(100), &json!(100))
    );
    for odd in [
        json!({ "bulk_object_ids": "a-cohort.vcf" }),
        json!({ "bulk_object_ids": ["a-cohort.vcf"], "expand": true }),
        json!({ "bulk_object_ids": [null] }),
        json!({}),
    ] {
        let refused = post(&format!("{base}/objects"), Some(&ada), &odd).await;
        assert_eq!(refused.status, 400, "{odd}: {}", refused.text());
    }
    let alias = get(&format!("{base}/objects/a-cohort.vcf%2Faccess%2Fhttps"), Some(&ada)).await;
    assert_eq!(alias.status, 404, "decoded once, and no such object: {}", alias.text());
    let twice = get(&format!("{base}/objects/a-cohort%252Evcf"), Some(&ada)).await;
    assert_eq!(twice.status, 404, "never decoded twice: {}", twice.text());
}
