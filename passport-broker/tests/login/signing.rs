//! What tokens are signed with, and keys that change while tokens live.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use visa_verifier::KeySet;
use visa_verifier::token::CompactToken;

use crate::cases::{exchange, redeem};
use crate::key::header;
use crate::world::{Browser, REDIRECT, SECRET, VERIFIER, World, world};

async fn tokens_of(world: &World, client: &str) -> Value {
    let code = Browser::default()
        .code(world, client, "ada", "openid ga4gh_passport_v1")
        .await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let reply = world.form("/token", Some((client, SECRET)), &fields).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    reply.json()
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

async fn keys(world: &World) -> KeySet {
    let reply = Browser::default().get(world, "/jwks").await;
    assert_eq!(reply.headers["content-type"], "application/jwk-set+json");
    assert_eq!(reply.headers["cache-control"], "public, max-age=300");
    KeySet::from_value(reply.json()).unwrap()
}

fn verifies(keys: &KeySet, compact: &str) -> bool {
    let token = CompactToken::parse(compact, 64 * 1024).unwrap();
    keys.verify(&token, &std::collections::BTreeSet::new()).is_ok()
}

#[tokio::test]
async fn an_id_token_is_rs256_unless_its_client_registered_es256() {
    let world = world().await;
    let metadata = Browser::default()
        .get(&world, "/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(
        metadata["id_token_signing_alg_values_supported"],
        json!(["RS256", "ES256"])
    );
    let keys = keys(&world).await;
    for (client, alg) in [("app", "RS256"), ("es", "ES256")] {
        let tokens = tokens_of(&world, client).await;
        let (id, access) = (text(&tokens, "id_token"), text(&tokens, "access_token"));
        assert_eq!(
            (&header(id)["alg"], &header(id)["typ"]),
            (&json!(alg), &json!("JWT")),
            "{client}"
        );
        assert_eq!(header(access)["alg"], "ES256", "access tokens have one algorithm");
        assert!(verifies(&keys, id) && verifies(&keys, access), "{client}");
    }
}

#[tokio::test]
async fn an_id_token_is_no_access_token_whatever_its_algorithm() {
    let world = world().await;
    for client in ["app", "es"] {
        let tokens = tokens_of(&world, client).await;
        let reply = world.bearer("/userinfo", text(&tokens, "id_token")).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{client}");
    }
}

#[tokio::test]
async fn keys_change_without_a_gap_for_those_who_cache_them() {
    let world = world().await;
    let code = Browser::default().code(&world, "app", "ada", crate::cases::SCOPE).await;
    let before = redeem(&world, &code).await.json();
    let known = keys(&world).await;

    // The next keys are shown first, and sign nothing yet.
    assert_eq!(world.broker.tend_keys(true).await.unwrap(), 0);
    let announced = keys(&world).await;
    assert_eq!(announced.len(), known.len() + 3, "tokens, ID Tokens, visas");
    let kid = |tokens: &Value, name: &str| header(text(tokens, name))["kid"].clone();
    let same = tokens_of(&world, "app").await;
    assert_eq!(kid(&before, "id_token"), kid(&same, "id_token"));
    world.clock.advance(Duration::from_secs(3599));
    assert_eq!(world.broker.tend_keys(false).await.unwrap(), 0, "a second too early");

    // After an hour they sign; who cached the set an hour ago can verify what they sign.
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.broker.tend_keys(false).await.unwrap(), 3);
    let after = tokens_of(&world, "app").await;
    for name in ["id_token", "access_token"] {
        assert_ne!(kid(&before, name), kid(&after, name), "{name}");
        assert!(
            verifies(&announced, text(&after, name)),
            "{name} by the set of an hour ago"
        );
        assert!(
            verifies(&keys(&world).await, text(&before, name)),
            "{name} of the old key"
        );
    }
    let passport = exchange(&world, text(&after, "access_token"), &[]).await;
    assert!(
        verifies(&announced, text(&passport.json(), "access_token")),
        "visas' key too"
    );

    // A day later the old ones are gone.
    world.clock.advance(Duration::from_secs(26 * 3600));
    assert_eq!(world.broker.tend_keys(false).await.unwrap(), 0);
    assert_eq!(keys(&world).await.len(), known.len());
    assert!(!verifies(&keys(&world).await, text(&before, "id_token")));
}

#[tokio::test]
async fn keys_change_by_themselves_when_they_are_old() {
    let world = world().await;
    let first = tokens_of(&world, "app").await;
    world.clock.advance(Duration::from_secs(90 * 24 * 3600 - 1));
    world.broker.tend_keys(false).await.unwrap();
    let count = keys(&world).await.len();
    world.clock.advance(Duration::from_secs(1));
    world.broker.tend_keys(false).await.unwrap();
    assert_eq!(keys(&world).await.len(), count + 3, "the next ones are announced");
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(world.broker.tend_keys(false).await.unwrap(), 3);
    let last = tokens_of(&world, "app").await;
    assert_ne!(
        header(text(&first, "id_token"))["kid"],
        header(text(&last, "id_token"))["kid"]
    );
}
