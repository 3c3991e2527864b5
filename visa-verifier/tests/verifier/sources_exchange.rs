//! Token exchange (RFC 8693; TX rows) from the side of the one who asks.

use std::sync::Arc;

use super::sources_scene::{PASSPORT, Scene, TOKEN, USERINFO, basic, code, exchange};
use super::support::{BROKER, NOW, US, codes};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use visa_verifier::seam::SeededRandom;
use visa_verifier::source::{
    ClientAuthentication, Endpoint, Fallback, TokenMode, TokenSource, TokenSourceSettings, Way,
};
use visa_verifier::{KeyStore, KeyStoreSettings};

/// CLH-03, CLH-04, TX-06 to TX-11, TX-15, TX-16: the request as RFC 8693 and the profile have it, with Basic.
#[tokio::test]
async fn tx_06_to_tx_16_a_checked_token_is_exchanged_for_a_passport() {
    let scene = Scene::new();
    let source = scene.source(|_| {});
    let token = scene.token(|_, _| {});
    let asked = scene.ask(&source, &token).await.unwrap();
    assert_eq!((asked.way, codes(&asked.passport)), (Way::Exchange, vec!["OK"]));
    assert_eq!(asked.token.unwrap().client_id(), "c");
    let want = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", token.as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("requested_token_type", PASSPORT),
        ("audience", US),
        ("resource", "https://drs.example.org/ga4gh/drs/v1"),
    ];
    let want: Vec<_> = want.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    assert_eq!(scene.form(), want, "nothing more: no actor, no secret in the body");
    let authorization = &scene.table.sent(TOKEN)[0].0;
    let pair = STANDARD.decode(authorization.strip_prefix("Basic ").unwrap()).unwrap();
    assert_eq!(
        String::from_utf8(pair).unwrap(),
        "drs%3Anode:p+ss%25w%C3%B6rd",
        "RFC 6749 2.3.1"
    );
    assert_eq!(scene.table.sent(USERINFO).len(), 0);
    assert!(!format!("{source:?}").contains("w%C3%B6rd") && !format!("{source:?}").contains("wörd"));
}

/// TX-04, TX-05: client authentication by key: a short assertion for the broker alone, never twice the same.
#[tokio::test]
async fn tx_05_the_client_proves_itself_by_its_key() {
    let scene = Scene::new();
    let (random, mut assertions) = (ring_random(), Vec::new());
    let pkcs8 =
        ring::signature::EcdsaKeyPair::generate_pkcs8(&ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .unwrap();
    let client = ClientAuthentication::es256("node".to_owned(), "n1".to_owned(), pkcs8.as_ref()).unwrap();
    let source = scene.source(|s| s.exchange = Some((exchange(client), Endpoint::At(TOKEN.parse().unwrap()))));
    for jti in ["one", "two"] {
        let token = scene.token(|_, c| c["jti"] = json!(jti));
        scene.ask(&source, &token).await.unwrap();
        let form = scene.form();
        let field = |name: &str| form.iter().find(|(n, _)| n == name).unwrap().1.clone();
        let kind = field("client_assertion_type");
        assert_eq!(kind, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        assert_eq!(field("client_id"), "node");
        let assertion = field("client_assertion");
        let part = |n: usize| {
            let part = assertion.split('.').nth(n).unwrap();
            serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!((&part(0)["alg"], &part(0)["kid"]), (&json!("ES256"), &json!("n1")));
        let claims = part(1);
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["aud"]),
            (&json!("node"), &json!("node"), &json!(BROKER))
        );
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW), &json!(NOW + 60)));
        assertions.push(claims["jti"].clone());
    }
    assert_ne!(assertions[0], assertions[1]);
    assert_eq!(scene.table.sent(TOKEN)[0].0, "", "no Authorization beside");
    assert!(ClientAuthentication::es256("node".to_owned(), "n1".to_owned(), b"").is_none());
    assert!(ClientAuthentication::rs256("node".to_owned(), "n1".to_owned(), pkcs8.as_ref()).is_none());
}

#[expect(clippy::disallowed_methods, reason = "a test's key")]
fn ring_random() -> ring::rand::SystemRandom {
    ring::rand::SystemRandom::new()
}

