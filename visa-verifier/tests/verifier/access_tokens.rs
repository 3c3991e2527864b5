//! Bearer tokens (RFC 9068, and Passport-scoped ones of AAI 1.2): one intended cause of failure each, signed afresh.

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

fn passport_scoped(key: &Signer, change: Change) -> Option<&'static str> {
    let mut rules = AccessTokenRules::passport_scoped(BROKER.parse().unwrap(), vec![US.to_owned(), "client-1".into()]);
    rules.clock_skew = 0;
    let keys = KeySet::from_value(key.jwks()).unwrap();
    let token = token(key, |h, c| {
        // the least that TOK-01 to TOK-11 demand
        h["typ"] = json!("JWT");
        for optional in ["aud", "client_id", "jti", "auth_time", "acr", "amr", "visum_assurance"] {
            c[optional] = json!("-");
        }
        change(h, c);
    });
    AccessToken::check(&token, &rules, &keys, support::now())
        .err()
        .map(|e| e.code())
}

/// TOK-01 to TOK-13, BRK-07, BRK-08, CLH-21 as they bind a clearinghouse that checks a Passport-scoped access token.
#[test]
fn tok_01_to_tok_13_a_passport_scoped_access_token_is_read_by_the_profile() {
    let key = Signer::new("b1");
    let cases: &[(&str, Option<&str>, Change)] = &[
        ("the least", None, |_, _| {}),
        ("TOK-01: at+jwt", None, |h, _| h["typ"] = json!("at+jwt")),
        ("TOK-01: no typ", Some("bearer.kind"), |h, _| h["typ"] = json!("-")),
        ("TOK-01: a logout token", Some("bearer.kind"), |h, _| {
            h["typ"] = json!("logout+jwt")
        }),
        ("TOK-01: a longer word", Some("bearer.kind"), |h, _| {
            h["typ"] = json!("JWTX")
        }),
        ("CLH-26: a Passport's typ", Some("bearer.kind"), |h, _| {
            h["typ"] = json!("vnd.ga4gh.passport+jwt")
        }),
        ("VIS-07: a visa's typ", Some("bearer.kind"), |h, _| {
            h["typ"] = json!("vnd.ga4gh.visa+jwt")
        }),
        ("TOK-02: HS256", Some("bearer.header"), |h, _| h["alg"] = json!("HS256")),
        ("TOK-02: RS256 of an EC key", Some("bearer.signature"), |h, _| {
            h["alg"] = json!("RS256")
        }),
        ("TOK-03: no kid, and one key", None, |h, _| h["kid"] = json!("-")),
        ("TOK-03: an unknown kid", Some("bearer.signature"), |h, _| {
            h["kid"] = json!("b9")
        }),
        ("TOK-04: issuer with a slash more", Some("bearer.issuer"), |_, c| {
            c["iss"] = json!(format!("{BROKER}/"))
        }),
        ("TOK-05: no sub", Some("bearer.claim"), |_, c| c["sub"] = json!("-")),
        ("TOK-05: sub of 256 characters", Some("bearer.claim"), |_, c| {
            c["sub"] = json!("a".repeat(256))
        }),
        ("TOK-06: idp", None, |_, c| c["idp"] = json!("eduGAIN")),
        ("TOK-07: the client's id", None, |_, c| c["aud"] = json!("client-1")),
        ("TOK-07, A-32: both", None, |_, c| c["aud"] = json!(["client-1", US])),
        ("CLH-21: another client's", Some("bearer.audience"), |_, c| {
            c["aud"] = json!("client-2")
        }),
        ("CLH-21: nobody's", Some("bearer.audience"), |_, c| c["aud"] = json!([])),
        ("aud is a number", Some("bearer.claim"), |_, c| c["aud"] = json!(1)),
        ("TOK-08: no iat", Some("bearer.claim"), |_, c| c["iat"] = json!("-")),
        ("TOK-09: no exp", Some("bearer.claim"), |_, c| c["exp"] = json!("-")),
        ("TOK-09: over", Some("bearer.expired"), |_, c| c["exp"] = json!(NOW)),
        ("TOK-09: a second left", None, |_, c| c["exp"] = json!(NOW + 1)),
        ("TOK-09: milliseconds", Some("bearer.claim"), |_, c| {
            c["exp"] = json!(NOW * 1_000)
        }),
        ("TOK-10: jti is a number", Some("bearer.claim"), |_, c| {
            c["jti"] = json!(1)
        }),
        ("TOK-11: no scope, as of an ID token", Some("bearer.scope"), |_, c| {
            c["scope"] = json!("-")
        }),
        ("TOK-11: openid alone", Some("bearer.scope"), |_, c| {
            c["scope"] = json!("openid")
        }),
        ("TOK-11: the Passport scope alone", Some("bearer.scope"), |_, c| {
            c["scope"] = json!("ga4gh_passport_v1")
        }),
        ("TOK-11: in another order, with more", None, |_, c| {
            c["scope"] = json!("email ga4gh_passport_v1 openid")
        }),
        ("TOK-11: a list", Some("bearer.claim"), |_, c| {
            c["scope"] = json!(["openid", "ga4gh_passport_v1"])
        }),
        ("TOK-13: as parts of words", Some("bearer.scope"), |_, c| {
            c["scope"] = json!("openid2 xga4gh_passport_v1")
        }),
        ("TOK-13: another case", Some("bearer.scope"), |_, c| {
            c["scope"] = json!("OpenID ga4gh_passport_v1")
        }),
        ("TOK-13: by tabs", Some("bearer.scope"), |_, c| {
            c["scope"] = json!("openid\tga4gh_passport_v1")
        }),
        ("BRK-07: a Passport claim", Some("bearer.kind"), |_, c| {
            c["ga4gh_passport_v1"] = json!([])
        }),
        ("BRK-07: a visa claim", Some("bearer.kind"), |_, c| {
            c["ga4gh_visa_v1"] = json!({})
        }),
        ("BRK-08: an unknown claim", None, |_, c| c["x"] = json!({"y": [1]})),
        ("CLH-22: not yet", Some("bearer.not_yet_valid"), |_, c| {
            c["nbf"] = json!(NOW + 1)
        }),
        ("CLH-24: crit", Some("bearer.header"), |h, _| h["crit"] = json!(["exp"])),
    ];
    for (name, code, change) in cases {
        assert_eq!(passport_scoped(&key, *change), *code, "{name}");
    }
}

