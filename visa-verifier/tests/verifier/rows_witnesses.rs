//! Rows CND about the visas that meet a clause: how many, which, and whose.

use serde_json::{Value, json};

use super::rows_conditions::{ROLE, role, verdict, wants};
use super::support::{self, A, B, BROKER, NOW, Signer, World, faculty, grant, object, visa_of, with};

#[test]
fn groups_are_alternatives_and_each_clause_wants_a_visa() {
    let world = World::new();
    let faculty_a = wants("value", "const:faculty@uni-a.example");
    let status = json!({"type": "ResearcherStatus", "value": "const:https://s.example/1"});
    let both = json!([[faculty_a, status]]);
    let either = json!([[faculty_a], [status]]);
    let is_researcher = object("ResearcherStatus", "https://s.example/1");
    let one_visa = json!([[wants("value", "pattern:faculty@*"), wants("by", "const:dac")]]);
    let same_visa = json!([[{"type": ROLE, "value": "pattern:faculty@*", "source": "const:https://uni.example"}]]);
    let of_uni = |value: &str| with(role(value), "source", json!("https://uni.example"));
    let without_by = |mut object: Value| {
        object.as_object_mut().unwrap().remove("by");
        object
    };
    for (rows, name, conditions, beside, code) in [
        (
            "CND-19",
            "both of two",
            &both,
            vec![faculty(), is_researcher.clone()],
            "OK",
        ),
        ("CND-19", "one of two", &both, vec![faculty()], "CONDITIONS_NOT_MET"),
        ("CND-06", "either of two", &either, vec![is_researcher], "OK"),
        (
            "CND-19 CND-20",
            "two clauses by one visa",
            &one_visa,
            vec![faculty()],
            "OK",
        ),
        (
            "CND-20",
            "two members by one visa",
            &same_visa,
            vec![of_uni("faculty@x")],
            "OK",
        ),
        (
            "CND-20",
            "two members by two visas",
            &same_visa,
            vec![role("faculty@x"), of_uni("student@x")],
            "CONDITIONS_NOT_MET",
        ),
        (
            "CND-21",
            "what is not named is free",
            &both,
            vec![
                without_by(faculty()),
                with(
                    object("ResearcherStatus", "https://s.example/1"),
                    "source",
                    json!("https://any.example"),
                ),
            ],
            "OK",
        ),
        (
            "CND-21 A-11",
            "an absent member matches nothing",
            &json!([[wants("by", "pattern:*")]]),
            vec![without_by(faculty())],
            "CONDITIONS_NOT_MET",
        ),
        (
            "CND-18 A-12",
            "a witness with empty conditions",
            &json!([[faculty_a]]),
            vec![with(faculty(), "conditions", json!([]))],
            "CONDITIONS_NOT_MET",
        ),
        (
            "CND-18",
            "a witness whose conditions are met",
            &json!([[faculty_a]]),
            vec![
                with(faculty(), "conditions", json!([[wants("value", "const:student@x")]])),
                role("student@x"),
            ],
            "CONDITIONS_NOT_MET",
        ),
    ] {
        assert_eq!(verdict(&world, conditions, &beside), code, "{rows}: {name}");
    }
}

#[test]
fn only_visas_that_count_and_speak_of_the_same_person_are_witnesses() {
    let bound = || {
        with(
            grant(),
            "conditions",
            json!([[wants("value", "const:faculty@uni-a.example")]]),
        )
    };
    let code = |world: &World, witness: String| world.codes(&[world.visa(bound()), witness])[0];
    let world = World::new();
    let forger = Signer::new("k1");
    for (rows, name, witness) in [
        (
            "CND-22",
            "signed by nobody's key",
            visa_of(&forger, A, support::A_JKU, "u1", faculty(), |_, _| {}),
        ),
        (
            "CND-22",
            "expired",
            world.visa_with(faculty(), |_, c| c["exp"] = json!(NOW)),
        ),
        (
            "CND-22",
            "of an unknown issuer",
            world.visa_with(faculty(), |_, c| c["iss"] = json!("https://evil.example")),
        ),
        (
            "CND-22",
            "for somebody else",
            world.visa_with(faculty(), |_, c| c["aud"] = json!("https://other.example")),
        ),
        (
            "CND-23 A-14",
            "of another person of the issuer",
            world.visa_with(faculty(), |_, c| c["sub"] = json!("u2")),
        ),
        (
            "CND-23 LNK-09",
            "of an equal sub elsewhere",
            visa_of(&world.b, B, support::B_JKU, "u1", faculty(), |_, _| {}),
        ),
    ] {
        assert_eq!(code(&world, witness), "CONDITIONS_NOT_MET", "{rows}: {name}");
    }
    assert_eq!(code(&world, world.visa(faculty())), "OK");
    for (rows, name, member, value) in [
        (
            "CND-22",
            "a source that its issuer may not name",
            "sources",
            json!(["https://other.example"]),
        ),
        (
            "CND-22",
            "a type that its issuer may not assert",
            "types",
            json!(["ControlledAccessGrants"]),
        ),
    ] {
        let mut world = World::new();
        world.set(B, member, value);
        world.set(BROKER, "may_link", json!(["*"]));
        let link = world.visa_of_broker(object(
            "LinkedIdentities",
            "u1,https%3A%2F%2Fvisas.example.org;w9,https%3A%2F%2Fissuer-b.example.net",
        ));
        let codes = world.codes(&[world.visa(bound()), world.visa_of_b(faculty()), link]);
        assert_eq!(codes[0], "CONDITIONS_NOT_MET", "{rows}: {name}");
    }
}
