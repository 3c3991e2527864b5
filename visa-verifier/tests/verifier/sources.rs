//! What one request may carry, judged together: several Passports, UserInfo answers, a visa alone.

use super::support::{self, BROKER, NOW, World, bound_grant, codes, faculty, grant, now, with};
use serde_json::{Value, json};
use visa_verifier::keys::provider;
use visa_verifier::verify::userinfo::{UserInfoAnswer, read};
use visa_verifier::verify::{CARRIERS, Judged, Request, RequestStep};
use visa_verifier::{Issuer, KeySet, Passport, PassportRejected, Subject, Timestamp, TrustPolicy};

fn judged(request: Request, trust: &TrustPolicy) -> Judged {
    match request.begin(trust, now()).step() {
        RequestStep::Done(judged) => judged,
        RequestStep::Need(request) => panic!("all keys are in the trust policy, yet {request:?} is asked for"),
    }
}

fn code(judged: &Judged) -> &'static str {
    judged.rejection().map_or("OK", |rejected| rejected.code().as_str())
}

/// A-13, A-25, CLH-05, CLH-17, CLH-19: which Passport rejects the request, and which one is ignored.
#[test]
fn clh_17_one_failing_passport_rejects_the_request_and_an_unknown_broker_is_ignored() {
    let world = World::new();
    let good = world.passport(&[world.visa(grant())]);
    let forged = format!("{}.AAAA", good.rsplit_once('.').unwrap().0);
    let expired = world.passport_with(&[], |_, c| c["exp"] = json!(NOW));
    let unknown = world.passport_with(&[], |_, c| c["iss"] = json!("https://unknown.example.net"));
    let for_others = world.passport_with(&[], |_, c| c["aud"] = json!("https://other.example.org"));
    let malformed = world.passport_with(&[], |_, c| c["ga4gh_passport_v1"] = json!("visas"));
    let visa_as_passport = world.visa(grant());
    let cases: &[(&str, &[&String], &str, usize)] = &[
        ("one", &[&good], "OK", 1),
        ("the same twice", &[&good, &good], "OK", 2),
        ("an unknown broker's beside", &[&good, &unknown], "OK", 1),
        ("an unknown broker's first", &[&unknown, &good], "OK", 1),
        ("an unknown broker's alone", &[&unknown], "UNTRUSTED_BROKER", 0),
        ("two unknown brokers'", &[&unknown, &unknown], "UNTRUSTED_BROKER", 0),
        ("a forged one beside", &[&good, &forged], "BAD_SIGNATURE", 0),
        ("a forged one first", &[&forged, &good], "BAD_SIGNATURE", 0),
        ("an expired one beside", &[&good, &expired], "EXPIRED", 0),
        ("one for others beside", &[&good, &for_others], "AUDIENCE_MISMATCH", 0),
        ("a malformed one beside", &[&good, &malformed], "MALFORMED_PASSPORT", 0),
        (
            "a visa in a Passport's place",
            &[&good, &visa_as_passport],
            "PASSPORT_TYP",
            0,
        ),
        (
            "an unknown broker's and an expired one",
            &[&unknown, &expired],
            "EXPIRED",
            0,
        ),
        ("nothing", &[], "MALFORMED_PASSPORT", 0),
    ];
    for (name, passports, want, count) in cases {
        let request = passports.iter().fold(Request::new(), |r, p| r.passport(p));
        let judged = judged(request, &world.policy());
        assert_eq!(code(&judged), *want, "{name}");
        assert_eq!(judged.accepted().map_or(0, Iterator::count), *count, "{name}");
        assert_eq!(judged.results().len(), passports.len(), "{name}: each is explained");
    }
}

