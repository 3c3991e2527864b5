//! Hostile sizes and counts: each bound exactly, and what is far beyond it (CLH-28, CND-24, LNK-11, URL-06).

use serde_json::{Value, json};
use visa_verifier::Passport;
use visa_verifier::token::limits;

use super::hostile_support::{Doors, GOOD, Good};
use super::support::{A, BROKER, World, codes, faculty, grant, judge, object, with};

/// A token of exactly so many bytes: its claims are filled, and its header where base64url has no such length.
fn filled(mut good: Good<'_>, bytes: usize) -> String {
    let short = good.sign().len();
    // three bytes of filling are four characters; the last ones are found by trying
    let start = (bytes.saturating_sub(short) * 3 / 4).saturating_sub(24);
    for (pad, fill) in (0..4).flat_map(|pad| (start..start + 32).map(move |fill| (pad, fill))) {
        good.header["fill"] = json!("x".repeat(pad));
        good.claims["fill"] = json!("x".repeat(fill));
        let token = good.sign();
        if token.len() == bytes {
            return token;
        }
    }
    panic!("no token of {bytes} bytes");
}

#[test]
fn a_visa_and_an_access_token_are_at_most_16_kib() {
    let doors = Doors::new();
    let limit = 16 * 1024;
    let [visa, _, bearer] = doors.goods().map(|good| filled(good, limit));
    assert_eq!((visa.len(), bearer.len()), (limit, limit));
    assert_eq!((doors.visa(&visa), doors.bearer(&bearer)), ("OK", "OK"));
    let [visa, _, bearer] = doors.goods().map(|good| filled(good, limit + 1));
    assert_eq!(
        (doors.visa(&visa), doors.bearer(&bearer)),
        ("TOO_LARGE", "bearer.unreadable")
    );
    assert_eq!(Passport::of_one(&visa).unwrap_err().code().as_str(), "TOO_LARGE");
    let [visa, _, bearer] = doors.goods().map(|good| filled(good, 1_000_000));
    assert_eq!(doors.visa(&visa), "TOO_LARGE", "a 1 MB visa");
    assert_eq!(doors.bearer(&bearer), "bearer.unreadable", "a 1 MB access token");
}

#[test]
fn a_passport_is_at_most_1_mib() {
    let doors = Doors::new();
    let limit = 1024 * 1024;
    let [_, passport, _] = doors.goods().map(|good| filled(good, limit));
    assert_eq!((passport.len(), doors.passport(&passport)), (limit, "OK"));
    let [_, passport, _] = doors.goods().map(|good| filled(good, limit + 1));
    assert_eq!(doors.passport(&passport), "TOO_LARGE");
    assert_eq!(doors.passport(&".".repeat(limit + 1)), "TOO_LARGE", "dots alone");
    assert_eq!(doors.passport(&"A".repeat(64 * 1024 * 1024)), "TOO_LARGE", "64 MiB");
}

#[test]
fn a_passport_holds_at_most_500_visas() {
    let world = World::new();
    for (count, code) in [(500, "OK"), (501, "TOO_LARGE"), (10_000, "TOO_LARGE")] {
        let passport = world.passport(&vec!["a.b.c".to_owned(); count]);
        let judged = world.judge(&passport);
        assert_eq!(
            judged.map_or_else(|r| r.code().as_str(), |_| "OK"),
            code,
            "{count} visas"
        );
        let answer = json!({"iss": BROKER, "sub": "b-1", "ga4gh_passport_v1": vec!["a.b.c"; count]});
        let judged = Passport::from_userinfo(&answer);
        assert_eq!(
            judged.map_or_else(|r| r.code().as_str(), |_| "OK"),
            code,
            "{count} visas of a UserInfo answer"
        );
    }
    let visas: Vec<String> = (0..500).map(|_| world.visa(grant())).collect::<Vec<_>>();
    assert!(
        world.codes(&visas[..60]).iter().all(|code| *code == "OK"),
        "the same visa 60 times is 60 visas"
    );
    let answer = json!({"iss": BROKER, "sub": "b-1", "ga4gh_passport_v1": visas});
    let all = judge(Passport::from_userinfo(&answer).unwrap(), &world.policy()).unwrap();
    assert_eq!(all.visas().len(), 500);
}

