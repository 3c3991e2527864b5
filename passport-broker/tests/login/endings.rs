//! What ends is announced a month and a week ahead, once each: to the person at the next sign-in, and without a name to the
//! webhook.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use passport_broker::store::roles::RoleRow;
use serde_json::{Value, json};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use crate::home::Lie;
use crate::world::{Browser, World, hidden, world_of};

const DAY: u64 = 24 * 3600;

/// A world where dan sits in the committee for `days` more, and somebody is told what ends.
async fn seated(days: i64) -> World {
    world_of(
        |all, home| {
            let dan = VisaIdentity::new(home.issuer.parse().unwrap(), "sub-dan".parse().unwrap());
            let row = json!({ "person": dan.to_string(), "role": { "committee": "https://uni.example.org/dac" },
                "until": Timestamp::from_unix(1_795_000_000 + days * 86_400) });
            let row: RoleRow = serde_json::from_value(row).unwrap();
            all.roles.push(row);
            let hook = json!({ "id": "desk", "url": format!("{}/hook", home.issuer), "secret": "desk" });
            all.webhooks.push(serde_json::from_value(hook).unwrap());
        },
        false,
    )
    .await
}

/// The page after dan signed in anew.
async fn sign_in(world: &World) -> (Browser, String) {
    let mut browser = Browser::default();
    let page = browser.follow(world, "/account?login_hint=dan").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    (browser, page.body)
}

fn endings(world: &World) -> Vec<Value> {
    let hooked = world.home.hooked.lock().unwrap();
    hooked
        .iter()
        .map(|(_, body)| serde_json::from_str(body).unwrap())
        .collect()
}

#[tokio::test]
async fn a_seat_that_ends_is_announced_a_month_and_a_week_ahead_once_each() {
    let world = seated(60).await;
    let (_, page) = sign_in(&world).await;
    assert!(
        page.contains("Your account</h1>") && !page.contains("Ends soon"),
        "not yet: {page}"
    );
    world.broker.do_chores().await;
    assert!(endings(&world).is_empty());

    world.clock.advance(Duration::from_secs(30 * DAY));
    world.broker.do_chores().await;
    let told = endings(&world);
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        told["data"]["endings"],
        json!([{ "kind": "role", "within": "month", "count": 1 }])
    );
    let (mut browser, page) = sign_in(&world).await;
    assert!(
        page.contains("Your seat in the committee https://uni.example.org/dac ends on"),
        "{page}"
    );
    let form = page.split("action=\"/notices\"").nth(1).unwrap();
    let (csrf, next) = (hidden(form, "csrf"), hidden(form, "next"));
    let on = browser
        .post(&world, "/notices", &[("csrf", &csrf), ("next", &next)])
        .await;
    assert_eq!(on.location().path(), "/account");
    let (_, page) = sign_in(&world).await;
    assert!(page.contains("Your account</h1>"), "told once: {page}");
    assert!(page.contains("Ends soon"), "and the page says it as long as it is so");
    world.clock.advance(Duration::from_secs(2 * 3600));
    world.broker.do_chores().await;
    assert_eq!(endings(&world).len(), 1, "the webhook once too");

    world.clock.advance(Duration::from_secs(24 * DAY));
    world.broker.do_chores().await;
    assert_eq!(
        endings(&world)[1]["data"]["endings"],
        json!([{ "kind": "role", "within": "week", "count": 1 }])
    );
    let (_, page) = sign_in(&world).await;
    assert!(page.contains("ends on"), "again a week ahead: {page}");

    world.clock.advance(Duration::from_secs(8 * DAY));
    let (_, page) = sign_in(&world).await;
    assert!(!page.contains("Ends soon"), "what is over does not end soon: {page}");
}

#[tokio::test]
async fn a_sign_in_announces_what_the_chores_have_not() {
    let world = seated(3).await;
    let (_, page) = sign_in(&world).await;
    assert!(
        page.contains("Your seat in the committee") && page.contains("ends on"),
        "{page}"
    );
    world.broker.do_chores().await;
    assert_eq!(endings(&world).len(), 1, "and the webhook is told of it");
}

#[tokio::test]
async fn a_call_is_signed_names_nobody_and_follows_no_redirect() {
    let world = seated(3).await;
    sign_in(&world).await;
    world.home.set(Lie::Deaf);
    world.broker.do_chores().await;
    assert_eq!(world.home.hooked.lock().unwrap().len(), 1, "a redirect is a failure");
    world.broker.do_chores().await;
    assert_eq!(world.home.hooked.lock().unwrap().len(), 1, "not before its time");
    for _ in 0..8 {
        world.clock.advance(Duration::from_secs(6 * 3600 + 60));
        world.broker.do_chores().await;
    }
    let hooked = world.home.hooked.lock().unwrap().clone();
    assert_eq!(hooked.len(), 5, "five tries in all");
    for (headers, body) in &hooked {
        let header = |name: &str| headers[name].to_str().unwrap();
        let signed = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"the desk's secret");
        let made = STANDARD.encode(ring::hmac::sign(&key, signed.as_bytes()));
        assert_eq!(header("webhook-signature"), format!("v1,{made}"));
        assert_eq!(
            header("webhook-id"),
            hooked[0].0["webhook-id"].to_str().unwrap(),
            "one message, one id"
        );
        for personal in ["dan", "sub-", "uni.example.org/dac", "Researcher"] {
            assert!(!body.contains(personal), "{personal} in {body}");
        }
    }
}
