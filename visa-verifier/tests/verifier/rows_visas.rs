//! Rows VIS, TOK and CLH that one visa or token shows by itself.

use serde_json::{Value, json};
use visa_verifier::{AccessToken, AccessTokenRules, Code, KeySet, Passport};

use super::support::{self, A, A_JKU, BROKER, NOW, Signer, US, World, faculty, grant, judge, visa_of};

type Change = fn(&mut Value, &mut Value);

#[test]
fn a_visa_is_one_of_two_kinds_and_no_bearer_token() {
    let world = World::new();
    let access_token: Change = |h, c| {
        h["jku"] = json!("-");
        c["scope"] = json!("openid");
    };
    let cases: &[(&str, &str, &str, Change)] = &[
        ("VIS-37", "a document token", "OK", |_, _| {}),
        ("VIS-37 VIS-31", "an access token", "OK", access_token),
        ("VIS-37 VIS-16", "neither", "NO_KEY_REFERENCE", |h, _| {
            h["jku"] = json!("-")
        }),
        ("VIS-37 VIS-09 VIS-16", "both", "TOKEN_KIND_CONFLICT", |_, c| {
            c["scope"] = json!("a openid")
        }),
        ("TOK-13", "a word that only holds openid", "NO_KEY_REFERENCE", |h, c| {
            h["jku"] = json!("-");
            c["scope"] = json!("openid2 xopenid open id");
        }),
        ("CLH-11", "an access token that is over", "EXPIRED", |h, c| {
            h["jku"] = json!("-");
            c["scope"] = json!("openid");
            c["exp"] = json!(NOW);
        }),
        (
            "CLH-11",
            "an access token under another key",
            "BAD_SIGNATURE",
            |h, c| {
                h["jku"] = json!("-");
                h["kid"] = json!("k9");
                c["scope"] = json!("openid");
            },
        ),
        (
            "CLH-11 CLH-12",
            "an access token that is an hour and a second old",
            "STALE_ACCESS_TOKEN_VISA",
            |h, c| {
                h["jku"] = json!("-");
                c["scope"] = json!("openid");
                c["iat"] = json!(NOW - 3_601);
            },
        ),
        ("VIS-32 A-22", "an access token for us", "OK", |h, c| {
            h["jku"] = json!("-");
            c["scope"] = json!("openid");
            c["aud"] = json!(US);
        }),
        (
            "CLH-21 A-22",
            "an access token for somebody else",
            "AUDIENCE_MISMATCH",
            |h, c| {
                h["jku"] = json!("-");
                c["scope"] = json!("openid");
                c["aud"] = json!("https://other.example");
            },
        ),
        ("VIS-20 A-36", "a name of its own", "OK", |_, c| c["jti"] = json!("j-1")),
        ("VIS-38", "claims that nobody knows", "OK", |_, c| {
            c["ras_dbgap_permissions"] = json!([{"phs_id": "x"}])
        }),
    ];
    for (rows, name, code, change) in cases {
        assert_eq!(
            world.codes(&[world.visa_with(grant(), change)]),
            [*code],
            "{rows}: {name}"
        );
    }
    // the very key of the broker signs it, with all that an access token has, and still it is none
    let keys = KeySet::from_value(world.broker.jwks()).unwrap();
    let rules = AccessTokenRules::new(BROKER.parse().unwrap(), vec![US.to_owned()]);
    for typ in ["vnd.ga4gh.visa+jwt", "JWT", "at+jwt", "-"] {
        let visa = visa_of(&world.broker, BROKER, support::BROKER_JKU, "b-1", grant(), |h, c| {
            h["typ"] = json!(typ);
            h["kid"] = json!("b1");
            c["aud"] = json!(US);
            c["client_id"] = json!("c");
            c["jti"] = json!("j");
        });
        let refused = AccessToken::check(&visa, &rules, &keys, support::now()).unwrap_err();
        assert_eq!(refused.code(), "bearer.kind", "VIS-07: typ {typ}");
    }
    let passport = world
        .judge(&world.passport(&[world.visa_with(grant(), |_, c| c["x"] = json!(7))]))
        .unwrap();
    assert_eq!(
        passport.visas()[0].claim("x"),
        Some(&json!(7)),
        "VIS-38: evaluators see the whole payload"
    );
}

#[test]
fn an_access_token_visa_lives_on_by_its_poll() {
    let world = World::new();
    let visa = world.visa_with(grant(), |h, c| {
        h["jku"] = json!("-");
        c["scope"] = json!("openid");
        c["iat"] = json!(NOW - 7_200);
    });
    let other = world.visa(faculty());
    let policy = world.policy();
    for (name, polled, code) in [
        ("not polled", None, "STALE_ACCESS_TOKEN_VISA"),
        ("polled", Some(&visa), "OK"),
        ("another one polled", Some(&other), "STALE_ACCESS_TOKEN_VISA"),
    ] {
        let passport = Passport::parse(&world.passport(std::slice::from_ref(&visa))).unwrap();
        let digests = polled.map(|text| visa_verifier::token::TokenDigest::of(text));
        let mut verification = visa_verifier::Verification::begin(passport, &policy, support::now()).polled(digests);
        let visa_verifier::verify::Step::Done(result) = verification.step() else {
            panic!("all keys are at hand");
        };
        assert_eq!(support::codes(&result.unwrap()), [code], "CLH-12 EXP-21: {name}");
    }
}

