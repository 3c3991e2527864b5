//! Rows USE, EXP and those on comparing: what opens registered access, what is wanted, and until when it is there.

use serde_json::{Value, json};

use super::rows_links::{U1, W9, link, linking, met};
use super::support::{self, DATASET, NOW, World, faculty, grant, object, with};

const REGISTERED: &str = "https://doi.org/10.1038/s41431-018-0219-y";

#[test]
fn registered_access_takes_both_visas_with_the_very_value() {
    let terms = |value: &str| object("AcceptedTermsAndPolicies", value);
    let status = |value: &str| object("ResearcherStatus", value);
    let require = |value: &str| json!({"all_of": [{"type": "AcceptedTermsAndPolicies", "value": value}, {"type": "ResearcherStatus", "value": value}]});
    let world = linking();
    let of_b = |object: Value| world.visa_of_b(object);
    let later = "https://registered.example.org/v2";
    for (rows, name, visas, value, want) in [
        (
            "USE-01",
            "both",
            vec![world.visa(terms(REGISTERED)), world.visa(status(REGISTERED))],
            REGISTERED,
            true,
        ),
        (
            "USE-01 USE-02",
            "terms only",
            vec![world.visa(terms(REGISTERED))],
            REGISTERED,
            false,
        ),
        (
            "USE-01 USE-02",
            "status only",
            vec![world.visa(status(REGISTERED))],
            REGISTERED,
            false,
        ),
        (
            "USE-02 URL-02",
            "another value in one",
            vec![
                world.visa(terms(REGISTERED)),
                world.visa(status(&REGISTERED.to_uppercase())),
            ],
            REGISTERED,
            false,
        ),
        (
            "USE-02 URL-01",
            "a slash more in one",
            vec![
                world.visa(terms(&format!("{REGISTERED}/"))),
                world.visa(status(REGISTERED)),
            ],
            REGISTERED,
            false,
        ),
        (
            "USE-03",
            "a later version",
            vec![world.visa(terms(later)), world.visa(status(later))],
            later,
            true,
        ),
        (
            "USE-03",
            "a later version, the first is asked",
            vec![world.visa(terms(later)), world.visa(status(later))],
            REGISTERED,
            false,
        ),
        (
            "LNK-07",
            "of two issuers without a link",
            vec![world.visa(terms(REGISTERED)), of_b(status(REGISTERED))],
            REGISTERED,
            false,
        ),
        (
            "LNK-07",
            "of two issuers with a link",
            vec![
                world.visa(terms(REGISTERED)),
                of_b(status(REGISTERED)),
                link(&world, &format!("{U1};{W9}")),
            ],
            REGISTERED,
            true,
        ),
    ] {
        assert_eq!(met(&world, &visas, require(value)).0, want, "{rows}: {name}");
    }
}

#[test]
fn what_is_wanted_compares_as_a_whole() {
    let world = World::new();
    let visas = [world.visa(grant()), world.visa(with(faculty(), "by", json!("boss")))];
    for (rows, name, wanted, want) in [
        (
            "OBJ-07",
            "the same value",
            json!({"type": "ControlledAccessGrants", "value": DATASET}),
            true,
        ),
        (
            "OBJ-07",
            "its beginning",
            json!({"type": "ControlledAccessGrants", "value": "https://data.example.org/ds/"}),
            false,
        ),
        (
            "OBJ-07",
            "more than it",
            json!({"type": "ControlledAccessGrants", "value": format!("{DATASET}0")}),
            false,
        ),
        (
            "OBJ-07 URL-02",
            "in another case",
            json!({"type": "ControlledAccessGrants", "value": DATASET.replace("data", "Data")}),
            false,
        ),
        (
            "URL-01",
            "with the port that https has",
            json!({"type": "ControlledAccessGrants", "value": DATASET.replace(".org", ".org:443")}),
            false,
        ),
        (
            "URL-02",
            "the same source",
            json!({"type": "ControlledAccessGrants", "source": "https://dac.example.org"}),
            true,
        ),
        (
            "URL-01 URL-02",
            "a source with a slash more",
            json!({"type": "ControlledAccessGrants", "source": "https://dac.example.org/"}),
            false,
        ),
        (
            "OBJ-15 USE-06",
            "by one of these",
            json!({"type": "ControlledAccessGrants", "by": ["so", "dac"]}),
            true,
        ),
        (
            "OBJ-15 A-48",
            "by a peer, which counts only where asked for",
            json!({"type": "ControlledAccessGrants", "by": ["peer"]}),
            false,
        ),
        (
            "OBJ-14 A-20",
            "by a word that is none",
            json!({"type": "AffiliationAndRole", "by": ["boss"]}),
            false,
        ),
    ] {
        assert_eq!(
            met(&world, &visas, json!({"all_of": [wanted]})).0,
            want,
            "{rows}: {name}"
        );
    }
    let mut silent = object("ResearcherStatus", "https://s.example/1");
    silent.as_object_mut().unwrap().remove("by");
    let visas = [world.visa(silent)];
    for (by, want) in [
        (json!(["self", "peer", "system", "so", "dac"]), false),
        (json!(["unknown"]), false),
        (Value::Null, true),
    ] {
        let wanted = json!({"all_of": [{"type": "ResearcherStatus", "by": by}]});
        assert_eq!(met(&world, &visas, wanted).0, want, "OBJ-14: {by}");
    }
}

