//! Rows OBJ, URL and TYP: what a Visa Object says.

use serde_json::json;

use super::support::{self, NOW, World, grant, object, with};

/// A URL claim of so many characters.
fn url(characters: usize) -> String {
    format!("https://a.example/{}", "x".repeat(characters - 18))
}

#[test]
fn what_a_visa_object_says_follows_its_type() {
    let mut world = World::new();
    world.trust["supported_custom_types"] = json!(["https://t.example/x", url(255), url(256)]);
    let terms = |value: &str| object("AcceptedTermsAndPolicies", value);
    let custom = |name: String| object(&name, "anything goes");
    let no_organization = with(grant(), "source", json!("https://no.organization"));
    for (rows, name, object, code) in [
        (
            "OBJ-06 TYP-10",
            "a dataset without a scheme",
            object("ControlledAccessGrants", "ds/1"),
            "BAD_URL_CLAIM",
        ),
        (
            "OBJ-06 TYP-06",
            "terms without a scheme",
            terms("terms.example/1"),
            "BAD_URL_CLAIM",
        ),
        (
            "OBJ-06 TYP-08",
            "a status without a scheme",
            object("ResearcherStatus", "s.example/1"),
            "BAD_URL_CLAIM",
        ),
        (
            "OBJ-06 A-29",
            "a dataset by a URN",
            object("ControlledAccessGrants", "urn:nbn:fi:ds-1"),
            "OK",
        ),
        (
            "OBJ-05",
            "a value that is no text",
            with(grant(), "value", json!(["https://x"])),
            "MALFORMED_VISA",
        ),
        (
            "OBJ-02",
            "asserted is text",
            with(grant(), "asserted", json!("1")),
            "MALFORMED_VISA",
        ),
        (
            "OBJ-02",
            "asserted in milliseconds",
            with(grant(), "asserted", json!(1_700_000_000_000_i64)),
            "MALFORMED_VISA",
        ),
        ("OBJ-08", "nobody's word", no_organization, "OK"),
        (
            "OBJ-08 VIS-24",
            "no source",
            with(grant(), "source", json!("-")),
            "MALFORMED_VISA",
        ),
        ("OBJ-01", "no type", with(grant(), "type", json!("-")), "MALFORMED_VISA"),
        (
            "OBJ-02",
            "no asserted",
            with(grant(), "asserted", json!("-")),
            "MALFORMED_VISA",
        ),
        (
            "OBJ-05",
            "no value",
            with(grant(), "value", json!("-")),
            "MALFORMED_VISA",
        ),
        (
            "A-21",
            "asserted after it was issued",
            with(grant(), "asserted", json!(NOW - 10)),
            "OK",
        ),
        (
            "OBJ-08",
            "a source that is a bare host",
            with(grant(), "source", json!("dac.example.org")),
            "BAD_URL_CLAIM",
        ),
        (
            "OBJ-16",
            "members that nobody knows",
            with(grant(), "colour", json!({"a": [1]})),
            "OK",
        ),
        (
            "OBJ-13 A-20",
            "by a word that is none",
            with(grant(), "by", json!("DAC")),
            "OK",
        ),
        (
            "OBJ-13",
            "by a list",
            with(grant(), "by", json!(["dac"])),
            "MALFORMED_VISA",
        ),
        (
            "OBJ-13 A-20",
            "terms by nobody",
            with(terms("https://t.example"), "by", json!("-")),
            "MISSING_BY",
        ),
        (
            "OBJ-13",
            "a status by nobody",
            with(object("ResearcherStatus", "https://s.example"), "by", json!("-")),
            "OK",
        ),
        (
            "URL-06",
            "a value of 255 characters",
            object("ControlledAccessGrants", &url(255)),
            "OK",
        ),
        (
            "URL-06",
            "a value of 256 characters",
            object("ControlledAccessGrants", &url(256)),
            "BAD_URL_CLAIM",
        ),
        (
            "URL-06",
            "a source of 255 characters",
            with(grant(), "source", json!(url(255))),
            "OK",
        ),
        (
            "URL-06",
            "a source of 256 characters",
            with(grant(), "source", json!(url(256))),
            "BAD_URL_CLAIM",
        ),
        ("URL-06 TYP-12", "a type of 255 characters", custom(url(255)), "OK"),
        (
            "URL-06 TYP-12",
            "a type of 256 characters",
            custom(url(256)),
            "UNSUPPORTED_TYPE",
        ),
        (
            "TYP-11",
            "a custom type that is read here",
            custom("https://t.example/x".into()),
            "OK",
        ),
        (
            "TYP-15",
            "a custom type that is not",
            custom("https://t.example/y".into()),
            "UNSUPPORTED_TYPE",
        ),
        (
            "TYP-12 TYP-15",
            "a type that is neither",
            custom("Affiliation".into()),
            "UNSUPPORTED_TYPE",
        ),
        (
            "TYP-01",
            "a standard role",
            object("AffiliationAndRole", "student@uni-a.example"),
            "OK",
        ),
        (
            "TYP-01",
            "a role that is none",
            object("AffiliationAndRole", "staff@uni-a.example"),
            "BAD_VALUE_FORMAT",
        ),
        (
            "TYP-02",
            "a custom role",
            object("AffiliationAndRole", "ega.researcher@x"),
            "OK",
        ),
        (
            "TYP-02",
            "a custom role in capitals",
            object("AffiliationAndRole", "Ega.x@x"),
            "BAD_VALUE_FORMAT",
        ),
        (
            "TYP-02",
            "a namespace that begins with a digit",
            object("AffiliationAndRole", "1a.b@x"),
            "BAD_VALUE_FORMAT",
        ),
        (
            "TYP-04",
            "nobody's affiliation",
            object("AffiliationAndRole", "public.citizen-scientist@no.organization"),
            "OK",
        ),
        (
            "TYP-05",
            "a second at sign",
            object("AffiliationAndRole", "faculty@a@b"),
            "OK",
        ),
        (
            "TYP-05",
            "no at sign",
            object("AffiliationAndRole", "faculty"),
            "BAD_VALUE_FORMAT",
        ),
    ] {
        // `"-"` in the object says: without
        let visa = world.visa_with(object, |_, c| support::tidy(&mut c["ga4gh_visa_v1"]));
        assert_eq!(world.codes(&[visa]), [code], "{rows}: {name}");
    }
    let passport = world.passport(&[world.visa(object("AffiliationAndRole", "faculty@a@b"))]);
    let passport = world.judge(&passport).unwrap();
    let read = passport.visas()[0].object().affiliation().unwrap();
    assert_eq!(
        (read.role, read.affiliation),
        ("faculty", "a@b"),
        "TYP-05: the first one divides"
    );
}
