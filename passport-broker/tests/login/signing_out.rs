//! Signing out at a client's wish, and what clients are told (RP-Initiated Logout, Back-Channel Logout).

use std::time::Duration;

use http::{StatusCode, header as h};
use serde_json::{Value, json};
use visa_verifier::KeySet;
use visa_verifier::token::CompactToken;

use crate::cases::{SCOPE, redeem};
use crate::home::Lie;
use crate::key::{claims, header};
use crate::world::{Browser, ISSUER, Reply, World, encoded, hidden, world};

const BYE: &str = "https://app.example.org/bye";

async fn signed_in(world: &World) -> (Browser, Value) {
    let mut browser = Browser::default();
    let code = browser.code(world, "app", "ada", SCOPE).await;
    let tokens = redeem(world, &code).await.json();
    (browser, tokens)
}

async fn out(world: &World, browser: &mut Browser, fields: &[(&str, &str)]) -> Reply {
    browser.get(world, &format!("/end_session?{}", encoded(fields))).await
}

async fn lives(world: &World, tokens: &Value) -> bool {
    let reply = world
        .bearer("/userinfo", tokens["access_token"].as_str().unwrap())
        .await;
    reply.status == StatusCode::OK
}

async fn told(world: &World) -> String {
    let came = tokio::time::timeout(Duration::from_secs(30), world.home.came.notified()).await;
    assert!(came.is_ok(), "the program was told nothing");
    world.home.told.lock().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn a_client_with_a_token_of_the_session_signs_its_person_out() {
    let world = world().await;
    let (mut browser, tokens) = signed_in(&world).await;
    world.clock.advance(Duration::from_secs(600));
    let hint = tokens["id_token"].as_str().unwrap();
    let fields = [
        ("id_token_hint", hint),
        ("post_logout_redirect_uri", BYE),
        ("state", "s 1"),
    ];
    let reply = out(&world, &mut browser, &fields).await;
    assert_eq!(
        reply.status,
        StatusCode::SEE_OTHER,
        "a hint may be over: {}",
        reply.body
    );
    assert_eq!(reply.location().as_str(), "https://app.example.org/bye?state=s+1");
    let left: Vec<&str> = browser.cookies.keys().map(String::as_str).collect();
    assert_eq!(left, ["__Host-visum-last"], "which institution, and nothing else");
    assert!(!lives(&world, &tokens).await, "the tokens of the session ended with it");
    assert!(world.events().iter().any(|kind| kind == "logout"));
}

#[tokio::test]
async fn without_such_a_token_the_person_is_asked() {
    let world = world().await;
    let (mut browser, tokens) = signed_in(&world).await;
    let (_, others) = signed_in(&world).await;
    let other = others["id_token"].as_str().unwrap().to_owned();
    let cases: [(&str, Vec<(&str, &str)>); 3] = [
        ("nothing said", vec![]),
        (
            "a client's name alone",
            vec![("client_id", "app"), ("post_logout_redirect_uri", BYE)],
        ),
        (
            "a token of another session",
            vec![("id_token_hint", &other), ("post_logout_redirect_uri", BYE)],
        ),
    ];
    for (name, fields) in cases {
        let page = out(&world, &mut browser, &fields).await;
        assert_eq!(page.status, StatusCode::OK, "{name}");
        assert!(
            page.body.contains("Sign out?") && lives(&world, &tokens).await,
            "{name}"
        );
    }
    let page = out(
        &world,
        &mut browser,
        &[("client_id", "app"), ("post_logout_redirect_uri", BYE)],
    )
    .await;
    let (csrf, request) = (hidden(&page.body, "csrf"), hidden(&page.body, "request"));
    let forged = browser
        .post(&world, "/end_session/confirm", &[("csrf", "x"), ("request", &request)])
        .await;
    assert!(
        forged.status == StatusCode::FORBIDDEN && lives(&world, &tokens).await,
        "a form of another page"
    );
    let done = browser
        .post(
            &world,
            "/end_session/confirm",
            &[("csrf", &csrf), ("request", &request)],
        )
        .await;
    assert_eq!(done.location().as_str(), BYE);
    assert!(!lives(&world, &tokens).await);
}

#[tokio::test]
async fn a_browser_is_sent_to_registered_addresses_only() {
    let world = world().await;
    let (mut browser, tokens) = signed_in(&world).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let access = tokens["access_token"].as_str().unwrap();
    let cut = hint.get(..hint.len() - 4).unwrap();
    type Case<'c> = (&'c str, Vec<(&'c str, &'c str)>, &'c str);
    let cases: [Case<'_>; 8] = [
        (
            "another address",
            vec![
                ("id_token_hint", hint),
                ("post_logout_redirect_uri", "https://evil.example.net/"),
            ],
            "logout.redirect_uri",
        ),
        (
            "a longer one",
            vec![
                ("id_token_hint", hint),
                ("post_logout_redirect_uri", "https://app.example.org/bye/x"),
            ],
            "logout.redirect_uri",
        ),
        (
            "nobody's",
            vec![("post_logout_redirect_uri", BYE)],
            "logout.redirect_uri",
        ),
        (
            "another client's",
            vec![("client_id", "es"), ("post_logout_redirect_uri", BYE)],
            "logout.redirect_uri",
        ),
        (
            "a hint of another client",
            vec![("id_token_hint", hint), ("client_id", "es")],
            "logout.hint",
        ),
        ("a hint that was changed", vec![("id_token_hint", cut)], "logout.hint"),
        (
            "an access token for a hint",
            vec![("id_token_hint", access)],
            "logout.hint",
        ),
        ("an unknown client", vec![("client_id", "nobody")], "logout.client"),
    ];
    for (name, fields, code) in cases {
        let page = out(&world, &mut browser, &fields).await;
        assert!(
            page.body.contains(code) && page.headers.get(h::LOCATION).is_none(),
            "{name}: {}",
            page.body
        );
        assert!(lives(&world, &tokens).await, "{name}: nothing was ended");
    }
}

#[tokio::test]
async fn the_clients_of_a_session_are_told_by_a_token_of_its_own_kind() {
    let world = world().await;
    let (mut browser, tokens) = signed_in(&world).await;
    let id = claims(tokens["id_token"].as_str().unwrap());
    out(
        &world,
        &mut browser,
        &[("id_token_hint", tokens["id_token"].as_str().unwrap())],
    )
    .await;
    let notice = told(&world).await;
    assert_eq!(header(&notice)["typ"], "logout+jwt");
    let keys = KeySet::from_value(Browser::default().get(&world, "/jwks").await.json()).unwrap();
    let parsed = CompactToken::parse(&notice, 16 * 1024).unwrap();
    assert!(keys.verify(&parsed, &std::collections::BTreeSet::new()).is_ok());
    let said = claims(&notice);
    assert_eq!(
        (&said["iss"], &said["aud"], &said["sub"], &said["sid"]),
        (&json!(ISSUER), &json!("app"), &id["sub"], &id["sid"])
    );
    assert_eq!(
        said["events"],
        json!({ "http://schemas.openid.net/event/backchannel-logout": {} })
    );
    assert!(said.get("nonce").is_none() && said["jti"].is_string());
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 120);
    // It opens nothing, and is no hint.
    assert_eq!(
        world.bearer("/userinfo", &notice).await.status,
        StatusCode::UNAUTHORIZED
    );
    let (mut second, _) = signed_in(&world).await;
    let page = out(&world, &mut second, &[("id_token_hint", &notice)]).await;
    assert!(page.body.contains("logout.hint"), "{}", page.body);
}

