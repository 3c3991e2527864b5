//! What looks at several visas: conditions, links, who is one person, and how long a requirement holds.

use serde_json::{Value, json};
use visa_verifier::Timestamp;
use visa_verifier::verify::Requirement;

use super::support::{self, A, B, BROKER, DATASET, NOW, World, bound_grant, faculty, grant, object, visa_of, with};

#[test]
fn conditions_hold_only_by_valid_visas_of_the_same_person() {
    let world = World::new();
    let link = |world: &World, sub: &str| {
        let value = format!("{sub},https%3A%2F%2Fvisas.example.org;w9,https%3A%2F%2Fissuer-b.example.net");
        world.visa_of_broker(object("LinkedIdentities", &value))
    };
    for (name, visas, code) in [
        ("held by the same identity", vec![world.visa(faculty())], "OK"),
        ("nothing is held", vec![], "CONDITIONS_NOT_MET"),
        (
            "held by somebody else",
            vec![world.visa_of_b(faculty())],
            "CONDITIONS_NOT_MET",
        ),
        (
            "linked, but the linker may not",
            vec![world.visa_of_b(faculty()), link(&world, "u1")],
            "CONDITIONS_NOT_MET",
        ),
        (
            "another role",
            vec![world.visa(object("AffiliationAndRole", "student@uni-a.example"))],
            "CONDITIONS_NOT_MET",
        ),
        (
            "held conditionally",
            vec![world.visa(with(faculty(), "conditions", json!([])))],
            "CONDITIONS_NOT_MET",
        ),
        (
            "expired",
            vec![world.visa_with(faculty(), |_, c| c["exp"] = json!(NOW))],
            "CONDITIONS_NOT_MET",
        ),
    ] {
        let all: Vec<String> = [world.visa(bound_grant())].into_iter().chain(visas).collect();
        assert_eq!(world.codes(&all)[0], code, "{name}");
    }
    let mut world = world;
    world.set(BROKER, "may_link", json!([A, B]));
    for (name, sub, code) in [
        ("linked", "u1", "OK"),
        ("linked with another", "u2", "CONDITIONS_NOT_MET"),
    ] {
        let all = [world.visa(bound_grant()), world.visa_of_b(faculty()), link(&world, sub)];
        assert_eq!(world.codes(&all)[0], code, "{name}");
    }
}

#[test]
fn links_of_two_linkers_join_only_if_both_chain() {
    for (broker_chains, b_chains, code) in [
        (true, true, "OK"),
        (true, false, "CONDITIONS_NOT_MET"),
        (false, false, "CONDITIONS_NOT_MET"),
    ] {
        let mut world = World::new();
        world.set(BROKER, "may_link", json!(["*"]));
        world.set(BROKER, "chain", json!(broker_chains));
        world.set(B, "may_link", json!(["*"]));
        world.set(B, "chain", json!(b_chains));
        // the broker joins u1 with b-1, B joins b-1 with w9
        let first = world.visa_of_broker(object("LinkedIdentities", "u1,https%3A%2F%2Fvisas.example.org"));
        let second = world.visa_of_b(object("LinkedIdentities", "b-1,https%3A%2F%2Fbroker.example.org"));
        let all = [world.visa(bound_grant()), world.visa_of_b(faculty()), first, second];
        assert_eq!(world.codes(&all)[0], code, "{broker_chains} {b_chains}");
    }
}

#[test]
fn a_set_with_two_subjects_of_a_provider_that_gives_one_is_refused_whole() {
    let mut world = World::new();
    world.set(BROKER, "may_link", json!(["*"]));
    world.set(A, "unique_ids", json!(true));
    let link = |value: &str| world.visa_of_broker(object("LinkedIdentities", value));
    let one = link("u1,https%3A%2F%2Fvisas.example.org;w9,https%3A%2F%2Fissuer-b.example.net");
    let other = link("u2,https%3A%2F%2Fvisas.example.org");
    let grant = world.visa(bound_grant());
    let role = world.visa_of_b(faculty());
    assert_eq!(
        world.codes(&[grant.clone(), role.clone(), one.clone()]),
        ["OK", "OK", "OK"]
    );
    assert_eq!(
        world.codes(&[grant, role, one, other]),
        ["CONDITIONS_NOT_MET", "OK", "LINKS_CONTRADICT", "LINKS_CONTRADICT"],
    );
}

