//! What must not work.

use axum::body::Body;
use http::{Request, StatusCode, header};

use crate::cases::{exchange, redeem};
use crate::home::Lie;
use crate::world::{Browser, REDIRECT, SECRET, VERIFIER, allow, ask, at_home, path_of, world};

#[tokio::test]
async fn an_institution_that_lies_signs_nobody_in() {
    let world = world().await;
    let cases = [
        (Lie::Nonce, "login.unverified"),
        (Lie::Audience, "login.unverified"),
        (Lie::AnotherParty, "login.unverified"),
        (Lie::Expired, "login.clock"),
        (Lie::ClockAhead, "login.clock"),
        (Lie::Issuer, "login.unverified"),
        (Lie::Key, "login.unverified"),
        (Lie::UserInfo, "login.unverified"),
        (Lie::AnswerIssuer, "login.mixed_up"),
        (Lie::NoAnswerIssuer, "login.mixed_up"),
        (Lie::Refuses, "login.refused"),
    ];
    for (lie, code) in cases {
        *world.home.lie.lock().unwrap() = lie;
        let mut browser = Browser::default();
        let page = browser.follow(&world, &ask("app", "openid", &[])).await;
        assert!(
            !page.status.is_success() && !page.status.is_redirection(),
            "{lie:?}: {}",
            page.status
        );
        assert!(page.body.contains(code), "{lie:?}: {}", page.body);
        assert!(!browser.cookies.keys().any(|name| name.contains("session")), "{lie:?}");
    }
}

#[tokio::test]
async fn an_answer_of_the_institution_belongs_to_one_browser_and_is_good_once() {
    let world = world().await;
    let mut browser = Browser::default();
    let first = browser.get(&world, &ask("app", "openid", &[])).await;
    let callback = path_of(&at_home(&first.location()).await);
    let pending = browser.cookies.clone();
    let stranger = Browser::default().get(&world, &callback).await;
    assert!(stranger.body.contains("login.not_pending"), "another browser");
    assert_eq!(browser.get(&world, &callback).await.status, StatusCode::SEE_OTHER);
    browser.cookies.extend(pending);
    assert!(
        browser.get(&world, &callback).await.body.contains("login.not_pending"),
        "a second time"
    );
}

#[tokio::test]
async fn nothing_is_sent_to_an_address_that_was_not_registered() {
    let world = world().await;
    let good = ask("app", "openid", &[]);
    let encoded: String = url::form_urlencoded::byte_serialize(REDIRECT.as_bytes()).collect();
    let cases = [
        (
            "an unknown client",
            good.replace("client_id=app", "client_id=nobody"),
            "authorize.unknown_client",
        ),
        (
            "another address",
            good.replace(&encoded, "https%3A%2F%2Fevil.example.net%2F"),
            "authorize.redirect_uri",
        ),
        (
            "a script for an address",
            good.replace(&encoded, "javascript%3Aalert(1)"),
            "authorize.redirect_uri",
        ),
    ];
    for (name, path, code) in cases {
        let page = Browser::default().get(&world, &path).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{name}");
        assert!(
            page.body.contains(code) && page.headers.get(header::LOCATION).is_none(),
            "{name}: {}",
            page.body
        );
    }
    let told = Browser::default().get(&world, &good.replace("S256", "plain")).await;
    let query = told.query();
    assert_eq!(
        (query["error"].as_str(), query["state"].as_str(), query["iss"].as_str()),
        ("invalid_request", "the state", crate::world::ISSUER)
    );
}

