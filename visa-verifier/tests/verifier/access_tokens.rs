//! Bearer tokens (RFC 9068): one intended cause of failure each, signed afresh.

use super::support::{self, BROKER, NOW, Signer, US, tidy};
use serde_json::{Value, json};
use visa_verifier::{AccessToken, AccessTokenRules, KeySet, Timestamp};

type Change = fn(&mut Value, &mut Value);

fn rules() -> AccessTokenRules {
    let mut rules = AccessTokenRules::new(BROKER.parse().unwrap(), vec![US.to_owned()]);
    rules.clock_skew = 0;
    rules
}

fn token(key: &Signer, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let mut header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "b1"});
    let mut claims = json!({"iss": BROKER, "sub": "b-1", "aud": [BROKER, US], "client_id": "c", "jti": "j", "iat": NOW - 60,
        "exp": NOW + 900, "scope": "openid ga4gh_passport_v1", "auth_time": NOW - 100, "acr": "a", "amr": ["mfa", "pwd"],
        "visum_assurance": 2});
    change(&mut header, &mut claims);
    tidy(&mut header);
    tidy(&mut claims);
    key.sign(&header, &claims)
}

#[test]
fn an_access_token_counts_only_if_every_check_passes() {
    let key = Signer::new("b1");
    let keys = KeySet::from_value(key.jwks()).unwrap();
    let cases: &[(&str, Option<&str>, Change)] = &[
        ("as it should be", None, |_, _| {}),
        ("typ with prefix", None, |h, _| h["typ"] = json!("application/at+jwt")),
        ("no typ", Some("bearer.kind"), |h, _| h["typ"] = json!("-")),
        ("an ID token", Some("bearer.kind"), |h, _| h["typ"] = json!("JWT")),
        ("a visa", Some("bearer.kind"), |_, c| c["ga4gh_visa_v1"] = json!({})),
        ("crit", Some("bearer.header"), |h, _| h["crit"] = json!(["x"])),
        ("alg none", Some("bearer.header"), |h, _| h["alg"] = json!("none")),
        ("another issuer", Some("bearer.issuer"), |_, c| {
            c["iss"] = json!("https://evil.example")
        }),
        ("no issuer", Some("bearer.claim"), |_, c| c["iss"] = json!("-")),
        ("issuers in a list", Some("bearer.claim"), |_, c| {
            c["iss"] = json!([BROKER])
        }),
        ("for somebody else", Some("bearer.audience"), |_, c| {
            c["aud"] = json!("https://other.example")
        }),
        ("for nobody", Some("bearer.claim"), |_, c| c["aud"] = json!("-")),
        ("expired", Some("bearer.expired"), |_, c| c["exp"] = json!(NOW)),
        ("no exp", Some("bearer.claim"), |_, c| c["exp"] = json!("-")),
        ("not yet", Some("bearer.not_yet_valid"), |_, c| {
            c["nbf"] = json!(NOW + 1)
        }),
        ("from the future", Some("bearer.not_yet_valid"), |_, c| {
            c["iat"] = json!(NOW + 1)
        }),
        ("no iat", Some("bearer.claim"), |_, c| c["iat"] = json!("-")),
        ("no sub", Some("bearer.claim"), |_, c| c["sub"] = json!("-")),
        ("no client", Some("bearer.claim"), |_, c| c["client_id"] = json!("-")),
        ("no jti", Some("bearer.claim"), |_, c| c["jti"] = json!("-")),
        ("scope as a list", Some("bearer.claim"), |_, c| {
            c["scope"] = json!(["openid"])
        }),
        ("an unknown key", Some("bearer.signature"), |h, _| {
            h["kid"] = json!("b2")
        }),
    ];
    for (name, code, change) in cases {
        let result = AccessToken::check(&token(&key, change), &rules(), &keys, support::now());
        assert_eq!(result.err().map(|e| e.code()), *code, "{name}");
    }
    let forged = token(&Signer::new("b1"), |_, _| {});
    assert_eq!(
        AccessToken::check(&forged, &rules(), &keys, support::now())
            .unwrap_err()
            .code(),
        "bearer.signature"
    );
    assert_eq!(
        AccessToken::check("a.b", &rules(), &keys, support::now())
            .unwrap_err()
            .code(),
        "bearer.unreadable"
    );
}

#[test]
fn what_a_token_says_is_reachable() {
    let key = Signer::new("b1");
    let keys = KeySet::from_value(key.jwks()).unwrap();
    let token = AccessToken::check(&token(&key, |_, _| {}), &rules(), &keys, support::now()).unwrap();
    assert_eq!(
        (token.identity().sub.as_str(), token.client_id(), token.jti()),
        ("b-1", "c", "j")
    );
    assert!(token.has_scope("ga4gh_passport_v1") && !token.has_scope("ga4gh"));
    assert_eq!((token.acr(), token.amr()), (Some("a"), vec!["mfa", "pwd"]));
    assert_eq!(token.auth_time(), Some(Timestamp::from_unix(NOW - 100)));
    assert_eq!(token.claim("visum_assurance"), Some(&json!(2)));
    assert_eq!(token.expires(), Timestamp::from_unix(NOW + 900));
}