/// CLH-27: keys that a token brings along are not looked at: with them a forged token stays forged, a good one good.
#[test]
fn clh_27_keys_in_the_header_are_never_used() {
    let (key, evil) = (Signer::new("b1"), Signer::new("b1"));
    let keys = KeySet::from_value(key.jwks()).unwrap();
    for member in ["jwk", "jku", "x5u", "x5c"] {
        let value = match member {
            "jwk" => evil.jwk(),
            "x5c" => json!(["MIIB"]),
            _ => json!("https://evil.example.net/keys"),
        };
        for (signer, code) in [(&key, None), (&evil, Some("bearer.signature"))] {
            let token = token(signer, |h, _| h[member] = value.clone());
            let result = AccessToken::check(&token, &rules(), &keys, support::now());
            assert_eq!(result.err().map(|e| e.code()), code, "{member}");
        }
    }
}

/// VIS-07, DRS-08: what is signed by the same broker and is no access token is no bearer, whatever its `typ` says.
#[test]
fn vis_07_no_visa_and_no_passport_is_taken_as_bearer() {
    let world = support::World::new();
    let keys = KeySet::from_value(world.broker.jwks()).unwrap();
    let as_access_token = |_: &mut Value, c: &mut Value| {
        c["scope"] = json!("openid ga4gh_passport_v1");
        c["aud"] = json!(US);
        c["client_id"] = json!("c");
        c["jti"] = json!("j");
    };
    let old_visa = support::visa_of(&world.broker, BROKER, "-", "b-1", support::grant(), |h, c| {
        h["kid"] = json!("b1");
        h["typ"] = json!("at+jwt");
        as_access_token(h, c);
    });
    let passport = world.passport_with(&[], |h, c| {
        h["typ"] = json!("at+jwt");
        as_access_token(h, c);
    });
    for (name, text) in [
        ("a visa", world.visa_of_broker(support::grant())),
        ("an access-token visa", old_visa),
        ("a Passport", world.passport(&[])),
        ("a Passport that says at+jwt", passport),
    ] {
        for profile in [
            rules(),
            AccessTokenRules::passport_scoped(BROKER.parse().unwrap(), vec![US.to_owned()]),
        ] {
            let result = AccessToken::check(&text, &profile, &keys, support::now());
            assert_eq!(result.unwrap_err().code(), "bearer.kind", "{name}");
        }
    }
}

/// CLH-23, CLH-28: the skew to its second, and 16 KiB to their byte.
#[test]
fn clh_23_and_clh_28_bounds_are_exact() {
    let key = Signer::new("b1");
    let keys = KeySet::from_value(key.jwks()).unwrap();
    let mut rules = rules();
    rules.clock_skew = 60;
    let cases: &[(&str, Option<&str>, Change)] = &[
        ("exp 59 s ago", None, |_, c| c["exp"] = json!(NOW - 59)),
        ("exp 60 s ago", Some("bearer.expired"), |_, c| {
            c["exp"] = json!(NOW - 60)
        }),
        ("iat in 60 s", None, |_, c| c["iat"] = json!(NOW + 60)),
        ("iat in 61 s", Some("bearer.not_yet_valid"), |_, c| {
            c["iat"] = json!(NOW + 61)
        }),
        ("nbf in 60 s", None, |_, c| c["nbf"] = json!(NOW + 60)),
        ("nbf in 61 s", Some("bearer.not_yet_valid"), |_, c| {
            c["nbf"] = json!(NOW + 61)
        }),
    ];
    for (name, code, change) in cases {
        let result = AccessToken::check(&token(&key, *change), &rules, &keys, support::now());
        assert_eq!(result.err().map(|e| e.code()), *code, "{name}");
    }
    let padded = |n: usize| token(&key, |_, c| c["x"] = json!("a".repeat(n)));
    let spare = 16 * 1024 - padded(0).len();
    // three bytes of claims are four of base64url
    let fitting = padded(spare / 4 * 3 - 3);
    assert!(fitting.len() <= 16 * 1024 && AccessToken::check(&fitting, &rules, &keys, support::now()).is_ok());
    let long = padded(spare / 4 * 3 + 3);
    let code = AccessToken::check(&long, &rules, &keys, support::now())
        .unwrap_err()
        .code();
    assert_eq!((long.len() > 16 * 1024, code), (true, "bearer.unreadable"));
}
