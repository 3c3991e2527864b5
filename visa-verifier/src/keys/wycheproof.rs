//! Wycheproof's vectors for the two algorithms, through the code that visas go through: the key out of a JWK Set, the
//! signature by that key. ECDSA P-256/SHA-256 in the form of JWS, RSA PKCS#1 v1.5 2048/SHA-256 (VIS-26, VIS-27). What its
//! set of JSON Web Signatures tries stands in `tests/verifier/hostile_crypto.rs` and `hostile_jose.rs`: that set is in no
//! package of vectors.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wycheproof::{TestResult, ecdsa, rsa_pkcs1_verify};

use super::set::KeySet;

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
