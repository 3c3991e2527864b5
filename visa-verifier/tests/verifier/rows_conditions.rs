//! Rows CND and the open points about conditions, one signed Passport a case: a grant with conditions and what
//! stands beside it.

use serde_json::{Value, json};
use visa_verifier::Timestamp;
use visa_verifier::verify::Requirement;

use super::support::{A, DATASET, NOW, World, faculty, grant, object, with};

pub(crate) const ROLE: &str = "AffiliationAndRole";

pub(crate) fn role(value: &str) -> Value {
    object(ROLE, value)
}

/// A clause about affiliations.
pub(crate) fn wants(member: &str, matcher: &str) -> Value {
    json!({"type": ROLE, member: matcher})
}

/// What becomes of a grant under these conditions beside these visas of the same person.
pub(crate) fn verdict(world: &World, conditions: &Value, beside: &[Value]) -> &'static str {
    let mut visas = vec![world.visa(with(grant(), "conditions", conditions.clone()))];
    visas.extend(beside.iter().map(|object| world.visa(object.clone())));
    world.codes(&visas)[0]
}

#[test]
fn a_member_matches_as_its_prefix_says() {
    let world = World::new();
    for (rows, name, clause, value, holds) in [
        (
            "CND-09",
            "the same text",
            "const:faculty@uni-a.example",
            "faculty@uni-a.example",
            true,
        ),
        (
            "CND-09",
            "another case",
            "const:faculty@Uni-a.example",
            "faculty@uni-a.example",
            false,
        ),
        (
            "CND-09",
            "the beginning only",
            "const:faculty@uni-a",
            "faculty@uni-a.example",
            false,
        ),
        (
            "CND-09",
            "a star is a star",
            "const:faculty@*",
            "faculty@uni-a.example",
            false,
        ),
        (
            "CND-09",
            "a colon in the text",
            "const:faculty@a:b",
            "faculty@a:b",
            true,
        ),
        (
            "CND-10",
            "a pattern",
            "pattern:faculty@*",
            "faculty@uni-a.example",
            true,
        ),
        (
            "CND-10 CND-27",
            "a pattern for the whole text",
            "pattern:faculty@uni",
            "faculty@uni-a.example",
            false,
        ),
        (
            "CND-27",
            "a pattern in another case",
            "pattern:Faculty@*",
            "faculty@uni-a.example",
            false,
        ),
        (
            "CND-25",
            "any one character",
            "pattern:faculty@uni-?.example",
            "faculty@uni-a.example",
            true,
        ),
        (
            "CND-25 A-24",
            "one character of four bytes",
            "pattern:faculty@a?c",
            "faculty@a🧬c",
            true,
        ),
        (
            "CND-25",
            "no character is not one",
            "pattern:faculty@a?c",
            "faculty@ac",
            false,
        ),
        (
            "CND-25",
            "two are not one",
            "pattern:faculty@a?c",
            "faculty@abbc",
            false,
        ),
        ("CND-26", "the empty run", "pattern:faculty@*a*", "faculty@a", true),
        (
            "CND-26 CND-29",
            "going back for another way",
            "pattern:*@*b*c",
            "faculty@abcbc",
            true,
        ),
        ("CND-26", "no way at all", "pattern:*@*b*d", "faculty@abcbc", false),
        ("CND-26", "stars over separators", "pattern:*", "faculty@a;b@c", true),
        ("CND-28", "no sets", "pattern:faculty@[ab]", "faculty@a", false),
        ("CND-28", "sets are texts", "pattern:faculty@[ab]", "faculty@[ab]", true),
        ("CND-28", "a dot is a dot", "pattern:faculty@a.c", "faculty@abc", false),
        ("CND-28", "no escapes", r"pattern:faculty@a\*", "faculty@a*", false),
        (
            "CND-28",
            "a backslash is one",
            r"pattern:faculty@a\*",
            r"faculty@a\bc",
            true,
        ),
        ("CND-11", "one part of three", "split_pattern:b", "faculty@a;b;c", true),
        (
            "CND-11",
            "a pattern for a part",
            "split_pattern:f*@a",
            "faculty@a;b;c",
            true,
        ),
        (
            "CND-11",
            "the whole is not a part",
            "split_pattern:faculty@a;b",
            "faculty@a;b",
            false,
        ),
        ("CND-11", "no part", "split_pattern:d", "faculty@a;b;c", false),
        (
            "A-01",
            "colons count one by one",
            "split_pattern:https:x",
            "faculty@a;https::x",
            false,
        ),
        (
            "A-02",
            "nothing is decoded",
            "split_pattern:https://x",
            "faculty@a;https%3A%2F%2Fx",
            false,
        ),
        ("A-03", "an empty part is a part", "split_pattern:", "faculty@a;", true),
        ("A-03", "no empty part", "split_pattern:", "faculty@a;b", false),
        ("CND-13 A-04", "an unknown prefix", "regex:.*", "faculty@a", false),
        ("CND-08", "no prefix", "faculty@a", "faculty@a", false),
        (
            "CND-08",
            "a prefix in another case",
            "Const:faculty@a",
            "faculty@a",
            false,
        ),
        (
            "CND-08",
            "a blank before the prefix",
            " const:faculty@a",
            "faculty@a",
            false,
        ),
    ] {
        let code = if holds { "OK" } else { "CONDITIONS_NOT_MET" };
        let conditions = json!([[wants("value", clause)]]);
        assert_eq!(verdict(&world, &conditions, &[role(value)]), code, "{rows}: {name}");
    }
}

