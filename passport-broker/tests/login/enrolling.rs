//! The first administrator: by the code that `visum init` printed, once, in time, with a second factor.

use std::time::Duration;

use http::StatusCode;
use passport_broker::enrolment::{accept, code, digest, has_administrator};
use visa_verifier::seam::SystemRandom;

use crate::world::{Browser, Reply, World, hidden, two_homes, world};

const HOUR: Duration = Duration::from_secs(3600);

/// A code that the node knows.
async fn made(world: &World) -> String {
    let code = code(&SystemRandom::new());
    let until = world.broker.now().plus(HOUR);
    accept(&world.broker, &digest(&code), until).await.unwrap();
    code
}

/// Signs in (dan has a second factor) and brings the code.
async fn bring(world: &World, browser: &mut Browser, idp: &str, person: &str, code: &str) -> Reply {
    browser
        .follow(world, &format!("/account?idp_hint={idp}&login_hint={person}"))
        .await;
    let page = browser.get(world, "/enrol").await;
    let csrf = hidden(page.body.split("action=\"/enrol\"").nth(1).unwrap(), "csrf");
    browser.post(world, "/enrol", &[("csrf", &csrf), ("code", code)]).await
}

#[tokio::test]
async fn the_code_makes_one_administrator_and_is_spent() {
    let world = world().await;
    let code = made(&world).await;
    let mut dan = Browser::default();
    let done = bring(&world, &mut dan, "home", "dan", &code.to_lowercase().replace('-', " ")).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(done.body.contains("You administer this node now"), "{}", done.body);
    assert!(has_administrator(&world.broker).await.unwrap());
    assert!(dan.get(&world, "/account").await.body.contains("administrator"));
    for event in ["config.change", "break-glass"] {
        assert!(
            world.events().contains(&event.to_owned()),
            "{event}: {:?}",
            world.events()
        );
    }
    let again = bring(&world, &mut Browser::default(), "home", "dan", &code).await;
    assert!(again.body.contains("enrolment.has_administrator"), "{}", again.body);
    assert!(
        accept(&world.broker, &digest("another"), world.broker.now().plus(HOUR))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn no_other_code_makes_anybody_anything() {
    let world = two_homes().await;
    let good = made(&world).await;
    let mut browser = Browser::default();
    for wrong in ["", "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A", &good[1..]] {
        let page = bring(&world, &mut browser, "home", "dan", wrong).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{wrong}");
        assert!(page.body.contains("enrolment.unknown"), "{wrong}: {}", page.body);
    }
    // by a provider that logs no administrators in: the code stays good
    let page = bring(&world, &mut Browser::default(), "orcid", "noor", &good).await;
    assert!(page.body.contains("enrolment.provider"), "{}", page.body);
    // with one factor: asked to sign in again, stronger
    let away = bring(&world, &mut Browser::default(), "home", "ada", &good).await;
    assert!(
        away.status.is_redirection() && away.location().path() == "/login",
        "{}",
        away.location()
    );
    // without the form's token
    let forged = browser.post(&world, "/enrol", &[("code", &good)]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert!(forged.body.contains("page.form"), "{}", forged.body);
    world.clock.advance(HOUR);
    let late = bring(&world, &mut Browser::default(), "home", "dan", &good).await;
    assert!(
        late.body.contains("enrolment.unknown"),
        "over after an hour: {}",
        late.body
    );
    assert!(!has_administrator(&world.broker).await.unwrap());
    assert!(
        world.events().contains(&"break-glass".to_owned()),
        "what was refused is on record"
    );
}

#[tokio::test]
async fn guessing_ends_after_ten_tries_in_a_minute() {
    let world = world().await;
    let good = made(&world).await;
    let mut browser = Browser::default();
    let mut last = bring(&world, &mut browser, "home", "dan", "A").await;
    for _ in 0..10 {
        let csrf = hidden(last.body.split("action=\"/enrol\"").nth(1).unwrap(), "csrf");
        last = browser.post(&world, "/enrol", &[("csrf", &csrf), ("code", "A")]).await;
        if last.body.contains("enrolment.throttled") {
            break;
        }
    }
    assert!(last.body.contains("enrolment.throttled"), "{}", last.body);
    let page = bring(&world, &mut browser, "home", "dan", &good).await;
    assert!(
        page.body.contains("enrolment.throttled"),
        "the right one too: {}",
        page.body
    );
    world.clock.advance(Duration::from_secs(60));
    let page = bring(&world, &mut browser, "home", "dan", &good).await;
    assert!(page.body.contains("You administer"), "{}", page.body);
}
