//! Visas of other issuers: asked for again in the background, never waited for longer than a moment; the account page says how
//! fresh they are, and how one of another world differs.

use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::json;

use crate::home::{Lie, Visas};
use crate::world::{Browser, World, world, world_of};

const GRANT: &str = "https://data.example.org/b";
const OF_USERINFO: &str = "https://data.example.org/u";

async fn account(browser: &mut Browser, world: &World) -> String {
    let page = browser.follow(world, "/account").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page.body
}

fn set(world: &World, visas: Visas) {
    world.home.ways.lock().unwrap().visas = visas;
}

#[tokio::test]
async fn a_source_that_is_down_delays_nothing_and_the_page_says_how_fresh_its_visas_are() {
    let world = world().await;
    let mut browser = Browser::default();
    let page = account(&mut browser, &world).await;
    assert!(
        page.contains(GRANT) && page.contains("How fresh they are") && page.contains("as of "),
        "{page}"
    );

    set(&world, Visas::Slow);
    world.clock.advance(Duration::from_secs(16 * 60));
    let begun = Instant::now();
    let page = account(&mut browser, &world).await;
    assert!(
        begun.elapsed() < Duration::from_millis(1500),
        "nobody waits for what is there: {:?}",
        begun.elapsed()
    );
    assert!(page.contains(GRANT), "its visas serve until they expire: {page}");

    set(&world, Visas::Down);
    world.clock.advance(Duration::from_secs(16 * 60));
    world.broker.do_chores().await;
    let page = account(&mut browser, &world).await;
    assert!(
        page.contains("no answer since") && page.contains("it answered 503") && page.contains(GRANT),
        "{page}"
    );

    set(&world, Visas::Slow);
    world.clock.advance(Duration::from_secs(40 * 60));
    let begun = Instant::now();
    let page = account(&mut browser, &world).await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "a moment and no more: {:?}",
        begun.elapsed()
    );
    assert!(!page.contains(GRANT), "{page}");

    set(&world, Visas::Given);
    world.clock.advance(Duration::from_secs(2 * 60));
    let page = account(&mut browser, &world).await;
    assert!(page.contains(GRANT) && !page.contains("no answer since"), "{page}");
}

#[tokio::test]
async fn a_sign_in_waits_a_moment_for_a_source_and_no_more() {
    let world = world().await;
    set(&world, Visas::Slow);
    let begun = Instant::now();
    let page = account(&mut Browser::default(), &world).await;
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert!(page.contains("has not answered yet") && !page.contains(GRANT), "{page}");
}

#[tokio::test]
async fn visas_of_userinfo_are_refreshed_while_the_sign_in_there_is_good() {
    let world = world().await;
    {
        let mut ways = world.home.ways.lock().unwrap();
        (ways.userinfo_visa, ways.token_life) = (true, Some(2 * 3600));
    }
    let mut browser = Browser::default();
    assert!(account(&mut browser, &world).await.contains(OF_USERINFO));
    // the one of the sign-in would be over by now
    for _ in 0..4 {
        world.clock.advance(Duration::from_secs(20 * 60));
        world.broker.do_chores().await;
    }
    assert!(
        account(&mut browser, &world).await.contains(OF_USERINFO),
        "fetched anew"
    );

    world.home.set(Lie::UserInfo);
    world.clock.advance(Duration::from_secs(16 * 60));
    world.broker.do_chores().await;
    let page = account(&mut browser, &world).await;
    assert!(
        page.contains("it answered for somebody else") && page.contains(OF_USERINFO),
        "{page}"
    );
    world.home.set(Lie::None);

    world.home.ways.lock().unwrap().userinfo_visa = false;
    world.clock.advance(Duration::from_secs(16 * 60));
    world.broker.do_chores().await;
    assert!(
        !account(&mut browser, &world).await.contains(OF_USERINFO),
        "what is given no more is gone"
    );

    world.home.ways.lock().unwrap().userinfo_visa = true;
    world.clock.advance(Duration::from_secs(60 * 60));
    world.broker.do_chores().await;
    let page = account(&mut browser, &world).await;
    assert!(
        page.contains("sign in there again") && !page.contains(OF_USERINFO),
        "{page}"
    );
}

#[tokio::test]
async fn a_visa_of_another_world_is_shown_with_its_differences() {
    let world = world().await;
    let page = account(&mut Browser::default(), &world).await;
    assert!(
        page.contains(GRANT) && !page.contains("as version 1.0 had it"),
        "{page}"
    );
    set(&world, Visas::Old);
    world.clock.advance(Duration::from_secs(2 * 60));
    let page = account(&mut Browser::default(), &world).await;
    assert!(page.contains(GRANT) && page.contains("as version 1.0 had it"), "{page}");
}

#[tokio::test]
async fn a_passport_of_version_1_1_gives_its_visas_if_it_speaks_of_who_signed_in() {
    let world = world_of(
        |all, _| all.upstreams[0].claims = serde_json::from_value(json!({ "visas": ["passport_jwt_v11"] })).unwrap(),
        false,
    )
    .await;
    for (sub, counts) in [("sub-ada", true), ("sub-mallory", false)] {
        let passport = world.home.passport(sub, "sub-ada");
        world.home.ways.lock().unwrap().claims =
            [("passport_jwt_v11".to_owned(), json!(passport))].into_iter().collect();
        let page = account(&mut Browser::default(), &world).await;
        assert_eq!(page.contains("https://data.example.org/p"), counts, "{sub}: {page}");
    }
}
