//! One's own account: which programs hold tokens, what one did with data, all that is held, and closing it.

use std::time::Duration;

use audit_log::{Class, Details, Event, EventType, Outcome, What, Who, Why};
use http::StatusCode;
use passport_broker::store::people::PersonId;
use policy_engine::snapshot::RoleGrant;
use serde_json::json;

use crate::cases::redeem;
use crate::key::claims;
use crate::world::{Browser, Reply, World, hidden, path_of, two_homes, world, world_of};

const SCOPE: &str = "openid profile ga4gh_passport_v1";

/// Signs `ada` in; the account page.
async fn sign_in(world: &World, browser: &mut Browser) -> Reply {
    browser.follow(world, "/account?idp_hint=home&login_hint=ada").await
}

fn account_of(page: &str) -> String {
    let rest = page.split("Your id at this node</dt><dd><code>").nth(1).unwrap();
    rest.split('<').next().unwrap().to_owned()
}

async fn lives(world: &World, access: &str) -> bool {
    world.bearer("/userinfo", access).await.status == StatusCode::OK
}

async fn access(world: &World, browser: &mut Browser, client: &str) -> String {
    let code = browser.code(world, client, "ada", SCOPE).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", crate::world::REDIRECT),
        ("code_verifier", crate::world::VERIFIER),
    ];
    let reply = world
        .form("/token", Some((client, crate::world::SECRET)), &fields)
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_tokens_of_one_program_end_alone_and_it_is_told() {
    let world = world().await;
    let mut browser = Browser::default();
    let (app, portal) = (
        access(&world, &mut browser, "app").await,
        access(&world, &mut browser, "portal").await,
    );
    let page = browser.get(&world, "/account").await;
    let form = page.body.split("/account/services/end").nth(1).unwrap();
    let csrf = hidden(form, "csrf");
    assert!(page.body.contains("The app") && page.body.contains("is told when you end them"));

    let forged = browser
        .post(&world, "/account/services/end", &[("csrf", "x"), ("client", "app")])
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let got = browser.get(&world, "/account/services/end?client=app").await;
    assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(lives(&world, &app).await, "neither changed anything");

    let fields = [("csrf", csrf.as_str()), ("client", "app")];
    let done = browser.post(&world, "/account/services/end", &fields).await;
    assert_eq!(done.location().query(), Some("done=service"), "{}", done.body);
    assert!(!lives(&world, &app).await && lives(&world, &portal).await);
    assert!(world.events().contains(&"session.end".to_owned()));
    let came = tokio::time::timeout(Duration::from_secs(30), world.home.came.notified()).await;
    assert!(came.is_ok(), "the program was told nothing");
    let told = claims(world.home.told.lock().unwrap().last().unwrap());
    assert_eq!(told["aud"], "app");
    let page = browser.get(&world, "/account").await;
    assert_eq!(page.status, StatusCode::OK, "the person is signed in as before");
    let again = browser.post(&world, "/account/services/end", &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.body);
}

/// What the proxy would write of a request.
async fn asked(world: &World, person: &str, dataset: &str, outcome: Outcome, code: Option<&str>) {
    let identity = world.broker.identity_of(&PersonId::from_text(person)).unwrap();
    let key = world.broker.keystore().person(&identity.to_string()).unwrap();
    let who = Who::person(
        Class::Researcher,
        &key,
        Details::of(identity.sub.as_str(), identity.iss.as_str()),
    );
    let mut event = Event::new(EventType::DrsGetAccessUrl, outcome)
        .who(who)
        .what(What::dataset(dataset).object("a secret name"));
    if let Some(code) = code {
        event = event.why(Why::code(code));
    }
    world.writer.append(event).await.unwrap();
}

