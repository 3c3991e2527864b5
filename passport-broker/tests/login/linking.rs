//! A person with two identities: added by two proofs in one session, taken off again; nobody is merged.

use std::time::Duration;

use http::StatusCode;
use passport_broker::store::people;
use policy_engine::snapshot::RoleGrant;
use serde_json::json;
use visa_verifier::VisaIdentity;

use crate::cases::{exchange, redeem};
use crate::home::Lie;
use crate::key::claims;
use crate::world::{Browser, ISSUER, Reply, World, at_home, hidden, path_of, two_homes, world_of};

const SCOPE: &str = "openid profile ga4gh_passport_v1";

/// Signs `person` in at `idp`; the account page.
async fn sign_in(world: &World, browser: &mut Browser, idp: &str, person: &str) -> Reply {
    browser
        .follow(world, &format!("/account?idp_hint={idp}&login_hint={person}"))
        .await
}

/// From the account to the page that shows both identities, or to the one that says why not. The second institution
/// signs in `person`, whatever it was asked.
pub(crate) async fn propose(world: &World, browser: &mut Browser, person: &str) -> Reply {
    let page = browser.get(world, "/account/link").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let csrf = hidden(page.body.split("action=\"/account/link\"").nth(1).unwrap(), "csrf");
    let away = browser
        .post(world, "/account/link", &[("csrf", &csrf), ("institution", "orcid")])
        .await;
    let mut asked = away.location();
    assert!(asked.as_str().starts_with(&world.orcid().issuer), "{asked}");
    let words: std::collections::BTreeMap<String, String> = asked.query_pairs().into_owned().collect();
    assert_eq!((words["prompt"].as_str(), words["max_age"].as_str()), ("login", "300"));
    asked.query_pairs_mut().append_pair("login_hint", person);
    let callback = at_home(&asked).await;
    let back = browser.get(world, &path_of(&callback)).await;
    if back.status.is_redirection() {
        assert_eq!(back.location().path(), "/account/link/confirm");
        browser.get(world, "/account/link/confirm").await
    } else {
        back
    }
}

pub(crate) async fn decide(world: &World, browser: &mut Browser, page: &Reply, decision: &str) -> Reply {
    let (csrf, offer) = (
        hidden(page.body.split("/account/link/confirm").nth(1).unwrap(), "csrf"),
        hidden(&page.body, "offer"),
    );
    let fields = [
        ("csrf", csrf.as_str()),
        ("offer", offer.as_str()),
        ("decision", decision),
    ];
    browser.post(world, "/account/link/confirm", &fields).await
}

fn account_of(page: &str) -> String {
    let rest = page.split("Your id at this node</dt><dd><code>").nth(1).unwrap();
    rest.split('<').next().unwrap().to_owned()
}

/// Both identities of `ada` in one account; the browser and the account's id.
async fn linked(world: &World) -> (Browser, String) {
    let mut browser = Browser::default();
    let account = account_of(&sign_in(world, &mut browser, "home", "ada").await.body);
    let page = propose(world, &mut browser, "ada").await;
    let done = decide(world, &mut browser, &page, "add").await;
    assert_eq!(done.location().query(), Some("done=linked"), "{}", done.body);
    (browser, account)
}

