//! A change of facts over HTTP, from its preview to its end.

use http::StatusCode;
use serde_json::{Value, json};

use super::tests::{dan, send};
use crate::testing::{home, node};

#[tokio::test]
async fn a_change_goes_its_way_over_http_and_only_the_digest_that_was_shown_is_approved() {
    let node = node().await.dual().await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let token = node.token(&noor, "openid visum:self visum:admin").await;
    let (_, dans) = dan(&node).await;
    let role = json!({ "kind": "role", "title": "operator", "reason": "nights", "edits": [{ "put": { "kind": "role",
        "row": { "person": home("ada"), "role": { "role": "operator" }, "until": "2027-01-01T00:00:00Z" } } }] });
    let post = async |token: &str, path: &str, body: &Value| {
        let path = format!("/visum/v1/admin/changes{path}");
        send(&node, Some(token), "POST", &path, Some(&body.to_string())).await
    };
    let would = post(&token, "?preview=true", &role).await;
    assert_eq!(would.status, StatusCode::OK, "{}", would.body);
    assert_eq!(would.body["outlook"]["widening"]["widens"], true);
    assert!(
        would.body["outlook"]["words"][0]["details"]
            .to_string()
            .contains("role: operator"),
        "{}",
        would.body
    );
    let list = send(&node, Some(&token), "GET", "/visum/v1/admin/changes", None).await;
    assert_eq!(list.body["changes"], json!([]), "a preview writes nothing");

    let proposed = post(&token, "", &role).await;
    assert_eq!(
        (proposed.status, &proposed.body["applied"]),
        (StatusCode::ACCEPTED, &json!(false)),
        "{}",
        proposed.body
    );
    let id = proposed.body["change"]["id"].as_str().unwrap().to_owned();
    let shown = send(
        &node,
        Some(&token),
        "GET",
        &format!("/visum/v1/admin/changes/{id}"),
        None,
    )
    .await;
    assert_eq!(
        shown.body["may"],
        json!({ "approve": false, "apply": false, "withdraw": true }),
        "{}",
        shown.body
    );
    assert_eq!(shown.body["change"]["digest"], proposed.body["change"]["digest"]);

    let cases = [
        (
            "the author's own yes",
            &token,
            "approve",
            json!({ "digest": shown.body["change"]["digest"] }),
            "policy.four_eyes",
        ),
        ("into force alone", &token, "apply", json!({}), "policy.four_eyes"),
        (
            "another digest",
            &token,
            "approve",
            json!({ "digest": "0".repeat(64) }),
            "change.digest",
        ),
        ("no digest", &token, "approve", json!({}), "admin.input_invalid"),
        (
            "somebody who is no administrator",
            &dans,
            "approve",
            json!({ "digest": "" }),
            "policy.no_rule_permits",
        ),
    ];
    for (name, token, step, body, code) in cases {
        let answer = post(token, &format!("/{id}/{step}"), &body).await;
        assert_eq!(answer.body["code"], code, "{name}: {}", answer.body);
    }
    let unseen = send(
        &node,
        Some(&dans),
        "GET",
        &format!("/visum/v1/admin/changes/{id}"),
        None,
    )
    .await;
    assert_eq!(unseen.status, StatusCode::NOT_FOUND, "{}", unseen.body);
    let back = post(&token, &format!("/{id}/withdraw"), &json!({ "reason": "not now" })).await;
    assert_eq!(back.body["change"]["state"], "withdrawn", "{}", back.body);
    let over = post(&token, &format!("/{id}/apply"), &json!({})).await;
    assert_eq!(
        (over.status, over.body["code"].as_str()),
        (StatusCode::CONFLICT, Some("change.state")),
        "{}",
        over.body
    );
}
