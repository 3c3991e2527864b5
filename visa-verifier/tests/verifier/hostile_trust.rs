//! Hostile names: visas of those who are nearly, but not, whom a node trusts, or who say more than they may.

use serde_json::{Value, json};
use visa_verifier::trust::{Affiliated, Register};
use visa_verifier::verify::Step;
use visa_verifier::{Passport, Verification};

use super::hostile_support::Doors;
use super::support::{self, A, A_JKU, B, B_JKU, BROKER, World, bound_grant, faculty, grant, object, with};

/// Addresses that a URL library, a browser or a person would call the same as `https://visas.example.org/jwks.json`.
fn nearly(path: &str) -> Vec<(&'static str, String)> {
    let of = |text: &str| format!("{text}{path}");
    vec![
        ("letter case of the host", of("https://Visas.Example.ORG")),
        ("letter case of the scheme", of("HTTPS://visas.example.org")),
        ("another scheme", of("http://visas.example.org")),
        ("the default port", of("https://visas.example.org:443")),
        ("another port", of("https://visas.example.org:8443")),
        ("an empty port", of("https://visas.example.org:")),
        ("a trailing dot of the host", of("https://visas.example.org.")),
        ("user information", of("https://user@visas.example.org")),
        ("empty user information", of("https://@visas.example.org")),
        (
            "the trusted host as user information",
            of("https://visas.example.org@evil.example"),
        ),
        (
            "the trusted host as a user with a password",
            of("https://visas.example.org:x@evil.example"),
        ),
        ("percent-encoding in the host", of("https://visas%2Eexample.org")),
        (
            "percent-encoding of a letter of the host",
            of("https://%76isas.example.org"),
        ),
        ("IDN: a letter of another script", of("https://vis\u{430}s.example.org")),
        ("IDN: the same as punycode", of("https://xn--viss-73d.example.org")),
        ("IDN: full-width letters", of("https://ｖisas.example.org")),
        ("IDN: an ideographic full stop", of("https://visas\u{3002}example.org")),
        ("IDN: a soft hyphen", of("https://vi\u{ad}sas.example.org")),
        ("a zero-width space", of("https://visas.example.org\u{200b}")),
        ("a backslash", of("https:\\\\visas.example.org")),
        ("one slash", of("https:/visas.example.org")),
        ("a suffix of the host", of("https://visas.example.org.evil.example")),
        ("a prefix of the host", of("https://evil-visas.example.org")),
        ("a slash more", format!("{}/", of("https://visas.example.org"))),
        ("a query", format!("{}?", of("https://visas.example.org"))),
        ("a fragment", format!("{}#", of("https://visas.example.org"))),
    ]
}

/// CLH-14, URL-02: the `jku` byte by byte, before anything is asked of the network.
#[test]
fn a_jku_that_differs_by_anything_is_untrusted_and_never_called() {
    let pinned = Doors::new();
    let mut fetched = World::new();
    fetched.trust["trusted_visa_issuers"][0]
        .as_object_mut()
        .unwrap()
        .remove("keys");
    let mut cases = nearly("/jwks.json");
    for (name, text) in [
        ("letter case of the path", "https://visas.example.org/JWKS.json"),
        ("percent-encoding in the path", "https://visas.example.org/jwks%2Ejson"),
        (
            "percent-encoding of a letter of the path",
            "https://visas.example.org/%6Awks.json",
        ),
        ("dot segments", "https://visas.example.org/./jwks.json"),
        ("dot segments up", "https://visas.example.org/x/../jwks.json"),
        ("two slashes", "https://visas.example.org//jwks.json"),
        ("a semicolon", "https://visas.example.org/jwks.json;x"),
        ("a blank before it", " https://visas.example.org/jwks.json"),
        ("a blank behind it", "https://visas.example.org/jwks.json "),
        ("a line break behind it", "https://visas.example.org/jwks.json\n"),
        ("a NUL behind it", "https://visas.example.org/jwks.json\0"),
        ("the cloud's own address", "http://169.254.169.254/latest/meta-data"),
        ("a file", "file:///etc/passwd"),
        ("a data URL", "data:application/json,{\"keys\":[]}"),
        ("the key server of another trusted issuer", B_JKU),
        ("nothing", ""),
    ] {
        cases.push((name, text.to_owned()));
    }
    for (name, jku) in &cases {
        assert_ne!(jku, A_JKU);
        let visa = pinned.world.visa_with(grant(), |h, _| h["jku"] = json!(jku));
        assert_eq!(pinned.visa(&visa), "UNTRUSTED_JKU", "{name}: {jku:?}");
        // where keys are fetched, nothing is asked for
        let visa = fetched.visa_with(grant(), |h, _| h["jku"] = json!(jku));
        assert_eq!(fetched.codes(&[visa]), ["UNTRUSTED_JKU"], "{name}: {jku:?}, fetched");
    }
    let policy = fetched.policy();
    let alone = Passport::of_one(&fetched.visa(grant())).unwrap();
    let step = Verification::begin(alone, &policy, support::now()).step();
    assert!(matches!(step, Step::Need(_)), "and the right one is asked for");
}

