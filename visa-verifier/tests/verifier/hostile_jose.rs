//! Hostile JOSE: algorithms, headers, serialisations and encodings that are not those of a visa.

use serde_json::json;
use visa_verifier::keys::provider;

use super::hostile_support::{Doors, EXTENSION, GOOD, Good, NO_ALGORITHM, UNREADABLE, UNSIGNED, b64};
use super::support::Signer;

/// CLH-25, VIS-08, PAS-02, TOK-02.
#[test]
fn alg_none_in_every_letter_case_is_refused_by_its_name() {
    let doors = Doors::new();
    for mask in 0_u32..16 {
        let none: String = "none"
            .chars()
            .enumerate()
            .map(|(at, c)| if mask >> at & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        for (name, signed) in [("with a signature", true), ("without one", false)] {
            let codes = doors.codes(|mut good: Good<'_>| {
                good.header["alg"] = json!(none);
                let token = good.sign();
                if signed {
                    return token;
                }
                format!("{}.", token.rsplit_once('.').unwrap().0)
            });
            assert_eq!(codes, NO_ALGORITHM, "{none} {name}");
        }
    }
}

/// CLH-25: two names exist, each byte of them.
#[test]
fn an_algorithm_that_is_not_one_of_the_two_does_not_exist() {
    let doors = Doors::new();
    for alg in [
        "HS256",
        "HS384",
        "HS512",
        "RS384",
        "RS512",
        "ES384",
        "ES512",
        "ES256K",
        "PS256",
        "PS384",
        "PS512",
        "EdDSA",
        "Ed25519",
        "ML-DSA-44",
        "RSA1_5",
        "RSA-OAEP",
        "dir",
        "es256",
        "Es256",
        "ES256 ",
        " ES256",
        "ES256\0",
        "ES-256",
        "ＥＳ256",
        "RS256,ES256",
        "",
    ] {
        let codes = doors.codes(|mut good| {
            good.header["alg"] = json!(alg);
            good.sign()
        });
        assert_eq!(codes, NO_ALGORITHM, "{alg:?}");
    }
    for (name, alg) in [
        ("a list", json!(["ES256"])),
        ("a number", json!(256)),
        ("null", json!(null)),
        ("an object", json!({})),
    ] {
        let codes = doors.codes(|mut good| {
            good.header["alg"] = alg.clone();
            good.sign()
        });
        assert_eq!(codes, UNREADABLE, "alg is {name}");
    }
}

/// CLH-24, and RFC 7797: `b64` has no place in a JWT.
#[test]
fn a_header_that_demands_an_extension_is_refused() {
    let doors = Doors::new();
    for (name, members) in [
        ("b64 false, listed in crit", json!({"b64": false, "crit": ["b64"]})),
        ("b64 false, not listed", json!({"b64": false})),
        ("b64 that is no boolean", json!({"b64": "false"})),
        ("crit of an unknown name", json!({"crit": ["x"], "x": 1})),
        ("crit of a known claim", json!({"crit": ["exp"], "exp": 1})),
        ("an empty crit", json!({"crit": []})),
        ("crit that is no list", json!({"crit": "exp"})),
        ("crit null", json!({"crit": null})),
    ] {
        let codes = doors.codes(|mut good| {
            let all = good.header.as_object_mut().unwrap();
            all.extend(members.as_object().unwrap().clone());
            good.sign()
        });
        assert_eq!(codes, EXTENSION, "{name}");
    }
    let unencoded = doors.codes(|mut good| {
        good.header["b64"] = json!(false);
        let message = format!("{}.{}", b64(good.header.to_string().as_bytes()), good.claims);
        good.key.sign_message(message)
    });
    assert_eq!(unencoded, UNREADABLE, "a payload that is not encoded at all");
}

/// CLH-27: a token brings no key along.
#[test]
fn a_key_inside_the_token_is_never_used() {
    let doors = Doors::new();
    let own = Signer::new("k1");
    let members = [
        ("embedded jwk", json!({"jwk": own.jwk()})),
        ("x5c", json!({"x5c": ["MIIB"]})),
        ("x5u", json!({"x5u": "https://evil.example/chain.pem"})),
        ("x5t", json!({"x5t": "AAAA", "x5t#S256": "AAAA"})),
        (
            "all of them",
            json!({"jwk": own.jwk(), "x5c": ["MIIB"], "x5u": "https://evil.example/c"}),
        ),
    ];
    for (name, members) in &members {
        for (kid, changed) in [("of the issuer's key", false), ("of the embedded key", true)] {
            let codes = doors.codes(|mut good| {
                let all = good.header.as_object_mut().unwrap();
                all.extend(members.as_object().unwrap().clone());
                if changed {
                    all["kid"] = json!("mine");
                }
                own.sign(&good.header, &good.claims)
            });
            assert_eq!(codes, UNSIGNED, "{name}, signed by it, kid {kid}");
        }
        let codes = doors.codes(|mut good| {
            good.header
                .as_object_mut()
                .unwrap()
                .extend(members.as_object().unwrap().clone());
            good.sign()
        });
        assert_eq!(codes, GOOD, "{name}, signed by the issuer: nothing looks at it");
    }
}

