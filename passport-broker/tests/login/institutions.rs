//! Institutions that change, are down or name people oddly; browsers with two tabs, a back button, no cookies.

use std::time::Duration;

use http::StatusCode;

use crate::home::Lie;
use crate::world::{Browser, Reply, ask, at_home, hidden, path_of, two_homes, world, world_of};

fn account_of(page: &Reply) -> String {
    let rest = page.body.split("Your id at this node</dt><dd><code>").nth(1);
    let rest = rest.unwrap_or_else(|| panic!("{}", page.body));
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_choice_remembers_the_last_institution_and_a_hint_skips_it() {
    let world = two_homes().await;
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account").await;
    assert!(page.body.contains("Sample University") && page.body.contains("Open Researchers"));
    assert!(!page.body.contains("used last time"), "{}", page.body);
    let away = browser.get(&world, "/account?idp_hint=orcid").await;
    assert!(away.location().as_str().starts_with(&world.orcid().issuer), "by id");
    let by_issuer = format!("/account?idp_hint={}", world.orcid().issuer);
    let away = browser.get(&world, &by_issuer).await;
    assert!(away.location().as_str().starts_with(&world.orcid().issuer), "by issuer");
    browser.through_home(&world, &away).await;
    browser.cookies.remove("__Host-visum-session");
    let page = browser.follow(&world, "/account").await;
    let (first, second) = (page.body.find("Open Researchers"), page.body.find("Sample University"));
    assert!(first < second && page.body.contains("used last time"), "{}", page.body);
}

#[tokio::test]
async fn many_institutions_are_searched_in_any_script_and_case() {
    let world = world_of(
        |all, home| {
            for (at, name) in [
                "Universität Köln",
                "ÅBO AKADEMI",
                "جامعة القاهرة",
                "東京大学",
                "Uni <b>bold</b>",
            ]
            .into_iter()
            .enumerate()
            {
                let mut row = crate::parties::upstream(&format!("u{at}"), &format!("https://u{at}.example.org"), home);
                row.name = name.to_owned();
                all.upstreams.push(row);
            }
        },
        true,
    )
    .await;
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account").await;
    assert!(!page.body.contains("<b>bold"), "names are text");
    let choice = hidden(&page.body, "choice");
    for (typed, found, not) in [
        ("universität", "Universität Köln", "ÅBO"),
        ("åbo akademi", "ÅBO AKADEMI", "Köln"),
        ("القاهرة", "جامعة القاهرة", "Köln"),
        ("東京", "東京大学", "Köln"),
        ("u3.example", "東京大学", "Köln"),
    ] {
        let typed: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let page = browser.get(&world, &format!("/login?choice={choice}&q={typed}")).await;
        assert!(
            page.body.contains(found) && !page.body.contains(not),
            "{found}: {}",
            page.body
        );
    }
    let none = browser
        .get(&world, &format!("/login?choice={choice}&q=%3Cscript%3E"))
        .await;
    assert!(
        none.body.contains("No institution here") && !none.body.contains("<script"),
        "{}",
        none.body
    );
    let forged = browser.get(&world, "/login?choice=forged&q=a").await;
    assert!(forged.body.contains("login.not_pending"), "{}", forged.body);
}

#[tokio::test]
async fn an_institution_that_is_down_is_said_plainly() {
    let world = world_of(
        |all, home| all.upstreams[1] = crate::parties::upstream("gone", "http://127.0.0.1:1", home),
        true,
    )
    .await;
    let page = Browser::default().follow(&world, "/account?idp_hint=gone").await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    for shown in ["login.institution_unreachable", "Sample University", "Try again"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
}

#[tokio::test]
async fn an_institution_may_change_its_keys_at_any_moment() {
    let world = world().await;
    let first = account_of(&Browser::default().follow(&world, "/account").await);
    world.home.rotate();
    world.clock.advance(Duration::from_secs(61));
    let second = Browser::default().follow(&world, "/account").await;
    assert_eq!(account_of(&second), first);
}

#[tokio::test]
async fn no_second_person_begins_in_silence_where_names_do_not_last() {
    let world = world_of(|all, _| all.upstreams[0].unique_ids = false, false).await;
    world.home.set(Lie::NotUnique);
    let mut browser = Browser::default();
    let asked = browser.follow(&world, "/account").await;
    assert!(
        asked.body.contains("releases no persistent identifier"),
        "{}",
        asked.body
    );
    assert!(asked.body.contains("/account/link"), "it offers linking");
    assert!(
        world.events().iter().all(|event| event != "login"),
        "nobody is signed in yet"
    );
    // by another browser, by no token: nothing
    let csrf = hidden(&asked.body, "csrf");
    let stolen = Browser::default().post(&world, "/login/new", &[("csrf", &csrf)]).await;
    assert!(stolen.body.contains("page.form"), "{}", stolen.body);
    let bare = browser.post(&world, "/login/new", &[]).await;
    assert!(bare.body.contains("page.form"), "{}", bare.body);
    let begun = browser.post(&world, "/login/new", &[("csrf", &csrf)]).await;
    assert_eq!(begun.location().path(), "/account", "{}", begun.body);
    let account = account_of(&browser.get(&world, "/account").await);
    // once known, not asked again; the form is good once
    let again = Browser::default().follow(&world, "/account").await;
    assert_eq!(account_of(&again), account);
    let twice = browser.post(&world, "/login/new", &[("csrf", &csrf)]).await;
    assert!(twice.body.contains("page.form"), "{}", twice.body);
}

#[tokio::test]
async fn an_institution_that_names_a_person_anew_is_noticed() {
    let world = world().await;
    let mut browser = Browser::default();
    let account = account_of(&browser.follow(&world, "/account").await);
    browser.cookies.remove("__Host-visum-session");
    world.home.set(Lie::OtherSub);
    let asked = browser.follow(&world, "/account").await;
    assert!(asked.body.contains("names you differently"), "{}", asked.body);
    world.home.set(Lie::None);
    assert_eq!(
        account_of(&browser.follow(&world, "/account").await),
        account,
        "nothing was lost"
    );
}

#[tokio::test]
async fn two_tabs_sign_in_at_once_and_are_one_person() {
    let world = world().await;
    let mut browser = Browser::default();
    let (one, two) = (
        browser.get(&world, "/account").await,
        browser.get(&world, "/account").await,
    );
    let (first, second) = (at_home(&one.location()).await, at_home(&two.location()).await);
    assert!(browser.get(&world, &path_of(&second)).await.status.is_redirection());
    let account = account_of(&browser.get(&world, "/account").await);
    assert!(browser.get(&world, &path_of(&first)).await.status.is_redirection());
    assert_eq!(account_of(&browser.get(&world, "/account").await), account);
    // the back button
    let back = browser.get(&world, &path_of(&first)).await;
    assert_eq!(back.status, StatusCode::BAD_REQUEST);
    assert!(
        back.body.contains("signed in already") && back.body.contains("login.not_pending"),
        "{}",
        back.body
    );
    assert_eq!(account_of(&browser.get(&world, "/account").await), account);
}

#[tokio::test]
async fn an_answer_of_one_institution_is_none_of_another() {
    let world = two_homes().await;
    let mut browser = Browser::default();
    let away = browser.get(&world, "/account?idp_hint=orcid").await;
    let callback = path_of(&at_home(&away.location()).await);
    let mixed = browser
        .get(&world, &callback.replace("/callback/orcid", "/callback/home"))
        .await;
    assert!(mixed.body.contains("login.mixed_up"), "{}", mixed.body);
    assert!(!browser.cookies.contains_key("__Host-visum-session"));
}

#[tokio::test]
async fn a_browser_without_cookies_is_told_so() {
    let world = world().await;
    let mut browser = Browser::default();
    let away = browser.get(&world, &ask("app", "openid", &[])).await;
    let callback = path_of(&at_home(&away.location()).await);
    let request = http::Request::get(&callback).body(axum::body::Body::empty()).unwrap();
    let page = world.send(request).await;
    assert!(
        page.body.contains("login.no_cookies") && page.body.contains("Allow cookies"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn names_in_every_script_and_direction_stand_on_the_page_as_text() {
    let world = world().await;
    for (person, shown) in [
        ("نور الهدى", "نور الهدى Researcher"),
        ("李小龍", "李小龍 Researcher"),
        ("Zoë Ångström", "Zoë Ångström Researcher"),
        ("<img src=x>", "&#60;img src=x&#62; Researcher"),
        ("\u{202e}evil\u{202c}", "evil Researcher"),
    ] {
        let hint: String = url::form_urlencoded::byte_serialize(person.as_bytes()).collect();
        let page = Browser::default()
            .follow(&world, &format!("/account?login_hint={hint}"))
            .await;
        assert!(
            page.body.contains(&format!("<bdi>{shown}</bdi>")),
            "{person}: {}",
            page.body
        );
        assert!(!page.body.contains('\u{202e}'));
    }
}

#[tokio::test]
async fn a_claim_of_100_kb_is_a_page_and_no_session() {
    let world = world().await;
    world.home.set(Lie::BigClaim);
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account").await;
    assert!(
        page.status == StatusCode::OK && page.body.contains("Your id at this node") || page.body.contains("login."),
        "{}",
        page.body
    );
    assert!(page.body.len() < 64 * 1024, "none of it is on the page");
    let size: usize = browser.cookies.values().map(String::len).sum();
    assert!(size < 8 * 1024, "and none in cookies: {size}");
}
