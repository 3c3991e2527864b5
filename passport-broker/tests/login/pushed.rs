//! Requests that a client sends ahead (RFC 9126).

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};

use crate::world::{Browser, CHALLENGE, REDIRECT, Reply, SECRET, VERIFIER, World, allow, encoded, world};

const SCOPE: &str = "openid ga4gh_passport_v1";

pub(crate) async fn push(world: &World, client: &str, more: &[(&str, &str)]) -> Reply {
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
        ("scope", SCOPE),
        ("state", "the state"),
        ("nonce", "the nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    world.form("/par", Some((client, SECRET)), &fields).await
}

pub(crate) async fn request_uri(world: &World, client: &str, more: &[(&str, &str)]) -> String {
    let reply = push(world, client, more).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
    assert_eq!(reply.headers["cache-control"], "no-cache, no-store");
    let answer = reply.json();
    assert_eq!(answer["expires_in"], 60);
    answer["request_uri"].as_str().unwrap().to_owned()
}

pub(crate) fn bring(client: &str, uri: &str, more: &[(&str, &str)]) -> String {
    let mut fields = vec![("client_id", client), ("request_uri", uri)];
    fields.extend_from_slice(more);
    format!("/authorize?{}", encoded(&fields))
}

async fn tokens(world: &World, code: &str) -> Reply {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    world.form("/token", Some(("pushy", SECRET)), &fields).await
}

#[tokio::test]
async fn a_pushed_request_ends_in_a_code_and_nothing_beside_it_counts() {
    let world = world().await;
    let mut browser = Browser::default();
    let uri = request_uri(&world, "pushy", &[]).await;
    assert!(
        uri.starts_with("urn:ietf:params:oauth:request_uri:") && uri.len() > 34 + 22,
        "{uri}"
    );
    // What the browser adds is somebody's who is not the client.
    let path = bring(
        "pushy",
        &uri,
        &[
            ("redirect_uri", "https://evil.example.net/"),
            ("state", "mine"),
            ("scope", "openid"),
        ],
    );
    let page = browser.follow(&world, &path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(
        page.body.contains("release-ga4gh_passport_v1"),
        "the scope is the pushed one"
    );
    let answer = browser.post(&world, "/consent", &allow(&page.body, SCOPE)).await;
    let query = answer.query();
    assert!(
        answer.location().as_str().starts_with(REDIRECT),
        "{}",
        answer.location()
    );
    assert_eq!(query["state"], "the state");
    assert_eq!(tokens(&world, &query["code"]).await.status, StatusCode::OK);
    // The same form again gives no second code.
    let again = browser.post(&world, "/consent", &allow(&page.body, SCOPE)).await;
    assert_eq!(
        again.query().get("error").map(String::as_str),
        Some("invalid_request"),
        "{:?}",
        again.query()
    );
}

#[tokio::test]
async fn a_request_uri_is_good_once_for_its_client_and_for_a_minute() {
    let mut world = world().await;
    let gone = |reply: &Reply| {
        reply.status == StatusCode::BAD_REQUEST
            && reply.body.contains("authorize.request_uri")
            && reply.headers.get(header::LOCATION).is_none()
    };
    let uri = request_uri(&world, "pushy", &[]).await;
    let other = Browser::default().get(&world, &bring("app", &uri, &[])).await;
    assert!(gone(&other), "another client: {}", other.body);
    let first = Browser::default().get(&world, &bring("pushy", &uri, &[])).await;
    assert_eq!(
        first.status,
        StatusCode::SEE_OTHER,
        "another client had used up nothing: {}",
        first.body
    );
    assert!(
        gone(&Browser::default().get(&world, &bring("pushy", &uri, &[])).await),
        "a second time"
    );
    world.turn_to_another_replica().await;
    assert!(
        gone(&Browser::default().get(&world, &bring("pushy", &uri, &[])).await),
        "at another replica"
    );

    let late = request_uri(&world, "pushy", &[]).await;
    world.clock.advance(Duration::from_secs(60));
    assert!(
        gone(&Browser::default().get(&world, &bring("pushy", &late, &[])).await),
        "a minute later"
    );
    for guess in [
        "urn:ietf:params:oauth:request_uri:",
        "urn:ietf:params:oauth:request_uri:AAAA",
    ] {
        assert!(
            gone(&Browser::default().get(&world, &bring("pushy", guess, &[])).await),
            "{guess}"
        );
    }
    // By reference elsewhere nothing is read.
    let elsewhere = Browser::default()
        .get(
            &world,
            &crate::world::ask("app", "openid", &[("request_uri", "https://c.example.org/r")]),
        )
        .await;
    assert_eq!(elsewhere.query()["error"], "request_uri_not_supported");
}

#[tokio::test]
async fn a_look_at_the_link_uses_up_no_pushed_request() {
    let world = world().await;
    let uri = request_uri(&world, "pushy", &[]).await;
    let path = bring("pushy", &uri, &[]);
    let look = Request::head(&path).body(Body::empty()).unwrap();
    let looked = world.send(look).await;
    assert_eq!(looked.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(looked.headers[header::ALLOW], "GET,POST");
    let arrived = Browser::default().get(&world, &path).await;
    assert!(arrived.status.is_redirection(), "{}: {}", arrived.status, arrived.body);
}

#[tokio::test]
async fn what_is_wrong_with_a_pushed_request_is_said_at_once() {
    let world = world().await;
    let long = "x".repeat(6_000);
    let cases: [(&str, (&str, &str), &str); 7] = [
        (
            "another address",
            ("redirect_uri", "https://app.example.org/cb/"),
            "invalid_request",
        ),
        ("a request_uri in it", ("request_uri", "urn:x"), "invalid_request"),
        ("no PKCE", ("code_challenge", ""), "invalid_request"),
        ("another scope", ("scope", "openid visum:admin"), "invalid_scope"),
        ("another flow", ("response_type", "token"), "unsupported_response_type"),
        ("another client's name", ("client_id", "app"), "invalid_request"),
        ("too long", ("login_hint", &long), "invalid_request"),
    ];
    for (name, field, error) in cases {
        let reply = push(&world, "pushy", &[field]).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some(error)),
            "{name}: {}",
            reply.body
        );
    }
    let guess = world
        .form("/par", Some(("pushy", "guess")), &[("response_type", "code")])
        .await;
    assert_eq!(guess.status, StatusCode::UNAUTHORIZED, "a client that is not proven");
}

#[tokio::test]
async fn a_client_that_must_push_gets_no_code_without() {
    let world = world().await;
    let reply = Browser::default()
        .get(&world, &crate::world::ask("pushy", "openid", &[]))
        .await;
    assert_eq!(reply.query()["error"], "invalid_request");
    let metadata = Browser::default()
        .get(&world, "/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(
        metadata["pushed_authorization_request_endpoint"],
        "https://broker.example.org/par"
    );
    assert_eq!(
        metadata["require_pushed_authorization_requests"], false,
        "it is a matter of each client"
    );
    // A client that need not may.
    assert_eq!(push(&world, "app", &[]).await.status, StatusCode::CREATED);
}
