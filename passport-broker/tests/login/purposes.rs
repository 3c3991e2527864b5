//! What a token is for (RFC 9396, type `visum_purpose`).

use http::StatusCode;
use serde_json::{Value, json};

use crate::key::claims;
use crate::pushed::{bring, push, request_uri};
use crate::world::{Browser, REDIRECT, SECRET, VERIFIER, World, allow, ask, world};

const SCOPE: &str = "openid ga4gh_passport_v1 offline_access";
const HEART: &str = r#"[{"type":"visum_purpose","categories":["disease","methods"],"diseases":["MONDO:0005267"],"commercial":false,"project":"Heart <b>1</b>"}]"#;

async fn tokens(world: &World, details: &str) -> (String, Value) {
    let mut browser = Browser::default();
    let uri = request_uri(world, "pushy", &[("scope", SCOPE), ("authorization_details", details)]).await;
    let page = browser.follow(world, &bring("pushy", &uri, &[])).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let code = browser.post(world, "/consent", &allow(&page.body, SCOPE)).await.query()["code"].clone();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let reply = world.form("/token", Some(("pushy", SECRET)), &fields).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    (page.body, reply.json())
}

#[tokio::test]
async fn a_purpose_is_shown_agreed_to_and_stands_in_the_token() {
    let world = world().await;
    let (page, tokens) = tokens(&world, HEART).await;
    for shown in [
        "For: disease, methods",
        "MONDO:0005267",
        "Commercial: no",
        "Project: Heart &#60;b&#62;1",
    ] {
        assert!(page.contains(shown), "the release page shows `{shown}`: {page}");
    }
    assert!(!page.contains("name=\"remember\""), "a purpose is agreed to each time");
    let expected: Value = serde_json::from_str(HEART).unwrap();
    assert_eq!(
        tokens["authorization_details"], expected,
        "the client is told what was granted"
    );
    assert_eq!(
        claims(tokens["access_token"].as_str().unwrap())["authorization_details"],
        expected
    );
    let metadata = Browser::default()
        .get(&world, "/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(
        metadata["authorization_details_types_supported"],
        json!(["visum_purpose"])
    );
}

#[tokio::test]
async fn details_of_an_unknown_type_or_member_are_refused_by_name() {
    let world = world().await;
    for (name, details) in [
        ("another type", r#"[{"type":"payment_initiation"}]"#),
        (
            "another member",
            r#"[{"type":"visum_purpose","categories":["disease"],"ethics":["me"]}]"#,
        ),
        ("no JSON", "disease"),
        (
            "two purposes",
            r#"[{"type":"visum_purpose","categories":["disease"]},{"type":"visum_purpose","categories":["methods"]}]"#,
        ),
    ] {
        let reply = push(&world, "pushy", &[("authorization_details", details)]).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_authorization_details")),
            "{name}"
        );
    }
    let reply = Browser::default()
        .get(&world, &ask("app", "openid", &[("authorization_details", HEART)]))
        .await;
    assert_eq!(
        reply.query()["error"],
        "invalid_authorization_details",
        "a client that did not register the type"
    );
}

#[tokio::test]
async fn a_refresh_keeps_the_purpose_or_narrows_it() {
    let world = world().await;
    let (_, first) = tokens(&world, HEART).await;
    let renew = |token: Value, details: Option<&'static str>| {
        let world = &world;
        async move {
            let token = token.as_str().unwrap().to_owned();
            let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
            fields.extend(details.map(|details| ("authorization_details", details)));
            world.form("/token", Some(("pushy", SECRET)), &fields).await
        }
    };
    let second = renew(first["refresh_token"].clone(), None).await.json();
    assert_eq!(
        second["authorization_details"], first["authorization_details"],
        "it is not forgotten"
    );
    let wider = r#"[{"type":"visum_purpose","categories":["disease","ancestry"],"commercial":false}]"#;
    let refused = renew(second["refresh_token"].clone(), Some(wider)).await;
    assert_eq!(
        refused.json()["error"],
        "invalid_authorization_details",
        "{}",
        refused.body
    );
    let narrow = r#"[{"type":"visum_purpose","categories":["methods"]}]"#;
    let third = renew(second["refresh_token"].clone(), Some(narrow)).await;
    assert_eq!(
        third.status,
        StatusCode::OK,
        "the refusal used nothing up: {}",
        third.body
    );
    let said = &third.json()["authorization_details"][0];
    assert_eq!(
        (&said["categories"], &said["commercial"]),
        (&json!(["methods"]), &json!(false))
    );
}

#[tokio::test]
async fn a_login_at_another_device_takes_no_details() {
    let world = world().await;
    let fields = [
        ("client_id", "cli"),
        ("scope", "openid"),
        ("authorization_details", HEART),
    ];
    let reply = world.form("/device_authorization", None, &fields).await;
    assert_eq!(reply.json()["error"], "invalid_authorization_details", "{}", reply.body);
}