#[tokio::test]
async fn a_client_that_does_not_listen_is_told_again_by_a_new_token_and_given_up_in_the_end() {
    let world = world().await;
    *world.home.lie.lock().unwrap() = Lie::Deaf;
    let (mut browser, tokens) = signed_in(&world).await;
    out(
        &world,
        &mut browser,
        &[("id_token_hint", tokens["id_token"].as_str().unwrap())],
    )
    .await;
    let first = told(&world).await;
    assert!(!lives(&world, &tokens).await, "the session ends whoever listens");
    let tries = |world: &World| world.home.told.lock().unwrap().len();
    // The row is claimed before a try: until it is due again, no round and no replica sends it.
    world.broker.do_chores().await;
    assert_eq!(tries(&world), 1, "not before its time");
    for (number, wait) in [(2, 60), (3, 300), (4, 1_800), (5, 7_200), (6, 43_200)] {
        world.clock.advance(Duration::from_secs(wait));
        world.broker.do_chores().await;
        assert_eq!(tries(&world), number, "after {wait} s");
    }
    let jtis: std::collections::BTreeSet<String> = world
        .home
        .told
        .lock()
        .unwrap()
        .iter()
        .map(|notice| claims(notice)["jti"].to_string())
        .collect();
    assert_eq!(jtis.len(), 6, "each try is a token of its own");
    assert_ne!(claims(&first)["jti"], Value::Null);
    world.clock.advance(Duration::from_secs(400_000));
    world.broker.do_chores().await;
    assert_eq!(tries(&world), 6, "given up");
    let logouts = world.events().iter().filter(|kind| *kind == "logout").count();
    assert_eq!(logouts, 2, "the person's, and that the client could not be told");
}
