//! What deployed systems do otherwise: refused without the relaxation of that name in their own issuer's entry,
//! accepted with it, and named in the result.

use serde_json::{Value, json};
use visa_verifier::report::Report;
use visa_verifier::trust::Relaxation;
use visa_verifier::verify::{Judged, VerifiedTokens};
use visa_verifier::{Passport, PassportRejected, TrustPolicy, Verification, VerifiedPassport};

use super::support::{self, A, A_JKU, B, B_JKU, BROKER, NOW, World, grant, now, object, visa_of, with};

/// Both by hand: neither a visa issuer's own words nor another's entry may help it.
fn visas(world: &World) -> Vec<(&'static str, Relaxation, String, &'static str)> {
    let ras = with(
        object("https://ras.nih.gov/visas/v1.1", "https://ras.example/passport"),
        "by",
        json!("-"),
    );
    let permissions = json!([
        {"phs_id": "phs000710", "consent_group": "c1", "expiration": NOW + 100, "version": "v1"},
        {"phs_id": "phs000007", "consent_group": "c2", "expiration": NOW},
    ]);
    vec![
        (
            "a RAS visa with its permissions beside the Visa Object",
            Relaxation::RasDbgapPermissions,
            world.visa_with(tidied(ras), |h, c| {
                (h["jku"], h["typ"]) = (json!("-"), json!("JWT"));
                c["scope"] = json!("openid ga4gh_passport_v1");
                c["ras_dbgap_permissions"] = permissions;
            }),
            "UNSUPPORTED_TYPE",
        ),
        (
            "a grant for a bare resource id",
            Relaxation::BareValues,
            world.visa(with(grant(), "value", json!("EGAD00001006673"))),
            "BAD_URL_CLAIM",
        ),
        (
            "a grant that does not say by whom",
            Relaxation::MissingBy,
            world.visa(tidied(with(grant(), "by", json!("-")))),
            "MISSING_BY",
        ),
        (
            "a grant that names no key server",
            Relaxation::MissingKeyReference,
            world.visa_with(grant(), |h, _| h["jku"] = json!("-")),
            "NO_KEY_REFERENCE",
        ),
    ]
}

fn tidied(mut object: Value) -> Value {
    support::tidy(&mut object);
    object
}

fn relaxed(passport: &VerifiedPassport) -> Vec<Relaxation> {
    passport.relaxed().into_iter().collect()
}

#[test]
fn a_deviation_counts_only_by_its_own_name_in_its_own_issuers_entry() {
    let plain = World::new();
    for (name, relaxation, visa, code) in visas(&plain) {
        let judged = |accept: &[(&str, Vec<Relaxation>)]| {
            let mut trust = plain.trust.clone();
            for entry in trust["trusted_visa_issuers"].as_array_mut().unwrap() {
                for (iss, accept) in accept {
                    if entry["iss"] == *iss {
                        entry["accept"] = json!(accept);
                    }
                }
            }
            let trust: TrustPolicy = serde_json::from_value(trust).unwrap();
            let passport = plain.passport(std::slice::from_ref(&visa));
            support::judge(Passport::parse(&passport).unwrap(), &trust).unwrap()
        };
        let others: Vec<Relaxation> = Relaxation::ALL
            .iter()
            .copied()
            .filter(|r| *r != relaxation && r.role() == relaxation.role())
            .collect();
        for (how, accept) in [
            ("none", vec![]),
            ("all others", vec![(A, others)]),
            (
                "another issuer's",
                vec![(B, vec![relaxation]), (BROKER, vec![relaxation])],
            ),
        ] {
            let result = judged(&accept);
            assert_eq!(support::codes(&result), [code], "{name}, {how}");
            assert_eq!(relaxed(&result), [], "{name}, {how}");
        }
        let result = judged(&[(A, vec![relaxation])]);
        assert_eq!(support::codes(&result), ["OK"], "{name}");
        assert_eq!(result.visas()[0].evidence().relaxed(), [relaxation], "{name}");
        let report = serde_json::to_value(Report::of(&Judged::from(result), None, now())).unwrap();
        assert_eq!(
            report["passports"][0]["visas"][0]["relaxed"],
            json!([relaxation.as_str()]),
            "{name}"
        );
    }
}

#[test]
fn a_visa_that_needs_no_relaxation_names_none() {
    let mut world = World::new();
    let all: Vec<&str> = Relaxation::ALL
        .iter()
        .filter(|r| r.role() == Relaxation::MissingBy.role())
        .map(|r| r.as_str())
        .collect();
    world.set(A, "accept", json!(all));
    let result = world.judge(&world.passport(&[world.visa(grant())])).unwrap();
    assert_eq!(relaxed(&result), []);
    let report = serde_json::to_value(Report::of(&Judged::from(result), None, now())).unwrap();
    let visa = &report["passports"][0]["visas"][0];
    assert_eq!((visa.get("relaxed"), &visa["row"]), (None, &json!("CLH-09")));
}

