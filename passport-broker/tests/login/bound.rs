//! Tokens that are bound to a key (RFC 9449).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::cases::exchange;
use crate::key::{TestKey, claims};
use crate::world::{Browser, EXCHANGE, ISSUER, PROXY, REDIRECT, Reply, VERIFIER, World, ask, world};

const SCOPE: &str = "openid ga4gh_passport_v1 offline_access";

fn said(world: &World, path: &str, method: &str, jti: &str) -> Value {
    json!({ "htm": method, "htu": format!("{ISSUER}{path}"), "iat": world.clock_unix(), "jti": jti })
}

fn header() -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256" })
}

fn at_token(world: &World, key: &TestKey, jti: &str) -> String {
    key.proof(header(), &said(world, "/token", "POST", jti))
}

fn at_userinfo(world: &World, key: &TestKey, jti: &str, token: &str) -> String {
    let mut claims = said(world, "/userinfo", "GET", jti);
    claims["ath"] = json!(URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, token.as_bytes())));
    key.proof(header(), &claims)
}

async fn redeem(world: &World, client: &str, code: &str, proofs: &[&str]) -> Reply {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let basic = (client != "public").then_some(client);
    if basic.is_none() {
        fields.push(("client_id", client));
    }
    world.proven("/token", basic, &fields, proofs).await
}

async fn code(world: &World, client: &str) -> String {
    Browser::default().code(world, client, "ada", SCOPE).await
}

#[tokio::test]
async fn a_token_is_good_with_its_key_and_nowhere_without() {
    let world = world().await;
    let (key, other) = (TestKey::new(), TestKey::new());
    let tokens = redeem(
        &world,
        "app",
        &code(&world, "app").await,
        &[&at_token(&world, &key, "t1")],
    )
    .await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    assert!(tokens.headers.contains_key("dpop-nonce"));
    let tokens = tokens.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(tokens["token_type"], "DPoP");
    assert_eq!(claims(token)["cnf"]["jkt"], json!(key.kid));
    let (bound, bearer) = (format!("DPoP {token}"), format!("Bearer {token}"));
    let good = at_userinfo(&world, &key, "u1", token);
    assert_eq!(world.userinfo(&bound, &[&good]).await.status, StatusCode::OK);
    let mut wrong_method = said(&world, "/userinfo", "POST", "u3");
    wrong_method["ath"] = claims(&good)["ath"].clone();
    let mut wrong_place = said(&world, "/token", "GET", "u4");
    wrong_place["ath"] = claims(&good)["ath"].clone();
    let cases: [(&str, &str, Vec<String>); 9] = [
        ("as a bearer token", &bearer, vec![]),
        (
            "as a bearer token with its proof",
            &bearer,
            vec![at_userinfo(&world, &key, "u2", token)],
        ),
        ("without a proof", &bound, vec![]),
        ("the same proof again", &bound, vec![good.clone()]),
        (
            "another key's proof",
            &bound,
            vec![at_userinfo(&world, &other, "u5", token)],
        ),
        ("for another method", &bound, vec![key.proof(header(), &wrong_method)]),
        ("for another place", &bound, vec![key.proof(header(), &wrong_place)]),
        (
            "for no token",
            &bound,
            vec![key.proof(header(), &said(&world, "/userinfo", "GET", "u6"))],
        ),
        (
            "two proofs",
            &bound,
            vec![
                at_userinfo(&world, &key, "u7", token),
                at_userinfo(&world, &key, "u8", token),
            ],
        ),
    ];
    for (name, authorization, proofs) in cases {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let reply = world.userinfo(authorization, &proofs).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{name}: {}", reply.body);
    }
    let api = world.bearer("/visum/v1/me", token).await;
    assert_eq!(
        api.status,
        StatusCode::UNAUTHORIZED,
        "our API takes bearer tokens, and this is none"
    );
    let plain = redeem(&world, "app", &code(&world, "app").await, &[]).await.json();
    let plain = plain["access_token"].as_str().unwrap();
    let reply = world
        .userinfo(&format!("DPoP {plain}"), &[&at_userinfo(&world, &key, "u9", plain)])
        .await;
    assert_eq!(
        reply.status,
        StatusCode::UNAUTHORIZED,
        "a token that is bound to nothing"
    );
}