#[test]
fn a_visa_has_at_most_64_conditions() {
    let world = World::new();
    let clause = json!({"type": "AffiliationAndRole", "value": "const:faculty@uni-a.example"});
    let group = |clauses: usize| Value::from(vec![clause.clone(); clauses]);
    for (name, conditions, code) in [
        ("64 groups of one", vec![group(1); 64], "OK"),
        ("65 groups of one", vec![group(1); 65], "TOO_MANY_CONDITIONS"),
        ("one group of 64", vec![group(64)], "OK"),
        ("one group of 65", vec![group(65)], "TOO_MANY_CONDITIONS"),
        ("13 groups of 5", vec![group(5); 13], "TOO_MANY_CONDITIONS"),
        ("65 empty groups", vec![group(0); 65], "TOO_MANY_CONDITIONS"),
        (
            "64 groups, one of them empty",
            [vec![group(1); 63], vec![group(0)]].concat(),
            "OK",
        ),
        (
            "65 that are no list of lists",
            vec![clause.clone(); 65],
            "TOO_MANY_CONDITIONS",
        ),
        (
            "64 that are no list of lists",
            vec![clause.clone(); 64],
            "CONDITIONS_MALFORMED",
        ),
    ] {
        let visas = [
            world.visa(with(grant(), "conditions", json!(conditions))),
            world.visa(faculty()),
        ];
        assert_eq!(world.codes(&visas), [code, "OK"], "{name}");
    }
    for (name, conditions) in [
        ("text", json!("AffiliationAndRole")),
        ("an object", json!({"type": "x"})),
        ("a group that is text", json!([["x"], "x"])),
        ("lists too deep", json!([[[clause]]])),
        ("true", json!(true)),
    ] {
        let visa = world.visa(with(grant(), "conditions", conditions));
        let code = world.codes(&[visa])[0];
        assert!(
            ["CONDITIONS_MALFORMED", "CONDITIONS_NOT_MET"].contains(&code),
            "{name}: {code}"
        );
    }
}

#[test]
fn a_link_visa_has_at_most_1000_entries() {
    let mut world = World::new();
    world.set(BROKER, "may_link", json!(["*"]));
    let value = |entries: usize| (0..entries).map(|n| format!("{n},u:x")).collect::<Vec<_>>().join(";");
    for (entries, code) in [(1_000, "OK"), (1_001, "BAD_VALUE_FORMAT"), (1_200, "BAD_VALUE_FORMAT")] {
        let visa = world.visa_of_broker(object("LinkedIdentities", &value(entries)));
        assert_eq!(world.codes(&[visa]), [code], "{entries} entries");
    }
    let visa = world.visa_of_broker(object("LinkedIdentities", &value(1_000)));
    assert_eq!(world.judge(&world.passport(&[visa])).unwrap().identities().len(), 1_001);
    for (name, value) in [
        ("an empty entry among them", "u1,urn%3Ax;;u2,urn%3Ax".to_owned()),
        ("a separator at the end", "u1,urn%3Ax;".to_owned()),
        ("separators alone", ";".repeat(999)),
        ("a blank behind the comma", "u1, urn%3Ax".to_owned()),
        ("issuer first", "https%3A%2F%2Fa.example,u1,x".to_owned()),
        ("a broken escape", "u%2,urn%3Ax".to_owned()),
        ("an escape of invalid UTF-8", "u%ff,urn%3Ax".to_owned()),
        ("a NUL by an escape", "u%00,urn%3Ax".to_owned()),
        ("a sub of 256 characters", format!("{},urn%3Ax", "u".repeat(256))),
        ("an issuer of 1,025 characters", format!("u1,{}", "i".repeat(1_025))),
    ] {
        let visa = world.visa_of_broker(object("LinkedIdentities", &value));
        assert_eq!(world.codes(&[visa]), ["BAD_VALUE_FORMAT"], "{name}");
    }
}

/// URL-06; LNK-12: identities need not keep to it.
#[test]
fn a_url_claim_has_at_most_255_characters() {
    let mut world = World::new();
    world.trust["supported_custom_types"] = json!([url(255, "t"), url(300, "t")]);
    for (length, good) in [(255, true), (256, false), (300, false)] {
        for letter in ["x", "ü", "🧬"] {
            let text = url(length, letter);
            let code = if good { "OK" } else { "BAD_URL_CLAIM" };
            for (name, object) in [
                ("value", with(grant(), "value", json!(text))),
                ("source", with(grant(), "source", json!(text))),
                ("source of an affiliation", with(faculty(), "source", json!(text))),
                (
                    "terms",
                    with(object("AcceptedTermsAndPolicies", &text), "by", json!("self")),
                ),
                ("status", object("ResearcherStatus", &text)),
            ] {
                assert_eq!(
                    world.codes(&[world.visa(object)]),
                    [code],
                    "{name} of {length} × {letter}"
                );
            }
        }
        let code = if good { "OK" } else { "UNSUPPORTED_TYPE" };
        let visa = world.visa(object(&url(length, "t"), "free text"));
        assert_eq!(world.codes(&[visa]), [code], "a custom type of {length}");
    }
    world.set(BROKER, "may_link", json!(["*"]));
    let long = url(300, "x");
    let visa = world.visa_of_broker(object("LinkedIdentities", &format!("u1,{long}")));
    let judged = world.judge(&world.passport(&[visa])).unwrap();
    assert_eq!(
        judged.identities()[1].iss.as_str(),
        long,
        "an identity's issuer may be longer"
    );
}

