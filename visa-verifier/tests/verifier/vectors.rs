//! Our own vectors: one intended cause of failure each, named, signed afresh.

use serde_json::{Value, json};
use visa_verifier::{Code, Passport, TrustPolicy};

use super::support::{self, A, A_JKU, B, B_JKU, BROKER, NOW, Signer, US, World, codes, grant, judge, visa_of};

type Change = fn(&mut Value, &mut Value);

#[test]
fn a_visa_counts_only_if_every_check_passes() {
    let world = World::new();
    let cases: &[(&str, &str, Change)] = &[
        ("as it should be", "OK", |_, _| {}),
        ("no typ", "OK", |h, _| h["typ"] = json!("-")),
        ("typ JWT", "OK", |h, _| h["typ"] = json!("JWT")),
        ("typ with prefix and capitals", "OK", |h, _| {
            h["typ"] = json!("Application/Vnd.GA4GH.visa+JWT")
        }),
        ("typ of a Passport", "TYP_NOT_ALLOWED", |h, _| {
            h["typ"] = json!("vnd.ga4gh.passport+jwt")
        }),
        ("typ of a logout token", "TYP_NOT_ALLOWED", |h, _| {
            h["typ"] = json!("logout+jwt")
        }),
        ("typ is a number", "MALFORMED_VISA", |h, _| h["typ"] = json!(1)),
        ("alg none", "ALG_NOT_ALLOWED", |h, _| h["alg"] = json!("none")),
        ("alg HS256", "ALG_NOT_ALLOWED", |h, _| h["alg"] = json!("HS256")),
        ("alg PS256", "ALG_NOT_ALLOWED", |h, _| h["alg"] = json!("PS256")),
        ("alg es256 in small letters", "ALG_NOT_ALLOWED", |h, _| {
            h["alg"] = json!("es256")
        }),
        ("alg RS256 on an EC key", "BAD_SIGNATURE", |h, _| {
            h["alg"] = json!("RS256")
        }),
        ("no alg", "MALFORMED_VISA", |h, _| h["alg"] = json!("-")),
        ("no kid, one key", "OK", |h, _| h["kid"] = json!("-")),
        ("an unknown kid", "BAD_SIGNATURE", |h, _| h["kid"] = json!("k2")),
        ("crit", "UNSUPPORTED_CRIT", |h, _| h["crit"] = json!(["exp"])),
        ("crit, empty", "UNSUPPORTED_CRIT", |h, _| h["crit"] = json!([])),
        ("a key of its own is not looked at", "OK", |h, _| {
            h["jwk"] = json!({"kty": "oct", "k": "AAAA"})
        }),
        ("a foreign jku", "UNTRUSTED_JKU", |h, _| {
            h["jku"] = json!("https://evil.example/jwks")
        }),
        ("the jku of another issuer", "UNTRUSTED_JKU", |h, _| {
            h["jku"] = json!(B_JKU)
        }),
        ("a jku that differs by a slash", "UNTRUSTED_JKU", |h, _| {
            h["jku"] = json!(format!("{A_JKU}/"))
        }),
        ("neither jku nor openid", "NO_KEY_REFERENCE", |h, _| {
            h["jku"] = json!("-")
        }),
        ("openid as a part of a word", "NO_KEY_REFERENCE", |h, c| {
            h["jku"] = json!("-");
            c["scope"] = json!("openid2 email");
        }),
        ("jku and openid", "TOKEN_KIND_CONFLICT", |_, c| {
            c["scope"] = json!("email openid")
        }),
        ("jku and another scope", "OK", |_, c| c["scope"] = json!("email")),
        ("scope is a list", "MALFORMED_VISA", |_, c| {
            c["scope"] = json!(["openid"])
        }),
        ("access token, fresh", "OK", |h, c| {
            h["jku"] = json!("-");
            h["typ"] = json!("at+jwt");
            c["scope"] = json!("openid");
        }),
        ("access token, an hour old", "OK", |h, c| {
            h["jku"] = json!("-");
            c["scope"] = json!("openid");
            c["iat"] = json!(NOW - 3_600);
        }),
        ("access token, over an hour old", "STALE_ACCESS_TOKEN_VISA", |h, c| {
            h["jku"] = json!("-");
            c["scope"] = json!("openid");
            c["iat"] = json!(NOW - 3_601);
        }),
        ("no iss", "MALFORMED_VISA", |_, c| c["iss"] = json!("-")),
        ("iss is a list", "MALFORMED_VISA", |_, c| c["iss"] = json!([A])),
        ("an unknown iss", "UNTRUSTED_ISSUER", |_, c| {
            c["iss"] = json!("https://evil.example")
        }),
        ("iss with a slash more", "UNTRUSTED_ISSUER", |_, c| {
            c["iss"] = json!(format!("{A}/"))
        }),
        ("the iss of another", "UNTRUSTED_JKU", |_, c| c["iss"] = json!(B)),
        ("no sub", "MALFORMED_VISA", |_, c| c["sub"] = json!("-")),
        ("an empty sub", "MALFORMED_VISA", |_, c| c["sub"] = json!("")),
        ("no exp", "MALFORMED_VISA", |_, c| c["exp"] = json!("-")),
        ("exp is text", "MALFORMED_VISA", |_, c| c["exp"] = json!("1700003600")),
        ("exp in milliseconds", "MALFORMED_VISA", |_, c| {
            c["exp"] = json!(1_700_003_600_000_i64)
        }),
        ("exp in the year 2100", "OK", |_, c| c["exp"] = json!(4_102_444_800_i64)),
        ("exp a second ahead", "OK", |_, c| c["exp"] = json!(NOW + 1)),
        ("exp half a second ahead", "OK", |_, c| {
            c["exp"] = json!(1_700_000_000.5)
        }),
        ("exp now", "EXPIRED", |_, c| c["exp"] = json!(NOW)),
        ("no iat", "MALFORMED_VISA", |_, c| c["iat"] = json!("-")),
        ("iat ahead", "ISSUED_IN_FUTURE", |_, c| c["iat"] = json!(NOW + 1)),
        ("nbf ahead", "NOT_YET_VALID", |_, c| c["nbf"] = json!(NOW + 1)),
        ("nbf now", "OK", |_, c| c["nbf"] = json!(NOW)),
        ("for somebody else", "AUDIENCE_MISMATCH", |_, c| {
            c["aud"] = json!("https://other.example")
        }),
        ("for us and somebody else", "OK", |_, c| {
            c["aud"] = json!(["https://other.example", US])
        }),
        ("for nobody", "AUDIENCE_MISMATCH", |_, c| c["aud"] = json!([])),
        ("no object", "MALFORMED_VISA", |_, c| c["ga4gh_visa_v1"] = json!("-")),
        ("an object that is a list", "MALFORMED_VISA", |_, c| {
            c["ga4gh_visa_v1"] = json!([])
        }),
        ("asserted ahead", "ISSUED_IN_FUTURE", |_, c| {
            c["ga4gh_visa_v1"]["asserted"] = json!(NOW + 1)
        }),
        ("grant without by", "MISSING_BY", |_, c| {
            c["ga4gh_visa_v1"].as_object_mut().unwrap().remove("by");
        }),
        ("value that is no URL", "BAD_URL_CLAIM", |_, c| {
            c["ga4gh_visa_v1"]["value"] = json!("data.example.org/1")
        }),
        ("a custom type", "UNSUPPORTED_TYPE", |_, c| {
            c["ga4gh_visa_v1"]["type"] = json!("https://t.example/x")
        }),
    ];
    for (name, code, change) in cases {
        let visa = world.visa_with(grant(), change);
        assert_eq!(world.codes(&[visa]), [*code], "{name}");
    }
}

