//! Logging in at another device (RFC 8628).

use std::time::Duration;

use http::StatusCode;

use crate::world::{Browser, Reply, World, ask, hidden, world};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const SCOPE: &str = "openid profile ga4gh_passport_v1";

async fn begin(world: &World, scope: &str) -> Reply {
    let fields = [("client_id", "cli"), ("scope", scope)];
    world.form("/device_authorization", None, &fields).await
}

async fn poll(world: &World, code: &str) -> Reply {
    let fields = [("grant_type", GRANT), ("client_id", "cli"), ("device_code", code)];
    world.form("/token", None, &fields).await
}

fn error(reply: &Reply) -> String {
    reply.json()["error"].as_str().unwrap_or_default().to_owned()
}

async fn signed_in(world: &World) -> Browser {
    let mut browser = Browser::default();
    browser.follow(world, &ask("app", "openid", &[])).await;
    browser
}

/// The form of the page for `code`, answered.
async fn answer(world: &World, browser: &mut Browser, code: &str, decision: &str, release: &[&str]) -> Reply {
    let page = browser.get(world, &format!("/device?user_code={code}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let (csrf, shown) = (hidden(&page.body, "csrf"), hidden(&page.body, "user_code"));
    let boxes: Vec<String> = release.iter().map(|scope| format!("release-{scope}")).collect();
    let mut fields = vec![
        ("csrf", csrf.as_str()),
        ("user_code", shown.as_str()),
        ("decision", decision),
    ];
    fields.extend(boxes.iter().map(|name| (name.as_str(), "yes")));
    browser.post(world, "/device", &fields).await
}

#[tokio::test]
async fn a_code_typed_elsewhere_becomes_tokens_once_and_not_before() {
    let world = world().await;
    let begun = begin(&world, SCOPE).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
    let begun = begun.json();
    let (device, user) = (
        begun["device_code"].as_str().unwrap(),
        begun["user_code"].as_str().unwrap(),
    );
    assert_eq!(error(&poll(&world, device).await), "authorization_pending");
    let hasty = poll(&world, device).await;
    assert_eq!(error(&hasty), "slow_down", "{}", hasty.body);

    let mut browser = signed_in(&world).await;
    // typed in small letters, without the hyphen; the Passport is not released
    let typed = user.to_lowercase().replace('-', "");
    let done = answer(&world, &mut browser, &typed, "allow", &["profile"]).await;
    assert!(done.body.contains("signed in as you"), "{}", done.body);
    world.clock.advance(Duration::from_secs(11));
    let given = poll(&world, device).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.body);
    let given = given.json();
    assert_eq!(given["scope"], "openid profile");
    let who = world.bearer("/userinfo", given["access_token"].as_str().unwrap()).await;
    assert!(who.json().get("ga4gh_passport_v1").is_none(), "{}", who.body);
    assert!(given["id_token"].as_str().is_some());

    world.clock.advance(Duration::from_secs(11));
    assert_eq!(error(&poll(&world, device).await), "invalid_grant", "once only");
    let again = browser.get(&world, &format!("/device?user_code={user}")).await;
    assert!(again.body.contains("Nothing waits under this code"), "{}", again.body);
}

#[tokio::test]
async fn what_a_device_is_refused() {
    let world = world().await;
    let cases = [
        ("administration", "openid visum:admin", "invalid_scope"),
        ("no openid", "profile", "invalid_scope"),
    ];
    for (name, scope, wanted) in cases {
        assert_eq!(error(&begin(&world, scope).await), wanted, "{name}");
    }
    let fields = [("client_id", "app"), ("scope", "openid")];
    let secretless = world.form("/device_authorization", None, &fields).await;
    assert_eq!(error(&secretless), "invalid_client");
    assert_eq!(error(&poll(&world, "nobody's").await), "invalid_grant");

    let begun = begin(&world, SCOPE).await.json();
    let (device, user) = (
        begun["device_code"].as_str().unwrap(),
        begun["user_code"].as_str().unwrap(),
    );
    let mut browser = signed_in(&world).await;
    // another site's form, or none at all, decides nothing
    let forged = browser
        .post(
            &world,
            "/device",
            &[("user_code", user), ("decision", "allow"), ("csrf", "AAAA")],
        )
        .await;
    assert!(forged.body.contains("page.form"), "{}", forged.body);
    let refused = answer(&world, &mut browser, user, "refuse", &[]).await;
    assert!(refused.body.contains("Refused"), "{}", refused.body);
    assert_eq!(error(&poll(&world, device).await), "access_denied");

    let late = begin(&world, SCOPE).await.json();
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(
        error(&poll(&world, late["device_code"].as_str().unwrap()).await),
        "expired_token"
    );
}

#[tokio::test]
async fn guessing_codes_ends_after_ten_in_a_minute() {
    let world = world().await;
    let mut browser = signed_in(&world).await;
    for _ in 0..10 {
        let page = browser.get(&world, "/device?user_code=BCDF-GHJK").await;
        assert!(page.body.contains("Nothing waits"), "{}", page.body);
    }
    let page = browser.get(&world, "/device?user_code=BCDF-GHJK").await;
    assert!(page.body.contains("Too many codes"), "{}", page.body);
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_first_and_keeps_the_code() {
    let world = world().await;
    let user = begin(&world, SCOPE).await.json()["user_code"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut browser = Browser::default();
    let page = browser.follow(&world, &format!("/device?user_code={user}")).await;
    assert!(
        page.body.contains(&user) && page.body.contains("in front of you"),
        "{}",
        page.body
    );
}
