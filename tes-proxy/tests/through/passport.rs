//! `POST /visum/v1/passport/verify`: services learn what counts, holders why, others nothing; all of it on record.

use audit_log::EventType;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::broker::{AUDIENCE, TestBroker};
use crate::world::{A, World};

const VERIFY: &str = "/visum/v1/passport/verify";
const DRS: &str = "https://drs.example.net";

fn service(broker: &TestBroker, more: Value) -> String {
    let mut claims = json!({"client_id": "drs", "scope": "visum:verify", "visum_stands_for": [DRS]});
    claims
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    broker.token_with("client:drs", claims)
}

async fn ada() -> World {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    world.broker.spoil("ada");
    world
}

/// Codes of the visas of the first Passport.
fn codes(report: &Value) -> Vec<&str> {
    let visas = report["passports"][0]["visas"].as_array().unwrap();
    visas.iter().map(|visa| visa["code"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_learns_what_counts_and_the_holder_why() {
    let world = ada().await;
    let (drs, ada) = (service(&world.broker, json!({})), world.broker.token("ada"));
    for audience in [DRS, AUDIENCE] {
        let posted = json!({"passports": [world.broker.passport("ada", audience)]});
        let answer = world.post(VERIFY, Some(&drs), &posted).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.bytes);
        let report = answer.json();
        assert_eq!(report["request"], "accept", "{report}");
        assert_eq!(codes(&report), ["OK", "OK", "OK", "NOT_COUNTED"]);
        let hidden = &report["passports"][0]["visas"][3];
        assert!(hidden["type"].is_null() && hidden["iss"].is_null(), "{hidden}");
        assert!(answer.headers.contains_key("visum-audit"));
    }
    let posted = json!({"passports": [world.broker.passport("ada", AUDIENCE)]});
    for (body, reason) in [(&posted, "BAD_SIGNATURE"), (&json!({}), "BAD_SIGNATURE")] {
        let report = world.post(VERIFY, Some(&ada), body).await.json();
        assert_eq!(codes(&report), ["OK", "OK", "OK", reason], "{report}");
    }
    let other = world.broker.token("bea");
    let answer = world.post(VERIFY, Some(&other), &posted).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::BAD_REQUEST, "token.two_people")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_has_no_reason_for_those_who_are_not_its_proven_holder() {
    let world = ada().await;
    let (drs, ada) = (service(&world.broker, json!({})), world.broker.token("ada"));
    let elsewhere = world.broker.passport("ada", "https://elsewhere.example.org");
    for token in [&drs, &ada] {
        let report = world
            .post(VERIFY, Some(token), &json!({"passports": [elsewhere]}))
            .await
            .json();
        assert_eq!(report["request"], "reject");
        assert_eq!(
            (&report["request_code"], &report["passports"][0]["code"]),
            (&json!("NOT_COUNTED"), &json!("NOT_COUNTED"))
        );
    }
    // the person's own word that they are somebody is no proof: a UserInfo answer that they hand in tells no reason
    let visas: Vec<Value> = {
        let passport = crate::key::claims(&world.broker.passport("ada", AUDIENCE));
        passport["ga4gh_passport_v1"].as_array().unwrap().clone()
    };
    let userinfo = json!({"iss": crate::broker::ISSUER, "sub": "ada", "ga4gh_passport_v1": visas});
    let report = world
        .post(VERIFY, Some(&ada), &json!({"userinfo": userinfo}))
        .await
        .json();
    assert_eq!(codes(&report), ["OK", "OK", "OK", "NOT_COUNTED"]);
    let report = world.post(VERIFY, Some(&drs), &json!({"visa": visas[0]})).await.json();
    assert_eq!((&report["request"], codes(&report)), (&json!("accept"), vec!["OK"]));
    let report = world.post(VERIFY, Some(&drs), &json!({"visa": visas[3]})).await.json();
    assert_eq!(
        (&report["request"], codes(&report)),
        (&json!("reject"), vec!["NOT_COUNTED"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_services_token_opens_no_data_and_a_question_has_bounds() {
    let world = ada().await;
    let drs = service(&world.broker, json!({}));
    let long = "x".repeat((1 << 20) + 1);
    let passport = world.broker.passport("ada", AUDIENCE);
    let too_many = world
        .broker
        .passport_with("ada", AUDIENCE, json!({"ga4gh_passport_v1": vec!["a"; 501]}));
    for (name, body, status, code) in [
        ("nothing", json!({}), 400, "passport.nothing"),
        ("an unknown member", json!({"token": "x"}), 400, "request.body"),
        ("no list", json!({"passports": passport}), 400, "request.body"),
        (
            "nine Passports",
            json!({"passports": vec!["a"; 9]}),
            400,
            "passport.too_many",
        ),
        (
            "a Passport over 1 MiB",
            json!({"passports": [long]}),
            413,
            "passport.too_large",
        ),
        ("501 visas", json!({"passports": [too_many]}), 413, "passport.too_large"),
        (
            "a body over its cap",
            json!({"passports": [long, long]}),
            413,
            "request.too_large",
        ),
    ] {
        let answer = world.post(VERIFY, Some(&drs), &body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{name}"
        );
        assert!(
            !String::from_utf8_lossy(&answer.bytes).contains("eyJ"),
            "{name}: no token in an error"
        );
    }
    let text = Request::post(VERIFY)
        .header("authorization", format!("Bearer {drs}"))
        .header("content-type", "text/plain");
    assert_eq!(world.send(text, "{}").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for (name, token, status, code) in [
        ("nobody", None, 401, "token.missing"),
        (
            "a service without the scope",
            Some(service(&world.broker, json!({"scope": "openid"}))),
            403,
            "token.scope",
        ),
        (
            "a token of another client",
            Some(service(&world.broker, json!({"client_id": "x"}))),
            403,
            "token.scope",
        ),
        (
            "for somebody else",
            Some(service(&world.broker, json!({"aud": [DRS]}))),
            401,
            "token.invalid",
        ),
    ] {
        let answer = world.post(VERIFY, token.as_deref(), &json!({"visa": "a.b.c"})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{name}"
        );
    }
    for path in [
        "/ga4gh/drs/v1/objects/a-cohort.vcf",
        "/ga4gh/tes/v1/tasks",
        "/visum/v1/datasets",
    ] {
        assert_eq!(
            world.get(path, Some(&drs)).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_is_on_record_with_codes_and_digests_and_without_a_token() {
    let world = ada().await;
    let drs = service(&world.broker, json!({}));
    let passport = world.broker.passport("ada", AUDIENCE);
    let answer = world.post(VERIFY, Some(&drs), &json!({"passports": [passport]})).await;
    assert_eq!(answer.status, StatusCode::OK);
    let events = world.events(EventType::PassportVerify);
    assert_eq!(events.len(), 1);
    let entry = serde_json::to_string(&events[0].entry).unwrap();
    let event: Value = serde_json::from_str(&entry).unwrap();
    assert_eq!(
        (&event["outcome"], &event["who"]["class"]),
        (&json!("success"), &json!("service")),
        "{entry}"
    );
    assert_eq!(event["why"]["visas"].as_array().unwrap().len(), 3, "{entry}");
    let about = event["about"].as_array().unwrap();
    assert_eq!(about[0], json!({"id": "drs", "kind": "client"}));
    assert!(
        about[1]["id"].as_str().unwrap().starts_with("BAD_SIGNATURE:"),
        "{entry}"
    );
    assert!(!entry.contains("eyJ") && !entry.contains("ada"), "{entry}");
}
