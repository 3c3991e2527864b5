//! Wycheproof's vectors for the two algorithms, through the code that visas go through: the key out of a JWK Set, the
//! signature by that key. ECDSA P-256/SHA-256 in the form of JWS, RSA PKCS#1 v1.5 2048/SHA-256 (VIS-26, VIS-27), and
//! the set of JSON Web Signatures.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wycheproof::{TestResult, ecdsa, rsa_pkcs1_verify};

use super::set::KeySet;
use crate::token::{Algorithm, CompactToken, limits};

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn only(jwk: &Value) -> KeySet {
    KeySet::from_value(json!({ "keys": [jwk] })).unwrap()
}

/// Whether one of the usable keys of the set confirms these bytes.
fn confirms(set: &KeySet, message: &[u8], signature: &[u8]) -> bool {
    set.keys().iter().any(|key| key.verifies(message, signature))
}

/// Valid ones that we refuse all the same, by number, are handed back; all else must be as the vector says.
struct Tally {
    valid: usize,
    invalid: usize,
    refused: BTreeSet<usize>,
}

impl Tally {
    const fn new() -> Self {
        Self {
            valid: 0,
            invalid: 0,
            refused: BTreeSet::new(),
        }
    }

    fn count(&mut self, number: usize, comment: &str, result: TestResult, confirmed: bool) {
        match result {
            TestResult::Valid if confirmed => self.valid += 1,
            TestResult::Valid => _ = self.refused.insert(number),
            // "may be refused": ours is the strict reading
            TestResult::Invalid | TestResult::Acceptable => {
                assert!(!confirmed, "{number}: {comment}");
                self.invalid += 1;
            }
        }
    }
}

#[test]
fn ecdsa_p256_vectors_are_judged_as_they_say() {
    let vectors = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut tally = Tally::new();
    for group in &vectors.test_groups {
        let (x, y) = group.key.key[1..].split_at(32);
        let set = only(&json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "x": b64(x), "y": b64(y)}));
        assert_eq!(set.len(), 1);
        for test in &group.tests {
            tally.count(
                test.tc_id,
                &test.comment,
                test.result,
                confirms(&set, &test.msg, &test.sig),
            );
        }
    }
    assert_eq!(tally.refused, BTreeSet::new());
    assert_eq!(tally.valid + tally.invalid, vectors.number_of_tests);
    assert!(
        tally.valid > 100 && tally.invalid > 80,
        "{} and {}",
        tally.valid,
        tally.invalid
    );
}

#[test]
fn rsa_2048_vectors_are_judged_as_they_say() {
    let vectors = rsa_pkcs1_verify::TestSet::load(rsa_pkcs1_verify::TestName::Rsa2048Sha256).unwrap();
    let mut tally = Tally::new();
    for group in &vectors.test_groups {
        let set = only(&json!({"kty": "RSA", "alg": "RS256", "n": b64(&group.key.n), "e": b64(&group.key.e)}));
        for test in &group.tests {
            tally.count(
                test.tc_id,
                &test.comment,
                test.result,
                confirms(&set, &test.msg, &test.sig),
            );
        }
    }
    assert_eq!(tally.refused, BTreeSet::new());
    assert_eq!(tally.valid + tally.invalid, vectors.number_of_tests);
    assert!(
        tally.valid > 5 && tally.invalid > 200,
        "{} and {}",
        tally.valid,
        tally.invalid
    );
}

/// These are not in the package of vectors: `VISUM_WYCHEPROOF` names a folder that holds `json_web_signature_test.json`, of
/// Wycheproof's `testvectors_v1`.
#[test]
#[ignore = "needs VISUM_WYCHEPROOF"]
fn json_web_signatures_are_judged_as_they_say() {
    let folder = std::env::var_os("VISUM_WYCHEPROOF").expect("VISUM_WYCHEPROOF names a folder");
    let text = std::fs::read(std::path::Path::new(&folder).join("json_web_signature_test.json")).unwrap();
    let vectors: Value = serde_json::from_slice(&text).unwrap();
    let (mut accepted, mut refused, mut by_design) = (0, 0, Vec::new());
    for group in vectors["testGroups"].as_array().unwrap() {
        let key = group
            .get("public")
            .filter(|k| !k.is_null())
            .unwrap_or(&group["private"]);
        let set = only(key);
        for test in group["tests"].as_array().unwrap() {
            let (jws, name) = (&test["jws"], format!("{} {}", test["tcId"], test["comment"]));
            let text = jws.as_str().map_or_else(|| jws.to_string(), str::to_owned);
            let whole = CompactToken::parse(&text, limits::VISA_BYTES)
                .is_ok_and(|token| set.verify(&token, &BTreeSet::new()).is_ok());
            // the payloads of some are no claims, so that they are no tokens of ours; their signatures count
            let confirmed = whole || payload_aside(&set, &text);
            match (test["result"].as_str().unwrap(), confirmed) {
                ("valid", true) => accepted += 1,
                ("valid", false) => by_design.push((name, key["alg"].as_str().unwrap_or("-").to_owned())),
                (_, confirmed) => {
                    assert!(!confirmed, "{name} ({})", group["comment"]);
                    refused += 1;
                }
            }
        }
    }
    println!("{accepted} valid ones confirmed, {refused} invalid ones refused, not ours: {by_design:?}");
    // what is valid and refused is of another algorithm
    assert!(
        by_design.iter().all(|(_, alg)| Algorithm::named(alg).is_none()),
        "{by_design:?}"
    );
    assert!(accepted > 5 && refused > 300);
}

/// The same check for a payload that is no JSON: header and signature as strictly as ever.
fn payload_aside(set: &KeySet, text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return false;
    };
    if URL_SAFE_NO_PAD.decode(payload).is_err() {
        return false;
    }
    let stand_in = format!("{header}.e30.{signature}");
    let Ok(token) = CompactToken::parse(&stand_in, limits::VISA_BYTES) else {
        return false;
    };
    let key = set.key_for(token.header(), &BTreeSet::new());
    key.is_ok_and(|key| key.verifies(format!("{header}.{payload}").as_bytes(), token.signature()))
}