#[test]
fn a_signature_counts_only_by_the_issuers_own_key() {
    let world = World::new();
    let forged = visa_of(&Signer::new("k1"), A, A_JKU, "u1", grant(), |_, _| {});
    assert_eq!(world.codes(&[forged]), ["BAD_SIGNATURE"]);
    let by_another_trusted_issuer = visa_of(&world.b, A, A_JKU, "u1", grant(), |_, _| {});
    assert_eq!(world.codes(&[by_another_trusted_issuer]), ["BAD_SIGNATURE"]);
    let stripped = world.visa(grant()).rsplit_once('.').unwrap().0.to_owned() + ".";
    assert_eq!(world.codes(&[stripped]), ["BAD_SIGNATURE"]);
    assert_eq!(
        world.codes(&["not a token".to_owned(), world.visa(grant())]),
        ["MALFORMED_VISA", "OK"]
    );
    let twice = world.a.sign_text(
        &format!(r#"{{"alg":"ES256","kid":"k1","jku":"{A_JKU}"}}"#),
        &format!(
            r#"{{"iss":"{A}","sub":"u1","sub":"u2","iat":1,"exp":{},"ga4gh_visa_v1":{}}}"#,
            NOW + 9,
            grant()
        ),
    );
    assert_eq!(world.codes(&[twice]), ["MALFORMED_VISA"]);
}

#[test]
fn rs256_counts_with_2048_bits_and_not_with_1024() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/rs256.json")).unwrap();
    for (name, code) in [("good", "OK"), ("short_key", "BAD_SIGNATURE")] {
        let mut world = World::new();
        let jku = "https://rsa.example.org/jwks";
        let entry = json!({"iss": "https://rsa.example.org", "types": ["*"], "sources": ["*"], "jku": [jku],
            "keys": {"by_jku": {jku: {"keys": [fixture[name]["jwk"]]}}}});
        world.trust["trusted_visa_issuers"].as_array_mut().unwrap().push(entry);
        assert_eq!(
            world.codes(&[fixture[name]["visa"].as_str().unwrap().to_owned()]),
            [code],
            "{name}"
        );
    }
}

