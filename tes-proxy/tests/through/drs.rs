//! DRS: descriptions, access, bytes.

use audit_log::{EventType, Outcome};
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;
use visa_verifier::seam::{Clock, SystemClock};

use crate::world::{A, World, withdrawal};

const OBJECT: &str = "/ga4gh/drs/v1/objects/a-cohort.vcf";

fn path(url: &serde_json::Value) -> String {
    url.as_str()
        .unwrap()
        .strip_prefix("http://127.0.0.1:8081")
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permitted_object_is_described_and_read_with_its_checksum_and_on_record() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let token = world.broker.token("ada");
    let described = world.get(OBJECT, Some(&token)).await;
    assert_eq!(described.status, StatusCode::OK, "{:?}", described.bytes);
    let object = described.json();
    assert_eq!(object["self_uri"], "drs://drs.example.org/a-cohort.vcf");
    assert!(object["access_methods"][0].get("access_url").is_none());
    assert!(described.headers.contains_key("visum-audit"), "the log's promise");
    assert!(
        !described.bytes.windows(9).any(|window| window == b"127.0.0.1"),
        "no host of the backend"
    );

    let access = world.get(&format!("{OBJECT}/access/https"), Some(&token)).await;
    assert_eq!(access.status, StatusCode::OK, "{:?}", access.bytes);
    let url = path(&access.json()["url"]);
    let bytes = world.get(&url, None).await;
    assert_eq!(bytes.status, StatusCode::OK);
    let known = world
        .node
        .objects()
        .iter()
        .find(|object| object.id == "a-cohort.vcf")
        .unwrap();
    assert_eq!(bytes.bytes.len() as u64, known.size);
    let digest = ring::digest::digest(&ring::digest::SHA256, &bytes.bytes);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, known.sha256);

    let part = world
        .send(Request::get(&url).header("range", "bytes=0-9"), Body::empty())
        .await;
    assert_eq!((part.status, part.bytes.len()), (StatusCode::PARTIAL_CONTENT, 10));
    assert_eq!(part.bytes, bytes.bytes.slice(0..10));
    let head = world.send(Request::head(&url), Body::empty()).await;
    assert_eq!((head.status, head.bytes.len()), (StatusCode::OK, 0));

    assert_eq!(world.events(EventType::DrsGetObject).len(), 1);
    assert_eq!(world.events(EventType::DrsGetAccessUrl).len(), 1);
    assert_eq!(world.events(EventType::DrsStreamBegin).len(), 3);
    world
        .within_five_seconds("the ends are on record", || async {
            world.events(EventType::DrsStreamEnd).len() == 3
        })
        .await;
    assert_eq!(
        world.broker.exchanged.lock().unwrap().len(),
        1,
        "one Passport for all of it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_equal_requests_has_its_permit_and_its_record_and_a_stop_ends_them_at_once() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let token = world.broker.token("ada");
    let access = format!("{OBJECT}/access/https");
    for _ in 0..3 {
        let answer = world.get(&access, Some(&token)).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.bytes);
    }
    // A hold elsewhere: the decision still holds, and is told as of the snapshot in force.
    world.publish(|snapshot| {
        snapshot
            .stop
            .datasets
            .extend(["https://data.example.org/none".to_owned()])
    });
    let version = world.current.load().snapshot().version;
    assert_eq!(world.get(&access, Some(&token)).await.status, StatusCode::OK);
    let permits = world.events(EventType::DrsGetAccessUrl);
    let told: Vec<serde_json::Value> = permits
        .iter()
        .map(|event| serde_json::to_value(&event.entry).unwrap())
        .collect();
    let ids: std::collections::BTreeSet<&str> = told
        .iter()
        .map(|event| event["why"]["decision"].as_str().unwrap())
        .collect();
    assert_eq!(
        (told.len(), ids.len()),
        (4, 4),
        "a decision's id of its own each: {told:?}"
    );
    assert_eq!(told[3]["why"]["snapshot"], version.to_string(), "{}", told[3]);

    world.publish(|snapshot| snapshot.stop.all = true);
    let stopped = world.get(&access, Some(&token)).await;
    assert_eq!(stopped.status, StatusCode::FORBIDDEN, "{:?}", stopped.bytes);
    assert_eq!(stopped.json()["code"], "policy.lockdown");
    world.publish(|snapshot| snapshot.stop.all = false);
    assert_eq!(
        world.get(&access, Some(&token)).await.status,
        StatusCode::OK,
        "and lifted at once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_it_is_denied_in_the_drs_shape_and_on_record() {
    let world = World::new().await;
    world.broker.affiliate("bob");
    let denied = world
        .get(&format!("{OBJECT}/access/https"), Some(&world.broker.token("bob")))
        .await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN, "{:?}", denied.bytes);
    let body = denied.json();
    assert_eq!(body["status_code"], 403);
    assert_eq!(body["code"], "consent.approval_missing", "{body}");
    assert!(body["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()));
    let events = world.events(EventType::DrsGetAccessUrl);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].entry.outcome, Outcome::Denied);
    let again = world
        .get(
            &format!("/visum/v1/decisions/{}", body["decision_id"].as_str().unwrap()),
            Some(&world.broker.token("bob")),
        )
        .await;
    assert_eq!(again.json()["code"], "consent.approval_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn e35_e56_credentials_that_do_not_count_and_things_that_may_not_be_known() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let broker = &world.broker;
    let cases = [
        ("no token", None),
        (
            "another audience",
            Some(broker.token_with("ada", json!({"aud": ["https://other.example.org"]}))),
        ),
        (
            "another issuer",
            Some(broker.token_with("ada", json!({"iss": "https://other.example.org"}))),
        ),
        (
            "expired",
            Some(broker.token_with("ada", json!({"exp": broker.now - 600, "iat": broker.now - 900}))),
        ),
        (
            "a Passport as bearer",
            Some(broker.passport("ada", crate::broker::AUDIENCE)),
        ),
        ("nonsense", Some("abc".to_owned())),
        (
            "bound to a key, as a bearer token",
            Some(broker.token_with("ada", json!({"jti": "k", "cnf": {"jkt": "abc"}}))),
        ),
        (
            "narrowed by what nobody here knows",
            Some(broker.token_with(
                "ada",
                json!({"jti": "d", "authorization_details": [{"type": "payment"}]}),
            )),
        ),
    ];
    for (name, token) in cases {
        let answer = world.get(&format!("{OBJECT}/access/https"), token.as_deref()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
        assert!(
            answer.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .contains("resource_metadata="),
            "{name}"
        );
    }
    let token = broker.token("ada");
    let hidden = world.get("/ga4gh/drs/v1/objects/b-cohort.vcf", Some(&token)).await;
    let unknown = world.get("/ga4gh/drs/v1/objects/nothing-like-it", Some(&token)).await;
    assert_eq!(
        (hidden.status, unknown.status),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
    );
    assert_eq!(
        (hidden.code(), hidden.json()["msg"].clone()),
        (unknown.code(), unknown.json()["msg"].clone()),
        "alike"
    );
    assert_eq!(
        world
            .get("/ga4gh/drs/v1/objects/open%2F..%2Fsecret", Some(&token))
            .await
            .code(),
        "request.path"
    );
    let anonymous = world.get(OBJECT, None).await;
    assert_eq!(
        anonymous.status,
        StatusCode::OK,
        "a discoverable dataset's object is described: {:?}",
        anonymous.bytes
    );
    assert_eq!(
        world.get("/ga4gh/drs/v1/objects/b-cohort.vcf", None).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passport_in_the_body_counts_where_it_names_us() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let ours = world.broker.passport("ada", crate::broker::AUDIENCE);
    let answer = world.post(OBJECT, None, &json!({"passports": [ours]})).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.bytes);
    let untold = world
        .broker
        .passport_with("ada", crate::broker::AUDIENCE, json!({"jti": "p-untold"}));
    let answer = world
        .post(&format!("{OBJECT}/access/https"), None, &json!({"passports": [untold]}))
        .await;
    assert_eq!(
        (answer.status, answer.code()),
        (StatusCode::FORBIDDEN, "policy.identity_assurance".to_owned()),
        "what the Passport does not say of its person's login is unknown"
    );
    let ours = world.broker.passport("ada", crate::broker::AUDIENCE);
    let answer = world
        .post(&format!("{OBJECT}/access/https"), None, &json!({"passports": [ours]}))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.bytes);
    for path in ["/ga4gh/tes/v1/tasks", &format!("{OBJECT}/access/https")] {
        assert_eq!(
            world.get(path, Some(&ours)).await.status,
            StatusCode::UNAUTHORIZED,
            "e35: a Passport that is known from a body is no bearer token: {path}"
        );
    }
    let others = world.broker.passport("ada", "https://other.example.org");
    assert_eq!(
        world.post(OBJECT, None, &json!({"passports": [others]})).await.status,
        StatusCode::UNAUTHORIZED,
        "e71"
    );
    let bobs = world.broker.token("bob");
    let mixed = world
        .post(
            OBJECT,
            Some(&bobs),
            &json!({"passports": [world.broker.passport("ada", crate::broker::AUDIENCE)]}),
        )
        .await;
    assert_eq!(mixed.code(), "token.two_people");
    assert_eq!(
        world
            .post(OBJECT, None, &json!({"passports": [], "tokens": []}))
            .await
            .status,
        StatusCode::BAD_REQUEST,
        "e2"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_visa_is_left_out_with_its_reason_and_the_others_count() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    world.broker.spoil("ada");
    let token = world.broker.token("ada");
    let access = world.get(&format!("{OBJECT}/access/https"), Some(&token)).await;
    assert_eq!(access.status, StatusCode::OK, "the others count: {:?}", access.bytes);
    let report = world.post("/visum/v1/passport/verify", Some(&token), &json!({})).await;
    assert_eq!(report.status, StatusCode::OK, "{:?}", report.bytes);
    let report = report.json();
    let visas = report["passports"][0]["visas"].as_array().unwrap();
    let bad: Vec<_> = visas.iter().filter(|visa| visa["valid"] == false).collect();
    assert_eq!((visas.len(), bad.len()), (4, 1), "{report}");
    assert_eq!(bad[0]["code"], "BAD_SIGNATURE", "{report}");
    assert!(
        bad[0]["sentence"].as_str().is_some_and(|text| !text.is_empty()),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e49_a_withdrawal_ends_capabilities_at_once() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let token = world.broker.token("ada");
    let url = path(&world.get(&format!("{OBJECT}/access/https"), Some(&token)).await.json()["url"]);
    assert_eq!(world.get(&url, None).await.status, StatusCode::OK);
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
    let after = world.get(&url, None).await;
    assert_eq!(
        (after.status, after.code()),
        (StatusCode::FORBIDDEN, "consent.hold".to_owned())
    );
    assert_eq!(
        world.get(&format!("{OBJECT}/access/https"), Some(&token)).await.code(),
        "consent.hold"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_or_broker_that_is_down_is_said_so_and_a_huge_body_is_not_read() {
    let mut world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    *world.broker.down.lock().unwrap() = true;
    let answer = world.get(OBJECT, Some(&world.broker.token("ada"))).await;
    assert_eq!(
        (answer.status, answer.code()),
        (StatusCode::SERVICE_UNAVAILABLE, "broker.unreachable".to_owned())
    );
    *world.broker.down.lock().unwrap() = false;
    world.node.stop_drs().await;
    let answer = world.get(OBJECT, Some(&world.broker.token("ada"))).await;
    assert_eq!(
        (answer.status, answer.code()),
        (StatusCode::BAD_GATEWAY, "backend.down".to_owned())
    );
    let huge = Request::post(OBJECT)
        .header("content-type", "application/json")
        .header("content-length", "104857600");
    assert_eq!(
        world.send(huge, Body::empty()).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_says_what_a_request_would_be_told() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let token = world.broker.token("ada");
    let yes = world
        .post(
            "/visum/v1/explain",
            Some(&token),
            &json!({"dataset": A, "action": "download"}),
        )
        .await
        .json();
    assert_eq!(yes["allow"], true, "{yes}");
    let no = world
        .post(
            "/visum/v1/explain",
            Some(&token),
            &json!({"object": "c-cohort.vcf", "action": "compute"}),
        )
        .await
        .json();
    assert_eq!(no["code"], "consent.approval_missing", "{no}");
    assert_eq!(
        world
            .post("/visum/v1/explain", Some(&token), &json!({"action": "download"}))
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(world.events(EventType::Decision).len(), 2);
}

#[tokio::test]
async fn a_token_is_good_for_the_purpose_that_it_is_narrowed_to() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let purpose = |jti: &str, word: &str| {
        let details = json!([{"type": "visum_purpose", "categories": [word], "commercial": false}]);
        world
            .broker
            .token_with("ada", json!({"jti": jti, "authorization_details": details}))
    };
    let access = format!("{OBJECT}/access/https");
    let plain = world.get(&access, Some(&world.broker.token("ada"))).await;
    assert_eq!(
        plain.status,
        StatusCode::OK,
        "what the grant records, where the token says nothing"
    );
    let outside = world.get(&access, Some(&purpose("t3", "ancestry"))).await;
    assert_eq!(outside.status, StatusCode::FORBIDDEN, "{:?}", outside.bytes);
    assert!(outside.json().to_string().contains("consent."), "{:?}", outside.bytes);
}
