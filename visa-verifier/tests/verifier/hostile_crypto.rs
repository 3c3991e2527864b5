//! Hostile signatures: keys used for what they are not, and numbers at the edges.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use josekit::jwk::KeyPair as _;
use josekit::jwk::alg::rsa::RsaKeyPair;
use ring::hmac;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use serde_json::{Value, json};
use visa_verifier::KeySet;

use super::hostile_support::{Doors, GOOD, Good, NO_ALGORITHM, UNREADABLE, UNSIGNED, b64};
use super::support::Signer;

/// An RSA key of this test alone.
struct Rsa {
    pair: RsaKeyPair,
    key: ring::rsa::KeyPair,
}

impl Rsa {
    fn new() -> Self {
        let pair = RsaKeyPair::generate(2_048).unwrap();
        let key = ring::rsa::KeyPair::from_pkcs8(&pair.to_der_private_key()).unwrap();
        Self { pair, key }
    }

    fn jwk(&self) -> Value {
        let public: ring::rsa::PublicKeyComponents<Vec<u8>> = self.key.public().into();
        json!({"kty": "RSA", "kid": "k", "n": b64(&public.n), "e": b64(&public.e)})
    }

    fn modulus(&self) -> Vec<u8> {
        let public: ring::rsa::PublicKeyComponents<Vec<u8>> = self.key.public().into();
        public.n
    }

    fn sign(&self, good: &Good<'_>, encoding: &'static dyn RsaEncoding) -> String {
        let message = message(good);
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(encoding, &random(), message.as_bytes(), &mut signature)
            .unwrap();
        format!("{message}.{}", b64(&signature))
    }
}

fn random() -> ring::rand::SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "a test's key")]
    ring::rand::SystemRandom::new()
}

fn message(good: &Good<'_>) -> String {
    format!(
        "{}.{}",
        b64(good.header.to_string().as_bytes()),
        b64(good.claims.to_string().as_bytes())
    )
}

fn mac(good: &Good<'_>, secret: &[u8]) -> String {
    let message = message(good);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", b64(tag.as_ref()))
}

/// CLH-25: the public key is public, so a MAC by its bytes is anybody's.
#[test]
fn hs256_signed_with_the_public_keys_bytes_is_refused() {
    let rsa = Rsa::new();
    let doors = Doors::with_key(&rsa.jwk());
    let cases = [
        ("the PEM", rsa.pair.to_pem_public_key()),
        ("the traditional PEM", rsa.pair.to_traditional_pem_public_key()),
        ("the PEM without its last line break", {
            let mut pem = rsa.pair.to_pem_public_key();
            pem.pop();
            pem
        }),
        ("the DER", rsa.pair.to_der_public_key()),
        ("the traditional DER", rsa.pair.to_raw_public_key()),
        ("n", rsa.modulus()),
        ("n as base64url", b64(&rsa.modulus()).into_bytes()),
        ("n as base64", STANDARD.encode(rsa.modulus()).into_bytes()),
        ("the JWK", rsa.jwk().to_string().into_bytes()),
        ("nothing", Vec::new()),
    ];
    for (name, secret) in &cases {
        for alg in ["HS256", "hs256", "RS256", "ES256"] {
            let codes = doors.codes(|mut good| {
                good.header["alg"] = json!(alg);
                mac(&good, secret)
            });
            let want = if alg.contains("HS") || alg.contains("hs") {
                NO_ALGORITHM
            } else {
                UNSIGNED
            };
            assert_eq!(codes, want, "a MAC by {name}, called {alg}");
        }
    }
    let ec = Doors::new();
    let codes = ec.codes(|mut good| {
        good.header["alg"] = json!("HS256");
        let point = good.key.jwk()["x"].as_str().unwrap().to_owned();
        mac(&good, &URL_SAFE_NO_PAD.decode(point).unwrap())
    });
    assert_eq!(codes, NO_ALGORITHM, "a MAC by an EC key's x");
}

/// CLH-25: `alg` is bound to the key's family, and to one padding.
#[test]
fn an_algorithm_that_is_not_the_keys_is_refused_both_ways() {
    let rsa = Rsa::new();
    let (of_rsa, of_ec) = (Doors::with_key(&rsa.jwk()), Doors::new());
    let rs256 = |mut good: Good<'_>| {
        good.header["alg"] = json!("RS256");
        rsa.sign(&good, &RSA_PKCS1_SHA256)
    };
    let es256 = |good: Good<'_>| good.sign();
    let called = |alg: &'static str| {
        move |mut good: Good<'_>| {
            good.header["alg"] = json!(alg);
            good.sign()
        }
    };
    assert_eq!(of_rsa.codes(rs256), GOOD);
    assert_eq!(of_ec.codes(es256), GOOD);
    assert_eq!(of_ec.codes(rs256), UNSIGNED, "an RS256 token, an EC key");
    assert_eq!(of_rsa.codes(es256), UNSIGNED, "an ES256 token, an RSA key");
    assert_eq!(
        of_ec.codes(called("RS256")),
        UNSIGNED,
        "an ES256 signature called RS256, an EC key"
    );
    assert_eq!(
        of_rsa.codes(called("RS256")),
        UNSIGNED,
        "an ES256 signature called RS256, an RSA key"
    );
    let pss = of_rsa.codes(|mut good| {
        good.header["alg"] = json!("RS256");
        rsa.sign(&good, &RSA_PSS_SHA256)
    });
    assert_eq!(pss, UNSIGNED, "PSS padding called RS256");
    let pss = of_rsa.codes(|mut good| {
        good.header["alg"] = json!("PS256");
        rsa.sign(&good, &RSA_PSS_SHA256)
    });
    assert_eq!(pss, NO_ALGORITHM, "PSS padding by its name");
    for alg in ["RS384", "PS256", "ES256"] {
        let mut jwk = rsa.jwk();
        jwk["alg"] = json!(alg);
        assert_eq!(Doors::with_key(&jwk).codes(rs256), UNSIGNED, "the key is for {alg}");
    }
}

