//! Rows PAS and open points about the Passport itself, and how its and its visas' bytes are signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use visa_verifier::Code;

use super::support::{A, A_JKU, NOW, World, codes, grant};

type Change = fn(&mut Value, &mut Value);

#[test]
fn a_passport_says_what_it_must() {
    let world = World::new();
    let cases: &[(&str, &str, Option<Code>, Change)] = &[
        ("PAS-05", "no iss", Some(Code::MalformedPassport), |_, c| {
            c["iss"] = json!("-")
        }),
        ("PAS-06", "no sub", Some(Code::MalformedPassport), |_, c| {
            c["sub"] = json!("-")
        }),
        ("PAS-08", "no iat", Some(Code::MalformedPassport), |_, c| {
            c["iat"] = json!("-")
        }),
        ("PAS-09", "no exp", Some(Code::MalformedPassport), |_, c| {
            c["exp"] = json!("-")
        }),
        ("PAS-08", "iat is text", Some(Code::MalformedPassport), |_, c| {
            c["iat"] = json!("1")
        }),
        ("PAS-10", "no jti", None, |_, c| c["jti"] = json!("-")),
        ("PAS-04", "typ with prefix and capitals", None, |h, _| {
            h["typ"] = json!("application/VND.GA4GH.Passport+JWT")
        }),
        ("PAS-04", "typ with a blank", Some(Code::PassportTyp), |h, _| {
            h["typ"] = json!("vnd.ga4gh.passport+jwt ")
        }),
        ("PAS-02", "alg PS256", Some(Code::AlgNotAllowed), |h, _| {
            h["alg"] = json!("PS256")
        }),
        ("PAS-02", "alg ES384", Some(Code::AlgNotAllowed), |h, _| {
            h["alg"] = json!("ES384")
        }),
        ("A-37", "a jku of its own is not looked at", None, |h, _| {
            h["jku"] = json!("https://anywhere.example/jwks")
        }),
        ("CLH-27", "a key of its own is not looked at", None, |h, _| {
            h["jwk"] = json!({"kty": "oct", "k": "AAAA"})
        }),
        ("PAS-11", "a visa twice", None, |_, c| {
            let visas = c["ga4gh_passport_v1"].as_array_mut().unwrap();
            visas.push(visas[0].clone());
        }),
    ];
    for (rows, name, code, change) in cases {
        let passport = world.passport_with(&[world.visa(grant())], change);
        assert_eq!(world.judge(&passport).err().map(|r| r.code()), *code, "{rows}: {name}");
    }
}

#[test]
fn a_signature_is_64_raw_bytes() {
    #[expect(clippy::disallowed_methods, reason = "a test's key")]
    let random = ring::rand::SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let mut world = World::new();
    let header = json!({"alg": "ES256", "typ": "vnd.ga4gh.visa+jwt", "kid": "k1", "jku": A_JKU});
    let claims = json!({"iss": A, "sub": "u1", "iat": NOW - 600, "exp": NOW + 600, "ga4gh_visa_v1": grant()});
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    for (name, form, code) in [
        ("raw", &ECDSA_P256_SHA256_FIXED_SIGNING, "OK"),
        ("DER", &ECDSA_P256_SHA256_ASN1_SIGNING, "BAD_SIGNATURE"),
    ] {
        let pair = EcdsaKeyPair::from_pkcs8(form, pkcs8.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "k1", "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..])});
        world.set(A, "keys", json!({"by_jku": {A_JKU: {"keys": [jwk]}}}));
        let signature = pair.sign(&random, signed.as_bytes()).unwrap();
        let visa = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()));
        let passport = world.judge(&world.passport(&[visa])).unwrap();
        assert_eq!(codes(&passport), [code], "VIS-27: {name}");
    }
}