#[tokio::test]
async fn a_proof_is_of_this_request_this_minute_and_once() {
    let mut world = world().await;
    let key = TestKey::new();
    let code = code(&world, "app").await;
    let now = world.clock_unix();
    let made = |change: &dyn Fn(&mut Value, &mut Value)| {
        let (mut head, mut body) = (header(), said(&world, "/token", "POST", "p"));
        change(&mut head, &mut body);
        key.proof(head, &body)
    };
    let private = json!({ "kty": "EC", "crv": "P-256", "x": key.jwk()["x"], "y": key.jwk()["y"], "d": key.jwk()["x"] });
    let stranger = TestKey::new().jwk();
    let cases: Vec<(&str, String)> = vec![
        ("another kind of token", made(&|head, _| head["typ"] = json!("JWT"))),
        ("no algorithm", made(&|head, _| head["alg"] = json!("none"))),
        ("a shared secret", made(&|head, _| head["alg"] = json!("HS256"))),
        ("a critical header", made(&|head, _| head["crit"] = json!(["b64"]))),
        ("a private key", made(&|head, _| head["jwk"] = private.clone())),
        ("signed by another key", made(&|head, _| head["jwk"] = stranger.clone())),
        ("another method", made(&|_, body| body["htm"] = json!("GET"))),
        (
            "another path",
            made(&|_, body| body["htu"] = json!(format!("{ISSUER}/userinfo"))),
        ),
        (
            "another host",
            made(&|_, body| body["htu"] = json!("https://evil.example.net/token")),
        ),
        ("too old", made(&|_, body| body["iat"] = json!(now - 61))),
        ("from the future", made(&|_, body| body["iat"] = json!(now + 61))),
        ("no name", made(&|_, body| body["jti"] = json!(""))),
        ("no time", made(&|_, body| body["iat"] = Value::Null)),
        ("no token", "abc".to_owned()),
    ];
    for (name, proof) in cases {
        let reply = redeem(&world, "app", &code, &[&proof]).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_dpop_proof")),
            "{name}: {}",
            reply.body
        );
    }
    let foreign = made(&|_, body| body["nonce"] = json!(format!("{now}.AAAA")));
    let told = redeem(&world, "app", &code, &[&foreign]).await;
    assert_eq!(told.json()["error"], "use_dpop_nonce");
    let nonce = told.headers["dpop-nonce"].to_str().unwrap().to_owned();
    // A query in `htu` is of no meaning (RFC 9449 §4.3); the nonce that we gave is taken.
    let good = made(&|_, body| {
        body["htu"] = json!(format!("{ISSUER}/token?x=1#y"));
        body["nonce"] = json!(nonce);
    });
    let tokens = redeem(&world, "app", &code, &[&good]).await;
    assert_eq!(
        tokens.status,
        StatusCode::OK,
        "no bad proof used up the code: {}",
        tokens.body
    );
    world.turn_to_another_replica().await;
    let again = redeem(&world, "app", "another", &[&good]).await;
    assert_eq!(again.json()["error"], "invalid_dpop_proof", "used at another replica");
}

#[tokio::test]
async fn refresh_tokens_of_public_clients_are_bound_too() {
    let world = world().await;
    let (key, thief) = (TestKey::new(), TestKey::new());
    let first = redeem(
        &world,
        "public",
        &code(&world, "public").await,
        &[&at_token(&world, &key, "1")],
    )
    .await
    .json();
    let refresh = first["refresh_token"].as_str().unwrap();
    let renew = |proof: Option<String>| {
        let world = &world;
        async move {
            let fields = [
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh),
                ("client_id", "public"),
            ];
            let proofs: Vec<&str> = proof.iter().map(String::as_str).collect();
            world.proven("/token", None, &fields, &proofs).await
        }
    };
    for (name, proof) in [("no key", None), ("another key", Some(at_token(&world, &thief, "2")))] {
        assert_eq!(renew(proof).await.json()["error"], "invalid_grant", "{name}");
    }
    let second = renew(Some(at_token(&world, &key, "3"))).await;
    assert_eq!(
        second.status,
        StatusCode::OK,
        "the thief used nothing up: {}",
        second.body
    );
    assert_eq!(
        claims(second.json()["access_token"].as_str().unwrap())["cnf"]["jkt"],
        json!(key.kid)
    );
}

#[tokio::test]
async fn a_client_that_registered_it_gets_bound_tokens_only() {
    let world = world().await;
    let code = code(&world, "bound").await;
    assert_eq!(
        redeem(&world, "bound", &code, &[]).await.json()["error"],
        "invalid_dpop_proof"
    );
    let tokens = redeem(&world, "bound", &code, &[&at_token(&world, &TestKey::new(), "1")]).await;
    assert_eq!(
        tokens.status,
        StatusCode::OK,
        "the code was not used up: {}",
        tokens.body
    );
}

#[tokio::test]
async fn a_code_that_is_bound_to_a_key_is_good_for_no_other() {
    let world = world().await;
    let (key, thief) = (TestKey::new(), TestKey::new());
    let bound_code = || async {
        let mut browser = Browser::default();
        let page = browser
            .follow(&world, &ask("app", SCOPE, &[("dpop_jkt", &key.kid)]))
            .await;
        browser
            .post(&world, "/consent", &crate::world::allow(&page.body, SCOPE))
            .await
            .query()["code"]
            .clone()
    };
    for (name, proofs) in [("none", vec![]), ("another", vec![at_token(&world, &thief, "1")])] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let reply = redeem(&world, "app", &bound_code().await, &proofs).await;
        assert_eq!(reply.json()["error"], "invalid_grant", "{name}");
    }
    let good = redeem(&world, "app", &bound_code().await, &[&at_token(&world, &key, "2")]).await;
    assert_eq!(good.status, StatusCode::OK, "{}", good.body);
}

#[tokio::test]
async fn a_bound_token_is_exchanged_by_its_key_or_by_whom_it_was_shown_to() {
    let world = world().await;
    let key = TestKey::new();
    let tokens = redeem(
        &world,
        "app",
        &code(&world, "app").await,
        &[&at_token(&world, &key, "1")],
    )
    .await
    .json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(
        exchange(&world, token, &[]).await.json()["error"],
        "invalid_dpop_proof",
        "its client without its key"
    );
    let fields = [
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("requested_token_type", "urn:ga4gh:params:oauth:token-type:passport"),
        ("audience", PROXY),
    ];
    let own = world
        .proven("/token", Some("app"), &fields, &[&at_token(&world, &key, "2")])
        .await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.body);
    let assertion = world.assertion("j1");
    let mut shown = fields.to_vec();
    shown.push((
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ));
    shown.push(("client_assertion", &assertion));
    let proxy = world.form("/token", None, &shown).await;
    assert_eq!(
        proxy.status,
        StatusCode::OK,
        "the proxy checked the proof itself: {}",
        proxy.body
    );
}