#[test]
fn keys_that_came_by_a_trusted_way_need_no_jku() {
    let mut world = World::new();
    world.set(A, "keys", json!({"pinned": world.a.jwks()}));
    for (rows, name, jku, code) in [
        ("CLH-13 A-19", "the listed address", A_JKU, "OK"),
        (
            "CLH-13 A-19",
            "any address: it is not called",
            "https://anywhere.example/jwks",
            "OK",
        ),
    ] {
        let visa = world.visa_with(grant(), |h, _| h["jku"] = json!(jku));
        assert_eq!(world.codes(&[visa]), [code], "{rows}: {name}");
    }
    let forged = visa_of(
        &Signer::new("k1"),
        A,
        "https://evil.example/jwks",
        "u1",
        grant(),
        |_, _| {},
    );
    assert_eq!(world.codes(&[forged]), ["BAD_SIGNATURE"], "CLH-13: by their keys only");
}

#[test]
fn an_issuer_may_be_a_name_that_nothing_resolves() {
    let mut world = World::new();
    let key = Signer::new("k1");
    let jku = "https://keys.example.net/dac";
    let entry = json!({"iss": "urn:example:dac", "types": ["*"], "sources": ["*"], "jku": [jku],
        "keys": {"by_jku": {jku: key.jwks()}}});
    world.trust["trusted_visa_issuers"].as_array_mut().unwrap().push(entry);
    let visa = |iss: &str| visa_of(&key, iss, jku, "u1", grant(), |_, _| {});
    assert_eq!(
        world.codes(&[visa("urn:example:dac"), visa("urn:example:DAC")]),
        ["OK", "UNTRUSTED_ISSUER"],
        "VIS-12: as an opaque text"
    );
}

#[test]
fn kid_is_needed_only_where_there_is_a_choice() {
    for (name, keys, kid, code) in [
        ("one key, no name", 1, "-", "OK"),
        ("two keys, no name", 2, "-", "BAD_SIGNATURE"),
        ("two keys, a name", 2, "k1", "OK"),
    ] {
        let mut world = World::new();
        let mut set = vec![world.a.jwk()];
        set.extend((1..keys).map(|_| Signer::new("k2").jwk()));
        world.set(A, "keys", json!({"by_jku": {A_JKU: {"keys": set}}}));
        let visa = world.visa_with(grant(), |h, _| h["kid"] = json!(kid));
        assert_eq!(world.codes(&[visa]), [code], "VIS-19 A-36: {name}");
    }
}

#[test]
fn what_was_not_verified_is_shown_as_claimed_and_never_as_a_visa() {
    let world = World::new();
    let forged = visa_of(&Signer::new("k1"), A, A_JKU, "u1", grant(), |_, _| {});
    let passport = world.judge(&world.passport(&[forged])).unwrap();
    assert!(passport.visas().is_empty(), "CLH-09 CLH-10");
    assert_eq!(
        passport.identities(),
        [passport.holder().clone()],
        "CLH-10: it proves nobody"
    );
    let rejected = &passport.rejected()[0];
    assert_eq!(
        (rejected.code(), rejected.said("sub")),
        (Code::BadSignature, Some("u1"))
    );
}

#[test]
fn without_a_trusted_broker_no_passport_counts() {
    let mut world = World::new();
    world.trust["trusted_brokers"] = json!([]);
    let passport = world.passport(&[world.visa(grant())]);
    assert_eq!(
        world.judge(&passport).unwrap_err().code(),
        Code::UntrustedBroker,
        "CLH-01"
    );
    let answer = json!({"iss": BROKER, "sub": "b-1", "ga4gh_passport_v1": [world.visa(grant())]});
    let answer = judge(Passport::from_userinfo(&answer).unwrap(), &world.policy());
    assert_eq!(
        answer.unwrap_err().code(),
        Code::UntrustedBroker,
        "CLH-01: nor does an answer of its UserInfo"
    );
}

#[test]
fn broker_issuer_and_source_are_all_needed() {
    for (name, list, member, value, code) in [
        ("all three", "", "", Value::Null, Ok("OK")),
        (
            "no broker",
            "trusted_brokers",
            "",
            json!([]),
            Err(Code::UntrustedBroker),
        ),
        (
            "no issuer",
            "trusted_visa_issuers",
            "",
            json!([]),
            Ok("UNTRUSTED_ISSUER"),
        ),
        ("no source", "", "sources", json!([]), Ok("UNTRUSTED_SOURCE")),
        ("no type", "", "types", json!([]), Ok("ISSUER_NOT_TRUSTED_FOR_TYPE")),
    ] {
        let mut world = World::new();
        match (list, member) {
            ("", "") => {}
            ("", member) => world.set(A, member, value),
            (list, _) => world.trust[list] = value,
        }
        let judged = world.judge(&world.passport(&[world.visa(grant())]));
        let codes = judged.map(|p| support::codes(&p)[0]).map_err(|r| r.code());
        assert_eq!(codes, code, "CLH-19 A-41 A-52: {name}");
    }
}

/// a visa that is too long is dropped by itself; the others of its Passport stay.
#[test]
fn a_visa_that_is_too_long_does_not_take_the_others_with_it() {
    let world = World::new();
    let long = world.visa_with(grant(), |_, claims| claims["fill"] = json!("x".repeat(16 * 1024)));
    assert_eq!(world.codes(&[long, world.visa(grant())]), ["TOO_LARGE", "OK"]);
}