#[tokio::test]
async fn a_person_sees_what_was_asked_in_their_name_with_codes_in_words_and_nobody_elses() {
    let world = world().await;
    let mut browser = Browser::default();
    let me = account_of(&sign_in(&world, &mut browser).await.body);
    let empty = browser.get(&world, "/account/history").await;
    assert!(empty.body.contains("Nothing yet."), "{}", empty.body);
    asked(&world, &me, "https://data.example.org/mine", Outcome::Success, None).await;
    let code = Some("consent.approval_missing");
    asked(&world, &me, "https://data.example.org/shut", Outcome::Denied, code).await;
    asked(
        &world,
        "somebody-else",
        "https://data.example.org/theirs",
        Outcome::Success,
        None,
    )
    .await;
    world.clock.advance(Duration::from_secs(3000));

    let page = browser.get(&world, "/account/history").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for shown in [
        "https://data.example.org/mine",
        "https://data.example.org/shut",
        "consent.approval_missing",
        "Asked for a file",
        "denied",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let (newest, older) = (page.body.find("/shut").unwrap(), page.body.find("/mine").unwrap());
    assert!(newest < older, "the newest first");
    let sentence = page.body.split("consent.approval_missing</code><br>").nth(1).unwrap();
    assert!(
        sentence.starts_with("<span class=\"soft small\" lang=\"en\">")
            && sentence.split('<').nth(1).unwrap().len() > 40
    );
    assert!(!page.body.contains("theirs") && !page.body.contains("a secret name"));
    assert!(world.events().contains(&"audit.read".to_owned()), "that they looked");

    // another person's page has nothing of it
    let mut other = Browser::default();
    other.follow(&world, "/account?idp_hint=home&login_hint=ben").await;
    let theirs = other.get(&world, "/account/history").await;
    assert!(theirs.body.contains("Nothing yet."), "{}", theirs.body);
}

#[tokio::test]
async fn all_that_is_held_is_one_document_without_a_secret() {
    let world = world().await;
    let mut browser = Browser::default();
    let tokens = {
        let code = browser
            .code(&world, "app", "ada", "openid offline_access ga4gh_passport_v1")
            .await;
        redeem(&world, &code).await.json()
    };
    let me = account_of(&browser.get(&world, "/account").await.body);
    asked(&world, &me, "https://data.example.org/mine", Outcome::Success, None).await;
    let reply = browser.get(&world, "/account/download").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let attached = reply.headers["content-disposition"].to_str().unwrap();
    assert!(attached.starts_with("attachment"), "{attached}");
    let document = reply.json();
    for part in [
        "account",
        "identities",
        "links",
        "facts",
        "visas",
        "roles",
        "grants",
        "applications",
        "purposes",
        "programs",
        "consents",
        "sessions",
        "keys",
        "notices",
        "history",
    ] {
        assert!(!document[part].is_null(), "{part}: {document}");
    }
    assert_eq!(document["account"]["id"], json!(me));
    assert!(document["identities"][0].to_string().contains("sub-ada"), "{document}");
    assert_eq!(document["programs"][0]["client"], "app");
    assert_eq!(
        document["history"]["accesses"][0]["datasets"][0],
        "https://data.example.org/mine"
    );
    assert_eq!(
        document["visas"]["of_other_issuers"][0]["says"]["ga4gh_visa_v1"]["type"],
        "ControlledAccessGrants"
    );
    for secret in [tokens["access_token"].as_str(), tokens["refresh_token"].as_str()] {
        assert!(!reply.body.contains(secret.unwrap()));
    }
    assert!(
        !reply.body.contains("digest") && !reply.body.contains("secret"),
        "{}",
        reply.body
    );
    for value in browser.cookies.values() {
        assert!(!reply.body.contains(value.as_str()));
    }
    let stranger = Browser::default().get(&world, "/account/download").await;
    assert!(
        stranger.status.is_redirection() || !stranger.body.contains("sub-ada"),
        "not without a session"
    );
}

/// From the first page to the answer of the last form.
async fn close(world: &World, browser: &mut Browser) -> Reply {
    let first = browser.get(world, "/account/close").await;
    assert!(first.body.contains("What stays, and why"), "{}", first.body);
    let csrf = hidden(first.body.split("action=\"/account/close\"").nth(1).unwrap(), "csrf");
    let last = browser.post(world, "/account/close", &[("csrf", &csrf)]).await;
    assert!(last.body.contains("Close your account for good?"), "{}", last.body);
    let csrf = hidden(last.body.split("/account/close/confirm").nth(1).unwrap(), "csrf");
    let unsure = browser.post(world, "/account/close/confirm", &[("csrf", &csrf)]).await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unsure.body);
    let fields = [("csrf", csrf.as_str()), ("sure", "yes")];
    browser.post(world, "/account/close/confirm", &fields).await
}

fn one_set(world: &World, people: [&str; 2]) -> bool {
    let engine = world.broker.current().load();
    let snapshot = engine.snapshot();
    let digests = people.map(|person| {
        let identity = world.broker.identity_of(&PersonId::from_text(person)).unwrap();
        snapshot.person(&identity)
    });
    snapshot
        .persons
        .iter()
        .any(|set| digests.iter().all(|digest| set.contains(digest)))
}

