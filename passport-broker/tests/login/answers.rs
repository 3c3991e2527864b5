//! What answers and tokens look like: headers, members, lives, refusals.

use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::cases::{exchange, redeem};
use crate::key::{claims, header as header_of};
use crate::world::{Browser, ISSUER, PROXY, REDIRECT, Reply, SECRET, World, ask, world};

const SCOPE: &str = "openid profile email ga4gh_passport_v1";

async fn access_token(world: &World) -> String {
    let code = Browser::default().code(world, "app", "ada", SCOPE).await;
    let tokens = redeem(world, &code).await.json();
    tokens["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn answers_that_hold_tokens_or_claims_are_kept_by_nobody() {
    let world = world().await;
    let code = Browser::default().code(&world, "app", "ada", SCOPE).await;
    let tokens = redeem(&world, &code).await;
    let access = tokens.json()["access_token"].as_str().unwrap().to_owned();
    let passport = exchange(&world, &access, &[]).await;
    let userinfo = world.bearer("/userinfo", &access).await;
    let said = userinfo.json();
    assert_eq!((&said["iss"], said["sub"].is_string()), (&json!(ISSUER), true));
    let answer = passport.json();
    let lives = claims(answer["access_token"].as_str().unwrap());
    let life = lives["exp"].as_i64().unwrap() - lives["iat"].as_i64().unwrap();
    assert_eq!(answer["expires_in"], json!(life));
    for (name, reply) in [
        ("tokens", tokens),
        ("a Passport", passport),
        ("UserInfo", userinfo),
        ("a refusal of the token endpoint", redeem(&world, "no code").await),
        ("a refusal of the exchange", exchange(&world, "no token", &[]).await),
        ("a refusal of UserInfo", world.bearer("/userinfo", "no token").await),
    ] {
        let told = |header: &str| {
            reply
                .headers
                .get(header)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        assert_eq!(
            (told("cache-control").as_deref(), told("pragma").as_deref()),
            (Some("no-cache, no-store"), Some("no-cache")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn metadata_says_what_is_offered() {
    let world = world().await;
    let path = "/.well-known/openid-configuration";
    let metadata = Browser::default().get(&world, path).await.json();
    let holds = |member: &str, word: &str| {
        metadata[member]
            .as_array()
            .is_some_and(|list| list.iter().any(|w| w == word))
    };
    assert!(holds("scopes_supported", "ga4gh_passport_v1"), "{metadata}");
    assert!(holds("grant_types_supported", crate::world::EXCHANGE), "{metadata}");
    assert_eq!(metadata["response_types_supported"], json!(["code"]));
    assert_eq!(metadata["claims_parameter_supported"], json!(false));
}

#[tokio::test]
async fn rfc9728_a_challenge_leads_to_metadata_of_the_resource_that_was_asked() {
    let world = world().await;
    let well_known = "/.well-known/oauth-protected-resource";
    for (path, below, scope, dpop) in [
        ("/userinfo", "/userinfo", "openid", true),
        ("/visum/v1/me", "/visum/v1", "visum:self", false),
    ] {
        let refused = world.bearer(path, "no token").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        let challenge = refused.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
        let pointer = format!("resource_metadata=\"{ISSUER}{well_known}{below}\"");
        assert!(challenge.ends_with(&pointer), "{path}: {challenge}");
        let metadata = Browser::default()
            .get(&world, &format!("{well_known}{below}"))
            .await
            .json();
        assert_eq!(metadata["resource"], json!(format!("{ISSUER}{below}")), "{path}");
        assert_eq!(metadata["authorization_servers"], json!([ISSUER]), "{path}");
        assert_eq!(metadata["bearer_methods_supported"], json!(["header"]), "{path}");
        assert!(
            metadata["scopes_supported"].as_array().unwrap().contains(&json!(scope)),
            "{path}"
        );
        let algorithms = &metadata["dpop_signing_alg_values_supported"];
        assert_eq!(algorithms.is_array(), dpop, "{path}: {metadata}");
    }
    let whole = Browser::default().get(&world, well_known).await.json();
    assert_eq!(whole["resource"], json!(ISSUER));
    // what is none of ours has no metadata: a client would take them for its own
    for other in ["/tasks", "/visum", "/visum/v1/me", "/userinfo/"] {
        let answer = Browser::default().get(&world, &format!("{well_known}{other}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{other}");
    }
}

#[tokio::test]
async fn tokens_name_their_key_and_say_when() {
    let world = world().await;
    let access = access_token(&world).await;
    let keys = Browser::default().get(&world, "/jwks").await.json();
    let kid = header_of(&access)["kid"].clone();
    let named = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["kid"] == kid)
        .count();
    assert_eq!((kid.is_string(), named), (true, 1));
    let said = claims(&access);
    let (iat, exp) = (said["iat"].as_i64().unwrap(), said["exp"].as_i64().unwrap());
    assert!((1..=900).contains(&(exp - iat)), "15 minutes at most: {said}");
    let scope: Vec<&str> = said["scope"].as_str().unwrap().split(' ').collect();
    assert!(
        scope.contains(&"openid") && scope.contains(&"ga4gh_passport_v1"),
        "{said}"
    );
}

#[tokio::test]
async fn what_is_no_live_token_of_ours_is_told_so() {
    let world = world().await;
    let access = access_token(&world).await;
    let code = Browser::default().code(&world, "app", "ada", SCOPE).await;
    let id = redeem(&world, &code).await.json()["id_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let passport = exchange(&world, &access, &[]).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let visa = claims(&passport)["ga4gh_passport_v1"][0].as_str().unwrap().to_owned();
    assert_eq!(world.bearer("/userinfo", &access).await.status, StatusCode::OK);
    let revoked = access_token(&world).await;
    world
        .form("/revoke", Some(("app", SECRET)), &[("token", &revoked)])
        .await;
    let refused = |reply: Reply, name: &str| {
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{name}");
        let told = reply.headers["www-authenticate"].to_str().unwrap().to_owned();
        assert!(told.starts_with("Bearer error=\"invalid_token\""), "{name}: {told}");
    };
    for (name, token) in [
        ("nonsense", "abc"),
        ("an ID Token", &id),
        ("a Passport", &passport),
        ("a visa", &visa),
        ("a revoked token", &revoked),
    ] {
        refused(world.bearer("/userinfo", token).await, name);
    }
    world.clock.advance(std::time::Duration::from_secs(901));
    refused(world.bearer("/userinfo", &access).await, "a token that is over");
    assert_eq!(
        exchange(&world, &access, &[]).await.json()["error"],
        "invalid_request",
        "nor for a Passport"
    );
}

#[tokio::test]
async fn a_passport_says_no_name() {
    let world = world().await;
    let access = access_token(&world).await;
    let passport = exchange(&world, &access, &[]).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(header_of(&passport)["kid"].is_string());
    let said = claims(&passport);
    let names: Vec<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
    for name in names {
        let known = [
            "iss",
            "sub",
            "aud",
            "iat",
            "exp",
            "jti",
            "ga4gh_passport_v1",
            "auth_time",
            "acr",
            "amr",
            "visum_assurance",
            "visum_default_purpose",
        ];
        assert!(known.contains(&name), "{name}");
    }
    assert_eq!(said["aud"], json!([PROXY]));
}

#[tokio::test]
async fn an_affiliation_is_the_systems_word() {
    let world = world().await;
    let access = access_token(&world).await;
    let userinfo = world.bearer("/userinfo", &access).await.json();
    let visas: Vec<Value> = userinfo["ga4gh_passport_v1"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visa| claims(visa.as_str().unwrap())["ga4gh_visa_v1"].clone())
        .collect();
    let affiliation = visas
        .iter()
        .find(|object| object["type"] == "AffiliationAndRole")
        .unwrap();
    assert_eq!(affiliation["by"], "system");
}

#[tokio::test]
async fn a_client_that_fails_is_told_so() {
    let world = world().await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", "x"),
        ("redirect_uri", REDIRECT),
    ];
    let wrong = world.form("/token", Some(("app", "guess")), &fields).await;
    assert_eq!(
        (wrong.status, wrong.json()["error"].clone()),
        (StatusCode::UNAUTHORIZED, json!("invalid_client"))
    );
    assert!(wrong.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    let unknown = world
        .form("/token", Some(("app", SECRET)), &[("grant_type", "password")])
        .await;
    assert_eq!(
        (unknown.status, unknown.json()["error"].clone()),
        (StatusCode::BAD_REQUEST, json!("unsupported_grant_type"))
    );
}

#[tokio::test]
async fn a_release_is_not_remembered_unless_asked_for() {
    let world = world().await;
    let mut browser = Browser::default();
    browser.code(&world, "app", "ada", "openid").await;
    let again = browser.get(&world, &ask("app", "openid", &[])).await;
    assert_eq!(again.status, StatusCode::OK, "the page stands there again");
    let page = again.body;
    let tick = page.split("name=\"remember\"").nth(1).unwrap();
    assert!(
        !tick.split('>').next().unwrap().contains("checked"),
        "and its box is empty"
    );
}

#[tokio::test]
async fn requests_and_claims_may_be_asked_for_by_post_too() {
    let world = world().await;
    let asked = ask("app", "openid", &[]);
    let (path, query) = asked.split_once('?').unwrap();
    let form = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(query.to_owned()))
        .unwrap();
    let sent = world.send(form).await;
    assert!(
        sent.location().as_str().starts_with(&world.home.issuer),
        "{}",
        sent.body
    );
    let access = access_token(&world).await;
    let post = Request::post("/userinfo")
        .header(header::AUTHORIZATION, format!("Bearer {access}"))
        .body(Body::empty())
        .unwrap();
    let (by_post, by_get) = (world.send(post).await, world.bearer("/userinfo", &access).await);
    assert_eq!(
        (by_post.status, &by_post.json()["sub"]),
        (StatusCode::OK, &by_get.json()["sub"])
    );
}

#[tokio::test]
async fn a_token_from_before_a_withdrawn_consent_lives_on_to_its_end() {
    let world = world().await;
    let mut browser = Browser::default();
    let page = browser.follow(&world, &ask("app", "openid", &[])).await;
    let mut fields = crate::world::allow(&page.body, "openid");
    fields.push(("remember", "yes"));
    let code = browser.post(&world, "/consent", &fields).await.query()["code"].clone();
    let access = redeem(&world, &code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let account = browser.get(&world, "/account").await;
    let form = account.body.split("/account/consents/end").nth(1).unwrap();
    let csrf = crate::world::hidden(form, "csrf");
    let fields = [("csrf", csrf.as_str()), ("client", "app")];
    assert_eq!(
        browser.post(&world, "/account/consents/end", &fields).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(world.bearer("/userinfo", &access).await.status, StatusCode::OK);
    world.clock.advance(std::time::Duration::from_secs(901));
    assert_eq!(
        world.bearer("/userinfo", &access).await.status,
        StatusCode::UNAUTHORIZED
    );
}