#[test]
fn the_holder_is_who_the_passport_names_and_whom_links_prove() {
    let mut world = World::new();
    world.set(BROKER, "may_link", json!([A]));
    let link = world.visa_of_broker(object("LinkedIdentities", "u1,https%3A%2F%2Fvisas.example.org"));
    let passport = world
        .judge(&world.passport(&[world.visa(grant()), link, world.visa_of_b(grant())]))
        .unwrap();
    let subs: Vec<&str> = passport.identities().iter().map(|i| i.sub.as_str()).collect();
    assert_eq!(subs, ["b-1", "u1"]);
    let speaks: Vec<bool> = passport.visas().iter().map(|v| passport.is_holders(v)).collect();
    assert_eq!(speaks, [true, true, false], "the grant of w9 is somebody else's");
    assert_eq!(passport.valid_until(), Timestamp::from_unix(NOW + 3_600));
}

#[test]
fn a_requirement_holds_as_long_as_all_that_it_rests_on() {
    let mut world = World::new();
    world.set(BROKER, "may_link", json!(["*"]));
    let until = |seconds: i64| move |_: &mut Value, c: &mut Value| c["exp"] = json!(NOW + seconds);
    let either = with(
        grant(),
        "conditions",
        json!([
            [{"type": "AffiliationAndRole", "value": "const:faculty@uni-a.example"}],
            [{"type": "ResearcherStatus", "value": "pattern:*"}],
        ]),
    );
    let status = object("ResearcherStatus", "https://s.example/1");
    let grant_until = |seconds| world.visa_with(grant(), until(seconds));
    let wanted = json!({"type": "ControlledAccessGrants", "value": DATASET, "by": ["dac"]});
    let role = json!({"type": "AffiliationAndRole", "affiliation": "uni-a.example"});
    let link = |seconds: i64| {
        visa_of(
            &world.broker,
            BROKER,
            support::BROKER_JKU,
            "b-1",
            object(
                "LinkedIdentities",
                "u1,https%3A%2F%2Fvisas.example.org;w9,https%3A%2F%2Fissuer-b.example.net",
            ),
            move |h, c| {
                h["kid"] = json!("b1");
                c["exp"] = json!(NOW + seconds);
            },
        )
    };
    for (name, visas, require, granted, expiry) in [
        (
            "one visa",
            vec![grant_until(100)],
            json!({"all_of": [wanted]}),
            true,
            Some(100),
        ),
        (
            "the longest of two",
            vec![grant_until(100), grant_until(200)],
            json!({"all_of": [wanted]}),
            true,
            Some(200),
        ),
        (
            "nothing",
            vec![world.visa(faculty())],
            json!({"all_of": [wanted]}),
            false,
            None,
        ),
        (
            "asked for just less",
            vec![grant_until(100)],
            json!({"all_of": [wanted], "requested_ttl": 99}),
            true,
            Some(100),
        ),
        (
            "asked for as long",
            vec![grant_until(100)],
            json!({"all_of": [wanted], "requested_ttl": 100}),
            false,
            Some(100),
        ),
        (
            "asserted too long ago",
            vec![grant_until(100)],
            json!({"all_of": [wanted], "max_authz_ttl": 1_000_050}),
            true,
            Some(50),
        ),
        (
            "a condition's witness ends first",
            vec![world.visa(bound_grant()), world.visa_with(faculty(), until(30))],
            json!({"all_of": [wanted]}),
            true,
            Some(30),
        ),
        (
            "the longer of two groups",
            vec![
                world.visa(either.clone()),
                world.visa_with(faculty(), until(30)),
                world.visa_with(status.clone(), until(60)),
            ],
            json!({"all_of": [wanted]}),
            true,
            Some(60),
        ),
        (
            "two of one identity",
            vec![grant_until(100), world.visa_with(faculty(), until(70))],
            json!({"all_of": [wanted, role]}),
            true,
            Some(70),
        ),
        (
            "two of strangers",
            vec![grant_until(100), world.visa_of_b(faculty())],
            json!({"all_of": [wanted, role]}),
            false,
            None,
        ),
        (
            "two, linked for less",
            vec![grant_until(100), world.visa_of_b(faculty()), link(40)],
            json!({"all_of": [wanted, role]}),
            true,
            Some(40),
        ),
        (
            "linked twice, the longer counts",
            vec![grant_until(100), world.visa_of_b(faculty()), link(40), link(80)],
            json!({"all_of": [wanted, role]}),
            true,
            Some(80),
        ),
        (
            "an unknown word of by",
            vec![world.visa(with(grant(), "by", json!("boss")))],
            json!({"all_of": [{"type": "ControlledAccessGrants", "by": ["boss"]}]}),
            false,
            None,
        ),
    ] {
        let require: Requirement = serde_json::from_value(require).unwrap();
        let passport = world.judge(&world.passport(&visas)).unwrap();
        let met = require.judge(&passport, support::now());
        assert_eq!(
            (met.granted, met.expiry.map(|e| e.unix() - NOW)),
            (granted, expiry),
            "{name}"
        );
    }
}