/// A-13: the visas of one Passport help no visa of another, and no requirement is met by two together.
#[test]
fn a_13_passports_are_judged_apart() {
    let world = World::new();
    let (bound, witness) = (
        world.passport(&[world.visa(bound_grant())]),
        world.passport(&[world.visa(faculty())]),
    );
    let apart = judged(Request::new().passport(&bound).passport(&witness), &world.policy());
    let each: Vec<_> = apart.accepted().unwrap().map(codes).collect();
    assert_eq!(each, [["CONDITIONS_NOT_MET"], ["OK"]]);

    let both = json!({"all_of": [{"type": "ControlledAccessGrants"}, {"type": "AffiliationAndRole"}]});
    let both = serde_json::from_value(both).unwrap();
    let plain = world.passport(&[world.visa(grant())]);
    let apart = judged(Request::new().passport(&plain).passport(&witness), &world.policy());
    assert!(!apart.meets(&both, now()).granted);
    let one = world.passport(&[world.visa(grant()), world.visa(faculty())]);
    let one = judged(Request::new().passport(&plain).passport(&one), &world.policy());
    assert!(one.meets(&both, now()).granted);
    let forged = judged(Request::new().passport(&plain).passport("a.b.c"), &world.policy());
    assert!(
        !forged.meets(&Default::default(), now()).granted,
        "a rejected request meets nothing"
    );
}

/// CLH-28: a bound on carriers, and nothing is read in part.
#[test]
fn clh_28_a_request_of_seventeen_passports_is_rejected() {
    let world = World::new();
    let good = world.passport(&[]);
    let many = |n| (0..n).fold(Request::new(), |r, _| r.passport(&good));
    assert_eq!(code(&judged(many(CARRIERS), &world.policy())), "OK");
    assert_eq!(code(&judged(many(CARRIERS + 1), &world.policy())), "TOO_LARGE");
    assert_eq!(many(CARRIERS + 500).len(), CARRIERS + 1);
}

/// CLH-15: keys are asked for only of those whom the trust policy names.
#[test]
fn clh_15_a_request_asks_for_keys_of_trusted_brokers_only() {
    let mut world = World::new();
    world.trust["trusted_brokers"] = json!([{"iss": BROKER}]);
    let trust = world.policy();
    let unknown = world.passport_with(&[], |_, c| c["iss"] = json!("https://unknown.example.net"));
    let good = world.passport(&[world.visa(grant())]);
    let mut judging = Request::new().passport(&unknown).passport(&good).begin(&trust, now());
    let RequestStep::Need(request) = judging.step() else {
        panic!("the broker's keys are wanted")
    };
    assert_eq!(request.server.issuer().as_str(), BROKER);
    judging.supply(Ok(KeySet::from_value(world.broker.jwks()).unwrap().into()));
    let RequestStep::Done(judged) = judging.step() else {
        panic!("all keys are there")
    };
    assert_eq!(judged.accepted().unwrap().count(), 1);
}

/// A visa alone counts by its issuer only, and is rejected with its own code.
#[test]
fn a_visa_alone_is_accepted_only_if_it_counts() {
    let world = World::new();
    let old = world.visa_with(grant(), |_, c| c["exp"] = json!(NOW));
    for (visa, want) in [
        (world.visa(grant()), "OK"),
        (old, "EXPIRED"),
        ("x".to_owned(), "MALFORMED_VISA"),
    ] {
        assert_eq!(code(&judged(Request::new().visa(&visa), &world.policy())), want);
    }
    let lone = judged(Request::new().visa(&world.visa(grant())), &world.policy());
    assert!(
        lone.accepted().unwrap().all(|p| p.evidence().is_none()),
        "no broker stands behind it"
    );
}

fn plain(kind: &str, body: &str, subject: Option<&str>) -> Result<Passport, PassportRejected> {
    let broker: Issuer = BROKER.parse().unwrap();
    let subject: Option<Subject> = subject.map(|s| s.parse().unwrap());
    match read(&broker, subject.as_ref(), kind, body.as_bytes())? {
        UserInfoAnswer::Plain(passport) => Ok(passport),
        UserInfoAnswer::Signed(_) => panic!("not a JWT"),
    }
}

