//! Terms and attestations: asked for at the sign-in, in their version; a visa for what was accepted and nothing else.

use http::StatusCode;
use passport_broker::bootstrap::{self, Bootstrap};
use passport_broker::store::terms::TermsRow;
use serde_json::{Value, json};

use crate::cases::{exchange, redeem};
use crate::key::claims;
use crate::world::{Browser, Reply, World, allow, ask, hidden, world_of};

const SCOPE: &str = "openid ga4gh_passport_v1";

fn terms(id: &str, kind: &str, version: &str, text: &str, required: bool) -> TermsRow {
    serde_json::from_value(
        json!({ "id": id, "kind": kind, "title": format!("The {id}"), "version": version,
        "url": format!("https://node.example.org/{id}"), "source": "https://node.example.org", "text": text,
        "days": 30, "required": required }),
    )
    .unwrap()
}

async fn with(rows: Vec<TermsRow>) -> World {
    world_of(|all, _| all.terms = rows, false).await
}

async fn publish(world: &World, row: TermsRow) {
    let all = Bootstrap {
        terms: vec![row],
        ..Bootstrap::default()
    };
    bootstrap::apply(&world.broker, all).await.unwrap();
}

/// One answer to the text on a page.
async fn answer(browser: &mut Browser, world: &World, page: &Reply, answer: &str) -> Reply {
    let form = page
        .body
        .split("action=\"/terms\"")
        .nth(1)
        .unwrap_or_else(|| panic!("{}", page.body));
    let field = |name: &str| hidden(form, name);
    let (csrf, next) = (field("csrf"), field("next"));
    let mut fields = vec![("csrf", csrf.as_str()), ("next", next.as_str()), ("answer", answer)];
    let (id, digest);
    if answer != "later" {
        (id, digest) = (field("terms"), field("digest"));
        fields.extend([("terms", id.as_str()), ("digest", digest.as_str())]);
    }
    browser.post(world, "/terms", &fields).await
}

/// The visas of these types that a Passport of this browser carries.
async fn visas(browser: &mut Browser, world: &World) -> Vec<String> {
    let page = browser.follow(world, &ask("app", SCOPE, &[])).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let reply = browser.post(world, "/consent", &allow(&page.body, SCOPE)).await;
    let tokens = redeem(world, &reply.query()["code"]).await.json();
    let passport = exchange(world, tokens["access_token"].as_str().unwrap(), &[])
        .await
        .json();
    let passport = claims(passport["access_token"].as_str().unwrap());
    let objects = passport["ga4gh_passport_v1"].as_array().unwrap().iter();
    objects
        .map(|visa| claims(visa.as_str().unwrap())["ga4gh_visa_v1"].clone())
        .filter(|object: &Value| {
            object["value"]
                .as_str()
                .unwrap()
                .starts_with("https://node.example.org/")
        })
        .map(|object| {
            format!(
                "{} {} by {}",
                object["type"].as_str().unwrap(),
                object["value"].as_str().unwrap(),
                object["by"].as_str().unwrap()
            )
        })
        .collect()
}