#[tokio::test]
async fn both_identities_lead_to_one_account_once_both_were_proven_and_seen() {
    let world = two_homes().await;
    let mut browser = Browser::default();
    let account = account_of(&sign_in(&world, &mut browser, "home", "ada").await.body);
    let page = propose(&world, &mut browser, "ada").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for shown in ["Sample University", "Open Researchers", "sub-ada", account.as_str()] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let done = decide(&world, &mut browser, &page, "add").await;
    assert_eq!(done.location().query(), Some("done=linked"), "{}", done.body);
    assert!(world.events().contains(&"link.identity".to_owned()));
    let again = decide(&world, &mut browser, &page, "add").await;
    assert!(
        again.body.contains("link.over"),
        "an offer is good once: {}",
        again.body
    );

    // by the other identity: told first, then the same account
    let mut other = Browser::default();
    let told = sign_in(&world, &mut other, "orcid", "ada").await;
    assert!(told.body.contains("was added to your account"), "{}", told.body);
    let fields = [
        ("csrf", hidden(told.body.split("/notices").nth(1).unwrap(), "csrf")),
        ("next", hidden(&told.body, "next")),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let on = other.post(&world, "/notices", &fields).await;
    assert_eq!(on.location().path(), "/account");
    assert_eq!(account_of(&other.get(&world, "/account").await.body), account);
    let mut third = Browser::default();
    let page = sign_in(&world, &mut third, "orcid", "ada").await;
    assert_eq!(account_of(&page.body), account, "told once");
}

#[tokio::test]
async fn a_passport_says_that_linked_identities_are_one_persons_where_the_operator_lets_it() {
    for (named, says) in [(true, true), (false, false)] {
        let other = std::sync::Mutex::new(String::new());
        let world = world_of(
            |all, _| {
                let issuer = all.upstreams[1].issuer.clone();
                if named {
                    all.trust[0].may_link.push(issuer.clone());
                }
                *other.lock().unwrap() = issuer;
            },
            true,
        )
        .await;
        let (mut browser, _) = linked(&world).await;
        let code = browser.code(&world, "app", "ada", SCOPE).await;
        let tokens = redeem(&world, &code).await.json();
        let passport = exchange(&world, tokens["access_token"].as_str().unwrap(), &[])
            .await
            .json();
        let passport = claims(passport["access_token"].as_str().unwrap());
        let visas = passport["ga4gh_passport_v1"].as_array().unwrap();
        let link = visas
            .iter()
            .map(|visa| claims(visa.as_str().unwrap()))
            .find(|visa| visa["ga4gh_visa_v1"]["type"] == "LinkedIdentities")
            .unwrap();
        let identity: VisaIdentity =
            VisaIdentity::new(other.lock().unwrap().parse().unwrap(), "sub-ada".parse().unwrap());
        let value = link["ga4gh_visa_v1"]["value"].as_str().unwrap();
        assert_eq!(value.contains(&identity.to_string()), says, "{value}");
    }
}

#[tokio::test]
async fn a_proof_that_is_not_of_these_minutes_adds_nothing() {
    for (lie, code) in [(Lie::OldLogin, "login.not_fresh"), (Lie::NoAuthTime, "login.not_fresh")] {
        let world = two_homes().await;
        let mut browser = Browser::default();
        sign_in(&world, &mut browser, "home", "ada").await;
        world.orcid().set(lie);
        let page = propose(&world, &mut browser, "ada").await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{lie:?}");
        assert!(page.body.contains(code), "{lie:?}: {}", page.body);
    }
    // the session's own proof
    let world = two_homes().await;
    let mut browser = Browser::default();
    sign_in(&world, &mut browser, "home", "ada").await;
    world.clock.advance(Duration::from_secs(301));
    let page = browser.get(&world, "/account/link").await;
    assert!(page.body.contains("older than five minutes"), "{}", page.body);
    let csrf = hidden(page.body.split("action=\"/account/link\"").nth(1).unwrap(), "csrf");
    let fields = [("csrf", csrf.as_str()), ("institution", "orcid")];
    let first = browser.post(&world, "/account/link", &fields).await;
    assert!(
        first.location().as_str().starts_with(&world.home.issuer),
        "{}",
        first.location()
    );
    let back = browser.through_home(&world, &first).await;
    assert_eq!(back.location().query(), Some("with=orcid"));
    let page = propose(&world, &mut browser, "ada").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    // and the offer is over after five minutes
    world.clock.advance(Duration::from_secs(301));
    let late = decide(&world, &mut browser, &page, "add").await;
    assert!(late.body.contains("link.over"), "{}", late.body);
}

#[tokio::test]
async fn an_offer_is_of_one_session_and_one_form() {
    let world = two_homes().await;
    let (mut ada, mut dan) = (Browser::default(), Browser::default());
    sign_in(&world, &mut ada, "home", "ada").await;
    let dans = account_of(&sign_in(&world, &mut dan, "home", "dan").await.body);
    let page = propose(&world, &mut ada, "ada").await;
    // dan's browser with ada's offer: by cookie, by form
    let offer = ada.cookies.get("__Host-visum-offer").unwrap().clone();
    dan.cookies.insert("__Host-visum-offer".to_owned(), offer);
    let shown = dan.get(&world, "/account/link/confirm").await;
    assert!(shown.body.contains("link.over"), "{}", shown.body);
    let forged = decide(&world, &mut dan, &page, "add").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "ada's form in dan's session");
    // the form of another offer
    let own = propose(&world, &mut dan, "dan").await;
    let mixed = Reply {
        body: own
            .body
            .replace(&hidden(&own.body, "offer"), &hidden(&page.body, "offer")),
        ..own
    };
    let mixed = decide(&world, &mut dan, &mixed, "add").await;
    assert!(mixed.body.contains("link.over"), "{}", mixed.body);
    assert_eq!(account_of(&dan.get(&world, "/account").await.body), dans);
    assert!(!dan.get(&world, "/account").await.body.contains("Open Researchers"));
    // a callback of ada's proof in dan's browser
    let page = ada.get(&world, "/account/link").await;
    let csrf = hidden(page.body.split("action=\"/account/link\"").nth(1).unwrap(), "csrf");
    let away = ada
        .post(&world, "/account/link", &[("csrf", &csrf), ("institution", "orcid")])
        .await;
    let callback = at_home(&away.location()).await;
    dan.cookies.extend(
        ada.cookies
            .clone()
            .into_iter()
            .filter(|(name, _)| name.contains("login-")),
    );
    let stolen = dan.get(&world, &path_of(&callback)).await;
    assert!(stolen.body.contains("login.not_pending"), "{}", stolen.body);
}

