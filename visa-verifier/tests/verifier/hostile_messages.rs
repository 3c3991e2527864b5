//! What arrives in a token is never shown raw, and never at length: no control, invisible or direction characters,
//! no megabyte, in no error, detail or `Debug`.

use serde_json::{Value, json};
use visa_verifier::report::VerifyInput;
use visa_verifier::token::{CompactToken, limits};
use visa_verifier::{AccessToken, AccessTokenRules, KeySet, Passport, VisaIdentity};

use super::hostile_support::{Doors, b64};
use super::support::{self, BROKER, US, grant, judge, with};

/// Longer than any message of ours, shorter than anything hostile.
const LONGEST: usize = 2_000;

fn nasty() -> Vec<String> {
    vec![
        "\u{1b}[2J\u{1b}[31mowned\u{7}".to_owned(),
        "line\r\nInjected: header".to_owned(),
        "right\u{202e}left\u{2066}\u{200b}\u{feff}\u{2028}".to_owned(),
        "\u{85}\u{9b}31m\u{7f}".to_owned(),
        "x".repeat(10_000),
        "`unknown field`, expected one of `passports`".repeat(200),
    ]
}

fn assert_clean(name: &str, said: &str) {
    assert!(said.len() <= LONGEST, "{name}: {} bytes", said.len());
    let raw = said.chars().find(|c| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    });
    assert_eq!(raw, None, "{name}: {said:?}");
}

#[test]
fn what_a_token_says_reaches_no_message_raw_or_at_length() {
    let doors = Doors::new();
    let policy = doors.world.policy();
    let rules = AccessTokenRules::new(BROKER.parse().unwrap(), vec![US.to_owned()]);
    let keys = KeySet::from_value(doors.world.broker.jwks()).unwrap();
    for text in nasty() {
        let quoted = json!(text).to_string();
        let mut tokens = vec![text.clone(), format!("{text}.{text}.{text}")];
        for [header, claims] in [
            [format!("{{{quoted}:1,{quoted}:2,\"alg\":\"ES256\"}}"), "{}".to_owned()],
            ["{\"alg\":\"ES256\"}".to_owned(), format!("{{{quoted}:1,{quoted}:2}}")],
            [format!("{{\"alg\":{quoted}}}"), "{}".to_owned()],
            [format!("{{\"alg\":\"ES256\",\"typ\":{quoted}}}"), "{}".to_owned()],
            [format!("[{quoted}]"), "{}".to_owned()],
            ["{\"alg\":\"ES256\"}".to_owned(), quoted.clone()],
            ["{\"alg\":\"ES256\"}".to_owned(), format!("{{\"a\":{quoted}")],
            ["{\"alg\":\"ES256\"}".to_owned(), format!("{{\"a\":{text}}}")],
        ] {
            tokens.push(format!("{}.{}.AAAA", b64(header.as_bytes()), b64(claims.as_bytes())));
        }
        for member in ["typ", "kid", "jku", "alg"] {
            tokens.extend(doors.goods().map(|mut good| {
                good.header[member] = json!(text);
                good.sign()
            }));
        }
        for member in ["iss", "sub", "aud", "scope", "exp", "jti", "client_id"] {
            tokens.extend(doors.goods().map(|mut good| {
                good.claims[member] = json!(text);
                good.sign()
            }));
        }
        for member in ["type", "value", "source", "by", "conditions", "asserted"] {
            tokens.push(doors.world.visa(with(grant(), member, json!(text))));
        }
        for token in &tokens {
            if let Err(error) = CompactToken::parse(token, limits::PASSPORT_BYTES) {
                assert_clean("a token's error", &error.to_string());
                assert_clean("a token's error for developers", &format!("{error:?}"));
            }
            if let Err(error) = AccessToken::check(token, &rules, &keys, support::now()) {
                assert_clean("an access token's error", &error.to_string());
                assert_clean("an access token's error for developers", &format!("{error:?}"));
            }
            match Passport::parse(token).and_then(|p| judge(p, &policy)) {
                Err(rejected) => assert_clean("a Passport's rejection", &rejected.to_string()),
                Ok(passport) => assert!(passport.rejected().is_empty()),
            }
            let Ok(alone) = Passport::of_one(token) else { continue };
            assert_clean("a visa alone", &format!("{alone:?}"));
            for rejected in judge(alone, &policy).unwrap().rejected() {
                assert_clean("a visa's rejection", rejected.detail().unwrap_or_default());
                assert_clean("a visa's rejection", rejected.sentence());
            }
        }
    }
}

#[test]
fn what_a_document_says_reaches_no_message_raw_or_at_length() {
    for text in nasty() {
        let quoted = json!(text).to_string();
        for document in [
            format!("{{{quoted}:1}}"),
            format!("{{{quoted}:1,{quoted}:1}}"),
            format!("{{\"passports\":{quoted}}}"),
            format!("{{\"passports\":[{{{quoted}:1}}]}}"),
            format!("{{\"require\":{{{quoted}:1}}}}"),
            format!("{{\"require\":{quoted}}}"),
            format!("{{\"userinfo\":[{{\"iss\":{quoted}}}]}}"),
            format!("{{\"keys\":{quoted}}}"),
            format!("{{\"keys\":[{{\"kty\":{quoted}}}],{quoted}:1,{quoted}:1}}"),
        ] {
            if let Err(error) = VerifyInput::read(document.as_bytes()) {
                assert_clean("an input's error", &error.to_string());
            }
            if let Err(error) = KeySet::from_slice(document.as_bytes()) {
                assert_clean("a key set's error", &error.to_string());
            }
        }
        for answer in [
            json!(text),
            json!([text]),
            json!({"iss": text, "sub": "x"}),
            json!({"iss": BROKER, "sub": text}),
            json!({"iss": {text.clone(): 1}, "sub": "x"}),
            json!({"iss": BROKER, "sub": "x", "ga4gh_passport_v1": {text.clone(): text}}),
            Value::from(vec![json!(text); 3]),
        ] {
            if let Err(rejected) = Passport::from_userinfo(&answer) {
                assert_clean("a UserInfo answer's rejection", &rejected.to_string());
            }
        }
        if let Err(error) = text.parse::<VisaIdentity>() {
            assert_clean("an identity's error", &error.to_string());
        }
    }
}
