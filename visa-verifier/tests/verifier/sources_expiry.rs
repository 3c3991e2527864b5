//! Passport 1.2 "Visa Expiry": options A and B, to the second.

use super::support::{A, B, BROKER, NOW, World, bound_grant, faculty, grant, now, object, with};
use serde_json::{Value, json};
use visa_verifier::verify::Requirement;

const WANTED: &str = "ControlledAccessGrants";

fn judged(world: &World, visas: &[String], require: Value) -> (bool, Option<i64>) {
    let passport = world.judge(&world.passport(visas)).unwrap();
    let requirement: Requirement = serde_json::from_value(require).unwrap();
    let met = requirement.judge(&passport, now());
    (met.granted, met.expiry.map(|at| at.unix() - NOW))
}

fn a(ttl: u64, max: Option<u64>) -> Value {
    let all = json!([{"type": WANTED}]);
    match max {
        Some(max) => json!({"all_of": all, "requested_ttl": ttl, "max_authz_ttl": max}),
        None => json!({"all_of": all, "requested_ttl": ttl}),
    }
}

fn b(ttl: u64) -> Value {
    json!({"all_of": [{"type": WANTED}], "access_token_ttl": ttl})
}

/// EXP-02, EXP-03, EXP-05, OBJ-03: strictly less, on both sides of every bound.
#[test]
fn exp_02_and_03_the_end_must_lie_strictly_behind_what_is_asked() {
    let world = World::new();
    // ends in 1000 s; asserted 500 s ago
    let visa = world.visa_with(with(grant(), "asserted", json!(NOW - 500)), |_, c| {
        c["exp"] = json!(NOW + 1_000)
    });
    let half = world.visa_with(grant(), |_, c| c["exp"] = json!(NOW as f64 + 1_000.5));
    for (name, visa, require, granted, expiry) in [
        ("A: nothing asked", &visa, a(0, None), true, 1_000),
        ("A: a second less than exp", &visa, a(999, None), true, 1_000),
        ("A: exactly exp", &visa, a(1_000, None), false, 1_000),
        ("A: a second more", &visa, a(1_001, None), false, 1_000),
        ("A: half a second less than exp", &half, a(1_000, None), true, 1_001),
        ("A: half a second more", &half, a(1_001, None), false, 1_001),
        ("A: asserted bounds, a second less", &visa, a(99, Some(600)), true, 100),
        ("A: asserted bounds, exactly", &visa, a(100, Some(600)), false, 100),
        ("A: exp bounds, asserted later", &visa, a(999, Some(1_501)), true, 1_000),
        ("A: both at once", &visa, a(999, Some(1_500)), true, 1_000),
        ("A: both at once, exactly", &visa, a(1_000, Some(1_500)), false, 1_000),
        ("A: too old an assertion", &visa, a(0, Some(500)), false, 0),
        ("A: long too old", &visa, a(0, Some(400)), false, -100),
        ("A: no end of max_authz_ttl", &visa, a(999, Some(u64::MAX)), true, 1_000),
        ("A: asked for ever", &visa, a(u64::MAX, None), false, 1_000),
        ("B: a second less than exp", &visa, b(999), true, 1_000),
        ("B: exactly exp", &visa, b(1_000), false, 1_000),
        ("B: an hour", &visa, b(3_600), false, 1_000),
    ] {
        assert_eq!(
            judged(&world, std::slice::from_ref(visa), require),
            (granted, Some(expiry)),
            "{name}"
        );
    }
}

/// EXP-01: a requirement names one option; a mixture is refused, as is what is no duration.
#[test]
fn exp_01_a_requirement_names_one_option() {
    for (name, more, is) in [
        ("neither", json!({}), true),
        ("A", json!({"requested_ttl": 1, "max_authz_ttl": 2}), true),
        ("B", json!({"access_token_ttl": 1}), true),
        ("both", json!({"requested_ttl": 1, "access_token_ttl": 1}), false),
        (
            "B with a bound of A",
            json!({"max_authz_ttl": 1, "access_token_ttl": 1}),
            false,
        ),
        ("a negative one", json!({"requested_ttl": -1}), false),
        ("a fractional one", json!({"access_token_ttl": 0.5}), false),
        ("a text", json!({"requested_ttl": "1"}), false),
        ("another word", json!({"accessTokenTTL": 1}), false),
    ] {
        let mut document = json!({"all_of": []});
        document
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        assert_eq!(serde_json::from_value::<Requirement>(document).is_ok(), is, "{name}");
    }
}

/// EXP-04: the smallest end of all visas that the decision rests on: grant, condition partner, link; and of several
/// ways to meet it the one that lasts longest.
#[test]
fn exp_04_the_smallest_end_of_all_visas_used_counts() {
    let mut world = World::new();
    world.set(BROKER, "may_link", json!([A, B]));
    let ending = |object: Value, seconds: i64| world.visa_with(object, |_, c| c["exp"] = json!(NOW + seconds));
    let partner = |seconds| ending(faculty(), seconds);
    let bound = ending(bound_grant(), 1_000);
    let grant_for = |seconds| ending(grant(), seconds);
    let status = object("ResearcherStatus", "https://doi.org/10.1038/s41431-018-0219-y");
    let of_b = world.visa_of_b(status);
    let pair = |sub: &str, iss: &str| format!("{sub},{}", iss.replace(':', "%3A").replace('/', "%2F"));
    let link = |seconds: i64| {
        let value = format!("{};{}", pair("u1", A), pair("w9", B));
        let object = with(object("LinkedIdentities", &value), "source", json!(BROKER));
        super::support::visa_of(
            &world.broker,
            BROKER,
            super::support::BROKER_JKU,
            "b-1",
            object,
            |h, c| {
                h["kid"] = json!("b1");
                c["exp"] = json!(NOW + seconds);
            },
        )
    };
    let two = |ttl: u64| json!({"all_of": [{"type": WANTED}, {"type": "ResearcherStatus"}], "requested_ttl": ttl});
    for (name, visas, require, want) in [
        (
            "the grant ends first",
            vec![bound.clone(), partner(2_000)],
            a(999, None),
            (true, Some(1_000)),
        ),
        (
            "its partner ends first",
            vec![bound.clone(), partner(500)],
            a(499, None),
            (true, Some(500)),
        ),
        (
            "not on the partner's second",
            vec![bound.clone(), partner(500)],
            a(500, None),
            (false, Some(500)),
        ),
        (
            "the longer partner counts",
            vec![bound.clone(), partner(500), partner(800)],
            a(799, None),
            (true, Some(800)),
        ),
        (
            "the longer grant counts",
            vec![grant_for(300), grant_for(700)],
            a(699, None),
            (true, Some(700)),
        ),
        (
            "an unneeded visa does not count",
            vec![grant_for(700), partner(10)],
            a(699, None),
            (true, Some(700)),
        ),
        (
            "two persons are not one",
            vec![grant_for(700), of_b.clone()],
            two(0),
            (false, None),
        ),
        (
            "the link ends first",
            vec![grant_for(700), of_b.clone(), link(400)],
            two(399),
            (true, Some(400)),
        ),
        (
            "not on the link's second",
            vec![grant_for(700), of_b.clone(), link(400)],
            two(400),
            (false, Some(400)),
        ),
        (
            "the link outlasts",
            vec![grant_for(700), of_b, link(900)],
            two(699),
            (true, Some(700)),
        ),
    ] {
        assert_eq!(judged(&world, &visas, require), want, "{name}");
    }
}