/// VIS-26: RSA of 2048 bits or more, with an exponent that is one.
#[test]
fn a_weak_rsa_key_is_no_key() {
    for bits in [512, 1_024, 1_536, 2_040, 2_047] {
        let pair = RsaKeyPair::generate(bits).unwrap();
        let mut jwk: Value = serde_json::to_value(pair.to_jwk_public_key()).unwrap();
        jwk.as_object_mut()
            .unwrap()
            .retain(|name, _| ["kty", "n", "e"].contains(&name.as_str()));
        let set = KeySet::from_value(json!({"keys": [jwk]})).unwrap();
        assert_eq!((set.len(), set.odd().len()), (0, 1), "{bits} bits");
    }
    let rsa = Rsa::new();
    for (name, e) in [
        ("0", &[0][..]),
        ("1", &[1]),
        ("0001", &[0, 0, 0, 1]),
        ("2", &[2]),
        ("65536", &[1, 0, 0]),
        ("none", &[]),
    ] {
        let mut jwk = rsa.jwk();
        jwk["e"] = json!(b64(e));
        let codes = Doors::with_key(&jwk).codes(|mut good| {
            good.header["alg"] = json!("RS256");
            rsa.sign(&good, &RSA_PKCS1_SHA256)
        });
        assert_eq!(codes, UNSIGNED, "the exponent is {name}");
    }
}

/// CLH-25: nothing but the signature's own bytes.
#[test]
fn an_rsa_signature_of_another_length_or_value_is_refused() {
    let rsa = Rsa::new();
    let doors = Doors::with_key(&rsa.jwk());
    type Change<'r> = Box<dyn Fn(Vec<u8>) -> Vec<u8> + 'r>;
    let cases: Vec<(&str, Change<'_>)> = vec![
        ("empty", Box::new(|_| Vec::new())),
        ("a byte too short", Box::new(|s| s[1..].to_vec())),
        ("a zero byte before it", Box::new(|s| [&[0], s.as_slice()].concat())),
        ("a zero byte behind it", Box::new(|s| [s.as_slice(), &[0]].concat())),
        ("zero", Box::new(|s| vec![0; s.len()])),
        ("one", Box::new(|s| [vec![0; s.len() - 1], vec![1]].concat())),
        ("n", Box::new(|_| rsa.modulus())),
        ("all ones", Box::new(|s| vec![0xff; s.len()])),
        ("twice", Box::new(|s| [s.clone(), s].concat())),
    ];
    for (name, change) in &cases {
        let codes = doors.codes(|mut good| {
            good.header["alg"] = json!("RS256");
            let token = rsa.sign(&good, &RSA_PKCS1_SHA256);
            let (message, signature) = token.rsplit_once('.').unwrap();
            format!("{message}.{}", b64(&change(URL_SAFE_NO_PAD.decode(signature).unwrap())))
        });
        assert_eq!(codes, UNSIGNED, "{name}");
    }
}

/// The order of P-256.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Makes a signature of its halves.
type Halves<'f> = dyn Fn(&[u8], &[u8]) -> Vec<u8> + 'f;