fn url(characters: usize, letter: &str) -> String {
    format!("https://a.example/{}", letter.repeat(characters - 18))
}

/// CLH-26, PAS-11: tokens inside of tokens are what their place says, or nothing.
#[test]
fn visas_nested_as_passports_are_not_unpacked() {
    let world = World::new();
    let (visa, inner) = (world.visa(grant()), world.passport(&[world.visa(grant())]));
    assert_eq!(
        world.codes(&[inner.clone(), visa.clone()]),
        ["TYP_NOT_ALLOWED", "OK"],
        "a Passport in a visa's place"
    );
    assert_eq!(
        world.judge(&visa).unwrap_err().code().as_str(),
        "PASSPORT_TYP",
        "a visa in a Passport's place"
    );
    let both = world.passport_with(&[], |h, c| {
        h["typ"] = json!("JWT");
        c["ga4gh_passport_v1"] = json!([visa]);
    });
    assert_eq!(
        world.codes(&[both]),
        ["MALFORMED_VISA"],
        "a Passport that calls itself JWT"
    );
    let carrier = world.visa_with(grant(), |_, c| c["ga4gh_passport_v1"] = json!([world.visa(faculty())]));
    let judged = world.judge(&world.passport(&[carrier])).unwrap();
    assert_eq!(
        (judged.visas().len(), judged.rejected().len()),
        (1, 0),
        "visas in a visa are not looked at"
    );
    for (name, claim) in [
        ("a list in the list", json!([[visa]])),
        ("an object in the list", json!([{"jwt": visa}])),
        ("the decoded visa", json!([{"iss": A, "ga4gh_visa_v1": grant()}])),
        ("null in the list", json!([visa, null])),
        ("an object", json!({"0": visa})),
        ("text", json!(visa)),
    ] {
        let passport = world.passport_with(&[], |_, c| c["ga4gh_passport_v1"] = claim);
        assert_eq!(
            world.judge(&passport).unwrap_err().code().as_str(),
            "MALFORMED_PASSPORT",
            "{name}"
        );
    }
    let chain = (0..8).fold(world.passport(&[]), |inner, _| world.passport(&[inner]));
    assert_eq!(
        codes(&world.judge(&chain).unwrap()),
        ["TYP_NOT_ALLOWED"],
        "eight Passports inside each other"
    );
    // an access token that carries visas is none, whoever signed it (BRK-07)
    let doors = Doors::new();
    let codes = doors.codes(|mut good| {
        if good.header["typ"] == "at+jwt" {
            good.claims["ga4gh_passport_v1"] = json!([]);
        }
        good.sign()
    });
    assert_eq!(codes, [GOOD[0], GOOD[1], "bearer.kind"]);
}

/// OIDC Core 2: `sub`; and issuers as long as they come.
#[test]
fn identities_have_bounds() {
    let world = World::new();
    for (name, sub, code) in [
        ("255 characters", "u".repeat(255), "OK"),
        ("256 characters", "u".repeat(256), "MALFORMED_VISA"),
        ("none", String::new(), "MALFORMED_VISA"),
        ("all that is printed", (' '..='~').collect(), "OK"),
    ] {
        let visa = world.visa_with(grant(), |_, c| c["sub"] = json!(sub));
        assert_eq!(world.codes(&[visa]), [code], "{name}");
    }
    for (iss, code) in [
        (url(1_024, "x"), "UNTRUSTED_ISSUER"),
        (url(1_025, "x"), "MALFORMED_VISA"),
    ] {
        let visa = world.visa_with(grant(), |_, c| c["iss"] = json!(iss));
        assert_eq!(world.codes(&[visa]), [code], "an issuer of {} characters", iss.len());
    }
    assert_eq!((limits::VISAS, limits::VISA_BYTES), (500, 16_384));
}
