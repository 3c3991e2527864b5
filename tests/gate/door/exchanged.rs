//! The small token that a workflow service gets at the broker in exchange for a person's: what it is narrowed to, and
//! that nothing climbs back from it (E75; RFC 8693).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tests::{
    house::{DATASET, House, Wants},
    outside::{self, Answer},
    tes::PlayedTes,
};

use super::task;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const PASSPORT: &str = "urn:ga4gh:params:oauth:token-type:passport";
/// A workflow portal that is shown its users' tokens, and one that may not ask for sessions.
const PORTAL: (&str, &str) = ("portal", "the portal's secret");
const PLAIN: (&str, &str) = ("plain", "the plain one's secret");

fn digest(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, secret.as_bytes()))
}

/// A house with compute-only data and both clients, whose own audience is the node.
async fn house() -> (House, PlayedTes) {
    let tes = PlayedTes::start().await;
    let wants = Wants {
        tes: Some(tes.url.clone()),
        compute_only: true,
        door: Some("networks = [\"127.0.0.0/8\"]".to_owned()),
        facts: Some(|facts| {
            let node = facts["clients"][0]["audiences"][0].clone();
            let client = |who: (&str, &str), options: Value| {
                json!({
                    "id": who.0, "name": who.0, "kind": "workflow",
                    "auth": { "client_secret_basic": { "digest": digest(who.1) } }, "redirect_uris": [], "scopes": [],
                    "audiences": [], "exchange_audiences": [node], "grant_types": [EXCHANGE], "options": options,
                })
            };
            let more = [
                client(PORTAL, json!({ "authorization_details_types": ["visum_session"] })),
                client(PLAIN, json!({})),
            ];
            facts["clients"].as_array_mut().unwrap().extend(more);
        }),
        ..Wants::default()
    };
    (House::start(wants).await, tes)
}

/// Asks for a session in exchange for a token.
async fn exchange(house: &House, who: (&str, &str), token: &str, details: &Value, more: &[(&str, &str)]) -> Answer {
    let details = details.to_string();
    let mut form = vec![
        ("grant_type", EXCHANGE),
        ("requested_token_type", ACCESS),
        ("subject_token_type", ACCESS),
        ("subject_token", token),
        ("authorization_details", details.as_str()),
        ("audience", house.node.at.proxy.as_str()),
    ];
    form.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    form.extend_from_slice(more);
    form.retain(|(_, value)| !value.is_empty());
    let request = outside::client()
        .post(house.broker("/token"))
        .basic_auth(who.0, Some(who.1))
        .form(&form);
    outside::read(request.send().await.expect("an answer")).await
}

