//! How fresh and how strong a login has to be: `prompt`, `max_age`, `acr_values`.

use std::time::Duration;

use http::StatusCode;

use crate::cases::redeem;
use crate::home::Lie;
use crate::key::claims;
use crate::world::{Browser, World, ask, world};

const MFA: &str = "https://refeds.org/profile/mfa";
const SFA: &str = "https://refeds.org/profile/sfa";

async fn signed_in(world: &World, person: &str) -> Browser {
    let mut browser = Browser::default();
    browser.code(world, "app", person, "openid").await;
    browser
}

/// Whether the browser is sent to the institution by this request.
async fn is_sent_home(world: &World, browser: &mut Browser, more: &[(&str, &str)]) -> bool {
    let reply = browser.get(world, &ask("app", "openid", more)).await;
    reply.status.is_redirection() && reply.location().as_str().starts_with(&world.home.issuer)
}

#[tokio::test]
async fn a_login_that_is_old_weak_or_not_wanted_is_made_anew() {
    let world = world().await;
    let mut browser = signed_in(&world, "ada").await;
    world.clock.advance(Duration::from_secs(100));
    type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], bool);
    let cases: [Case<'_>; 9] = [
        ("nothing said", &[], false),
        ("prompt=login", &[("prompt", "login")], true),
        ("prompt=select_account", &[("prompt", "select_account")], true),
        ("prompt=login consent", &[("prompt", "login consent")], true),
        ("young enough", &[("max_age", "100")], false),
        ("too old", &[("max_age", "99")], true),
        ("max_age=0", &[("max_age", "0")], true),
        ("strong enough", &[("acr_values", SFA)], false),
        ("too weak", &[("acr_values", MFA)], true),
    ];
    for (name, more, sent) in cases {
        assert_eq!(is_sent_home(&world, &mut browser, more).await, sent, "{name}");
    }
}

#[tokio::test]
async fn a_new_login_is_a_new_session_with_its_own_time() {
    let world = world().await;
    let mut browser = signed_in(&world, "ada").await;
    world.clock.advance(Duration::from_secs(100));
    for more in [("prompt", "login"), ("max_age", "0"), ("prompt", "login consent")] {
        let page = browser.follow(&world, &ask("app", "openid", &[more])).await;
        assert_eq!(
            page.status,
            StatusCode::OK,
            "{more:?}: {:?} {}",
            page.headers,
            page.body
        );
        let code = browser
            .post(&world, "/consent", &crate::world::allow(&page.body, "openid"))
            .await
            .query()["code"]
            .clone();
        let said = claims(redeem(&world, &code).await.json()["id_token"].as_str().unwrap());
        assert_eq!(said["auth_time"], world.clock_unix(), "{more:?}");
        world.clock.advance(Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_page_is_never_shown_to_who_wants_none() {
    let world = world().await;
    let asked = |more: &'static [(&'static str, &'static str)]| ask("app", "openid", more);
    let nobody = Browser::default().get(&world, &asked(&[("prompt", "none")])).await;
    assert_eq!(nobody.query()["error"], "login_required");
    let mut browser = signed_in(&world, "ada").await;
    world.clock.advance(Duration::from_secs(100));
    for (name, more, error) in [
        ("no consent yet", &[("prompt", "none")][..], "consent_required"),
        ("too old", &[("prompt", "none"), ("max_age", "10")], "login_required"),
        ("too weak", &[("prompt", "none"), ("acr_values", MFA)], "login_required"),
        ("none and another", &[("prompt", "none login")], "invalid_request"),
    ] {
        assert_eq!(
            browser.get(&world, &ask("app", "openid", more)).await.query()["error"],
            error,
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_institution_that_gives_less_than_was_asked_is_not_asked_in_circles() {
    let world = world().await;
    // ada has one factor, dan two
    let mut browser = Browser::default();
    let weak = browser
        .follow(
            &world,
            &ask("app", "openid", &[("acr_values", MFA), ("login_hint", "ada")]),
        )
        .await;
    assert_eq!(
        weak.query()["error"],
        "unmet_authentication_requirements",
        "{}",
        weak.body
    );
    let strong = Browser::default()
        .follow(
            &world,
            &ask("app", "openid", &[("acr_values", MFA), ("login_hint", "dan")]),
        )
        .await;
    assert_eq!(strong.status, StatusCode::OK);
    // one that remembers an old login, whatever it was asked
    *world.home.lie.lock().unwrap() = Lie::OldLogin;
    for more in [("prompt", "login"), ("max_age", "60")] {
        let old = Browser::default().follow(&world, &ask("app", "openid", &[more])).await;
        assert_eq!(old.query()["error"], "login_required", "{more:?} {}", old.body);
    }
}

#[tokio::test]
async fn nobody_can_say_that_they_have_just_been_there() {
    let world = world().await;
    let mut browser = signed_in(&world, "ada").await;
    world.clock.advance(Duration::from_secs(100));
    for mark in ["1", "1795000000.", "1795000100.AAAA"] {
        let sent = is_sent_home(&world, &mut browser, &[("prompt", "login"), ("visum_returned", mark)]).await;
        assert!(sent, "{mark}");
    }
}
