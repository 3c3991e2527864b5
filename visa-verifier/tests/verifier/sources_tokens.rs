//! Access tokens and what their broker gives for them, against a table of answers.

use std::time::Duration;

use super::sources_scene::{Scene, TOKEN, USERINFO, code};
use super::support::{BROKER, NOW, Signer, US, codes, grant};
use serde_json::json;
use visa_verifier::AccessTokenRules;
use visa_verifier::source::{Fallback, SourceError, TokenMode, Way};

/// CLH-04: in opaque mode a token is never looked into; it goes to its broker byte for byte, and to nobody else.
#[tokio::test]
async fn clh_04_an_opaque_token_is_never_decoded() {
    let scene = Scene::new();
    let source = scene.source(|s| s.mode = TokenMode::Opaque(BROKER.parse().unwrap()));
    // what looks like a JWT of another issuer, with a broken header
    for token in [
        "abc.DEF-123~+/==".to_owned(),
        "eyJub3QgYSBoZWFkZXI.eyJpc3MiOiJ4In0.AAAA".to_owned(),
    ] {
        let asked = scene.ask(&source, &token).await.unwrap();
        assert!(asked.token.is_none());
        assert!(scene.form().contains(&("subject_token".to_owned(), token)));
    }
    let calls = scene.table.count();
    for (name, token) in [
        ("empty", String::new()),
        ("a blank", "a b".to_owned()),
        ("a line break", "a\r\nX: y".to_owned()),
        ("not ASCII", "ä".to_owned()),
        ("too long", "a".repeat(16 * 1024 + 1)),
    ] {
        assert_eq!(code(&scene.ask(&source, &token).await), "source.form", "{name}");
    }
    assert_eq!(scene.table.count(), calls, "nobody is asked about what is no token");
    let longest = "a".repeat(16 * 1024);
    assert_eq!(code(&scene.ask(&source, &longest).await), "OK");
}

/// CLH-04, CLH-08: in check mode the broker is asked only about tokens that count.
#[tokio::test]
async fn clh_04_a_token_that_does_not_count_is_never_sent() {
    let scene = Scene::new();
    let source = scene.source(|_| {});
    let forged = Signer::new("b1").sign(
        &json!({"alg": "ES256", "typ": "at+jwt", "kid": "b1"}),
        &json!({"iss": BROKER, "sub": "b-1", "iat": NOW, "exp": NOW + 60, "scope": "openid ga4gh_passport_v1"}),
    );
    for (name, token, want) in [
        ("forged", forged, "bearer.signature"),
        (
            "expired",
            scene.token(|_, c| c["exp"] = json!(NOW - 60)),
            "bearer.expired",
        ),
        (
            "unscoped",
            scene.token(|_, c| c["scope"] = json!("openid")),
            "bearer.scope",
        ),
        (
            "another broker's",
            scene.token(|_, c| c["iss"] = json!("https://x.example")),
            "bearer.issuer",
        ),
        ("a visa (VIS-07)", scene.world.visa(grant()), "bearer.kind"),
        ("a Passport (DRS-08)", scene.passport(), "bearer.kind"),
        ("nothing", String::new(), "bearer.unreadable"),
    ] {
        let result = scene.ask(&source, &token).await;
        assert_eq!(code(&result), want, "{name}");
        assert!(!result.unwrap_err().is_unknown(), "{name}");
    }
    assert_eq!(scene.table.sent(TOKEN).len() + scene.table.sent(USERINFO).len(), 0);
}

/// CLH-15, CLH-19: a broker that trust does not name is not asked for anything.
#[tokio::test]
async fn clh_15_a_broker_that_is_not_trusted_is_never_called() {
    let scene = Scene::new();
    let mut trust = scene.world.policy();
    trust.refuse(BROKER.parse().unwrap());
    for mode in [
        TokenMode::Opaque(BROKER.parse().unwrap()),
        TokenMode::Check(AccessTokenRules::passport_scoped(BROKER.parse().unwrap(), vec![])),
    ] {
        let source = scene.source(|s| s.mode = mode);
        let result = source.verified(&scene.token(|_, _| {}), &trust).await;
        assert_eq!(code(&result), "bearer.issuer");
    }
    assert_eq!(scene.table.count(), 0);
}

