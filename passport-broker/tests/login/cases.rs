//! What must work.

use http::StatusCode;
use serde_json::json;

use crate::key::{TestKey, claims, header};
use crate::world::{Browser, EXCHANGE, ISSUER, PROXY, REDIRECT, Reply, SECRET, VERIFIER, World, ask, world};

const PASSPORT: &str = "urn:ga4gh:params:oauth:token-type:passport";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub(crate) const SCOPE: &str = "openid profile email ga4gh_passport_v1 offline_access";

pub(crate) async fn redeem(world: &World, code: &str) -> Reply {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    world.form("/token", Some(("app", SECRET)), &fields).await
}

pub(crate) async fn exchange(world: &World, token: &str, more: &[(&str, &str)]) -> Reply {
    let mut fields = vec![
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
        ("requested_token_type", PASSPORT),
        ("audience", PROXY),
    ];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    world.form("/token", Some(("app", SECRET)), &fields).await
}

#[tokio::test]
async fn a_login_ends_in_a_passport_with_own_and_foreign_visas() {
    let world = world().await;
    let mut browser = Browser::default();
    let page = browser
        .follow(&world, &ask("app", SCOPE, &[("login_hint", "ada")]))
        .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for shown in [
        "The app",
        "ada Researcher",
        "ada@uni.example.org",
        "faculty@uni.example.org",
        "https://data.example.org/b",
        "fictional",
    ] {
        assert!(
            page.body.contains(shown),
            "the release page shows `{shown}`: {}",
            page.body
        );
    }
    assert!(
        !page.body.contains("elsewhere.example.org"),
        "an affiliation that the institution may not state"
    );
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' https://app.example.org;"),
        "{policy}"
    );

    let code = browser.code(&world, "app", "ada", SCOPE).await;
    let reply = redeem(&world, &code).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    assert_eq!(reply.headers["cache-control"], "no-cache, no-store");
    let tokens = reply.json();
    let (access, id) = (
        tokens["access_token"].as_str().unwrap(),
        claims(tokens["id_token"].as_str().unwrap()),
    );
    assert_eq!(
        (&id["iss"], &id["aud"], &id["nonce"]),
        (&json!(ISSUER), &json!("app"), &json!("the nonce"))
    );
    assert_eq!(header(access)["typ"], "at+jwt");
    let said = claims(access);
    assert_eq!(said["aud"], json!([ISSUER, PROXY, "app"]));
    assert_eq!(
        (&said["visum_idp"], &said["visum_assurance"]),
        (&json!(world.home.issuer), &json!(2))
    );
    assert!(said.get("ga4gh_passport_v1").is_none() && said.get("email").is_none());

    let reply = exchange(&world, access, &[]).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let answer = reply.json();
    assert_eq!(
        (&answer["issued_token_type"], &answer["token_type"]),
        (&json!(PASSPORT), &json!("Bearer"))
    );
    let passport = answer["access_token"].as_str().unwrap();
    assert_eq!(header(passport)["typ"], "vnd.ga4gh.passport+jwt");
    let said = claims(passport);
    assert_eq!(
        (&said["iss"], &said["aud"], &said["sub"]),
        (&json!(ISSUER), &json!([PROXY]), &id["sub"])
    );
    assert!(said["exp"].as_i64().unwrap() <= claims(access)["exp"].as_i64().unwrap());
    let visas: Vec<String> = said["ga4gh_passport_v1"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visa| visa.as_str().unwrap().to_owned())
        .collect();
    let mut kinds: Vec<String> = visas
        .iter()
        .map(|visa| {
            let said = claims(visa);
            format!(
                "{} {}",
                said["ga4gh_visa_v1"]["type"].as_str().unwrap(),
                said["iss"].as_str().unwrap()
            )
        })
        .collect();
    kinds.sort();
    let foreign = world.home.visa_issuer();
    assert_eq!(
        kinds,
        [
            format!("AffiliationAndRole {ISSUER}"),
            format!("ControlledAccessGrants {foreign}"),
            format!("LinkedIdentities {ISSUER}")
        ]
    );
    let affiliation = visas
        .iter()
        .find(|visa| claims(visa)["ga4gh_visa_v1"]["type"] == "AffiliationAndRole")
        .unwrap();
    assert_eq!(
        (&header(affiliation)["typ"], &header(affiliation)["jku"]),
        (&json!("vnd.ga4gh.visa+jwt"), &json!(format!("{ISSUER}/jwks")))
    );
    assert_eq!(claims(affiliation)["ga4gh_visa_v1"]["value"], "faculty@uni.example.org");
    assert_eq!(
        claims(affiliation)["ga4gh_visa_v1"]["source"],
        "https://uni.example.org"
    );

    let userinfo = world.bearer("/userinfo", access).await.json();
    assert_eq!(
        (&userinfo["sub"], &userinfo["name"], &userinfo["email"]),
        (&id["sub"], &json!("ada Researcher"), &json!("ada@uni.example.org"))
    );
    assert_eq!(userinfo["ga4gh_passport_v1"].as_array().unwrap().len(), 3);
    for event in ["login", "session.start", "visa.issue"] {
        assert!(
            world.events().iter().any(|kind| kind == event),
            "{event} is on record: {:?}",
            world.events()
        );
    }
}