/// CLH-15, CLH-19: so with every name that is looked up in trust.
#[test]
fn an_issuer_that_differs_by_anything_is_untrusted() {
    let world = World::new();
    let doors = Doors::new();
    for (name, iss) in nearly("") {
        assert_ne!(iss, A);
        let visa = world.visa_with(grant(), |_, c| c["iss"] = json!(iss));
        assert_eq!(world.codes(&[visa]), ["UNTRUSTED_ISSUER"], "{name}: {iss:?}");
        let broker = iss.replace("visas.", "broker.").replace("vis", "brok");
        let passport = world.passport_with(&[], |_, c| c["iss"] = json!(broker));
        assert_eq!(
            world.judge(&passport).unwrap_err().code().as_str(),
            "UNTRUSTED_BROKER",
            "{name}"
        );
        let [_, _, bearer] = doors.codes(|mut good| {
            good.claims["iss"] = json!(broker);
            good.sign()
        });
        assert_eq!(bearer, "bearer.issuer", "{name}");
    }
    for (name, value) in nearly("/ds/1") {
        let mut world = World::new();
        world.set(A, "datasets", json!(["https://visas.example.org/ds/1"]));
        let code = world.codes(&[world.visa(with(grant(), "value", json!(value)))])[0];
        assert!(
            ["ISSUER_NOT_TRUSTED_FOR_DATASET", "BAD_URL_CLAIM"].contains(&code),
            "{name}: {code}"
        );
        let mut world = World::new();
        world.set(A, "sources", json!(["https://visas.example.org/ds/1"]));
        let code = world.codes(&[world.visa(with(grant(), "source", json!(value)))])[0];
        assert!(["UNTRUSTED_SOURCE", "BAD_URL_CLAIM"].contains(&code), "{name}: {code}");
    }
}

/// LNK-06, LNK-09, LNK-10; trust rule 8.
#[test]
fn a_link_by_an_issuer_that_may_not_link_joins_nothing() {
    let links = "u1,https%3A%2F%2Fvisas.example.org;w9,https%3A%2F%2Fissuer-b.example.net";
    for (name, may_link, code) in [
        ("may link no one", json!([]), "CONDITIONS_NOT_MET"),
        ("may link one of the two", json!([A]), "CONDITIONS_NOT_MET"),
        ("may link the other of the two", json!([B]), "CONDITIONS_NOT_MET"),
        (
            "may link them by other letter case",
            json!([A.to_uppercase(), B.to_uppercase()]),
            "CONDITIONS_NOT_MET",
        ),
        (
            "may link a prefix with a star",
            json!(["https://*"]),
            "CONDITIONS_NOT_MET",
        ),
        ("may link both", json!([A, B]), "OK"),
    ] {
        let mut world = World::new();
        world.set(BROKER, "may_link", may_link);
        let link = world.visa_of_broker(object("LinkedIdentities", links));
        let visas = [world.visa(bound_grant()), world.visa_of_b(faculty()), link];
        assert_eq!(world.codes(&visas), [code, "OK", "OK"], "{name}");
    }
    let mut world = World::new();
    world.set(BROKER, "may_link", json!(["*"]));
    world.set(BROKER, "types", json!(["ControlledAccessGrants"]));
    let link = world.visa_of_broker(object("LinkedIdentities", links));
    let visas = [world.visa(bound_grant()), world.visa_of_b(faculty()), link];
    assert_eq!(
        world.codes(&visas),
        ["CONDITIONS_NOT_MET", "OK", "ISSUER_NOT_TRUSTED_FOR_TYPE"],
        "not trusted for links at all"
    );
    for (name, value) in [
        (
            "the sub of another issuer",
            "u1,https%3A%2F%2Fissuer-b.example.net;w9,https%3A%2F%2Fvisas.example.org",
        ),
        (
            "an issuer with a slash more",
            "u1,https%3A%2F%2Fvisas.example.org%2F;w9,https%3A%2F%2Fissuer-b.example.net",
        ),
        (
            "an issuer in other letter case",
            "u1,https%3A%2F%2FVisas.example.org;w9,https%3A%2F%2Fissuer-b.example.net",
        ),
        (
            "escaped twice",
            "u1,https%253A%252F%252Fvisas.example.org;w9,https%3A%2F%2Fissuer-b.example.net",
        ),
        (
            "a plus for a letter",
            "u+1,https%3A%2F%2Fvisas.example.org;w9,https%3A%2F%2Fissuer-b.example.net",
        ),
    ] {
        let mut world = World::new();
        world.set(BROKER, "may_link", json!(["*"]));
        let link = world.visa_of_broker(object("LinkedIdentities", value));
        let visas = [world.visa(bound_grant()), world.visa_of_b(faculty()), link];
        assert_eq!(world.codes(&visas), ["CONDITIONS_NOT_MET", "OK", "OK"], "{name}");
    }
}