/// UI-01 to UI-05 as they bind the one who reads; A-38; ERR-06.
#[test]
fn ui_01_userinfo_answers_are_read_strictly() {
    let json = "application/json";
    let deep = format!(r#"{{"sub":"u","x":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    type Case<'c> = (&'c str, &'c str, &'c str, Option<&'c str>, Option<usize>);
    let cases: &[Case<'_>] = &[
        (
            "two visas",
            json,
            r#"{"sub":"u","ga4gh_passport_v1":["a.b.c","d.e.f"]}"#,
            None,
            Some(2),
        ),
        ("no visas", json, r#"{"sub":"u","ga4gh_passport_v1":[]}"#, None, Some(0)),
        ("no member (A-38)", json, r#"{"sub":"u"}"#, None, Some(0)),
        (
            "with charset",
            "application/json; charset=utf-8",
            r#"{"sub":"u"}"#,
            None,
            Some(0),
        ),
        ("upper case", "Application/JSON", r#"{"sub":"u"}"#, None, Some(0)),
        (
            "other claims",
            json,
            r#"{"sub":"u","email":"x","name":{"a":1}}"#,
            None,
            Some(0),
        ),
        (
            "v1.0, with iss and aud",
            json,
            r#"{"sub":"u","iss":"https://broker.example.org","aud":"c"}"#,
            None,
            Some(0),
        ),
        ("the token's subject", json, r#"{"sub":"u"}"#, Some("u"), Some(0)),
        ("another subject", json, r#"{"sub":"u"}"#, Some("v"), None),
        (
            "another broker",
            json,
            r#"{"sub":"u","iss":"https://other.example.org"}"#,
            None,
            None,
        ),
        (
            "iss with a slash more",
            json,
            r#"{"sub":"u","iss":"https://broker.example.org/"}"#,
            None,
            None,
        ),
        ("no sub", json, r#"{"ga4gh_passport_v1":[]}"#, None, None),
        ("null", json, r#"{"sub":"u","ga4gh_passport_v1":null}"#, None, None),
        (
            "a string",
            json,
            r#"{"sub":"u","ga4gh_passport_v1":"a.b.c"}"#,
            None,
            None,
        ),
        (
            "visas as objects",
            json,
            r#"{"sub":"u","ga4gh_passport_v1":[{"a":1}]}"#,
            None,
            None,
        ),
        ("a member twice", json, r#"{"sub":"u","sub":"v"}"#, None, None),
        ("something behind", json, r#"{"sub":"u"} x"#, None, None),
        ("too deep", json, &deep, None, None),
        ("another type", "text/html", r#"{"sub":"u"}"#, None, None),
        ("no type", "", r#"{"sub":"u"}"#, None, None),
    ];
    for (name, kind, body, subject, visas) in cases {
        let read = plain(kind, body, *subject);
        assert_eq!(read.as_ref().ok().map(Passport::len), *visas, "{name}");
        if let Err(rejected) = read {
            assert_eq!(rejected.code().as_str(), "MALFORMED_PASSPORT", "{name}");
        }
    }
    let many = json!({"sub": "u", "ga4gh_passport_v1": vec!["a.b.c"; 501]}).to_string();
    assert_eq!(plain(json, &many, None).unwrap_err().code().as_str(), "TOO_LARGE");
}

/// Visas of UserInfo are judged like those of a Passport, and only of a trusted broker (CLH-19).
#[test]
fn ui_03_visas_of_userinfo_count_by_themselves_and_by_their_broker() {
    let world = World::new();
    let list = [world.visa(bound_grant()), world.visa(faculty()), "x".to_owned()];
    let passport = plain(
        "application/json",
        &json!({"sub": "b-1", "ga4gh_passport_v1": list}).to_string(),
        None,
    );
    let judged_all = judged(Request::new().carrier(passport.unwrap()), &world.policy());
    let first = judged_all.accepted().unwrap().next().unwrap();
    assert_eq!(codes(first), ["OK", "OK", "MALFORMED_VISA"]);
    assert_eq!((first.holder().iss.as_str(), first.expires()), (BROKER, None));
    let unknown = json!({"iss": "https://unknown.example.net", "sub": "b-1", "ga4gh_passport_v1": list});
    assert_eq!(
        code(&judged(Request::new().userinfo(&unknown), &world.policy())),
        "UNTRUSTED_BROKER"
    );
}

/// UI-06: a JWT answer counts by the broker's signature; it is never a Passport, and a Passport is never one (CLH-26).
#[test]
fn ui_06_a_signed_userinfo_answer_counts_by_its_signature_and_is_no_passport() {
    provider::install();
    type Change = fn(&mut Value, &mut Value);
    let world = World::new();
    let keys = KeySet::from_value(world.broker.jwks()).unwrap();
    let token = |change: Change| {
        let (mut header, mut claims) = (
            json!({"alg": "ES256", "typ": "JWT", "kid": "b1"}),
            json!({"iss": BROKER, "sub": "b-1", "ga4gh_passport_v1": [world.visa(grant())]}),
        );
        change(&mut header, &mut claims);
        support::tidy(&mut header);
        support::tidy(&mut claims);
        world.broker.sign(&header, &claims)
    };
    let check = |text: &str| {
        let broker: Issuer = BROKER.parse().unwrap();
        let subject: Subject = "b-1".parse().unwrap();
        match read(&broker, Some(&subject), "application/jwt", text.as_bytes())? {
            UserInfoAnswer::Signed(signed) => signed.check(&keys, &world.policy(), now()),
            UserInfoAnswer::Plain(_) => panic!("a JWT"),
        }
    };
    let cases: &[(&str, &str, Change)] = &[
        ("signed", "OK", |_, _| {}),
        ("without typ", "OK", |h, _| h["typ"] = json!("-")),
        ("without iss", "OK", |_, c| c["iss"] = json!("-")),
        ("for us", "OK", |_, c| c["aud"] = json!(["x", support::US])),
        ("for somebody else", "AUDIENCE_MISMATCH", |_, c| c["aud"] = json!("x")),
        ("a Passport", "TYP_NOT_ALLOWED", |h, _| {
            h["typ"] = json!("vnd.ga4gh.passport+jwt")
        }),
        ("an access token", "TYP_NOT_ALLOWED", |h, _| h["typ"] = json!("at+jwt")),
        ("a visa", "TYP_NOT_ALLOWED", |_, c| c["ga4gh_visa_v1"] = json!({})),
        ("alg none", "ALG_NOT_ALLOWED", |h, _| h["alg"] = json!("none")),
        ("crit", "UNSUPPORTED_CRIT", |h, _| h["crit"] = json!(["x"])),
        ("another key", "BAD_SIGNATURE", |h, _| h["kid"] = json!("b2")),
        ("expired", "EXPIRED", |_, c| c["exp"] = json!(NOW)),
        ("from the future", "ISSUED_IN_FUTURE", |_, c| c["iat"] = json!(NOW + 1)),
        ("another broker's", "MALFORMED_PASSPORT", |_, c| {
            c["iss"] = json!("https://other.example.org")
        }),
        ("about somebody else", "MALFORMED_PASSPORT", |_, c| {
            c["sub"] = json!("b-2")
        }),
        ("sub missing", "MALFORMED_PASSPORT", |_, c| c["sub"] = json!("-")),
    ];
    for (name, want, change) in cases {
        let got = check(&token(*change))
            .err()
            .map_or("OK", |rejected| rejected.code().as_str());
        assert_eq!(got, *want, "{name}");
    }
    let unsigned = format!("{}.", token(|_, _| {}).rsplit_once('.').unwrap().0);
    assert_eq!(check(&unsigned).unwrap_err().code().as_str(), "BAD_SIGNATURE");
    let in_passports_place = judged(Request::new().passport(&token(|_, _| {})), &world.policy());
    assert_eq!(code(&in_passports_place), "PASSPORT_TYP");
}

/// VIS-38, CLH-18: a broken visa beside changes nothing for the others, whichever way they came.
#[test]
fn clh_18_a_broken_visa_beside_changes_nothing() {
    let world = World::new();
    let broken = world.visa(with(grant(), "source", json!("no url")));
    let passport = world.passport(&[broken, world.visa(grant())]);
    let judged = judged(Request::new().passport(&passport), &world.policy());
    let first = judged.accepted().unwrap().next().unwrap();
    assert_eq!(codes(first), ["BAD_URL_CLAIM", "OK"]);
    assert!(first.valid_until() > Timestamp::from_unix(NOW));
}