#[test]
fn what_a_relaxation_does_not_name_stays_refused() {
    let mut world = World::new();
    world.set(
        A,
        "accept",
        json!([
            "bare_values",
            "missing_by",
            "missing_key_reference",
            "ras_dbgap_permissions"
        ]),
    );
    let ras = |permissions: Value| {
        world.visa_with(object("https://ras.nih.gov/visas/v1.1", "x"), |_, c| {
            c["ras_dbgap_permissions"] = permissions;
        })
    };
    for (name, visa, code) in [
        (
            "a blank value",
            world.visa(with(grant(), "value", json!("EGAD 1"))),
            "BAD_URL_CLAIM",
        ),
        (
            "an empty value",
            world.visa(with(grant(), "value", json!(""))),
            "BAD_URL_CLAIM",
        ),
        (
            "a long value",
            world.visa(with(grant(), "value", json!("x".repeat(256)))),
            "BAD_URL_CLAIM",
        ),
        (
            "a bare status",
            world.visa(object("ResearcherStatus", "bona-fide")),
            "BAD_URL_CLAIM",
        ),
        (
            "bare terms",
            world.visa(object("AcceptedTermsAndPolicies", "terms")),
            "BAD_URL_CLAIM",
        ),
        (
            "a bare source",
            world.visa(with(grant(), "source", json!("dac"))),
            "BAD_URL_CLAIM",
        ),
        (
            "`by` is a list",
            world.visa(with(grant(), "by", json!(["dac"]))),
            "MALFORMED_VISA",
        ),
        (
            "another custom type",
            world.visa(object("https://ras.nih.gov/visas/v1.2", "x")),
            "UNSUPPORTED_TYPE",
        ),
        (
            "permissions that are none",
            ras(json!([{"phs_id": 1}])),
            "BAD_VALUE_FORMAT",
        ),
        (
            "a foreign key server",
            world.visa_with(grant(), |h, _| h["jku"] = json!(B_JKU)),
            "UNTRUSTED_JKU",
        ),
        (
            "both kinds at once",
            world.visa_with(grant(), |_, c| c["scope"] = json!("openid")),
            "TOKEN_KIND_CONFLICT",
        ),
        (
            "another's key",
            visa_of(&world.b, A, A_JKU, "u1", grant(), |h, _| h["jku"] = json!("-")),
            "BAD_SIGNATURE",
        ),
    ] {
        assert_eq!(world.codes(&[visa]), [code], "{name}");
    }
}

#[test]
fn ras_permissions_are_facts_until_they_end() {
    let mut world = World::new();
    let (name, _, visa, _) = visas(&world).remove(0);
    world.set(A, "accept", json!(["ras_dbgap_permissions"]));
    let result = world.judge(&world.passport(&[visa])).unwrap();
    let open = result.visas()[0].dbgap_permissions(now());
    assert_eq!(open.len(), 1, "{name}");
    assert_eq!(
        (open[0].phs_id.as_str(), open[0].consent_group.as_str()),
        ("phs000710", "c1")
    );
    // the type alone may be supported here; the claim beside it is still not read without the relaxation
    let mut world = World::new();
    world.trust["supported_custom_types"] = json!(["https://ras.nih.gov/visas/v1.1"]);
    let (_, _, visa, _) = visas(&world).remove(0);
    let result = world.judge(&world.passport(&[visa])).unwrap();
    assert_eq!(support::codes(&result), ["OK"]);
    assert!(result.visas()[0].dbgap_permissions(now()).is_empty());
}

#[test]
fn form_encoded_links_mean_blanks_only_where_that_is_accepted() {
    for (accept, joined, used) in [(vec![], false, false), (vec!["form_encoded_links"], true, true)] {
        let mut world = World::new();
        world.set(BROKER, "may_link", json!(["*"]));
        world.set(BROKER, "accept", json!(accept));
        let value = "w+9,https%3A%2F%2Fissuer-b.example.net";
        let link = world.visa_of_broker(object("LinkedIdentities", value));
        let affiliation = visa_of(&world.b, B, B_JKU, "w 9", support::faculty(), |_, _| {});
        let result = world.judge(&world.passport(&[link, affiliation])).unwrap();
        assert_eq!(
            result.identities().len(),
            2,
            "a `+` is a character of the subject, or a blank"
        );
        let blank = result.visas()[1].identity().clone();
        assert_eq!(result.identities().contains(&blank), joined, "{accept:?}");
        assert_eq!(
            relaxed(&result).contains(&Relaxation::FormEncodedLinks),
            used,
            "{accept:?}"
        );
    }
}