#[tokio::test]
async fn a_text_is_asked_for_at_the_sign_in_and_its_visa_is_of_the_version_that_was_accepted() {
    let world = with(vec![terms(
        "rules",
        "policies",
        "1",
        "Be kind.\n\nBe <b>careful</b>.",
        false,
    )])
    .await;
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account").await;
    assert!(
        page.body.contains("Be kind.") && page.body.contains("The rules"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("<b>careful"), "a text is text");
    let later = answer(&mut browser, &world, &page, "later").await;
    assert_eq!(later.status, StatusCode::SEE_OTHER, "{}", later.body);
    assert!(
        visas(&mut browser, &world).await.is_empty(),
        "what was not accepted is no visa"
    );
    assert!(!world.events().contains(&"terms.accept".to_owned()));

    // asked again at the next sign-in
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account").await;
    let on = answer(&mut browser, &world, &page, "accept").await;
    assert_eq!(
        (on.status, on.location().path()),
        (StatusCode::SEE_OTHER, "/account"),
        "{}",
        on.body
    );
    assert!(world.events().contains(&"terms.accept".to_owned()), "on record");
    let wanted = ["AcceptedTermsAndPolicies https://node.example.org/rules by self"];
    assert_eq!(visas(&mut browser, &world).await, wanted);
    let account = browser.get(&world, "/account").await;
    assert!(
        account.body.contains("The rules") && account.body.contains("accepted"),
        "{}",
        account.body
    );
    let again = Browser::default().follow(&world, "/account").await;
    assert!(again.body.contains("Your account"), "asked once: {}", again.body);

    // a new version: what was accepted counts no more
    publish(&world, terms("rules", "policies", "2", "Be very kind.", false)).await;
    assert!(visas(&mut browser, &world).await.is_empty());
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account").await;
    assert!(
        page.body.contains("Be very kind.") && page.body.contains("you accepted version"),
        "{}",
        page.body
    );
    answer(&mut browser, &world, &page, "accept").await;
    assert_eq!(visas(&mut browser, &world).await, wanted);

    // it ends with its days
    world.clock.advance(std::time::Duration::from_secs(31 * 24 * 3600));
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account").await;
    assert!(page.body.contains("Be very kind."), "{}", page.body);
    answer(&mut browser, &world, &page, "accept").await;
    assert_eq!(visas(&mut browser, &world).await, wanted);

    // taken back
    let page = browser.get(&world, "/terms").await;
    let back = answer(&mut browser, &world, &page, "withdraw").await;
    assert_eq!(back.location().path(), "/terms");
    assert!(visas(&mut browser, &world).await.is_empty());
}

#[tokio::test]
async fn a_text_that_changed_under_the_page_is_not_accepted_unread() {
    let world = with(vec![terms("rules", "policies", "1", "One.", false)]).await;
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account").await;
    publish(
        &world,
        terms("rules", "policies", "1", "Two, under the same version.", false),
    )
    .await;
    let refused = answer(&mut browser, &world, &page, "accept").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("terms.changed"), "{}", refused.body);
    let forged = browser
        .post(
            &world,
            "/terms",
            &[("csrf", "x"), ("answer", "accept"), ("terms", "rules")],
        )
        .await;
    assert!(forged.body.contains("page.form"), "{}", forged.body);
    let csrf = hidden(page.body.split("action=\"/terms\"").nth(1).unwrap(), "csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("answer", "later"),
        ("next", "https://evil.example.net"),
    ];
    assert!(
        browser.post(&world, "/terms", &fields).await.body.contains("page.form"),
        "no open redirect"
    );
    assert!(visas(&mut browser, &world).await.is_empty());
}

#[tokio::test]
async fn nobody_goes_on_to_a_program_before_what_is_required_is_accepted() {
    let world = with(vec![terms("house", "policies", "1", "House rules.", true)]).await;
    let mut browser = Browser::default();
    let asks = browser.follow(&world, &ask("app", "openid", &[])).await;
    assert!(
        asks.body.contains("House rules.") && !asks.body.contains("Not now"),
        "{}",
        asks.body
    );
    let around = answer(&mut browser, &world, &asks, "later").await;
    assert!(
        around.body.contains("House rules."),
        "putting it off leads nowhere: {}",
        around.body
    );
    let around = browser.follow(&world, &ask("app", "openid", &[])).await;
    assert!(around.body.contains("House rules."), "nor does beginning again");
    let silent = browser.get(&world, &ask("app", "openid", &[("prompt", "none")])).await;
    assert_eq!(silent.query()["error"], "interaction_required");
    let on = answer(&mut browser, &world, &asks, "accept").await;
    assert_eq!(on.location().path(), "/authorize", "{}", on.body);
    let page = browser.get(&world, &crate::world::path_of(&on.location())).await;
    assert!(page.body.contains("name=\"decision\""), "{}", page.body);
}

#[tokio::test]
async fn a_researcher_attests_what_they_are_while_an_institution_says_that_they_belong_to_it() {
    let world = with(vec![terms(
        "bona-fide",
        "researcher-status",
        "1",
        "I am a researcher.",
        false,
    )])
    .await;
    world.home.ways.lock().unwrap().claims = [("eduperson_scoped_affiliation".to_owned(), json!([]))]
        .into_iter()
        .collect();
    let page = Browser::default().follow(&world, "/account").await;
    assert!(
        page.body.contains("Your account"),
        "of nobody else is it asked: {}",
        page.body
    );
    world.home.ways.lock().unwrap().claims.clear();
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account").await;
    assert!(page.body.contains("I am a researcher."), "{}", page.body);
    answer(&mut browser, &world, &page, "accept").await;
    assert_eq!(
        visas(&mut browser, &world).await,
        ["ResearcherStatus https://node.example.org/bona-fide by self"]
    );
    world.home.ways.lock().unwrap().claims = [("eduperson_scoped_affiliation".to_owned(), json!([]))]
        .into_iter()
        .collect();
    assert!(
        visas(&mut Browser::default(), &world).await.is_empty(),
        "the institution says so no more"
    );
}
