//! Rows LNK: who is one person.

use serde_json::{Value, json};
use visa_verifier::verify::Requirement;
use visa_verifier::visa::VisaIdentity;

use super::support::{self, A, B, B_JKU, BROKER, NOW, World, faculty, grant, object, visa_of, with};

pub(crate) const U1: &str = "u1,https%3A%2F%2Fvisas.example.org";
pub(crate) const W9: &str = "w9,https%3A%2F%2Fissuer-b.example.net";

/// A world whose broker may link everybody.
pub(crate) fn linking() -> World {
    let mut world = World::new();
    world.set(BROKER, "may_link", json!(["*"]));
    world
}

pub(crate) fn link(world: &World, value: &str) -> String {
    world.visa_of_broker(object("LinkedIdentities", value))
}

/// Whether a grant of A about u1 and an affiliation of B about w9 are one person's by these links.
fn joined(world: &World, links: Vec<String>) -> bool {
    let mut visas = vec![world.visa(grant()), world.visa_of_b(faculty())];
    visas.extend(links);
    met(
        world,
        &visas,
        json!({"all_of": [{"type": "ControlledAccessGrants"}, {"type": "AffiliationAndRole"}]}),
    )
    .0
}

/// Whether a requirement is met, and until when, in seconds from now.
pub(crate) fn met(world: &World, visas: &[String], require: Value) -> (bool, Option<i64>) {
    let require: Requirement = serde_json::from_value(require).unwrap();
    let passport = world.judge(&world.passport(visas)).unwrap();
    let met = require.judge(&passport, support::now());
    (met.granted, met.expiry.map(|expiry| expiry.unix() - NOW))
}

#[test]
fn identities_are_one_person_only_by_a_link_that_names_them_exactly() {
    let world = linking();
    let long = format!("https://i.example/{}", "x".repeat(300));
    for (rows, name, value, want) in [
        ("LNK-06 LNK-01", "both are named", format!("{U1};{W9}"), true),
        ("LNK-08", "more are named", format!("x,urn%3Ax;{W9};{U1}"), true),
        (
            "LNK-12",
            "a URN and a long issuer beside",
            format!("x,urn%3Ax;y,{long};{U1};{W9}"),
            true,
        ),
        (
            "LNK-04 LNK-03",
            "small hexadecimal digits",
            format!("u1,https%3a%2f%2fvisas.example.org;{W9}"),
            true,
        ),
        (
            "LNK-04 LNK-03",
            "what needs no encoding is encoded",
            format!("%75%31,https%3A%2F%2Fvisas.example.org;{W9}"),
            true,
        ),
        (
            "LNK-04 LNK-03",
            "colon and slashes as they are",
            format!("u1,https://visas.example.org;{W9}"),
            true,
        ),
        ("LNK-06", "one is not named", W9.to_owned(), false),
        (
            "LNK-04",
            "another sub",
            format!("u2,https%3A%2F%2Fvisas.example.org;{W9}"),
            false,
        ),
        (
            "LNK-04",
            "a sub in another case",
            format!("U1,https%3A%2F%2Fvisas.example.org;{W9}"),
            false,
        ),
        (
            "LNK-04 A-17",
            "http instead of https",
            format!("u1,http%3A%2F%2Fvisas.example.org;{W9}"),
            false,
        ),
        (
            "LNK-04",
            "a slash more",
            format!("u1,https%3A%2F%2Fvisas.example.org%2F;{W9}"),
            false,
        ),
        (
            "LNK-02",
            "issuer first",
            format!("https%3A%2F%2Fvisas.example.org,u1;{W9}"),
            false,
        ),
        ("LNK-02 A-16", "a blank", format!("{U1}; {W9}"), false),
        ("LNK-02 A-16", "an entry without issuer", format!("u1;{W9}"), false),
        ("LNK-03 A-16", "a broken escape", format!("{U1};{W9};x,urn%3"), false),
    ] {
        assert_eq!(joined(&world, vec![link(&world, &value)]), want, "{rows}: {name}");
    }
    assert!(!joined(&world, Vec::new()), "LNK-06: without a link");
    let plus: VisaIdentity = "a+b,urn%3Ax".parse().unwrap();
    assert_eq!(plus.sub.as_str(), "a+b", "LNK-03: a plus is no blank");
}

#[test]
fn a_link_counts_only_by_who_may_link() {
    let all = format!("{U1};{W9}");
    for (rows, name, may_link, want) in [
        ("LNK-06 A-15", "nothing is allowed", json!([]), false),
        ("LNK-06 A-15", "one of two is allowed", json!([A]), false),
        ("LNK-06 A-15", "both are allowed", json!([A, B]), true),
        ("LNK-06 A-15", "any", json!(["*"]), true),
    ] {
        let mut world = World::new();
        world.set(BROKER, "may_link", may_link);
        assert_eq!(joined(&world, vec![link(&world, &all)]), want, "{rows}: {name}");
    }
    for (rows, name, member, value) in [
        (
            "LNK-10",
            "types without links",
            "types",
            json!(["ControlledAccessGrants", "AffiliationAndRole"]),
        ),
        (
            "LNK-05 LNK-06",
            "a source that it may not name",
            "sources",
            json!(["https://other.example"]),
        ),
    ] {
        let mut world = linking();
        world.set(BROKER, member, value);
        assert!(!joined(&world, vec![link(&world, &all)]), "{rows}: {name}");
    }
    let mut world = linking();
    world.set(BROKER, "sources", json!(["https://people.example.org"]));
    let of_another = with(
        object("LinkedIdentities", &all),
        "source",
        json!("https://people.example.org"),
    );
    assert!(
        joined(&world, vec![world.visa_of_broker(of_another)]),
        "LNK-05: a source that it may name"
    );
    let expired = visa_of(
        &world.broker,
        BROKER,
        support::BROKER_JKU,
        "b-1",
        object("LinkedIdentities", &all),
        |h, c| {
            h["kid"] = json!("b1");
            c["exp"] = json!(NOW);
        },
    );
    assert!(!joined(&linking(), vec![expired]), "LNK-06 CLH-20: a link that is over");
}

#[test]
fn equal_subs_of_two_issuers_are_two_identities() {
    let world = linking();
    let same_sub = visa_of(&world.b, B, B_JKU, "u1", faculty(), |_, _| {});
    let both = json!({"all_of": [{"type": "ControlledAccessGrants"}, {"type": "AffiliationAndRole"}]});
    assert!(!met(&world, &[world.visa(grant()), same_sub], both).0, "LNK-09");
}

#[test]
fn the_entries_of_a_link_are_bounded() {
    let world = linking();
    for (entries, code) in [(1_000, "OK"), (1_001, "BAD_VALUE_FORMAT")] {
        let value = vec!["u,urn%3Ax"; entries].join(";");
        // 1,001 short entries are still within the size of a visa
        assert_eq!(world.codes(&[link(&world, &value)]), [code], "LNK-11: {entries}");
    }
}

/// a provider with unique ids that says nothing itself contradicts all the same.
#[test]
fn two_subjects_of_one_provider_contradict_even_if_it_signs_nothing() {
    let mut world = World::new();
    world.set(BROKER, "may_link", json!(["*"]));
    world.set(B, "unique_ids", json!(true));
    let value = "w8,https%3A%2F%2Fissuer-b.example.net;w9,https%3A%2F%2Fissuer-b.example.net";
    let link = world.visa_of_broker(object("LinkedIdentities", value));
    assert_eq!(world.codes(&[link, world.visa(grant())]), ["LINKS_CONTRADICT", "OK"]);
}