/// BRK-10, CLH-03: exchange first; UserInfo in its place as configured; a refused token is refused.
#[tokio::test]
async fn brk_10_userinfo_takes_the_place_of_exchange_as_configured() {
    use Fallback::{Failure, Never, Unsupported};
    let error = |error: &str| json!({"error": error}).to_string();
    type Case = (&'static str, Fallback, u16, String, Result<Way, &'static str>);
    let cases: Vec<Case> = vec![
        (
            "not served",
            Unsupported,
            400,
            error("unsupported_grant_type"),
            Ok(Way::UserInfo),
        ),
        (
            "not for us",
            Unsupported,
            400,
            error("unauthorized_client"),
            Ok(Way::UserInfo),
        ),
        ("no such page", Unsupported, 404, String::new(), Ok(Way::UserInfo)),
        (
            "not served, never",
            Never,
            400,
            error("unsupported_grant_type"),
            Err("source.unsupported"),
        ),
        ("out of order", Unsupported, 503, String::new(), Err("source.later")),
        (
            "out of order, any failure",
            Failure,
            503,
            String::new(),
            Ok(Way::UserInfo),
        ),
        (
            "no client, any failure",
            Failure,
            401,
            error("invalid_client"),
            Ok(Way::UserInfo),
        ),
        (
            "refused, any failure",
            Failure,
            400,
            error("invalid_request"),
            Err("source.refused"),
        ),
    ];
    for (name, fallback, status, body, want) in cases {
        let scene = Scene::new();
        scene.table.page(TOKEN, status, "application/json", &body);
        let source = scene.source(|s| s.fallback = fallback);
        let result = scene.ask(&source, &scene.token(|_, _| {})).await;
        assert_eq!(
            result.as_ref().map(|a| a.way).map_err(SourceError::code),
            want,
            "{name}"
        );
        assert_eq!(scene.table.sent(USERINFO).len(), usize::from(want.is_ok()), "{name}");
    }
    let scene = Scene::new();
    let source = scene.source(|s| s.exchange = None);
    let token = scene.token(|_, _| {});
    let asked = scene.ask(&source, &token).await.unwrap();
    assert_eq!((asked.way, codes(&asked.passport)), (Way::UserInfo, vec!["OK"]));
    assert_eq!(scene.table.sent(USERINFO), [(format!("Bearer {token}"), String::new())]);
    assert_eq!(scene.table.sent(TOKEN).len(), 0);
    assert_eq!(
        scene.table.count(),
        2,
        "discovery and UserInfo: the broker's keys are pinned"
    );
}

/// UI-01, UI-06, UI-08, ERR-03, A-38: what each answer of UserInfo means.
#[tokio::test]
async fn ui_08_answers_of_userinfo() {
    let scene = Scene::new();
    let signed = |key: &Signer, typ: &str| {
        let claims = json!({"sub": "b-1", "ga4gh_passport_v1": [scene.world.visa(grant())]});
        key.sign(&json!({"alg": "ES256", "typ": typ, "kid": "b1"}), &claims)
    };
    let (json, jwt) = ("application/json", "application/jwt");
    let cases: Vec<(&str, u16, &'static str, String, &str)> = vec![
        ("no visas (A-38)", 200, json, json!({"sub": "b-1"}).to_string(), "OK"),
        (
            "another person",
            200,
            json,
            json!({"sub": "b-2"}).to_string(),
            "MALFORMED_PASSPORT",
        ),
        ("no JSON", 200, json, "<html>".to_owned(), "MALFORMED_PASSPORT"),
        (
            "a page",
            200,
            "text/html",
            json!({"sub": "b-1"}).to_string(),
            "MALFORMED_PASSPORT",
        ),
        ("signed", 200, jwt, signed(&scene.world.broker, "JWT"), "OK"),
        (
            "signed by another",
            200,
            jwt,
            signed(&scene.world.a, "JWT"),
            "BAD_SIGNATURE",
        ),
        ("a Passport", 200, jwt, scene.passport(), "TYP_NOT_ALLOWED"),
        ("a Passport as JSON", 200, json, scene.passport(), "MALFORMED_PASSPORT"),
        (
            "expired token",
            401,
            json,
            json!({"error": "invalid_token"}).to_string(),
            "source.refused",
        ),
        (
            "no scope",
            403,
            json,
            json!({"error": "insufficient_scope"}).to_string(),
            "source.refused",
        ),
        ("not found", 404, json, String::new(), "source.unsupported"),
        ("out of order", 500, json, String::new(), "source.later"),
    ];
    for (name, status, kind, body, want) in cases {
        scene.table.page(USERINFO, status, kind, &body);
        let source = scene.source(|s| s.exchange = None);
        assert_eq!(code(&scene.ask(&source, &scene.token(|_, _| {})).await), want, "{name}");
    }
}