#[tokio::test]
async fn a_code_is_good_once_for_its_client_its_address_and_its_verifier() {
    let world = world().await;
    let good = [
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let changed = |name: &'static str, value: &'static str| {
        good.map(|(known, old)| if known == name { (known, value) } else { (known, old) })
    };
    let cases = [
        (
            "another verifier",
            changed("code_verifier", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            Some(("app", SECRET)),
            "invalid_grant",
        ),
        (
            "another address",
            changed("redirect_uri", "http://127.0.0.1/callback"),
            Some(("app", SECRET)),
            "invalid_grant",
        ),
        ("a wrong secret", good, Some(("app", "guess")), "invalid_client"),
        ("no secret", good, None, "invalid_client"),
    ];
    for (name, form, who, error) in cases {
        let code = Browser::default().code(&world, "app", "ada", "openid").await;
        let mut fields = form.to_vec();
        fields.push(("code", &code));
        if who.is_none() {
            fields.push(("client_id", "app"));
        }
        assert_eq!(
            world.form("/token", who, &fields).await.json()["error"],
            error,
            "{name}"
        );
    }
    let code = Browser::default().code(&world, "app", "ada", "openid").await;
    let mut other = good.to_vec();
    other.extend([("code", code.as_str()), ("client_id", "cli")]);
    assert_eq!(
        world.form("/token", None, &other).await.json()["error"],
        "invalid_grant",
        "another client's code"
    );

    let code = Browser::default().code(&world, "app", "ada", "openid").await;
    let access = redeem(&world, &code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(world.bearer("/userinfo", &access).await.status, StatusCode::OK);
    assert_eq!(
        redeem(&world, &code).await.json()["error"],
        "invalid_grant",
        "a second time"
    );
    assert_eq!(
        world.bearer("/userinfo", &access).await.status,
        StatusCode::UNAUTHORIZED,
        "what came of it is ended"
    );

    let code = Browser::default().code(&world, "app", "ada", "openid").await;
    world.clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(
        redeem(&world, &code).await.json()["error"],
        "invalid_grant",
        "after a minute"
    );
}

#[tokio::test]
async fn a_passport_is_given_for_a_live_token_of_the_client_and_a_known_audience_only() {
    let world = world().await;
    let code = Browser::default()
        .code(&world, "app", "ada", "openid ga4gh_passport_v1")
        .await;
    let tokens = redeem(&world, &code).await.json();
    let (access, id) = (
        tokens["access_token"].as_str().unwrap(),
        tokens["id_token"].as_str().unwrap(),
    );
    let code = Browser::default().code(&world, "app", "ada", "openid").await;
    let narrow = redeem(&world, &code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    type Case<'c> = (&'c str, &'c str, &'c [(&'c str, &'c str)], &'c str);
    let cases: [Case<'_>; 9] = [
        ("no token", "", &[("subject_token", "")], "invalid_request"),
        ("an ID Token", id, &[], "invalid_request"),
        ("a token without the scope", &narrow, &[], "invalid_request"),
        (
            "another kind asked for",
            access,
            &[("requested_token_type", "urn:ietf:params:oauth:token-type:access_token")],
            "invalid_request",
        ),
        (
            "another kind shown",
            access,
            &[("subject_token_type", "urn:ietf:params:oauth:token-type:id_token")],
            "invalid_request",
        ),
        ("an actor", access, &[("actor_token", "x")], "invalid_request"),
        ("no audience", access, &[("audience", "")], "invalid_request"),
        (
            "an unknown audience",
            access,
            &[("audience", "https://other.example.org")],
            "invalid_target",
        ),
        (
            "a relative resource",
            access,
            &[("resource", "proxy")],
            "invalid_target",
        ),
    ];
    for (name, token, more, error) in cases {
        let reply = exchange(&world, token, more).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str().unwrap()),
            (StatusCode::BAD_REQUEST, error),
            "{name}"
        );
    }
    let passport = exchange(&world, access, &[]).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        exchange(&world, &passport, &[]).await.json()["error"],
        "invalid_request",
        "a Passport is no subject token"
    );
    assert_eq!(
        world.bearer("/userinfo", &passport).await.status,
        StatusCode::UNAUTHORIZED,
        "nor a bearer token"
    );
    assert_eq!(
        world.bearer("/userinfo", id).await.status,
        StatusCode::UNAUTHORIZED,
        "nor is an ID Token"
    );

    let revoked = world.form("/revoke", Some(("app", SECRET)), &[("token", access)]).await;
    assert_eq!(revoked.status, StatusCode::OK);
    assert_eq!(
        exchange(&world, access, &[]).await.json()["error"],
        "invalid_request",
        "a revoked one"
    );

    let code = Browser::default()
        .code(&world, "cli", "ada", "openid ga4gh_passport_v1")
        .await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "cli"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let public = world.form("/token", None, &fields).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        exchange(&world, &public, &[]).await.json()["error"],
        "invalid_request",
        "another client's token"
    );
    let fields = [
        ("grant_type", crate::world::EXCHANGE),
        ("client_id", "cli"),
        ("subject_token", public.as_str()),
    ];
    assert_eq!(
        world.form("/token", None, &fields).await.json()["error"],
        "invalid_client",
        "a client that cannot prove itself"
    );
}