#[derive(Debug)]
struct Universities;

impl Register for Universities {
    fn by_id(&self, source: &str) -> Option<&str> {
        ["https://ror.example/uni-a", "https://ror.example/uni-b"]
            .into_iter()
            .find(|id| *id == source)
    }

    fn by_scope(&self, scope: &str) -> Option<&str> {
        match scope {
            "uni-a.example" => Some("https://ror.example/uni-a"),
            "uni-b.example" => Some("https://ror.example/uni-b"),
            _ => None,
        }
    }
}

/// Trust rule 9: it stays valid and proves no institution.
#[test]
fn an_affiliation_with_another_universitys_source_proves_none() {
    let proves = |value: &str, source: &str, change: &dyn Fn(&mut World)| {
        let mut world = World::new();
        change(&mut world);
        let visa = world.visa(with(object("AffiliationAndRole", value), "source", json!(source)));
        let judged = world.judge(&world.passport(&[visa])).unwrap();
        judged.visas()[0].affiliated(&Universities)
    };
    let none: &dyn Fn(&mut World) = &|_| {};
    for (name, value, source, change) in [
        (
            "another university",
            "faculty@uni-a.example",
            "https://ror.example/uni-b",
            none,
        ),
        ("a stranger", "faculty@uni-a.example", "https://evil.example", none),
        ("nobody", "faculty@uni-a.example", "https://no.organization", none),
        (
            "the university's source with a slash more",
            "faculty@uni-a.example",
            "https://ror.example/uni-a/",
            none,
        ),
        (
            "a second at sign",
            "faculty@x@uni-a.example",
            "https://evil.example",
            none,
        ),
        (
            "a scope that is only a suffix",
            "faculty@uni-a.example",
            "https://evil.example",
            &|w| w.set(A, "scopes", json!(["example"])),
        ),
        (
            "a scope with a dot before it",
            "faculty@uni-a.example",
            "https://evil.example",
            &|w| w.set(A, "scopes", json!([".example"])),
        ),
        (
            "a scope with a star",
            "faculty@uni-a.example",
            "https://evil.example",
            &|w| w.set(A, "scopes", json!(["*"])),
        ),
        (
            "speaks for the other one",
            "faculty@uni-a.example",
            "https://evil.example",
            &|w| w.set(A, "speaks_for", json!(["https://ror.example/uni-b"])),
        ),
    ] {
        let affiliated = proves(value, source, change);
        assert!(!matches!(affiliated, Affiliated::At { .. }), "{name}: {affiliated:?}");
    }
    let own = proves("faculty@uni-a.example", "https://ror.example/uni-a", none);
    assert!(matches!(own, Affiliated::At { institution, .. } if institution == "https://ror.example/uni-a"));
}

/// CLH-19: who is trusted for one thing is not for another.
#[test]
fn a_trusted_party_out_of_its_role_is_untrusted() {
    let world = World::new();
    let by_visa_issuer = world.a.sign(
        &json!({"alg": "ES256", "typ": "vnd.ga4gh.passport+jwt", "kid": "k1"}),
        &json!({"iss": A, "sub": "u1", "iat": 1, "exp": 2_000_000_000, "ga4gh_passport_v1": []}),
    );
    assert_eq!(
        world.judge(&by_visa_issuer).unwrap_err().code().as_str(),
        "UNTRUSTED_BROKER"
    );
    let stolen = world.passport_with(&[], |_, c| c["iss"] = json!(A));
    assert_eq!(world.judge(&stolen).unwrap_err().code().as_str(), "UNTRUSTED_BROKER");
    for (name, key, iss, jku, code) in [
        ("B signs as A", &world.b, A, A_JKU, "BAD_SIGNATURE"),
        (
            "B signs as A and names its own key server",
            &world.b,
            A,
            B_JKU,
            "UNTRUSTED_JKU",
        ),
        (
            "A signs as B and names its own key server",
            &world.a,
            B,
            A_JKU,
            "UNTRUSTED_JKU",
        ),
        ("the broker signs as A", &world.broker, A, A_JKU, "BAD_SIGNATURE"),
    ] {
        let visa = support::visa_of(key, iss, jku, "u1", grant(), |_, _| {});
        assert_eq!(world.codes(&[visa]), [code], "{name}");
    }
    let mut narrow = World::new();
    narrow.trust["trusted_visa_issuers"] = Value::Array(Vec::new());
    assert_eq!(
        narrow.codes(&[narrow.visa(grant()), narrow.visa_of_broker(grant())]),
        ["UNTRUSTED_ISSUER"; 2]
    );
}