/// The answer must be of the broker that was asked and about the token's person.
#[tokio::test]
async fn an_answer_about_somebody_else_is_refused() {
    let mut scene = Scene::new();
    let other = "https://other-broker.example.org";
    let own = scene.world.trust["trusted_brokers"][0].clone();
    scene.world.trust["trusted_brokers"] = json!([own, {"iss": other, "jwks": scene.world.b.jwks()}]);
    let claims = json!({"iss": other, "sub": "b-1", "aud": US, "iat": NOW, "exp": NOW + 60, "ga4gh_passport_v1": []});
    let header = json!({"alg": "ES256", "typ": "vnd.ga4gh.passport+jwt", "kid": "k1"});
    let others = scene.world.b.sign(&header, &claims);
    let of_another = scene.world.passport_with(&[], |_, c| c["sub"] = json!("b-2"));
    for (name, passport, opaque, want) in [
        (
            "another broker's Passport",
            others.clone(),
            false,
            "source.other_person",
        ),
        ("the same, opaque", others, true, "source.other_person"),
        ("another person's", of_another.clone(), false, "source.other_person"),
        ("the same, opaque: nobody is named", of_another, true, "OK"),
    ] {
        scene.gives(passport);
        let source = scene.source(|s| {
            if opaque {
                s.mode = TokenMode::Opaque(BROKER.parse().unwrap());
            }
        });
        assert_eq!(code(&scene.ask(&source, &scene.token(|_, _| {})).await), want, "{name}");
    }
}

/// EXP-10, A-47: one token's broker is asked once an hour, whatever comes; refusals are remembered too.
#[tokio::test]
async fn exp_10_a_tokens_broker_is_asked_once_an_hour() {
    let scene = Scene::new();
    let source = scene.source(|_| {});
    let (token, minutes) = (scene.token(|_, _| {}), |n: u64| Duration::from_secs(60 * n));
    for _ in 0..60 {
        assert_eq!(code(&scene.ask(&source, &token).await), "OK");
        scene.clock.advance(minutes(1));
    }
    assert_eq!(scene.table.sent(TOKEN).len(), 1);
    assert_eq!(code(&scene.ask(&source, &token).await), "OK");
    assert_eq!(scene.table.sent(TOKEN).len(), 2);
    source.forget(&token);
    assert_eq!(code(&scene.ask(&source, &token).await), "OK");
    assert_eq!(
        scene.table.sent(TOKEN).len(),
        3,
        "EXP-14: its end was noticed, and somebody asks again"
    );

    scene.table.json(TOKEN, 400, &json!({"error": "invalid_request"}));
    let other = scene.token(|_, c| c["jti"] = json!("other"));
    for _ in 0..9 {
        assert_eq!(code(&scene.ask(&source, &other).await), "source.refused");
        scene.clock.advance(minutes(1));
    }
    assert_eq!(scene.table.sent(TOKEN).len(), 4);
}

/// What is kept is judged anew each time, and ends with the Passport and with the token.
#[tokio::test]
async fn what_is_kept_ends_with_the_passport_and_the_token() {
    let scene = Scene::new();
    let source = scene.source(|_| {});
    scene.gives(scene.world.passport_with(&[], |_, c| c["exp"] = json!(NOW + 100)));
    let token = scene.token(|_, c| c["exp"] = json!(NOW + 1_000));
    assert_eq!(code(&scene.ask(&source, &token).await), "OK");
    scene.clock.advance(Duration::from_secs(100));
    scene.gives(scene.passport());
    assert_eq!(code(&scene.ask(&source, &token).await), "OK", "a new Passport");
    assert_eq!(scene.table.sent(TOKEN).len(), 2);
    let mut refusing = scene.world.policy();
    refusing.refuse(BROKER.parse().unwrap());
    assert_eq!(
        code(&source.verified(&token, &refusing).await),
        "bearer.issuer",
        "trust is asked each time"
    );
    scene.clock.advance(Duration::from_secs(1_000));
    assert_eq!(code(&scene.ask(&source, &token).await), "bearer.expired");
}

/// TOK-04: without pinned keys they are found by discovery of the configured broker.
#[tokio::test]
async fn tok_04_keys_of_a_token_are_found_by_discovery() {
    let mut scene = Scene::new();
    scene.world.trust["trusted_brokers"] = json!([{"iss": BROKER}]);
    let source = scene.source(|_| {});
    assert_eq!(code(&scene.ask(&source, &scene.token(|_, _| {})).await), "OK");
    assert_eq!(scene.table.sent(&format!("{BROKER}/jwks")).len(), 1);
    let revoked = scene.world.policy();
    let mut revoking = scene.world.policy();
    let thumbprint = scene.ask(&source, &scene.token(|_, _| {})).await.unwrap();
    let thumbprint = thumbprint.passport.evidence().unwrap().thumbprint().to_owned();
    revoking.revoke_key(thumbprint);
    let token = scene.token(|_, _| {});
    assert_eq!(code(&source.verified(&token, &revoked).await), "OK");
    let result = source.verified(&token, &revoking).await;
    assert_eq!(code(&result), "bearer.signature", "a revoked key beats every cache");
}