#[tokio::test]
async fn nothing_is_added_by_a_no_or_a_link_that_somebody_sent() {
    let world = two_homes().await;
    let mut browser = Browser::default();
    sign_in(&world, &mut browser, "home", "ada").await;
    let page = propose(&world, &mut browser, "ada").await;
    let kept = decide(&world, &mut browser, &page, "leave").await;
    assert_eq!(kept.location().query(), Some("done=kept"));
    let late = decide(&world, &mut browser, &page, "add").await;
    assert!(late.body.contains("link.over"), "{}", late.body);
    let by_get = browser.get(&world, "/account/link/confirm?decision=add").await;
    assert!(by_get.body.contains("link.over"), "{}", by_get.body);
    assert!(!world.events().contains(&"link.identity".to_owned()));
}

#[tokio::test]
async fn an_account_that_holds_nothing_is_closed_when_its_identity_is_added_elsewhere() {
    let world = two_homes().await;
    let mut first = Browser::default();
    let empty = account_of(&sign_in(&world, &mut first, "orcid", "ada").await.body);
    let mut browser = Browser::default();
    let account = account_of(&sign_in(&world, &mut browser, "home", "ada").await.body);
    assert_ne!(empty, account);
    let page = propose(&world, &mut browser, "ada").await;
    assert!(
        page.body.contains(&empty) && page.body.contains("is closed"),
        "{}",
        page.body
    );
    let done = decide(&world, &mut browser, &page, "add").await;
    assert_eq!(done.location().query(), Some("done=linked"), "{}", done.body);
    let gone = first.get(&world, "/account").await;
    assert!(
        gone.status.is_redirection(),
        "the sessions of the closed account are over"
    );
    // what bars the one bars the other: both are one set in the snapshot
    let engine = world.broker.current().load();
    let snapshot = engine.snapshot();
    let digest = |sub: &str, iss: &str| snapshot.person(&VisaIdentity::new(iss.parse().unwrap(), sub.parse().unwrap()));
    let (one, other) = (digest(&account, ISSUER), digest(&empty, ISSUER));
    assert!(
        snapshot
            .persons
            .iter()
            .any(|set| set.contains(&one) && set.contains(&other))
    );
}

#[tokio::test]
async fn an_identity_whose_account_holds_something_stays_there() {
    let world = world_of(
        |all, _| {
            let issuer = all.upstreams[1].issuer.clone();
            let role = json!({ "person": format!("sub-ada,{}", urlencoded(&issuer)), "role": RoleGrant::Role("auditor".to_owned()), "until": "2030-01-01T00:00:00Z" });
            all.roles.push(serde_json::from_value(role).unwrap());
        },
        true,
    )
    .await;
    let mut first = Browser::default();
    let held = account_of(&sign_in(&world, &mut first, "orcid", "ada").await.body);
    let mut browser = Browser::default();
    sign_in(&world, &mut browser, "home", "ada").await;
    let page = propose(&world, &mut browser, "ada").await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.body);
    for shown in [
        "link.taken",
        held.as_str(),
        "roles or seats in committees",
        "never merged",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert_eq!(
        account_of(&first.get(&world, "/account").await.body),
        held,
        "it lost nothing"
    );
}

#[tokio::test]
async fn a_second_name_of_a_provider_that_gives_each_person_one_is_refused() {
    let world = two_homes().await;
    let (mut browser, _) = linked(&world).await;
    let page = propose(&world, &mut browser, "eve").await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.body);
    assert!(page.body.contains("identity.links_contradict"), "{}", page.body);
}

