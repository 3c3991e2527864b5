//! An institution says that its person signed out there (Back-Channel Logout 1.0): what ends, and what is no such word.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::cases::{SCOPE, redeem};
use crate::key::claims;
use crate::world::{Browser, Reply, World, two_homes, world};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn said(world: &World, person: &str, jti: &str) -> Value {
    let now = world.clock_unix();
    json!({ "iss": world.home.issuer, "aud": "broker", "sub": format!("sub-{person}"), "iat": now, "exp": now + 120,
            "jti": jti, "events": { EVENT: {} } })
}

async fn tell(world: &World, token: &str) -> Reply {
    world.form("/login/logout/home", None, &[("logout_token", token)]).await
}

async fn lives(world: &World, access: &str) -> bool {
    world.bearer("/userinfo", access).await.status == StatusCode::OK
}

#[tokio::test]
async fn a_person_who_signed_out_at_their_institution_is_signed_out_here_and_programs_are_told() {
    let mut world = world().await;
    let mut browser = Browser::default();
    let code = browser.code(&world, "app", "ada", SCOPE).await;
    let ada = redeem(&world, &code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let code = Browser::default().code(&world, "app", "ben", SCOPE).await;
    let ben = redeem(&world, &code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();

    let token = world.home.sign("logout+jwt", &said(&world, "ada", "l-1"));
    let done = tell(&world, &token).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(done.headers["cache-control"], "no-store");
    assert!(
        !lives(&world, &ada).await && lives(&world, &ben).await,
        "one person's alone"
    );
    assert!(
        browser.get(&world, "/account").await.status.is_redirection(),
        "the session is over"
    );
    let came = tokio::time::timeout(Duration::from_secs(30), world.home.came.notified()).await;
    assert!(came.is_ok(), "the program was told nothing");
    assert_eq!(claims(world.home.told.lock().unwrap().last().unwrap())["aud"], "app");

    // the same token at another replica, after the person came back
    let mut again = Browser::default();
    let code = again.code(&world, "app", "ada", SCOPE).await;
    let back = redeem(&world, &code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    world.turn_to_another_replica().await;
    let replayed = tell(&world, &token).await;
    assert_eq!(replayed.status, StatusCode::BAD_REQUEST, "{}", replayed.body);
    assert!(lives(&world, &back).await);
}

#[tokio::test]
async fn nothing_but_a_logout_token_of_these_minutes_for_us_ends_a_session() {
    let world = two_homes().await;
    let mut browser = Browser::default();
    browser.follow(&world, "/account?idp_hint=home&login_hint=ada").await;
    let code = browser.code(&world, "app", "ada", SCOPE).await;
    let access = redeem(&world, &code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let now = world.clock_unix();
    let good = |jti: &str| said(&world, "ada", jti);
    let with = |jti: &str, name: &str, value: Value| {
        let mut claims = good(jti);
        claims[name] = value;
        claims
    };
    let without = |jti: &str, name: &str| {
        let mut claims = good(jti);
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    let home = &world.home;
    let cases: [(&str, String); 14] = [
        ("an ID Token's type", home.sign("JWT", &good("1"))),
        (
            "another institution's key",
            world.orcid().sign("logout+jwt", &good("2")),
        ),
        (
            "another institution's name",
            home.sign("logout+jwt", &with("3", "iss", json!(world.orcid().issuer))),
        ),
        (
            "for another program",
            home.sign("logout+jwt", &with("4", "aud", json!("somebody"))),
        ),
        (
            "of an hour ago",
            home.sign("logout+jwt", &with("5", "iat", json!(now - 3600))),
        ),
        (
            "of tomorrow",
            home.sign("logout+jwt", &with("6", "iat", json!(now + 86_400))),
        ),
        (
            "that is over",
            home.sign("logout+jwt", &with("7", "exp", json!(now - 61))),
        ),
        ("without an end", home.sign("logout+jwt", &without("8", "exp"))),
        (
            "without the event",
            home.sign("logout+jwt", &with("9", "events", json!({}))),
        ),
        (
            "with an event that is no object",
            home.sign("logout+jwt", &with("10", "events", json!({ EVENT: true }))),
        ),
        (
            "with a nonce",
            home.sign("logout+jwt", &with("11", "nonce", json!("n"))),
        ),
        ("without a jti", home.sign("logout+jwt", &without("12", "jti"))),
        ("without a subject", home.sign("logout+jwt", &without("13", "sub"))),
        ("no token at all", "abc".to_owned()),
    ];
    for (name, token) in cases {
        let refused = tell(&world, &token).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name}: {}", refused.body);
        assert_eq!(refused.json()["error"], "invalid_request", "{name}");
        assert!(lives(&world, &access).await, "{name}");
    }
    let nowhere = world.form("/login/logout/nobody", None, &[("logout_token", "x")]).await;
    assert_eq!(nowhere.status, StatusCode::BAD_REQUEST);
    // the same words, well said; and of somebody whom nobody knows here
    let stranger = tell(&world, &home.sign("logout+jwt", &said(&world, "nobody", "14"))).await;
    assert_eq!(stranger.status, StatusCode::OK, "{}", stranger.body);
    assert_eq!(
        tell(&world, &home.sign("logout+jwt", &good("15"))).await.status,
        StatusCode::OK
    );
    assert!(!lives(&world, &access).await);
}