fn broker_accepts(world: &mut World, accept: Value) {
    world.trust["trusted_brokers"][0]["accept"] = accept;
}

#[test]
fn a_passport_with_a_plain_typ_is_refused_unless_its_broker_may() {
    for (typ, accept, code) in [
        ("JWT", json!([]), Some("PASSPORT_TYP")),
        ("JWT", json!(["passport_jwt_v11"]), Some("PASSPORT_TYP")),
        ("JWT", json!(["passport_typ_jwt"]), None),
        ("-", json!(["passport_typ_jwt"]), None),
        ("at+jwt", json!(["passport_typ_jwt"]), Some("PASSPORT_TYP")),
        ("vnd.ga4gh.visa+jwt", json!(["passport_typ_jwt"]), Some("PASSPORT_TYP")),
    ] {
        let mut world = World::new();
        broker_accepts(&mut world, accept);
        let passport = world.passport_with(&[world.visa(grant())], |h, _| h["typ"] = json!(typ));
        let result = world.judge(&passport);
        assert_eq!(result.as_ref().err().map(|e| e.code().as_str()), code, "{typ}");
        if let Ok(result) = result {
            assert_eq!(relaxed(&result), [Relaxation::PassportTypJwt], "{typ}");
        }
    }
}

#[test]
fn a_passport_inside_of_userinfo_is_read_only_if_its_broker_may() {
    let judged =
        |accept: Value, sub: &str, change: &dyn Fn(&World, &mut Value)| -> Result<VerifiedPassport, PassportRejected> {
            let mut world = World::new();
            broker_accepts(&mut world, accept);
            let passport = world.passport(&[world.visa(grant())]);
            let mut answer = json!({"iss": BROKER, "sub": sub, "passport_jwt_v11": passport});
            change(&world, &mut answer);
            support::judge(Passport::from_userinfo(&answer)?, &world.policy())
        };
    let same = |_: &World, _: &mut Value| {};
    let accept = || json!(["passport_jwt_v11"]);
    let result = judged(json!([]), "b-1", &same).unwrap();
    assert_eq!(
        (result.visas().len(), result.evidence().is_some()),
        (0, false),
        "unread without the relaxation"
    );
    let result = judged(accept(), "b-1", &same).unwrap();
    assert_eq!(
        (result.visas().len(), relaxed(&result)),
        (1, vec![Relaxation::PassportJwtV11])
    );
    let result = judged(accept(), "b-2", &same);
    assert_eq!(
        result.unwrap_err().code().as_str(),
        "MALFORMED_PASSPORT",
        "somebody else's"
    );
    let result = judged(accept(), "b-1", &|_, answer| {
        answer["passport_jwt_v11"] = json!("a.b.c")
    });
    assert_eq!(result.unwrap_err().code().as_str(), "MALFORMED_PASSPORT", "no token");
    let forged = |world: &World, answer: &mut Value| {
        let claims = json!({"iss": BROKER, "sub": "b-1", "iat": NOW, "exp": NOW + 60, "ga4gh_passport_v1": []});
        answer["passport_jwt_v11"] = json!(world.a.sign(
            &json!({"alg": "ES256", "typ": "vnd.ga4gh.passport+jwt", "kid": "b1"}),
            &claims
        ));
    };
    assert_eq!(
        judged(accept(), "b-1", &forged).unwrap_err().code().as_str(),
        "BAD_SIGNATURE"
    );
    let both = |_: &World, answer: &mut Value| answer["ga4gh_passport_v1"] = json!([]);
    let result = judged(accept(), "b-1", &both).unwrap();
    assert_eq!(
        (result.visas().len(), relaxed(&result)),
        (0, vec![]),
        "the standard member is the one that is read"
    );
}

#[test]
fn what_was_relaxed_is_told_by_remembered_visas_too() {
    let mut world = World::new();
    world.set(A, "accept", json!(["missing_by", "ras_dbgap_permissions"]));
    let trust = world.policy();
    let visas: Vec<String> = visas(&world).into_iter().map(|(_, _, visa, _)| visa).collect();
    let passport = world.passport(&visas);
    let memory = VerifiedTokens::default();
    let run = || {
        let passport = Passport::parse(&passport).unwrap();
        let mut verification = Verification::begin(passport, &trust, now()).remembering(&memory);
        match verification.step() {
            visa_verifier::verify::Step::Done(result) => result.unwrap(),
            visa_verifier::verify::Step::Need(request) => panic!("{request:?}"),
        }
    };
    let (first, second) = (run(), run());
    assert_eq!(
        relaxed(&first),
        [Relaxation::RasDbgapPermissions, Relaxation::MissingBy]
    );
    assert_eq!(
        (support::codes(&first), relaxed(&first)),
        (support::codes(&second), relaxed(&second))
    );
}
