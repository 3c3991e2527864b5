//! Hostile JSON: what two parsers could read differently, and numbers, texts and depths at their edges. Each token
//! is signed by its issuer as it stands.

use serde_json::{Value, json};

use super::hostile_support::{Doors, GOOD, Good, UNREADABLE};
use super::support::{World, grant, with};

/// ERR-06, CLH-28.
#[test]
fn a_member_twice_is_no_token_however_it_is_written() {
    let doors = Doors::new();
    for (name, first, again) in [
        ("the same name", "alg", "alg"),
        ("by an escape", "alg", r"\u0061lg"),
        ("by an escape in capitals", "kid", r"\u006Bid"),
        ("an unknown one", "x", "x"),
        ("typ", "typ", r"t\u0079p"),
        ("an empty name", "", ""),
    ] {
        let codes = doors.codes(|good| {
            let header = good.header.to_string();
            let inner = &header[1..header.len() - 1];
            let rest = inner.to_owned();
            let value = good.header.get(first).cloned().unwrap_or(json!(1));
            let extra = if good.header.get(first).is_some() {
                format!(r#","{again}":{value}"#)
            } else {
                format!(r#","{first}":{value},"{again}":{value}"#)
            };
            good.sign_bytes(
                format!("{{{rest}{extra}}}").as_bytes(),
                good.claims.to_string().as_bytes(),
            )
        });
        assert_eq!(codes, UNREADABLE, "{name} twice in the header");
    }
    for (name, extra) in [
        ("the same name", r#""iss":"https://evil.example""#),
        ("by an escape", r#""\u0069ss":"https://evil.example""#),
        ("by escapes alone", r#""\u0069\u0073\u0073":"https://evil.example""#),
        ("exp", r#""exp":4102444800"#),
        ("with an equal value", r#""sub":"u1""#),
        ("in an object that nobody reads", r#""x":{"y":[{"z":1,"z":1}]}"#),
        ("deep, by an escape", r#""x":[{"a":{"b":1,"\u0062":1}}]"#),
    ] {
        for at_end in [true, false] {
            let codes = doors.codes(|good| {
                let claims = good.claims.to_string();
                let inner = &claims[1..claims.len() - 1];
                let text = if at_end {
                    format!("{{{inner},{extra}}}")
                } else {
                    format!("{{{extra},{inner}}}")
                };
                good.sign_bytes(good.header.to_string().as_bytes(), text.as_bytes())
            });
            assert_eq!(codes, UNREADABLE, "{name} twice in the payload");
        }
    }
    for (name, extra) in [
        ("value", r#""value":"https://data.example.org/ds/2""#),
        ("type by an escape", r#""t\u0079pe":"LinkedIdentities""#),
        ("by", r#""by":"self""#),
        ("an unknown member", r#""x":1,"x":2"#),
        (
            "a condition's type",
            r#""conditions":[[{"type":"A","type":"B","value":"const:x"}]]"#,
        ),
        (
            "a condition's value by an escape",
            r#""conditions":[[{"type":"A","value":"const:x","valu\u0065":"const:y"}]]"#,
        ),
    ] {
        let object = grant().to_string();
        let text = format!("{},{extra}}}", &object[..object.len() - 1]);
        let [visa, _, _] = doors.codes(|good| good.claims_with("ga4gh_visa_v1", &text));
        assert_eq!(visa, "MALFORMED_VISA", "{name} twice in the visa object");
    }
}

/// The library's own names inside of a token: read into a value, such a member's text would become JSON that no
/// check has seen.
#[test]
fn a_member_named_as_the_parsers_own_is_no_token() {
    let doors = Doors::new();
    for name in [
        "$serde_json::private::RawValue",
        "$serde_json::private::Number",
        r"\u0024serde_json::private::RawValue",
    ] {
        let inner = json!(r#"{"type":"ControlledAccessGrants","type":"x"}"#);
        let text = format!(r#"{{"{name}":{inner}}}"#);
        for member in ["ga4gh_visa_v1", "ga4gh_passport_v1", "x", "exp"] {
            let codes = doors.codes(|good| good.claims_with(member, &text));
            assert_eq!(codes, UNREADABLE, "{name} in {member}");
        }
    }
}

/// VIS-15, PAS-08, PAS-09, TOK-08, TOK-09: seconds from 1970 to 2200, as numbers.
#[test]
fn an_instant_is_a_number_of_seconds_that_can_be() {
    let doors = Doors::new();
    let claim = ["MALFORMED_VISA", "MALFORMED_PASSPORT", "bearer.claim"];
    let expired = ["EXPIRED", "EXPIRED", "bearer.expired"];
    for (name, text, exp, iat) in [
        ("negative", "-1", claim, claim),
        ("the smallest of 64 bits", "-9223372036854775808", claim, claim),
        ("below the smallest of 64 bits", "-9223372036854775809", claim, claim),
        ("the largest of 63 bits", "9223372036854775807", claim, claim),
        ("one more", "9223372036854775808", claim, claim),
        ("the largest of 64 bits", "18446744073709551615", claim, claim),
        ("one more", "18446744073709551616", claim, claim),
        ("2^53 + 1", "9007199254740993", claim, claim),
        (
            "the largest of 31 bits is good",
            "2147483647",
            GOOD,
            ["ISSUED_IN_FUTURE", "ISSUED_IN_FUTURE", "bearer.not_yet_valid"],
        ),
        (
            "the first instant of 2200 is good",
            "7258118400",
            GOOD,
            ["ISSUED_IN_FUTURE", "ISSUED_IN_FUTURE", "bearer.not_yet_valid"],
        ),
        ("a second behind it", "7258118401", claim, claim),
        ("milliseconds", "1700000000000", claim, claim),
        ("a large exponent", "1e308", claim, claim),
        ("NaN", "NaN", UNREADABLE, UNREADABLE),
        ("Infinity", "Infinity", UNREADABLE, UNREADABLE),
        ("-Infinity", "-Infinity", UNREADABLE, UNREADABLE),
        ("1e400", "1e400", UNREADABLE, UNREADABLE),
        ("-1e400", "-1e400", UNREADABLE, UNREADABLE),
        ("a string", "\"1700003600\"", claim, claim),
        ("an empty string", "\"\"", claim, claim),
        ("a date", "\"2030-01-01T00:00:00Z\"", claim, claim),
        ("null", "null", claim, claim),
        ("true", "true", claim, claim),
        ("a list", "[1700003600]", claim, claim),
        ("an object", "{}", claim, claim),
        ("a leading zero", "01700003600", UNREADABLE, UNREADABLE),
        ("a plus sign", "+1700003600", UNREADABLE, UNREADABLE),
        ("hexadecimal", "0x6553F100", UNREADABLE, UNREADABLE),
        ("a point at the end", "1700003600.", UNREADABLE, UNREADABLE),
        ("a point at the beginning", ".5", UNREADABLE, UNREADABLE),
        ("underscores", "1_700_003_600", UNREADABLE, UNREADABLE),
        ("other digits", "\u{0661}\u{0667}", UNREADABLE, UNREADABLE),
        ("zero", "0", expired, GOOD),
        ("minus zero", "-0", expired, GOOD),
        ("too small to be anything but zero", "1e-400", expired, GOOD),
        ("fractional, half a second ago", "1699999999.5", expired, GOOD),
        (
            "fractional, half a second ahead",
            "1700000000.5",
            GOOD,
            ["ISSUED_IN_FUTURE", "ISSUED_IN_FUTURE", "bearer.not_yet_valid"],
        ),
        ("with an exponent", "1.699999999E9", expired, GOOD),
    ] {
        assert_eq!(
            doors.codes(|good| good.claims_with("exp", text)),
            exp,
            "exp: {name} ({text})"
        );
        let iat_of = |good: Good<'_>| good.claims_with("iat", text);
        assert_eq!(doors.codes(iat_of), iat, "iat: {name} ({text})");
        // nbf may be absent, never wrong
        let wrong = exp == claim || exp == UNREADABLE;
        let nbf = doors.codes(|good| good.claims_with("nbf", text));
        assert_eq!(nbf == exp, wrong, "nbf: {name} ({text}): {nbf:?}");
        let asserted = format!(
            r#"{{"type":"ResearcherStatus","value":"https://s.example/1","source":"https://s.example","asserted":{text}}}"#
        );
        let [visa, _, _] = doors.codes(|good| good.claims_with("ga4gh_visa_v1", &asserted));
        let want = match iat[0] {
            "OK" => "OK",
            "ISSUED_IN_FUTURE" if text == "1700000000.5" => "OK",
            other => other,
        };
        assert_eq!(visa, want, "asserted: {name} ({text})");
    }
}

/// RFC 8259: what is nearly JSON.
#[test]
fn what_is_nearly_json_is_no_token() {
    let doors = Doors::new();
    for (name, before, behind) in [
        ("a byte order mark", &b"\xef\xbb\xbf"[..], &b""[..]),
        ("a NUL byte behind it", b"", b"\0"),
        ("a second object", b"", b"{}"),
        ("a comment", b"/* */", b""),
        ("a line comment", b"", b"// x"),
        ("a comma behind it", b"", b","),
        ("a vertical tab", b"\x0b", b""),
        ("a form feed", b"", b"\x0c"),
        ("a no-break space", b"\xc2\xa0", b""),
    ] {
        let header = doors.codes(|good| {
            let text = [before, good.header.to_string().as_bytes(), behind].concat();
            good.sign_bytes(&text, good.claims.to_string().as_bytes())
        });
        assert_eq!(header, UNREADABLE, "{name} in the header");
        let claims = doors.codes(|good| {
            let text = [before, good.claims.to_string().as_bytes(), behind].concat();
            good.sign_bytes(good.header.to_string().as_bytes(), &text)
        });
        assert_eq!(claims, UNREADABLE, "{name} in the payload");
    }
    for text in [
        "[]",
        "null",
        "\"x\"",
        "1",
        "true",
        "{",
        "{}}",
        "{\"a\"}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1,}",
        "{,}",
        "[{}]",
        " ",
    ] {
        let codes = doors.codes(|good| good.sign_bytes(text.as_bytes(), good.claims.to_string().as_bytes()));
        assert_eq!(codes, UNREADABLE, "{text} for a header");
        let codes = doors.codes(|good| good.sign_bytes(good.header.to_string().as_bytes(), text.as_bytes()));
        assert_eq!(codes, UNREADABLE, "{text} for a payload");
    }
}

/// CLH-28: depth 32, counted from the outermost object.
#[test]
fn json_is_at_most_32_deep() {
    let doors = Doors::new();
    let list = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let object = |depth: usize| format!("{}1{}", r#"{"x":"#.repeat(depth), "}".repeat(depth));
    for (name, text) in [("lists", list(31)), ("objects", object(31))] {
        assert_eq!(
            doors.codes(|good| good.claims_with("x", &text)),
            GOOD,
            "{name}, 32 deep with the payload"
        );
    }
    for (name, text) in [
        ("lists, 33 deep", list(32)),
        ("objects, 33 deep", object(32)),
        ("lists, 127 deep", list(127)),
        ("lists, 1,000 deep", list(1_000)),
        ("objects, 1,000 deep", object(1_000)),
        ("5,000 opened and never closed", "[".repeat(5_000)),
        ("1,000 objects opened and never closed", r#"{"x":"#.repeat(1_000)),
    ] {
        assert_eq!(
            doors.codes(|good| good.claims_with("x", &text)),
            UNREADABLE,
            "{name} in the payload"
        );
        let header = doors.codes(|good| {
            let header = good.header.to_string();
            let text = format!("{},\"x\":{text}}}", &header[..header.len() - 1]);
            good.sign_bytes(text.as_bytes(), good.claims.to_string().as_bytes())
        });
        assert_eq!(header, UNREADABLE, "{name} in the header");
        let [visa, _, _] = doors.codes(|good| good.claims_with("ga4gh_visa_v1", &text));
        assert_eq!(visa, "MALFORMED_VISA", "{name} for a visa object");
    }
}

/// RFC 8259 §8.1: UTF-8, and no half characters.
#[test]
fn invalid_utf8_and_lone_surrogates_are_no_token() {
    let doors = Doors::new();
    for (name, bytes) in [
        ("a lone continuation byte", &b"\x80"[..]),
        ("a byte that never stands in UTF-8", b"\xff"),
        ("a sequence cut short", b"\xe2\x82"),
        ("an overlong slash", b"\xc0\xaf"),
        ("an overlong NUL", b"\xc0\x80"),
        ("a surrogate in UTF-8", b"\xed\xa0\x80"),
        ("a pair of surrogates in UTF-8", b"\xed\xa0\xbd\xed\xb8\x80"),
        ("beyond the last character", b"\xf4\x90\x80\x80"),
        ("Latin-1", b"\xfc"),
        ("a raw line break", b"\n"),
        ("a raw tab", b"\t"),
        ("a raw NUL", b"\0"),
        ("a lone leading surrogate", br"\ud800"),
        ("a lone trailing surrogate", br"\udc00"),
        ("surrogates in the wrong order", br"\udc00\ud800"),
        ("two leading surrogates", br"\ud800\ud800"),
        ("a surrogate and a letter", br"\ud83dx"),
        ("an escape cut short", br"\u12"),
        ("an escape of no hexadecimal", br"\uzzzz"),
        ("an unknown escape", br"\x41"),
    ] {
        for (place, before, behind) in [
            ("a value", &br#","x":""#[..], &br#""}"#[..]),
            ("a name", br#",""#, br#"":1}"#),
            ("a value deep inside", br#","x":[{"y":""#, br#""}]}"#),
        ] {
            let add = |value: &Value| {
                let text = value.to_string();
                [&text.as_bytes()[..text.len() - 1], before, bytes, behind].concat()
            };
            let codes = doors.codes(|good| good.sign_bytes(good.header.to_string().as_bytes(), &add(&good.claims)));
            assert_eq!(codes, UNREADABLE, "{name} in {place} of the payload");
            let codes = doors.codes(|good| good.sign_bytes(&add(&good.header), good.claims.to_string().as_bytes()));
            assert_eq!(codes, UNREADABLE, "{name} in {place} of the header");
        }
    }
    let world = World::new();
    for (name, sub) in [
        ("a NUL", "u\0"),
        ("a line break", "u\n1"),
        ("a letter beyond ASCII", "ü1"),
        ("DEL", "u\u{7f}"),
    ] {
        let visa = world.visa_with(grant(), |_, c| c["sub"] = json!(sub));
        assert_eq!(world.codes(&[visa]), ["MALFORMED_VISA"], "{name} in a sub");
    }
}

/// PP value, source, by: strings, and as they stand.
#[test]
fn members_of_a_visa_object_are_of_their_types() {
    let world = World::new();
    for member in ["type", "value", "source", "by"] {
        for value in [json!(null), json!(1), json!(true), json!(["x"]), json!({"x": "x"})] {
            let visa = world.visa(with(grant(), member, value.clone()));
            assert_eq!(world.codes(&[visa]), ["MALFORMED_VISA"], "{member} is {value}");
        }
    }
    for object in [json!([grant()]), json!(grant().to_string()), json!(null), json!(1)] {
        let visa = world.visa(object.clone());
        assert_eq!(world.codes(&[visa]), ["MALFORMED_VISA"], "{object}");
    }
    for claim in ["iss", "sub", "scope"] {
        let visa = world.visa_with(grant(), |_, c| c[claim] = json!({"a": 1}));
        assert_eq!(world.codes(&[visa]), ["MALFORMED_VISA"], "{claim} is an object");
    }
    for aud in [json!(null), json!(1), json!([1]), json!([null]), json!({})] {
        let visa = world.visa_with(grant(), |_, c| c["aud"] = aud.clone());
        assert_eq!(world.codes(&[visa]), ["MALFORMED_VISA"], "aud is {aud}");
        let passport = world.passport_with(&[], |_, c| c["aud"] = aud.clone());
        assert_eq!(
            world.judge(&passport).unwrap_err().code().as_str(),
            "MALFORMED_PASSPORT",
            "aud is {aud}"
        );
    }
}