/// TX-11, TX-13, TX-14, ERR-01, A-30: what each answer of the token endpoint means.
#[tokio::test]
async fn tx_11_to_tx_14_answers_of_the_token_endpoint() {
    let scene = Scene::new();
    let good = scene.passport();
    let answer = |kind: &str, token_type: &str| json!({"access_token": good, "issued_token_type": kind, "token_type": token_type});
    let error = |error: &str| json!({"error": error});
    let access_token = "urn:ietf:params:oauth:token-type:access_token";
    let cases: Vec<(&str, u16, Value, &str)> = vec![
        ("Bearer", 200, answer(PASSPORT, "Bearer"), "OK"),
        ("bearer", 200, answer(PASSPORT, "bearer"), "OK"),
        ("N_A (A-30)", 200, answer(PASSPORT, "N_A"), "OK"),
        ("another token type", 200, answer(PASSPORT, "DPoP"), "source.answer"),
        ("an access token", 200, answer(access_token, "Bearer"), "source.answer"),
        (
            "no issued type",
            200,
            json!({"access_token": good, "token_type": "Bearer"}),
            "source.answer",
        ),
        (
            "no token",
            200,
            json!({"issued_token_type": PASSPORT, "token_type": "Bearer"}),
            "source.answer",
        ),
        (
            "no Passport",
            200,
            json!({"access_token": "x", "issued_token_type": PASSPORT, "token_type": "N_A"}),
            "MALFORMED_PASSPORT",
        ),
        (
            "a Passport over 1 MiB",
            200,
            json!({"access_token": "a".repeat(1024 * 1024 + 1), "issued_token_type": PASSPORT, "token_type": "N_A"}),
            "source.answer",
        ),
        ("invalid_request", 400, error("invalid_request"), "source.refused"),
        ("invalid_grant", 400, error("invalid_grant"), "source.refused"),
        ("invalid_target", 400, error("invalid_target"), "source.target"),
        (
            "unsupported_grant_type",
            400,
            error("unsupported_grant_type"),
            "source.unsupported",
        ),
        ("invalid_client", 401, error("invalid_client"), "source.client"),
        ("401 without words", 401, json!({}), "source.client"),
        ("not found", 404, json!({}), "source.unsupported"),
        ("too many", 429, json!({}), "source.later"),
        ("out of order", 503, json!({}), "source.later"),
        ("a redirect", 302, json!({}), "source.answer"),
        ("another error", 400, error("odd \u{1b}[31m"), "source.answer"),
    ];
    for (name, status, body, want) in cases {
        scene.table.json(TOKEN, status, &body);
        let source = scene.source(|s| s.userinfo = None);
        let result = scene.ask(&source, &scene.token(|_, _| {})).await;
        assert_eq!(code(&result), want, "{name}");
        assert!(!format!("{result:?}").contains('\u{1b}'), "{name}: their words are cut");
    }
    scene
        .table
        .page(TOKEN, 200, "text/html", &answer(PASSPORT, "Bearer").to_string());
    let source = scene.source(|s| s.userinfo = None);
    assert_eq!(
        code(&scene.ask(&source, &scene.token(|_, _| {})).await),
        "source.answer",
        "no JSON by its type"
    );
    scene.table.gone(TOKEN);
    let result = scene.ask(&source, &scene.token(|_, _| {})).await;
    assert_eq!(code(&result), "source.unreachable");
    assert!(result.unwrap_err().is_unknown());
}

/// A source without a way is none, and a resource with a fragment is no resource (TX-15).
#[tokio::test]
async fn a_source_is_set_up_whole() {
    let scene = Scene::new();
    let keys = KeyStore::new(scene.table.clone(), scene.clock.clone(), KeyStoreSettings::default());
    let new = |exchange, userinfo| {
        let settings = TokenSourceSettings {
            mode: TokenMode::Opaque(BROKER.parse().unwrap()),
            exchange,
            userinfo,
            fallback: Fallback::Never,
            loopback_http: false,
        };
        let random = Arc::new(SeededRandom::new(1));
        let source = TokenSource::new(settings, scene.table.clone(), scene.clock.clone(), random, keys.clone());
        source.map(drop).map_err(|e| e.code())
    };
    assert_eq!(new(None, None), Err("source.no_way"));
    let mut with_fragment = exchange(basic());
    with_fragment.resource = vec!["https://drs.example.org/#x".parse().unwrap()];
    assert_eq!(
        new(Some((with_fragment, Endpoint::Discovered)), None),
        Err("source.target")
    );
    assert_eq!(new(None, Some(Endpoint::Discovered)), Ok(()));
}