fn details(house: &House, change: impl FnOnce(&mut Value)) -> Value {
    let mut one = json!({
        "type": "visum_session",
        "datasets": [DATASET],
        "actions": ["tes:create", "tes:read"],
        "images": [house.sample.image("wc")],
        "out": [format!("file://{}/uni/", house.sample.outputs_dir().display())],
        "hours": 1,
    });
    change(&mut one);
    json!([one])
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap_or_default()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn e75_a_persons_token_is_exchanged_for_a_small_one_and_nothing_climbs_back() {
    let (house, tes) = house().await;
    let (ada, dan) = house.granted().await;
    let given = exchange(&house, PORTAL, &ada, &details(&house, |_| {}), &[]).await;
    assert_eq!(given.status, 200, "{}", given.text());
    assert!(given.header("cache-control").contains("no-store"));
    let answer = given.json();
    let token = text(&answer, "/access_token");
    assert_eq!(
        (
            text(&answer, "/issued_token_type").as_str(),
            text(&answer, "/token_type").as_str()
        ),
        (ACCESS, "Bearer")
    );
    assert!(
        answer["expires_in"]
            .as_u64()
            .is_some_and(|left| left > 0 && left <= 3600),
        "{answer}"
    );
    assert!(answer.get("refresh_token").is_none(), "no refresh token");
    let granted = answer.pointer("/authorization_details/0").cloned().unwrap_or_default();
    assert_eq!(granted["datasets"], json!([DATASET]));
    assert_eq!(granted["actions"], json!(["tes:create", "tes:read"]));
    assert_eq!(
        granted["purpose"]["diseases"],
        json!(["MONDO:0007254"]),
        "the grant's purpose is bound: {granted}"
    );
    // scope and audience are those of no other token
    let (small, own) = (claims(&token), claims(&ada));
    let audiences = own["aud"].as_array().cloned().unwrap_or_default();
    assert!(!audiences.contains(&small["aud"]), "{small} {own}");
    assert!(
        !text(&own, "/scope")
            .split(' ')
            .any(|scope| scope == text(&small, "/scope"))
    );
    // it does what it is for
    for path in ["/v1/tasks", "/ga4gh/tes/v1/tasks"] {
        let sent = outside::post(&house.proxy(path), Some(&token), &task(&house)).await;
        assert_eq!(sent.status, 200, "{path}: {}", sent.text());
    }
    let id = {
        let listed = outside::get(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&token)).await;
        assert_eq!(listed.status, 200, "{}", listed.text());
        text(&listed.json(), "/tasks/0/id")
    };
    // an action, a dataset, an image that it does not name
    let cancelled = outside::post(
        &house.proxy(&format!("/v1/tasks/{id}:cancel")),
        Some(&token),
        &json!({}),
    )
    .await;
    assert_eq!(
        (cancelled.status, cancelled.code().as_str()),
        (403, "session.action_outside"),
        "{}",
        cancelled.text()
    );
    assert!(
        !cancelled.header("visum-audit").is_empty(),
        "on record: {:?}",
        cancelled.headers
    );
    assert!(tes.cancelled().is_empty(), "no backend heard of it");
    let mut other = task(&house);
    other["executors"][0]["image"] = json!(format!("other/tool@sha256:{}", "1".repeat(64)));
    let other = outside::post(&house.proxy("/v1/tasks"), Some(&token), &other).await;
    assert_eq!(other.code(), "session.image_outside", "{}", other.text());
    // as subject token, for whatever is asked for, by whomever
    for who in [PORTAL, PLAIN] {
        for wanted in [ACCESS, PASSPORT] {
            let back = exchange(
                &house,
                who,
                &token,
                &details(&house, |_| {}),
                &[("requested_token_type", wanted)],
            )
            .await;
            assert_eq!(
                (back.status, text(&back.json(), "/error").as_str()),
                (400, "invalid_request"),
                "{who:?} {wanted}: {}",
                back.text()
            );
        }
    }
    // at every other door
    for (name, url) in [
        ("whoever I am", house.broker("/visum/v1/me")),
        ("the admin API", house.broker("/visum/v1/admin/grants?dataset=a")),
        ("userinfo", house.broker("/userinfo")),
        ("DRS", house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf/access/https")),
        ("sessions", house.proxy("/visum/v1/sessions")),
        ("datasets", house.proxy("/visum/v1/datasets")),
    ] {
        assert_eq!(outside::get(&url, Some(&token)).await.status, 401, "{name}");
    }
    // its person sees it, and ends it; nobody else
    let listed = outside::get(&house.proxy("/visum/v1/sessions"), Some(&ada)).await;
    let session = text(&listed.json(), "/sessions/0/id");
    assert_eq!(session, text(&granted, "/session"));
    let url = house.proxy(&format!("/visum/v1/sessions/{session}"));
    let end = |who: String| {
        let url = url.clone();
        async move {
            outside::send(reqwest::Method::DELETE, &url, Some(&who), None)
                .await
                .status
        }
    };
    assert_eq!(end(dan).await, 404);
    assert_eq!(end(ada).await, 204);
    assert_eq!(
        outside::get(&house.proxy("/v1/tasks"), Some(&token)).await.status,
        401,
        "over"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e75_a_small_token_is_given_for_no_more_than_the_person_could_ask_for() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let eve = house.token("eve");
    let passport = {
        let form = [("requested_token_type", PASSPORT), ("authorization_details", "")];
        let reply = exchange(&house, PORTAL, &ada, &json!([]), &form).await;
        assert_eq!(reply.status, 200, "a Passport as before: {}", reply.text());
        text(&reply.json(), "/access_token")
    };
    let good = details(&house, |_| {});
    type Case<'c> = (
        &'c str,
        (&'c str, &'c str),
        &'c str,
        Value,
        &'c [(&'c str, &'c str)],
        &'c str,
    );
    let cases: Vec<Case<'_>> = vec![
        (
            "whoever has no grant",
            PORTAL,
            &eve,
            good.clone(),
            &[],
            "invalid_request",
        ),
        ("a Passport", PORTAL, &passport, good.clone(), &[], "invalid_request"),
        (
            "a client without the type",
            PLAIN,
            &ada,
            good.clone(),
            &[],
            "invalid_authorization_details",
        ),
        (
            "another node",
            PORTAL,
            &ada,
            good.clone(),
            &[("audience", "https://other.example.org")],
            "invalid_target",
        ),
        (
            "no node",
            PORTAL,
            &ada,
            good.clone(),
            &[("audience", "")],
            "invalid_request",
        ),
        (
            "nothing described",
            PORTAL,
            &ada,
            good.clone(),
            &[("authorization_details", "")],
            "invalid_request",
        ),
        (
            "no dataset",
            PORTAL,
            &ada,
            details(&house, |one| one["datasets"] = json!([])),
            &[],
            "invalid_authorization_details",
        ),
        (
            "an unknown action",
            PORTAL,
            &ada,
            details(&house, |one| one["actions"] = json!(["drs:stream"])),
            &[],
            "invalid_authorization_details",
        ),
        (
            "an unknown member",
            PORTAL,
            &ada,
            details(&house, |one| one["admin"] = json!(true)),
            &[],
            "invalid_authorization_details",
        ),
        (
            "no life",
            PORTAL,
            &ada,
            details(&house, |one| one["hours"] = json!(0)),
            &[],
            "invalid_authorization_details",
        ),
        (
            "a wider purpose than the grant's",
            PORTAL,
            &ada,
            details(&house, |one| {
                one["purpose"] = json!({ "categories": ["ancestry"], "commercial": true })
            }),
            &[],
            "invalid_request",
        ),
    ];
    for (name, who, token, described, more, error) in cases {
        let reply = exchange(&house, who, token, &described, more).await;
        assert_eq!(
            (reply.status, text(&reply.json(), "/error").as_str()),
            (400, error),
            "{name}: {}",
            reply.text()
        );
    }
    let listed = outside::get(&house.proxy("/visum/v1/sessions"), Some(&ada)).await;
    assert_eq!(listed.json(), json!({ "sessions": [] }), "none of them started one");
    let metadata = outside::get(&house.broker("/.well-known/openid-configuration"), None)
        .await
        .json();
    assert_eq!(
        metadata["authorization_details_types_supported"],
        json!(["visum_purpose", "visum_session"])
    );
}