/// VIS-27: 64 octets, R then S, each from 1 to the order less 1.
#[test]
fn an_es256_signature_is_64_raw_octets_in_range() {
    let doors = Doors::new();
    let raw = |good: &Good<'_>| {
        let token = good.sign();
        let (message, signature) = token.rsplit_once('.').unwrap();
        (message.to_owned(), URL_SAFE_NO_PAD.decode(signature).unwrap())
    };
    let with = |change: &Halves<'_>| {
        doors.codes(|good| {
            let (message, signature) = raw(&good);
            let (r, s) = signature.split_at(32);
            format!("{message}.{}", b64(&change(r, s)))
        })
    };
    let zero = [0_u8; 32];
    let mut less = ORDER;
    less[31] -= 1;
    assert_eq!(with(&|r, s| [r, s].concat()), GOOD);
    type Change = fn(&[u8], &[u8], &[u8; 32], &[u8; 32]) -> Vec<u8>;
    let cases: &[(&str, Change)] = &[
        ("r is zero", |_, s, zero, _| [zero, s].concat()),
        ("s is zero", |r, _, zero, _| [r, zero].concat()),
        ("both are zero", |_, _, zero, _| [*zero, *zero].concat()),
        ("r is the group order", |_, s, _, _| [&ORDER, s].concat()),
        ("s is the group order", |r, _, _, _| [r, &ORDER].concat()),
        ("both are the group order", |_, _, _, _| [ORDER, ORDER].concat()),
        ("r is the order less one", |_, s, _, less| [less, s].concat()),
        ("s is the order less one", |r, _, _, less| [r, less].concat()),
        ("r is all ones", |_, s, _, _| [&[0xff; 32], s].concat()),
        ("both are all ones", |_, _, _, _| vec![0xff; 64]),
        ("both are one", |_, _, zero, _| {
            let mut one = *zero;
            one[31] = 1;
            [one, one].concat()
        }),
        ("s before r", |r, s, _, _| [s, r].concat()),
        ("empty", |_, _, _, _| Vec::new()),
        ("r alone", |r, _, _, _| r.to_vec()),
        ("a byte too short", |r, s, _, _| [r, &s[..31]].concat()),
        ("a zero byte behind it", |r, s, _, _| [r, s, &[0]].concat()),
        ("wider numbers", |r, s, _, _| [&[0], r, &[0], s].concat()),
        ("the length of ES384", |r, s, zero, _| {
            [&zero[..16], r, &zero[..16], s].concat()
        }),
    ];
    for (name, change) in cases {
        assert_eq!(with(&|r, s| change(r, s, &zero, &less)), UNSIGNED, "{name}");
    }
    let der = doors.codes(|good| {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, good.key.pkcs8(), &random()).unwrap();
        let message = message(&good);
        let signature = pair.sign(&random(), message.as_bytes()).unwrap();
        format!("{message}.{}", b64(signature.as_ref()))
    });
    assert_eq!(der, UNSIGNED, "ES256 in DER");
    // s and order - s are one signature to ECDSA: a token has two texts, so nothing may rest on its digest being one
    assert_eq!(with(&|r, s| [r.to_vec(), negative(s)].concat()), GOOD);
}

/// The order of P-256 less `s`.
fn negative(s: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut out: Vec<u8> = (0..32)
        .rev()
        .map(|at| {
            let difference = i32::from(ORDER[at]) - i32::from(s[at]) - borrow;
            borrow = i32::from(difference < 0);
            (difference & 0xff) as u8
        })
        .collect();
    out.reverse();
    out
}

/// VIS-26: a point that is none, or of another curve, is no key.
#[test]
fn an_ec_key_that_is_no_point_of_p256_verifies_nothing() {
    let mut jwk = Signer::new("k").jwk();
    let (x, zero) = (jwk["x"].clone(), b64(&[0; 32]));
    for (name, y) in [
        ("x as y", x),
        ("zero as y", json!(zero)),
        ("all ones", json!(b64(&[0xff; 32]))),
    ] {
        jwk["y"] = y;
        assert_eq!(Doors::with_key(&jwk).codes(|good| good.sign()), UNSIGNED, "{name}");
    }
    for (name, member, value) in [
        ("a compressed point", "y", json!("")),
        ("33 bytes", "y", json!(b64(&[0; 33]))),
        ("P-384 by name", "crv", json!("P-384")),
        ("secp256k1 by name", "crv", json!("secp256k1")),
        ("p-256 in small letters", "crv", json!("p-256")),
        ("an OKP", "kty", json!("OKP")),
        ("a symmetric key beside it", "k", json!("AAAA")),
        ("its private part", "d", json!("AAAA")),
    ] {
        let good = Signer::new("k1");
        let mut jwk = good.jwk();
        jwk[member] = value;
        assert_eq!(
            Doors::with_key(&jwk).codes(|g| good.sign(&g.header, &g.claims)),
            UNSIGNED,
            "{name}"
        );
    }
}

/// A-36: without `kid`, only if there is no choice; and never by trying.
#[test]
fn a_kid_that_does_not_name_the_key_finds_none() {
    let doors = Doors::new();
    for (name, kid) in [
        ("of a path", json!("../../etc/passwd")),
        ("of an address", json!("https://evil.example/key")),
        ("of a query", json!("' OR 1=1 --")),
        ("with a NUL byte", json!("k1\0")),
        ("in another letter case", json!("K1")),
        ("with a blank", json!("k1 ")),
        ("empty", json!("")),
    ] {
        let codes = doors.codes(|mut good| {
            good.header["kid"] = kid.clone();
            good.sign()
        });
        assert_eq!(codes, UNSIGNED, "a kid {name}");
    }
    let codes = doors.codes(|mut good| {
        good.header["kid"] = json!(["k1", "b1"]);
        good.sign()
    });
    assert_eq!(codes, UNREADABLE, "kids in a list");
}
