//! The API through its router: tokens of our own, strict bodies, errors in their shape.

use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::caller::Caller;
use crate::router;
use crate::testing::{A, Node, home, node};

pub(super) struct Answer {
    pub(super) status: StatusCode,
    challenge: Option<String>,
    pub(super) body: Value,
}

pub(super) async fn send(node: &Node, token: Option<&str>, method: &str, path: &str, body: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let request = request.body(Body::from(body.unwrap_or_default().to_owned())).unwrap();
    let response = router(node.broker.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let challenge = response
        .headers()
        .get(header::WWW_AUTHENTICATE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    Answer {
        status,
        challenge,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}

pub(super) async fn dan(node: &Node) -> (Caller, String) {
    let dan = node.person("dan", "member@biobank.example.org").await;
    let token = node.token(&dan, "openid visum:self visum:admin").await;
    (dan, token)
}

fn grant() -> Value {
    json!({
        "dataset": "A", "to": home("ada"), "project": "P1", "institution": "https://uni.example.org",
        "purpose": { "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false },
        "until": "2026-12-31T00:00:00Z",
    })
}

#[tokio::test]
async fn every_route_denies_without_a_token_and_without_its_scope() {
    let node = node().await;
    let (dan, _) = dan(&node).await;
    let poor = node.token(&dan, "openid").await;
    let routes = [
        ("GET", "/visum/v1/me"),
        ("POST", "/visum/v1/cli-keys"),
        ("GET", "/visum/v1/purposes"),
        ("POST", "/visum/v1/purposes"),
        ("POST", "/visum/v1/purposes/default"),
        ("POST", "/visum/v1/consent/evaluate"),
        ("GET", "/visum/v1/admin/datasets"),
        ("GET", "/visum/v1/admin/datasets/A"),
        ("GET", "/visum/v1/admin/grants?dataset=A"),
        ("POST", "/visum/v1/admin/grants"),
        ("POST", "/visum/v1/admin/grants/x/revoke"),
        ("GET", "/visum/v1/admin/holds"),
        ("POST", "/visum/v1/admin/holds"),
        ("POST", "/visum/v1/admin/holds/x/release"),
        ("GET", "/visum/v1/admin/changes"),
        ("POST", "/visum/v1/admin/changes"),
        ("GET", "/visum/v1/admin/changes/x"),
        ("POST", "/visum/v1/admin/changes/x/approve"),
        ("POST", "/visum/v1/admin/changes/x/apply"),
        ("POST", "/visum/v1/admin/changes/x/withdraw"),
        ("GET", "/visum/v1/admin/roles"),
        ("GET", "/visum/v1/admin/audit/events"),
    ];
    for (method, path) in routes {
        let body = (method == "POST").then_some("{}");
        let nobody = send(&node, None, method, path, body).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        let pointer = "https://broker.example.org/.well-known/oauth-protected-resource/visum/v1";
        assert_eq!(
            nobody.challenge,
            Some(format!("Bearer resource_metadata=\"{pointer}\"")),
            "{method} {path}"
        );
        assert_eq!(nobody.body["code"], "admin.no_token", "{method} {path}");
        let forged = send(&node, Some("e30.e30.e30"), method, path, body).await;
        assert_eq!(forged.body["code"], "admin.invalid_token", "{method} {path}");
        let without = send(&node, Some(&poor), method, path, body).await;
        assert_eq!(without.status, StatusCode::FORBIDDEN, "{method} {path}");
        assert_eq!(without.body["code"], "admin.scope", "{method} {path}");
    }
}

#[tokio::test]
async fn a_committee_member_grants_lists_and_revokes_over_http() {
    let node = node().await;
    let (_, token) = dan(&node).await;
    let issued = send(
        &node,
        Some(&token),
        "POST",
        "/visum/v1/admin/grants",
        Some(&grant().to_string()),
    )
    .await;
    assert_eq!(
        (issued.status, &issued.body["state"]),
        (StatusCode::CREATED, &json!("issued")),
        "{}",
        issued.body
    );
    let id = issued.body["grant"]["id"].as_str().unwrap().to_owned();
    let list = send(
        &node,
        Some(&token),
        "GET",
        &format!("/visum/v1/admin/grants?dataset={A}"),
        None,
    )
    .await;
    assert_eq!(list.body["grants"][0]["id"], json!(id), "{}", list.body);
    assert_eq!(list.body["applications"][0]["state"], "approved");
    let revoked = send(
        &node,
        Some(&token),
        "POST",
        &format!("/visum/v1/admin/grants/{id}/revoke"),
        Some(r#"{"reason":"left"}"#),
    )
    .await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.body);
    let list = send(&node, Some(&token), "GET", "/visum/v1/admin/grants?dataset=A", None).await;
    assert_eq!(list.body["grants"], json!([]));
}

#[tokio::test]
async fn what_is_not_understood_is_refused_in_the_shape_of_this_api() {
    let node = node().await;
    let (_, token) = dan(&node).await;
    let twice = grant()
        .to_string()
        .replace("\"dataset\":\"A\"", "\"dataset\":\"A\",\"dataset\":\"B\"");
    let mut extra = grant();
    extra["admin"] = json!(true);
    let cases = [
        (
            "no JSON",
            "x".to_owned(),
            StatusCode::BAD_REQUEST,
            "admin.input_invalid",
        ),
        ("a member twice", twice, StatusCode::BAD_REQUEST, "admin.input_invalid"),
        (
            "an unknown member",
            extra.to_string(),
            StatusCode::BAD_REQUEST,
            "admin.input_invalid",
        ),
        (
            "nested too deeply",
            "[".repeat(200),
            StatusCode::BAD_REQUEST,
            "admin.input_invalid",
        ),
        (
            "too large",
            format!("\"{}\"", "x".repeat(70_000)),
            StatusCode::PAYLOAD_TOO_LARGE,
            "admin.too_large",
        ),
        (
            "a dataset that is not here",
            grant().to_string().replace("\"A\"", "\"Z\""),
            StatusCode::NOT_FOUND,
            "admin.no_such_dataset",
        ),
    ];
    for (name, body, status, code) in cases {
        let answer = send(&node, Some(&token), "POST", "/visum/v1/admin/grants", Some(&body)).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (status, Some(code)),
            "{name}: {}",
            answer.body
        );
        for member in ["error", "message", "reasons", "request_id"] {
            assert!(!answer.body[member].is_null(), "{name}: `{member}` in {}", answer.body);
        }
    }
}

#[tokio::test]
async fn an_old_login_is_told_to_step_up() {
    let node = node().await;
    let (_, token) = dan(&node).await;
    node.clock.advance(std::time::Duration::from_secs(14 * 60 + 59));
    let fresh = send(
        &node,
        Some(&token),
        "POST",
        "/visum/v1/admin/grants",
        Some(&grant().to_string()),
    )
    .await;
    assert_eq!(fresh.status, StatusCode::CREATED, "{}", fresh.body);
    let late = Caller {
        auth_time: Some(node.broker.now().minus(std::time::Duration::from_secs(16 * 60))),
        ..dan_again(&node).await
    };
    let token = node.token(&late, "visum:admin").await;
    let answer = send(
        &node,
        Some(&token),
        "POST",
        "/visum/v1/admin/grants",
        Some(&grant().to_string()),
    )
    .await;
    assert_eq!(
        (answer.status, answer.body["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("policy.step_up"))
    );
    assert!(answer.challenge.unwrap().contains("insufficient_user_authentication"));
    assert!(
        answer.body["reasons"][0]["remedy"]
            .as_str()
            .unwrap()
            .contains("second factor")
    );
}

async fn dan_again(node: &Node) -> Caller {
    node.caller("dan").await
}

#[tokio::test]
async fn a_hold_is_previewed_placed_listed_and_not_released_by_the_committee() {
    let node = node().await;
    let (_, token) = dan(&node).await;
    let hold =
        json!({ "dataset": "A", "kind": "withdrawn", "scope": "participant", "target": "p-17", "reason": "form" });
    let seen = send(
        &node,
        Some(&token),
        "POST",
        "/visum/v1/admin/holds?preview=true",
        Some(&hold.to_string()),
    )
    .await;
    assert_eq!(
        (seen.status, &seen.body["effect"]["objects"]),
        (StatusCode::OK, &json!(1)),
        "{}",
        seen.body
    );
    let placed = send(
        &node,
        Some(&token),
        "POST",
        "/visum/v1/admin/holds",
        Some(&hold.to_string()),
    )
    .await;
    assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.body);
    assert!(placed.body["release"].as_str().unwrap().contains("consent service"));
    let list = send(&node, Some(&token), "GET", "/visum/v1/admin/holds", None).await;
    assert_eq!(list.body["holds"].as_array().map(Vec::len), Some(1), "{}", list.body);
    let path = format!(
        "/visum/v1/admin/holds/{}/release",
        placed.body["hold"]["id"].as_str().unwrap()
    );
    let reason = json!({ "reason": "changed my mind" }).to_string();
    let release = send(&node, Some(&token), "POST", &path, Some(&reason)).await;
    assert_eq!(
        (release.status, release.body["code"].as_str()),
        (StatusCode::FORBIDDEN, Some("policy.withdrawal_stays")),
        "{}",
        release.body
    );
}

#[tokio::test]
async fn auditors_read_the_log_and_their_reading_is_in_it() {
    let node = node().await;
    let (_, dans) = dan(&node).await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let token = node.token(&noor, "visum:admin").await;
    let answer = send(
        &node,
        Some(&token),
        "GET",
        "/visum/v1/admin/audit/events?type=break-glass,audit.read",
        None,
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let kinds: Vec<&str> = answer.body["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["event"]["type"].as_str())
        .collect();
    assert_eq!(kinds, ["break-glass", "audit.read"]);
    let bad = send(
        &node,
        Some(&token),
        "GET",
        "/visum/v1/admin/audit/events?type=nothing",
        None,
    )
    .await;
    assert_eq!(bad.body["code"], "admin.event_type");
    let denied = send(&node, Some(&dans), "GET", "/visum/v1/admin/audit/events", None).await;
    assert_eq!(
        denied.status,
        StatusCode::FORBIDDEN,
        "a committee member is no auditor: {}",
        denied.body
    );
}

#[tokio::test]
async fn a_key_of_the_command_line_is_registered_once_and_never_with_its_private_half() {
    let node = node().await;
    let (dan, token) = dan(&node).await;
    let keys = node.broker.signer().jwks();
    let keys = keys["keys"].as_array().unwrap();
    let jwk = keys.iter().find(|key| key["kty"] == "EC").unwrap().clone();
    let private = json!({ "jwk": { "kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"], "d": "AAAA" } });
    let refused = send(
        &node,
        Some(&token),
        "POST",
        "/visum/v1/cli-keys",
        Some(&private.to_string()),
    )
    .await;
    assert_eq!(refused.body["code"], "admin.input_invalid", "{}", refused.body);
    let public = json!({ "jwk": jwk }).to_string();
    let first = send(&node, Some(&token), "POST", "/visum/v1/cli-keys", Some(&public)).await;
    assert_eq!(
        (first.status, &first.body["kid"]),
        (StatusCode::CREATED, &jwk["kid"]),
        "{}",
        first.body
    );
    let again = send(&node, Some(&token), "POST", "/visum/v1/cli-keys", Some(&public)).await;
    assert_eq!(again.status, StatusCode::OK);
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let others = node.token(&ada, "visum:self").await;
    let taken = send(&node, Some(&others), "POST", "/visum/v1/cli-keys", Some(&public)).await;
    assert_eq!(taken.body["code"], "keys.taken");
    let keys = crate::store::clients::keys_of(&mut node.broker.db(), &dan.person)
        .await
        .unwrap();
    assert_eq!(keys.len(), 1);
}

#[tokio::test]
async fn a_person_sees_and_chooses_what_is_their_own() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let token = node.token(&ada, "visum:self").await;
    let purpose = json!({ "purpose": { "categories": ["methods"], "commercial": false } });
    let chosen = send(
        &node,
        Some(&token),
        "POST",
        "/visum/v1/purposes/default",
        Some(&purpose.to_string()),
    )
    .await;
    assert_eq!(chosen.status, StatusCode::OK, "{}", chosen.body);
    let mine = send(&node, Some(&token), "GET", "/visum/v1/purposes", None).await;
    assert_eq!(mine.body["default"]["categories"], json!(["methods"]), "{}", mine.body);
    let me = send(&node, Some(&token), "GET", "/visum/v1/me", None).await;
    assert_eq!(
        me.body["affiliations"][0]["value"], "faculty@uni.example.org",
        "{}",
        me.body
    );
    let datasets = send(&node, Some(&token), "GET", "/visum/v1/admin/datasets", None).await;
    assert_eq!(datasets.body["code"], "admin.scope");
}