#[tokio::test]
async fn the_same_person_is_recognised_and_another_is_not() {
    let world = world().await;
    let mut subjects = Vec::new();
    for person in ["ada", "ada", "dan"] {
        let code = Browser::default().code(&world, "app", person, "openid").await;
        let tokens = redeem(&world, &code).await.json();
        let said = claims(tokens["access_token"].as_str().unwrap());
        subjects.push((
            said["sub"].as_str().unwrap().to_owned(),
            said["acr"].as_str().unwrap().to_owned(),
        ));
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0].0, subjects[2].0);
    assert_eq!(subjects[2].1, "https://refeds.org/profile/mfa");
}

#[tokio::test]
async fn scopes_that_were_not_ticked_are_not_given() {
    let world = world().await;
    let mut browser = Browser::default();
    let page = browser.follow(&world, &ask("app", SCOPE, &[])).await;
    let fields: Vec<_> = crate::world::allow(&page.body, "openid email").into_iter().collect();
    let code = browser.post(&world, "/consent", &fields).await.query()["code"].clone();
    let tokens = redeem(&world, &code).await.json();
    assert_eq!(tokens["scope"], "openid email");
    assert!(tokens.get("refresh_token").is_none());
    let userinfo = world
        .bearer("/userinfo", tokens["access_token"].as_str().unwrap())
        .await
        .json();
    assert!(userinfo.get("ga4gh_passport_v1").is_none() && userinfo.get("name").is_none());
    assert_eq!(userinfo["email"], "ada@uni.example.org");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_stolen_one_ends_the_family() {
    let world = world().await;
    let code = Browser::default().code(&world, "app", "ada", SCOPE).await;
    let first = redeem(&world, &code).await.json();
    let refresh = |token: String| {
        let world = &world;
        async move {
            world
                .form(
                    "/token",
                    Some(("app", SECRET)),
                    &[("grant_type", "refresh_token"), ("refresh_token", &token)],
                )
                .await
        }
    };
    let old = first["refresh_token"].as_str().unwrap().to_owned();
    let second = refresh(old.clone()).await.json();
    let newer = second["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(old, newer);
    world.clock.advance(std::time::Duration::from_secs(11));
    assert_eq!(refresh(old).await.json()["error"], "invalid_grant");
    assert_eq!(
        refresh(newer).await.json()["error"],
        "invalid_grant",
        "the whole family is ended"
    );
    let access = second["access_token"].as_str().unwrap();
    assert_eq!(world.bearer("/userinfo", access).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_client_that_is_remembered_is_not_asked_again_until_it_is_taken_back() {
    let world = world().await;
    let mut browser = Browser::default();
    let page = browser.follow(&world, &ask("app", "openid", &[])).await;
    let mut fields = crate::world::allow(&page.body, "openid");
    fields.push(("remember", "yes"));
    browser.post(&world, "/consent", &fields).await;
    let again = browser.get(&world, &ask("app", "openid", &[])).await;
    assert!(again.query().contains_key("code"));
    let more = browser.get(&world, &ask("app", "openid email", &[])).await;
    assert_eq!(more.status, StatusCode::OK, "more than was remembered is asked for");
    let account = browser.get(&world, "/account").await;
    let csrf = crate::world::hidden(account.body.split("/account/consents/end").nth(1).unwrap(), "csrf");
    browser
        .post(&world, "/account/consents/end", &[("csrf", &csrf), ("client", "app")])
        .await;
    assert_eq!(
        browser.get(&world, &ask("app", "openid", &[])).await.status,
        StatusCode::OK
    );
    let none = browser.get(&world, &ask("app", "openid", &[("prompt", "none")])).await;
    assert_eq!(none.query()["error"], "consent_required");
}

#[tokio::test]
async fn the_proxy_exchanges_a_token_that_names_it_with_its_own_key() {
    let world = world().await;
    let code = Browser::default().code(&world, "app", "ada", SCOPE).await;
    let tokens = redeem(&world, &code).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    let assertion = world.assertion("j-1");
    let fields = |assertion: &'static str| {
        [
            ("grant_type", EXCHANGE),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
            ("subject_token_type", ACCESS_TOKEN),
            ("requested_token_type", PASSPORT),
            ("audience", PROXY),
        ]
    };
    let assertion: &'static str = Box::leak(assertion.into_boxed_str());
    let mut form = fields(assertion).to_vec();
    form.push(("subject_token", access));
    let reply = world.form("/token", None, &form).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let again = world.form("/token", None, &form).await;
    assert_eq!(again.json()["error"], "invalid_client", "an assertion is good once");
    let stranger = TestKey::new().sign("JWT", None, &claims(assertion));
    form.retain(|(name, _)| *name != "client_assertion");
    form.push(("client_assertion", &stranger));
    assert_eq!(
        world.form("/token", None, &form).await.json()["error"],
        "invalid_client",
        "another key"
    );
}

#[tokio::test]
async fn the_account_page_shows_what_counts_and_signing_out_ends_the_session() {
    let world = world().await;
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account?login_hint=ada").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for shown in [
        "ada Researcher",
        "Sample University",
        "faculty@uni.example.org",
        "https://data.example.org/b",
        "this browser",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(
        page.body.contains("class=\"tag no\""),
        "the visa under a strange key is shown with its code"
    );
    let csrf = crate::world::hidden(&page.body, "csrf");
    let code = browser.code(&world, "app", "ada", "openid").await;
    let access = redeem(&world, &code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(world.bearer("/userinfo", &access).await.status, StatusCode::OK);
    let gone = browser.post(&world, "/logout", &[("csrf", &csrf)]).await;
    assert_eq!((gone.status, gone.location().path()), (StatusCode::SEE_OTHER, "/"));
    let left: Vec<&str> = browser.cookies.keys().map(String::as_str).collect();
    assert_eq!(left, ["__Host-visum-last"], "which institution, and nothing else");
    assert_eq!(
        world.bearer("/userinfo", &access).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn metadata_is_the_same_at_both_places_and_names_live_endpoints() {
    let world = world().await;
    let mut browser = Browser::default();
    let (a, b) = (
        browser.get(&world, "/.well-known/openid-configuration").await,
        browser.get(&world, "/.well-known/oauth-authorization-server").await,
    );
    assert_eq!(a.body, b.body);
    assert_eq!(a.json()["issuer"], ISSUER);
    let keys = browser.get(&world, "/jwks").await.json();
    assert!(
        keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .all(|key| key.get("d").is_none() && key["kid"].is_string())
    );
}

#[tokio::test]
async fn a_purpose_attested_on_the_account_page_stands_beside_the_foreign_grant() {
    let world = world().await;
    let mut browser = Browser::default();
    let page = browser.follow(&world, "/account").await;
    assert!(page.body.contains("State the purpose for"), "{}", page.body);
    let csrf = crate::world::hidden(page.body.split("/account/purposes").nth(1).unwrap(), "csrf");
    let mut form = vec![
        ("csrf", csrf.as_str()),
        ("dataset", "https://data.example.org/b"),
        ("project", "P1"),
        ("category", "disease"),
        ("diseases", "MONDO:0007254"),
        ("commercial", "no"),
        ("none_barred", "yes"),
    ];
    let done = browser.post(&world, "/account/purposes", &form).await;
    assert_eq!(
        (done.status, done.location().query()),
        (StatusCode::SEE_OTHER, Some("done=attested")),
        "{}",
        done.body
    );
    form.retain(|(name, _)| *name != "diseases");
    form.push(("diseases", "MONDO:0005015"));
    let frozen = browser.post(&world, "/account/purposes", &form).await;
    assert!(frozen.body.contains("purpose.frozen"), "{}", frozen.body);
    form.retain(|(name, _)| *name != "commercial");
    let unfinished = browser.post(&world, "/account/purposes", &form).await;
    assert_eq!(unfinished.status, StatusCode::UNPROCESSABLE_ENTITY);

    let code = browser.code(&world, "app", "ada", SCOPE).await;
    let tokens = redeem(&world, &code).await.json();
    let passport = exchange(&world, tokens["access_token"].as_str().unwrap(), &[])
        .await
        .json();
    let passport = claims(passport["access_token"].as_str().unwrap());
    let visas: Vec<_> = passport["ga4gh_passport_v1"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visa| claims(visa.as_str().unwrap()))
        .collect();
    let of = |kind: &str| {
        visas
            .iter()
            .find(|visa| visa["ga4gh_visa_v1"]["type"] == kind)
            .unwrap()
            .clone()
    };
    let (purpose, grant) = (of(&format!("{ISSUER}/visas/purpose/v1")), of("ControlledAccessGrants"));
    for member in ["value", "source", "asserted"] {
        assert_eq!(
            purpose["ga4gh_visa_v1"][member], grant["ga4gh_visa_v1"][member],
            "{member}"
        );
    }
    assert_eq!(purpose["ga4gh_visa_v1"]["by"], "self");
    let bounds =
        json!({ "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false, "basis": "attested" });
    assert_eq!(purpose["visum_purpose"], json!({ "project": "P1", "purpose": bounds }));
}