#[tokio::test]
async fn closing_an_account_ends_its_rights_and_keeps_what_bars_it() {
    let world = world().await;
    let mut browser = Browser::default();
    let token = access(&world, &mut browser, "app").await;
    let me = account_of(&browser.get(&world, "/account").await.body);
    // a code that was not redeemed before
    let code = browser.code(&world, "app", "ada", "openid").await;
    let done = close(&world, &mut browser).await;
    assert_eq!(
        (done.status, done.location().path()),
        (StatusCode::SEE_OTHER, "/"),
        "{}",
        done.body
    );
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    assert!(!lives(&world, &token).await, "its tokens");
    assert_eq!(redeem(&world, &code).await.json()["error"], "invalid_grant");
    let entries = world.writer.events(0..world.writer.size()).unwrap();
    let closed = entries.iter().any(|entry| {
        let about = entry
            .entry
            .about
            .iter()
            .any(|about| about.id.to_string() == "close-account");
        entry.entry.kind == EventType::LinkIdentity && entry.entry.outcome == Outcome::Success && about
    });
    assert!(closed, "it is on record");

    // the identity leads nowhere in silence: a new account is asked for, and is empty
    let mut again = Browser::default();
    let page = sign_in(&world, &mut again).await;
    assert!(
        page.body.contains("was closed") && page.body.contains("/login/new"),
        "{}",
        page.body
    );
    let csrf = hidden(page.body.split("/login/new").nth(1).unwrap(), "csrf");
    let begun = again.post(&world, "/login/new", &[("csrf", &csrf)]).await;
    let page = again.get(&world, &path_of(&begun.location())).await;
    let new = account_of(&page.body);
    assert_ne!(new, me);
    assert!(
        one_set(&world, [&me, &new]),
        "what bars the old account bars the new one"
    );

    // from then on it is an account like any other
    let mut third = Browser::default();
    assert_eq!(account_of(&sign_in(&world, &mut third).await.body), new);
}

#[tokio::test]
async fn an_account_is_closed_by_a_sign_in_of_the_last_minutes_only() {
    let world = world().await;
    let mut browser = Browser::default();
    sign_in(&world, &mut browser).await;
    let first = browser.get(&world, "/account/close").await;
    let csrf = hidden(first.body.split("action=\"/account/close\"").nth(1).unwrap(), "csrf");
    let last = browser.post(&world, "/account/close", &[("csrf", &csrf)]).await;
    let confirm = hidden(last.body.split("/account/close/confirm").nth(1).unwrap(), "csrf");
    world.clock.advance(Duration::from_secs(301));
    let stale = browser.get(&world, "/account/close").await;
    assert!(stale.body.contains("older than five minutes"), "{}", stale.body);
    for (path, csrf, more) in [
        ("/account/close", &csrf, None),
        ("/account/close/confirm", &confirm, Some(("sure", "yes"))),
    ] {
        let mut fields = vec![("csrf", csrf.as_str())];
        fields.extend(more);
        let away = browser.post(&world, path, &fields).await;
        assert!(
            away.location().as_str().starts_with(&world.home.issuer),
            "{path}: {}",
            away.body
        );
        assert_eq!(away.query()["prompt"], "login");
    }
    assert_eq!(
        browser.get(&world, "/account").await.status,
        StatusCode::OK,
        "it is there still"
    );
}

#[tokio::test]
async fn whoever_governs_cannot_leave_before_somebody_else_can_do_the_work() {
    let world = world_of(
        |all, home| {
            let issuer: String = url::form_urlencoded::byte_serialize(home.issuer.as_bytes()).collect();
            let role = json!({ "person": format!("sub-ada,{issuer}"), "role": RoleGrant::Role("auditor".to_owned()),
                               "until": "2030-01-01T00:00:00Z" });
            all.roles.push(serde_json::from_value(role).unwrap());
        },
        false,
    )
    .await;
    let mut browser = Browser::default();
    sign_in(&world, &mut browser).await;
    let page = browser.get(&world, "/account/close").await;
    assert!(page.body.contains("You hold the role auditor."), "{}", page.body);
    assert!(!page.body.contains("action=\"/account/close\""), "no button");
}

#[tokio::test]
async fn an_identity_of_a_closed_account_is_forgotten_after_two_years() {
    let world = world().await;
    let mut browser = Browser::default();
    let me = account_of(&sign_in(&world, &mut browser).await.body);
    close(&world, &mut browser).await;
    world.clock.advance(Duration::from_secs(729 * 86_400));
    world.broker.do_chores().await;
    let asked = sign_in(&world, &mut Browser::default()).await;
    assert!(asked.body.contains("was closed"), "{}", asked.body);
    world.clock.advance(Duration::from_secs(2 * 86_400));
    world.broker.do_chores().await;
    let fresh = sign_in(&world, &mut Browser::default()).await;
    assert_ne!(account_of(&fresh.body), me);
}

#[tokio::test]
async fn an_identity_of_a_closed_account_can_be_added_to_another_and_brings_its_bars() {
    let world = two_homes().await;
    let mut first = Browser::default();
    let old = account_of(
        &first
            .follow(&world, "/account?idp_hint=orcid&login_hint=ada")
            .await
            .body,
    );
    let done = close(&world, &mut first).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let mut browser = Browser::default();
    let me = account_of(&sign_in(&world, &mut browser).await.body);
    let page = crate::linking::propose(&world, &mut browser, "ada").await;
    assert!(page.body.contains(&old), "{}", page.body);
    let done = crate::linking::decide(&world, &mut browser, &page, "add").await;
    assert_eq!(done.location().query(), Some("done=linked"), "{}", done.body);
    assert!(one_set(&world, [&old, &me]));
}