/// PAS-03, VIS-14, BRK-05: compact, three parts, not encrypted.
#[test]
fn another_serialisation_is_no_token() {
    let doors = Doors::new();
    provider::install();
    type Change = fn(Good<'_>) -> String;
    let cases: &[(&str, Change)] = &[
        ("a JWE where a JWS is due", |good| {
            let header = json!({"alg": "RSA-OAEP", "enc": "A256GCM", "typ": good.header["typ"]});
            format!(
                "{}.AAAA.AAAA.{}.AAAA",
                b64(header.to_string().as_bytes()),
                b64(good.claims.to_string().as_bytes())
            )
        }),
        ("JWS JSON serialisation, general", |good| {
            let token = good.sign();
            let part: Vec<&str> = token.split('.').collect();
            json!({"payload": part[1], "signatures": [{"protected": part[0], "signature": part[2]}]}).to_string()
        }),
        ("JWS JSON serialisation, flattened", |good| {
            let token = good.sign();
            let part: Vec<&str> = token.split('.').collect();
            json!({"payload": part[1], "protected": part[0], "signature": part[2]}).to_string()
        }),
        ("four parts", |good| format!("{}.AAAA", good.sign())),
        ("four parts, the last empty", |good| format!("{}.", good.sign())),
        ("four parts, the first empty", |good| format!(".{}", good.sign())),
        ("two parts", |good| good.sign().rsplit_once('.').unwrap().0.to_owned()),
        ("one part", |good| good.sign().split('.').next().unwrap().to_owned()),
        ("no header", |good| {
            format!(".{}", good.sign().split_once('.').unwrap().1)
        }),
        ("no payload", |good| {
            let token = good.sign();
            let part: Vec<&str> = token.split('.').collect();
            format!("{}..{}", part[0], part[2])
        }),
        ("a detached payload of an unsigned token", |_| "..".to_owned()),
        ("nothing", |_| String::new()),
        ("a scheme before it", |good| format!("Bearer {}", good.sign())),
        ("the claims alone", |good| good.claims.to_string()),
    ];
    for (name, change) in cases {
        assert_eq!(doors.codes(change), UNREADABLE, "{name}");
    }
    let object = json!({"payload": "e30", "signatures": []});
    let nested = doors
        .world
        .passport_with(&[], |_, c| c["ga4gh_passport_v1"] = json!([object]));
    assert_eq!(
        doors.passport(&nested),
        "MALFORMED_PASSPORT",
        "a visa that is a JSON object, not a string"
    );
}

/// RFC 7515 §2: base64url without padding, blanks or line breaks, and one text for one sequence of bytes. Each case
/// is signed as it stands, so that nothing but the encoding is wrong.
#[test]
fn an_encoding_that_is_not_the_only_one_is_no_token() {
    let doors = Doors::new();
    // room behind the last whole byte in every part
    let parts = |good: &Good<'_>| {
        let fit = |value: &serde_json::Value| {
            let mut text = value.to_string();
            while text.len() % 3 != 1 {
                text.insert(1, ' ');
            }
            b64(text.as_bytes())
        };
        (fit(&good.header), fit(&good.claims))
    };
    let plain = doors.codes(|good| {
        let (header, claims) = parts(&good);
        good.key.sign_message(format!("{header}.{claims}"))
    });
    assert_eq!(plain, GOOD, "the same without a fault");
    type Change = fn(&str) -> String;
    let cases: &[(&str, Change)] = &[
        ("padding", |part| format!("{part}==")),
        ("too little padding", |part| format!("{part}=")),
        ("padding alone", |_| "====".to_owned()),
        ("a non-canonical tail", tail),
        ("a character too many", |part| format!("{part}AAA")),
        ("a line break", |part| format!("{part}\n")),
        ("a blank inside", |part| format!("{} {}", &part[..4], &part[4..])),
        ("the alphabet of base64", |part| {
            format!("{}+/{}", &part[..4], &part[6..])
        }),
        ("a NUL byte", |part| format!("{part}\0")),
        ("a percent escape", |part| format!("{part}%3D")),
        ("a letter that is not ASCII", |part| format!("{part}ä")),
    ];
    for (name, change) in cases {
        let in_header = doors.codes(|good| {
            let (header, claims) = parts(&good);
            good.key.sign_message(format!("{}.{claims}", change(&header)))
        });
        assert_eq!(in_header, UNREADABLE, "{name} in the header");
        let in_claims = doors.codes(|good| {
            let (header, claims) = parts(&good);
            good.key.sign_message(format!("{header}.{}", change(&claims)))
        });
        assert_eq!(in_claims, UNREADABLE, "{name} in the claims");
        let in_signature = doors.codes(|good| {
            let token = good.sign();
            let (message, signature) = token.rsplit_once('.').unwrap();
            format!("{message}.{}", change(signature))
        });
        assert_eq!(in_signature, UNREADABLE, "{name} in the signature");
    }
}

/// The last character with one of its unused bits set.
fn tail(part: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = part.split_at(part.len() - 1);
    let at = ALPHABET.find(last).unwrap();
    assert_eq!((part.len() % 4, at % 16), (2, 0), "four bits are unused and zero");
    format!("{rest}{}", &ALPHABET[at + 1..at + 2])
}