#[test]
fn a_clause_is_checked_before_it_is_matched_and_spoils_its_group_only() {
    let world = World::new();
    let good = wants("value", "const:faculty@uni-a.example");
    for (rows, name, clause) in [
        ("CND-07 A-05", "a type alone", json!({"type": ROLE})),
        ("CND-07", "no type", json!({"value": "const:faculty@uni-a.example"})),
        (
            "CND-08",
            "a type with a prefix",
            json!({"type": format!("const:{ROLE}"), "value": "pattern:*"}),
        ),
        (
            "CND-14",
            "conditions",
            json!({"type": ROLE, "value": "pattern:*", "conditions": []}),
        ),
        (
            "CND-15",
            "a timestamp",
            json!({"type": ROLE, "value": "pattern:*", "asserted": "pattern:*"}),
        ),
        (
            "CND-16 A-06",
            "a claim of the token",
            json!({"type": ROLE, "value": "pattern:*", "iss": format!("const:{A}")}),
        ),
        (
            "CND-16 A-06",
            "an unknown member",
            json!({"type": ROLE, "value": "pattern:*", "x": "const:y"}),
        ),
        ("CND-16", "a number", json!({"type": ROLE, "value": 1})),
        (
            "CND-16",
            "a list of texts",
            json!({"type": ROLE, "value": ["pattern:*"]}),
        ),
        ("CND-17", "no object", json!("pattern:*")),
        ("CND-17", "null", Value::Null),
        ("CND-13 A-04", "an unknown prefix", wants("value", "glob:*")),
    ] {
        let alone = verdict(&world, &json!([[clause]]), &[faculty()]);
        assert_eq!(alone, "CONDITIONS_NOT_MET", "{rows}: {name}");
        let beside = verdict(&world, &json!([[good, clause]]), &[faculty()]);
        assert_eq!(beside, "CONDITIONS_NOT_MET", "{rows}: {name}, with a good one");
        let other = verdict(&world, &json!([[clause], [good]]), &[faculty()]);
        assert_eq!(other, "OK", "{rows}: {name}, a good group beside");
    }
}

#[test]
fn conditions_are_looked_for_always_and_are_a_list_of_lists() {
    let world = World::new();
    let good = wants("value", "const:faculty@uni-a.example");
    let many = |n: usize| vec![json!([good]); n];
    for (rows, name, conditions, code) in [
        ("CND-01", "met", json!([[good]]), "OK"),
        (
            "CND-01",
            "not met",
            json!([[wants("value", "const:student@uni-a.example")]]),
            "CONDITIONS_NOT_MET",
        ),
        ("CND-06 A-07", "an empty list", json!([]), "OK"),
        ("CND-06 A-08", "an empty group", json!([[]]), "CONDITIONS_NOT_MET"),
        (
            "CND-06 A-08",
            "an empty group beside a good one",
            json!([[], [good]]),
            "OK",
        ),
        ("CND-06 A-09", "null", Value::Null, "CONDITIONS_MALFORMED"),
        ("CND-06", "an object", json!({}), "CONDITIONS_MALFORMED"),
        ("CND-06", "a text", json!("x"), "CONDITIONS_MALFORMED"),
        (
            "CND-06",
            "clauses without a group",
            json!([good]),
            "CONDITIONS_MALFORMED",
        ),
        (
            "CND-06",
            "one group that is none",
            json!([[good], 1]),
            "CONDITIONS_MALFORMED",
        ),
        ("CND-24 A-10", "64 groups", json!(many(64)), "OK"),
        ("CND-24 A-10", "65 groups", json!(many(65)), "TOO_MANY_CONDITIONS"),
        (
            "CND-24 A-10",
            "65 clauses",
            json!([vec![good.clone(); 65]]),
            "TOO_MANY_CONDITIONS",
        ),
    ] {
        assert_eq!(verdict(&world, &conditions, &[faculty()]), code, "{rows}: {name}");
    }
    assert_eq!(
        world.codes(&[world.visa(grant())]),
        ["OK"],
        "CND-01 OBJ-12: no conditions"
    );
}

#[test]
fn patterns_are_for_conditions_only() {
    let world = World::new();
    let passport = world.judge(&world.passport(&[world.visa(grant())])).unwrap();
    for (wanted, granted) in [
        (DATASET, true),
        ("https://data.example.org/ds/*", false),
        ("https://data.example.org/ds/?", false),
        ("pattern:*", false),
        (&format!("const:{DATASET}"), false),
    ] {
        let require = json!({"all_of": [{"type": "ControlledAccessGrants", "value": wanted}]});
        let require: Requirement = serde_json::from_value(require).unwrap();
        let met = require.judge(&passport, Timestamp::from_unix(NOW));
        assert_eq!(met.granted, granted, "CND-30: {wanted}");
    }
}
