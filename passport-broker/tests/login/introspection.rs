//! What a resource server learns of a token (RFC 7662).

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::cases::{SCOPE, redeem};
use crate::world::{Browser, ISSUER, PROXY, Reply, SECRET, World, world};

async fn introspect(world: &World, client: &str, token: &str) -> Reply {
    world
        .form("/introspect", Some((client, SECRET)), &[("token", token)])
        .await
}

async fn access_token(world: &World) -> String {
    let code = Browser::default().code(world, "app", "ada", SCOPE).await;
    redeem(world, &code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_server_is_told_of_tokens_that_are_for_it() {
    let world = world().await;
    let token = access_token(&world).await;
    for client in ["server", "app"] {
        let reply = introspect(&world, client, &token).await;
        assert_eq!(reply.headers["cache-control"], "no-cache, no-store");
        let said = reply.json();
        assert_eq!(said["active"], true, "{client}: {said}");
        assert_eq!(
            (&said["iss"], &said["client_id"], &said["token_type"]),
            (&json!(ISSUER), &json!("app"), &json!("Bearer"))
        );
        assert!(said["aud"].as_array().unwrap().contains(&json!(PROXY)) && said["exp"].is_i64());
        assert!(
            said.get("name").is_none() && said.get("ga4gh_passport_v1").is_none(),
            "{said}"
        );
    }
    let metadata = Browser::default()
        .get(&world, "/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(metadata["introspection_endpoint"], format!("{ISSUER}/introspect"));
}

#[tokio::test]
async fn all_other_tokens_look_alike() {
    let world = world().await;
    let code = Browser::default().code(&world, "app", "ada", SCOPE).await;
    let tokens = redeem(&world, &code).await.json();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let revoked = access_token(&world).await;
    assert_eq!(introspect(&world, "server", &revoked).await.json()["active"], true);
    let ended = world
        .form("/revoke", Some(("app", SECRET)), &[("token", &revoked)])
        .await;
    assert_eq!(ended.status, StatusCode::OK);
    let cases = [
        ("for another server", "drs", text("access_token")),
        ("revoked", "server", revoked),
        ("an ID Token", "server", text("id_token")),
        ("a refresh token", "server", text("refresh_token")),
        ("unknown", "server", "abc.def.ghi".to_owned()),
    ];
    for (name, client, token) in cases {
        let reply = introspect(&world, client, &token).await;
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (StatusCode::OK, r#"{"active":false}"#),
            "{name}"
        );
    }
    world.clock.advance(Duration::from_secs(901));
    let late = introspect(&world, "server", &text("access_token")).await;
    assert_eq!(late.body, r#"{"active":false}"#, "over");
}

#[tokio::test]
async fn nobody_asks_without_proof_of_who_they_are() {
    let world = world().await;
    let token = access_token(&world).await;
    let fields = [("token", token.as_str()), ("client_id", "public")];
    assert_eq!(
        world.form("/introspect", None, &fields).await.status,
        StatusCode::UNAUTHORIZED,
        "a public client"
    );
    let guess = world
        .form("/introspect", Some(("server", "guess")), &[("token", &token)])
        .await;
    assert_eq!(guess.status, StatusCode::UNAUTHORIZED, "a wrong secret");
    let nothing = introspect(&world, "server", "").await;
    assert_eq!(nothing.json()["error"], "invalid_request");
}