#[test]
fn trust_is_judged_for_issuer_type_source_dataset_and_time() {
    for (name, member, value, code) in [
        (
            "the type is not listed",
            "types",
            json!(["AffiliationAndRole"]),
            "ISSUER_NOT_TRUSTED_FOR_TYPE",
        ),
        ("no type is listed", "types", json!([]), "ISSUER_NOT_TRUSTED_FOR_TYPE"),
        (
            "the source is not listed",
            "sources",
            json!(["https://dac.example.org/"]),
            "UNTRUSTED_SOURCE",
        ),
        (
            "the source is listed",
            "sources",
            json!(["https://dac.example.org"]),
            "OK",
        ),
        (
            "the dataset is not listed",
            "datasets",
            json!(["https://data.example.org/ds/12"]),
            "ISSUER_NOT_TRUSTED_FOR_DATASET",
        ),
        (
            "the dataset's prefix is listed",
            "datasets",
            json!(["https://data.example.org/*"]),
            "OK",
        ),
        (
            "trust ended",
            "until",
            json!("2023-11-14T22:13:20Z"),
            "UNTRUSTED_ISSUER",
        ),
        ("trust ends in a second", "until", json!("2023-11-14T22:13:21Z"), "OK"),
    ] {
        let mut world = World::new();
        world.set(A, member, value);
        assert_eq!(world.codes(&[world.visa(grant())]), [code], "{name}");
    }
    let mut world = World::new();
    world.trust["refused"] = json!([A]);
    assert_eq!(
        world.codes(&[world.visa(grant())]),
        ["UNTRUSTED_ISSUER"],
        "refusals win over entries"
    );
    let world = World::new();
    let thumbprint = world.judge(&world.passport(&[world.visa(grant())])).unwrap().visas()[0]
        .evidence()
        .thumbprint()
        .to_owned();
    let mut revoked = World {
        trust: world.trust.clone(),
        ..world
    };
    revoked.trust["revoked_keys"] = json!([thumbprint]);
    assert_eq!(
        revoked.codes(&[revoked.visa(grant())]),
        ["REVOKED_KEY"],
        "a revoked key beats its pin"
    );
}

