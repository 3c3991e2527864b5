//! Login providers as they are: what each asserts is read by its row, and counts as far as its row says.

use http::StatusCode;
use passport_broker::preset::Preset;
use serde_json::{Value, json};

use crate::cases::{exchange, redeem};
use crate::home::Lie;
use crate::key::claims;
use crate::world::{Browser, ask, world, world_of};

const SCOPE: &str = "openid ga4gh_passport_v1";

/// The account page of somebody who signs in anew.
async fn account(world: &crate::world::World) -> String {
    let page = Browser::default().follow(world, "/account").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page.body
}

#[tokio::test]
async fn a_second_factor_in_one_word_is_read_and_every_check_still_holds() {
    let world = world().await;
    world.home.ways.lock().unwrap().one_word = true;
    assert!(account(&world).await.contains("more than one factor"));
    for (lie, code) in [
        (Lie::Nonce, "login.unverified"),
        (Lie::Audience, "login.unverified"),
        (Lie::AnotherParty, "login.unverified"),
        (Lie::Expired, "login.clock"),
        (Lie::ClockAhead, "login.clock"),
        (Lie::Issuer, "login.unverified"),
        (Lie::Key, "login.unverified"),
        (Lie::UserInfo, "login.unverified"),
    ] {
        world.home.set(lie);
        let page = Browser::default().follow(&world, &ask("app", "openid", &[])).await;
        assert!(!page.status.is_success() && !page.status.is_redirection(), "{lie:?}");
        assert!(page.body.contains(code), "{lie:?}: {}", page.body);
    }
    world.home.set(Lie::None);
    for (claim, value) in [
        ("at_hash", json!("AAAA")),
        ("exp", json!("soon")),
        ("sub", json!(7)),
        ("azp", json!(7)),
    ] {
        world.home.ways.lock().unwrap().claims = [(claim.to_owned(), value)].into_iter().collect();
        let page = Browser::default().follow(&world, &ask("app", "openid", &[])).await;
        assert!(page.body.contains("login.unverified"), "{claim}: {}", page.body);
    }
    world.home.ways.lock().unwrap().claims = serde_json::Map::new();
    world.home.rotate();
    world.clock.advance(std::time::Duration::from_secs(120));
    assert!(
        account(&world).await.contains("more than one factor"),
        "a key turned over is fetched"
    );
}

#[tokio::test]
async fn a_provider_that_takes_its_secret_in_the_body_only_gets_it_there() {
    let world = world().await;
    world.home.ways.lock().unwrap().in_the_body = true;
    account(&world).await;
}

#[tokio::test]
async fn claims_are_read_by_the_row_and_count_as_far_as_it_says() {
    let world = world_of(
        |all, _| {
            let row = &mut all.upstreams[0];
            row.claims = serde_json::from_value(json!({
                "affiliation": ["home_roles"], "groups": ["memberships"], "name": ["shown_as", "name"],
            }))
            .unwrap();
            let rule = |group: &str, becomes: &str, visa: bool| {
                let rule = json!({ "namespace": "urn:geant:uni.example.org", "group": group, "becomes": becomes, "visa": visa });
                serde_json::from_value(rule).unwrap()
            };
            row.groups = vec![rule("heart", "heart-study", true), rule("canteen", "lunch", false)];
        },
        false,
    )
    .await;
    world.home.ways.lock().unwrap().claims = json!({
        "home_roles": ["student@uni.example.org", "faculty@other.example.org"],
        "shown_as": "Ada of the Row",
        "memberships": [
            "urn:geant:uni.example.org:group:heart:role=member#aai.example.org",
            "urn:geant:uni.example.org:group:canteen",
            "urn:geant:uni.example.org:group:secret",
            "urn:geant:other.example.org:group:heart",
            7,
        ],
        "eduperson_entitlement": ["urn:geant:uni.example.org:group:canteen:role=cook"],
    })
    .as_object()
    .unwrap()
    .clone();
    let page = account(&world).await;
    assert!(page.contains("student@uni.example.org"), "{page}");
    assert!(
        !page.contains("faculty@uni.example.org"),
        "a claim that the row does not name says nothing"
    );
    assert!(
        !page.contains("other.example.org"),
        "a scope or namespace of somebody else says nothing"
    );
    assert!(page.contains("group heart-study") && page.contains("group lunch") && !page.contains("secret"));
    assert!(page.contains("Ada of the Row"));

    let mut browser = Browser::default();
    let code = browser.code(&world, "app", "ada", SCOPE).await;
    let tokens = redeem(&world, &code).await.json();
    let passport = exchange(&world, tokens["access_token"].as_str().unwrap(), &[])
        .await
        .json();
    let passport = claims(passport["access_token"].as_str().unwrap());
    let visas: Vec<Value> = passport["ga4gh_passport_v1"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visa| claims(visa.as_str().unwrap()))
        .collect();
    let groups: Vec<&Value> = visas
        .iter()
        .map(|visa| &visa["ga4gh_visa_v1"])
        .filter(|object| object["type"] == "https://broker.example.org/visas/group/v1")
        .collect();
    let [group] = groups.as_slice() else {
        panic!("{visas:?}")
    };
    assert_eq!(
        (&group["value"], &group["source"]),
        (&json!("heart-study"), &json!(world.home.issuer))
    );

    // a provider that says it no more
    world.home.ways.lock().unwrap().claims = serde_json::Map::new();
    assert!(!account(&world).await.contains("group heart-study"));
}

#[tokio::test]
async fn orcid_says_who_somebody_is_and_nothing_else_of_them() {
    let world = world_of(
        |all, home| {
            let row = &mut all.upstreams[0];
            let visa_sources = std::mem::take(&mut row.visa_sources);
            *row = Preset::Orcid.row("orcid", "broker", &home.issuer);
            row.secret = Some("home".to_owned());
            // whatever it speaks for, it asserts nothing of it
            row.speaks_for = vec!["https://uni.example.org".to_owned()];
            drop(visa_sources);
        },
        false,
    )
    .await;
    let mut ways = world.home.ways.lock().unwrap().clone();
    ways.one_word = true;
    ways.in_the_body = true;
    ways.claims = [("ga4gh_passport_v1".to_owned(), json!(["a.b.c"]))]
        .into_iter()
        .collect();
    *world.home.ways.lock().unwrap() = ways;
    let page = account(&world).await;
    assert!(
        page.contains("<span class=\"soft\">none</span>") && !page.contains("@uni.example.org</div>"),
        "{page}"
    );
    assert!(
        page.contains("more than one factor") && page.contains("You hold no visa yet"),
        "{page}"
    );
}

#[tokio::test]
async fn an_institution_that_releases_no_usable_identifier_is_told_apart_and_another_identity_is_offered() {
    let world = world().await;
    for sub in [json!(""), json!("ädä"), json!("a".repeat(256))] {
        world.home.ways.lock().unwrap().claims = [("sub".to_owned(), sub.clone())].into_iter().collect();
        let page = Browser::default().follow(&world, "/account").await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{sub}");
        assert!(
            page.body.contains("login.no_identifier") || page.body.contains("login.unverified"),
            "{sub}: {}",
            page.body
        );
        if page.body.contains("login.no_identifier") {
            assert!(
                page.body.contains("another identity") && page.body.contains("href=\"/account\""),
                "{}",
                page.body
            );
        }
    }
    // nobody began an account
    world.home.ways.lock().unwrap().claims = serde_json::Map::new();
    assert!(account(&world).await.contains("Your account"));
}