#[tokio::test]
async fn an_identity_that_was_taken_off_signs_nobody_in_and_carries_nothing() {
    let world = two_homes().await;
    let (mut browser, account) = linked(&world).await;
    let mut by_orcid = Browser::default();
    let told = sign_in(&world, &mut by_orcid, "orcid", "ada").await;
    assert_eq!(told.status, StatusCode::OK);
    let code = by_orcid.code(&world, "app", "ada", SCOPE).await;
    let tokens = redeem(&world, &code).await.json();
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.bearer("/userinfo", &access).await.status, StatusCode::OK);

    let page = browser.get(&world, "/account").await;
    let csrf = hidden(page.body.split("/account/unlink").nth(1).unwrap(), "csrf");
    let identity = VisaIdentity::new(world.orcid().issuer.parse().unwrap(), "sub-ada".parse().unwrap());
    let fields = [("csrf", csrf), ("identity", identity.to_string())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = browser.post(&world, "/account/unlink", &fields).await;
    assert_eq!(done.location().query(), Some("done=unlinked"), "{}", done.body);
    assert_eq!(
        world.bearer("/userinfo", &access).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert!(by_orcid.get(&world, "/account").await.status.is_redirection());
    let refused = sign_in(&world, &mut Browser::default(), "orcid", "ada").await;
    assert!(refused.body.contains("login.taken_off"), "{}", refused.body);
    // bars stay: the snapshot still knows both as one
    let engine = world.broker.current().load();
    let snapshot = engine.snapshot();
    let own = snapshot.person(&VisaIdentity::new(ISSUER.parse().unwrap(), account.parse().unwrap()));
    let off = snapshot.person(&identity);
    assert!(
        snapshot
            .persons
            .iter()
            .any(|set| set.contains(&own) && set.contains(&off))
    );
    // the last one stays
    let last = VisaIdentity::new(world.home.issuer.parse().unwrap(), "sub-ada".parse().unwrap()).to_string();
    let refused = browser
        .post(&world, "/account/unlink", &[fields[0], ("identity", last.as_str())])
        .await;
    assert!(refused.body.contains("link.last"), "{}", refused.body);
    // nobody else can have it, the same person can again
    let mut dan = Browser::default();
    sign_in(&world, &mut dan, "home", "dan").await;
    let taken = propose(&world, &mut dan, "ada").await;
    assert!(
        taken.body.contains("link.taken"),
        "an account that has others is not closed: {}",
        taken.body
    );
    let page = propose(&world, &mut browser, "ada").await;
    assert!(page.body.contains("before. It is added again"), "{}", page.body);
    let done = decide(&world, &mut browser, &page, "add").await;
    assert_eq!(done.location().query(), Some("done=linked"), "{}", done.body);
}

#[tokio::test]
async fn an_identity_that_was_added_by_hand_in_the_database_carries_nothing() {
    let world = two_homes().await;
    let mut browser = Browser::default();
    let account = account_of(&sign_in(&world, &mut browser, "home", "ada").await.body);
    let person = people::PersonId::from_text(account);
    let other = VisaIdentity::new(world.orcid().issuer.parse().unwrap(), "sub-boss".parse().unwrap());
    let now = world.broker.now().plus(Duration::from_secs(1));
    people::attach(&mut world.broker.db(), &person, &other, true, now)
        .await
        .unwrap();
    let counting = world.broker.identities(&person).await.unwrap();
    assert!(!counting.contains(&other), "{counting:?}");
    assert_eq!(counting.len(), 2, "its own id here, and the identity that signed in");
}

#[tokio::test]
async fn an_identity_counts_for_a_year_after_its_sign_in_and_says_so_before() {
    let world = two_homes().await;
    let (_, account) = linked(&world).await;
    let day = Duration::from_secs(24 * 3600);
    world.clock.advance(day * 340);
    let mut browser = Browser::default();
    let page = sign_in(&world, &mut browser, "home", "ada").await;
    let page = if page.body.contains("/notices") {
        browser.get(&world, "/account").await
    } else {
        page
    };
    assert!(
        page.body.contains("Open Researchers</bdi> counts until"),
        "{}",
        page.body
    );
    world.clock.advance(day * 30);
    let mut browser = Browser::default();
    sign_in(&world, &mut browser, "home", "ada").await;
    let page = browser.get(&world, "/account").await;
    assert!(page.body.contains("counts no more"), "{}", page.body);
    let person = people::PersonId::from_text(account);
    assert_eq!(world.broker.identities(&person).await.unwrap().len(), 2);
    sign_in(&world, &mut Browser::default(), "orcid", "ada").await;
    assert_eq!(
        world.broker.identities(&person).await.unwrap().len(),
        3,
        "shown again, it counts again"
    );
}

fn urlencoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