#[test]
fn a_passport_that_fails_is_rejected_whole() {
    let world = World::new();
    let cases: &[(&str, Option<Code>, Change)] = &[
        ("as it should be", None, |_, _| {}),
        ("no typ", Some(Code::PassportTyp), |h, _| h["typ"] = json!("-")),
        ("typ JWT", Some(Code::PassportTyp), |h, _| h["typ"] = json!("JWT")),
        ("typ of a visa", Some(Code::PassportTyp), |h, _| {
            h["typ"] = json!("vnd.ga4gh.visa+jwt")
        }),
        ("alg none", Some(Code::AlgNotAllowed), |h, _| h["alg"] = json!("none")),
        ("crit", Some(Code::UnsupportedCrit), |h, _| h["crit"] = json!(["b64"])),
        ("an unknown kid", Some(Code::BadSignature), |h, _| {
            h["kid"] = json!("b2")
        }),
        ("an unknown broker", Some(Code::UntrustedBroker), |_, c| {
            c["iss"] = json!("https://evil.example")
        }),
        ("a visa issuer is no broker", Some(Code::UntrustedBroker), |_, c| {
            c["iss"] = json!(A)
        }),
        ("no sub", Some(Code::MalformedPassport), |_, c| c["sub"] = json!("-")),
        ("expired", Some(Code::Expired), |_, c| c["exp"] = json!(NOW)),
        ("no exp", Some(Code::MalformedPassport), |_, c| c["exp"] = json!("-")),
        ("not yet", Some(Code::NotYetValid), |_, c| c["nbf"] = json!(NOW + 9)),
        ("from the future", Some(Code::IssuedInFuture), |_, c| {
            c["iat"] = json!(NOW + 9)
        }),
        ("for us", None, |_, c| c["aud"] = json!(US)),
        ("for somebody else", Some(Code::AudienceMismatch), |_, c| {
            c["aud"] = json!(["https://other.example"])
        }),
        ("no visas claim", Some(Code::MalformedPassport), |_, c| {
            c["ga4gh_passport_v1"] = json!("-")
        }),
        ("visas are text", Some(Code::MalformedPassport), |_, c| {
            c["ga4gh_passport_v1"] = json!("a.b.c")
        }),
        ("a visa is a number", Some(Code::MalformedPassport), |_, c| {
            c["ga4gh_passport_v1"] = json!([1])
        }),
        ("no visas", None, |_, c| c["ga4gh_passport_v1"] = json!([])),
        ("too many visas", Some(Code::TooLarge), |_, c| {
            c["ga4gh_passport_v1"] = json!(vec!["a.b.c"; 501])
        }),
        ("a visa too large, which is dropped by itself (A-27)", None, |_, c| {
            c["ga4gh_passport_v1"] = json!(["a".repeat(16 * 1024 + 1)])
        }),
    ];
    for (name, code, change) in cases {
        let passport = world.passport_with(&[world.visa(grant())], change);
        assert_eq!(world.judge(&passport).err().map(|r| r.code()), *code, "{name}");
    }
    assert_eq!(
        world.judge(&"a".repeat(1024 * 1024 + 1)).unwrap_err().code(),
        Code::TooLarge
    );
    assert_eq!(
        world.judge(&world.visa(grant())).unwrap_err().code(),
        Code::PassportTyp,
        "a visa is no Passport"
    );
}

#[test]
fn visas_come_by_userinfo_and_alone_too() {
    let world = World::new();
    let policy: TrustPolicy = world.policy();
    let answer =
        |iss: &str, visas: Value| json!({"iss": iss, "sub": "b-1", "email": "x@y", "ga4gh_passport_v1": visas});
    let userinfo =
        |iss: &str, visas: Value| Passport::from_userinfo(&answer(iss, visas)).and_then(|p| judge(p, &policy));
    assert_eq!(codes(&userinfo(BROKER, json!([world.visa(grant())])).unwrap()), ["OK"]);
    assert_eq!(
        userinfo("https://evil.example", json!([])).unwrap_err().code(),
        Code::UntrustedBroker
    );
    assert_eq!(
        userinfo(BROKER, json!("x")).unwrap_err().code(),
        Code::MalformedPassport
    );
    assert!(
        userinfo(BROKER, Value::Null).unwrap().visas().is_empty(),
        "a v1.0 broker may leave the claim out"
    );
    let alone = judge(Passport::of_one(&world.visa(grant())).unwrap(), &policy).unwrap();
    assert_eq!((codes(&alone), alone.holder().sub.as_str()), (vec!["OK"], "u1"));
    let bad = judge(Passport::of_one("x").unwrap(), &policy).unwrap();
    assert_eq!(codes(&bad), ["MALFORMED_VISA"]);
}

#[test]
fn only_a_passport_for_us_or_a_young_one_of_a_broker_that_may_is_a_credential() {
    for (name, aud, flag, age, presentable) in [
        ("for us", json!(US), false, 3_000, true),
        ("for nobody", json!("-"), false, 60, false),
        ("for nobody, allowed", json!("-"), true, 600, true),
        ("for nobody, allowed, too old", json!("-"), true, 601, false),
    ] {
        let mut world = World::new();
        world.trust["trusted_brokers"][0]["passport_without_audience"] = json!(flag);
        let passport = world.passport_with(&[], |_, c| {
            c["aud"] = aud;
            c["iat"] = json!(NOW - age);
        });
        let verified = world.judge(&passport).unwrap();
        assert_eq!(verified.presentable(support::now()).is_ok(), presentable, "{name}");
    }
}
