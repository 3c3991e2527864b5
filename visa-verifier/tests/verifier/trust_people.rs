//! Who may say what: links, contradictions, and dates of trust, as reports and callers see them.

use serde_json::json;
use visa_verifier::report::Report;
use visa_verifier::verify::Judged;

use super::support::{self, A, B, BROKER, NOW, World, grant, now, object};

const LINKS: &str = "u1,https%3A%2F%2Fvisas.example.org;w9,https%3A%2F%2Fissuer-b.example.net";

#[test]
fn a_report_tells_who_is_one_person_and_by_which_visas() {
    for (name, may_link, identities, people) in [
        ("none by default", json!([]), 1, 0),
        ("one of them", json!([A]), 2, 1),
        ("both", json!([A, B]), 3, 1),
    ] {
        let mut world = World::new();
        world.set(BROKER, "may_link", may_link);
        let link = world.visa_of_broker(object("LinkedIdentities", LINKS));
        let result = world.judge(&world.passport(&[link, world.visa(grant())])).unwrap();
        let digest = result.visas()[0].digest().to_string();
        assert_eq!(result.identities().len(), identities, "{name}");
        let report = serde_json::to_value(Report::of(&Judged::from(result), None, now())).unwrap();
        let told = report["passports"][0]["people"].as_array().cloned().unwrap_or_default();
        assert_eq!(told.len(), people, "{name}");
        for one in told {
            assert_eq!(one["by"], json!([digest]), "{name}");
            assert_eq!(one["identities"].as_array().unwrap().len(), identities, "{name}");
        }
    }
}

#[test]
fn two_subjects_of_a_provider_that_gives_one_are_refused_whole_and_told() {
    for (unique, codes, contradictions) in [(false, vec!["OK", "OK"], 0), (true, vec!["LINKS_CONTRADICT", "OK"], 1)] {
        let mut world = World::new();
        world.set(BROKER, "may_link", json!(["*"]));
        world.set(A, "unique_ids", json!(unique));
        let two = "u1,https%3A%2F%2Fvisas.example.org;u2,https%3A%2F%2Fvisas.example.org";
        let link = world.visa_of_broker(object("LinkedIdentities", two));
        let result = world.judge(&world.passport(&[link, world.visa(grant())])).unwrap();
        assert_eq!(support::codes(&result), codes, "{unique}");
        assert_eq!(result.contradictions().count(), contradictions, "{unique}");
        assert_eq!(result.identities().len() == 1, unique, "no part of the set stays");
    }
}

#[test]
fn trust_counts_from_its_first_instant_and_not_at_its_last() {
    let at = |second: i64| visa_verifier::Timestamp::from_unix(second).to_string();
    for (name, from, until, code) in [
        ("from now on", NOW, NOW + 10, "OK"),
        ("from the next second on", NOW + 1, NOW + 10, "UNTRUSTED_ISSUER"),
        ("until the next second", NOW - 10, NOW + 1, "OK"),
        ("until now", NOW - 10, NOW, "UNTRUSTED_ISSUER"),
    ] {
        let mut world = World::new();
        world.set(A, "from", json!(at(from)));
        world.set(A, "until", json!(at(until)));
        let result = world.judge(&world.passport(&[world.visa(grant())])).unwrap();
        assert_eq!(support::codes(&result), [code], "{name}");
        if code == "OK" {
            assert_eq!(result.valid_until().unix(), until, "{name}");
        }
    }
    let mut world = World::new();
    world.trust["trusted_brokers"][0]["until"] = json!(at(NOW + 5));
    let result = world.judge(&world.passport(&[])).unwrap();
    assert_eq!(
        result.valid_until().unix(),
        NOW + 5,
        "no longer than the trust in its broker"
    );
}