#[tokio::test]
async fn a_release_form_is_good_in_its_own_session_and_from_our_own_page_only() {
    let world = world().await;
    let mut ada = Browser::default();
    let page = ada.follow(&world, &ask("app", "openid", &[])).await;
    let fields = allow(&page.body, "openid");
    let mut dan = Browser::default();
    dan.follow(&world, &ask("app", "openid", &[("login_hint", "dan")]))
        .await;
    assert!(
        dan.post(&world, "/consent", &fields).await.body.contains("page.form"),
        "another person's session"
    );
    let without: Vec<_> = fields.iter().copied().filter(|(name, _)| *name != "csrf").collect();
    assert!(
        ada.post(&world, "/consent", &without).await.body.contains("page.form"),
        "without its token"
    );
    let line: Vec<String> = ada
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let crossing = Request::post("/consent")
        .header(header::COOKIE, line.join("; "))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(crate::world::encoded(&fields)))
        .unwrap();
    assert!(
        world.send(crossing).await.body.contains("page.form"),
        "from another site"
    );
    let refused: Vec<_> = fields
        .iter()
        .map(|&(name, value)| {
            if name == "decision" {
                (name, "refuse")
            } else {
                (name, value)
            }
        })
        .collect();
    assert_eq!(
        ada.post(&world, "/consent", &refused).await.query()["error"],
        "access_denied"
    );
    assert!(ada.post(&world, "/consent", &fields).await.query().contains_key("code"));
}

#[tokio::test]
async fn a_changed_session_cookie_is_no_session() {
    let world = world().await;
    let mut browser = Browser::default();
    assert_eq!(browser.follow(&world, "/account").await.status, StatusCode::OK);
    let name = browser
        .cookies
        .keys()
        .find(|name| name.ends_with("session"))
        .unwrap()
        .clone();
    let value = browser.cookies[&name].clone();
    let middle = value.len() / 2;
    let other = if value.as_bytes()[middle] == b'A' { "B" } else { "A" };
    browser.cookies.insert(
        name.clone(),
        format!("{}{other}{}", &value[..middle], &value[middle + 1..]),
    );
    assert!(
        browser.get(&world, "/account").await.status.is_redirection(),
        "sent to sign in"
    );
    browser.cookies.insert(name, value);
    assert_eq!(browser.get(&world, "/account").await.status, StatusCode::OK);
    world.clock.advance(std::time::Duration::from_secs(3 * 3600));
    assert!(
        browser.get(&world, "/account").await.status.is_redirection(),
        "idle for too long"
    );
}

#[tokio::test]
async fn fresh_logins_are_made_and_silence_is_kept_when_asked_for() {
    let world = world().await;
    let none = Browser::default()
        .get(&world, &ask("app", "openid", &[("prompt", "none")]))
        .await;
    assert_eq!(none.query()["error"], "login_required");
    let mut browser = Browser::default();
    browser.follow(&world, &ask("app", "openid", &[])).await;
    let again = browser.get(&world, &ask("app", "openid", &[("prompt", "login")])).await;
    assert!(
        again.location().as_str().starts_with(&world.home.issuer),
        "to the institution, though a session lives"
    );
    world.clock.advance(std::time::Duration::from_secs(120));
    let old = browser.get(&world, &ask("app", "openid", &[("max_age", "60")])).await;
    assert!(old.location().as_str().starts_with(&world.home.issuer));
    assert!(
        old.query().get("prompt").is_some_and(|prompt| prompt == "login"),
        "with a new proof"
    );
    let page = browser
        .follow(&world, &ask("app", "openid", &[("max_age", "60")]))
        .await;
    assert_eq!(page.status, StatusCode::OK, "and then on to the release: {}", page.body);
}