#[test]
fn access_ends_with_the_first_of_all_that_it_rests_on() {
    let world = linking();
    let until = |seconds: i64| move |_: &mut Value, c: &mut Value| c["exp"] = json!(NOW + seconds);
    let one = |ttl: u64| json!({"all_of": [{"type": "ControlledAccessGrants"}], "requested_ttl": ttl});
    let old = |ttl: u64, max: u64| json!({"all_of": [{"type": "ControlledAccessGrants"}], "requested_ttl": ttl, "max_authz_ttl": max});
    let hour = || vec![world.visa_with(grant(), until(3_600))];
    // asserted a million seconds ago
    for (rows, name, visas, require, granted, expiry) in [
        ("EXP-02", "a second less than is left", hour(), one(3_599), true, 3_600),
        ("EXP-02", "just as long as is left", hour(), one(3_600), false, 3_600),
        (
            "EXP-02 OBJ-03",
            "the assertion ends first",
            hour(),
            old(0, 1_000_100),
            true,
            100,
        ),
        (
            "EXP-02 OBJ-03",
            "asked for as long as the assertion",
            hour(),
            old(100, 1_000_100),
            false,
            100,
        ),
        (
            "EXP-02 OBJ-03",
            "the assertion is over",
            hour(),
            old(0, 1_000_000),
            false,
            0,
        ),
        ("EXP-02", "the visa ends first", hour(), old(0, 2_000_000), true, 3_600),
        (
            "EXP-03",
            "an hour until our tokens die, and less is left",
            hour(),
            one(3_601),
            false,
            3_600,
        ),
        ("EXP-03", "a minute until our tokens die", hour(), one(60), true, 3_600),
        (
            "EXP-04",
            "two are wanted",
            vec![
                world.visa_with(grant(), until(3_600)),
                world.visa_with(faculty(), until(50)),
            ],
            json!({"all_of": [{"type": "ControlledAccessGrants"}, {"type": "AffiliationAndRole"}]}),
            true,
            50,
        ),
        (
            "EXP-04",
            "one that is not used ends first",
            vec![
                world.visa_with(grant(), until(3_600)),
                world.visa_with(faculty(), until(50)),
            ],
            one(0),
            true,
            3_600,
        ),
        (
            "EXP-04",
            "what its condition rests on ends first",
            vec![
                world.visa(support::bound_grant()),
                world.visa_with(faculty(), until(50)),
            ],
            one(0),
            true,
            50,
        ),
        (
            "A-23",
            "of two that hold the longer",
            vec![world.visa_with(grant(), until(40)), world.visa_with(grant(), until(50))],
            one(0),
            true,
            50,
        ),
        (
            "A-50",
            "longer than the Passport itself",
            vec![world.visa(grant())],
            one(7_200),
            true,
            86_400,
        ),
    ] {
        assert_eq!(met(&world, &visas, require), (granted, Some(expiry)), "{rows}: {name}");
    }
    let gone = world.visa_with(grant(), until(0));
    assert_eq!(met(&world, &[gone], one(0)), (false, None), "EXP-05: exp is over");
    let ahead = world.visa(with(grant(), "asserted", json!(NOW + 60)));
    assert_eq!(
        met(&world, &[ahead], one(0)),
        (false, None),
        "EXP-05 A-21: asserted lies ahead"
    );
}
