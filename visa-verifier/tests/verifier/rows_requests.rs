//! Rows about a whole request: several Passports, UserInfo answers, what rejects and what is ignored; and that
//! nothing is fetched for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::Request;
use serde_json::{Value, json};
use visa_verifier::report::{VerifyInput, verify};
use visa_verifier::seam::{Fetch, FetchError, Fetched, FixedClock, Limit};
use visa_verifier::{KeyStore, KeyStoreSettings};

use super::support::{self, A, A_JKU, BROKER, NOW, Signer, World, bound_grant, faculty, grant, object, visa_of, with};

/// A network that is not there and counts who asks.
#[derive(Debug, Default)]
struct Nowhere(AtomicUsize);

impl Fetch for Nowhere {
    fn send(&self, request: Request<Bytes>, _: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let host = request.uri().to_string();
        async move {
            Err(FetchError::Unreachable {
                host,
                why: "there is no network".to_owned(),
            })
        }
        .boxed()
    }
}

/// The report of a request, and how often the network was asked for it.
async fn judged(world: &World, input: &Value) -> (Value, usize) {
    let network = Arc::new(Nowhere::default());
    let clock = Arc::new(FixedClock::at(support::now()));
    let keys = KeyStore::new(network.clone(), clock, KeyStoreSettings::default());
    let input = VerifyInput::read(input.to_string().as_bytes()).unwrap();
    let report = verify(&input, &world.policy(), support::now(), &keys).await;
    (serde_json::to_value(report).unwrap(), network.0.load(Ordering::SeqCst))
}

fn visa_codes(passport: &Value) -> Vec<&str> {
    passport["visas"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visa| visa["code"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_passport_that_fails_rejects_the_request_and_an_unknown_brokers_is_ignored() {
    let world = World::new();
    let good = world.passport(&[world.visa(grant())]);
    let expired = world.passport_with(&[world.visa(grant())], |_, c| c["exp"] = json!(NOW));
    let unknown = world.passport_with(&[world.visa(grant())], |_, c| c["iss"] = json!("https://evil.example"));
    let mut forged = good.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'Q' } else { 'A' });
    for (rows, name, passports, request, code) in [
        ("CLH-03 CLH-05", "a good one", vec![&good], "accept", Value::Null),
        (
            "CLH-05 CLH-17",
            "an expired one",
            vec![&expired],
            "reject",
            json!("EXPIRED"),
        ),
        (
            "CLH-05 CLH-17",
            "a changed one",
            vec![&forged],
            "reject",
            json!("BAD_SIGNATURE"),
        ),
        (
            "CLH-17 A-25",
            "a good one and an expired one",
            vec![&good, &expired],
            "reject",
            json!("EXPIRED"),
        ),
        (
            "CLH-17 A-25",
            "a changed one and a good one",
            vec![&forged, &good],
            "reject",
            json!("BAD_SIGNATURE"),
        ),
        (
            "CLH-19 A-25",
            "a good one and an unknown broker's",
            vec![&good, &unknown],
            "accept",
            Value::Null,
        ),
        (
            "CLH-19 A-25",
            "an unknown broker's alone",
            vec![&unknown],
            "reject",
            json!("UNTRUSTED_BROKER"),
        ),
    ] {
        let (report, _) = judged(&world, &json!({"passports": passports})).await;
        assert_eq!(
            (&report["request"], &report["request_code"]),
            (&json!(request), &code),
            "{rows}: {name}"
        );
    }
}

#[tokio::test]
async fn a_visa_that_fails_is_dropped_and_changes_nothing_else() {
    let world = World::new();
    let require = json!({"all_of": [{"type": "ControlledAccessGrants"}]});
    let forged = visa_of(&Signer::new("k1"), A, A_JKU, "u1", faculty(), |_, _| {});
    for (rows, name, beside, code) in [
        ("CLH-18 A-27", "a forged one", forged, "BAD_SIGNATURE"),
        (
            "CLH-18 A-27",
            "no token at all",
            "nonsense".to_owned(),
            "MALFORMED_VISA",
        ),
        (
            "CLH-18 TYP-15",
            "one of a type that is not read",
            world.visa(object("https://t.example/x", "y")),
            "UNSUPPORTED_TYPE",
        ),
        (
            "CLH-18 VIS-25",
            "one that is over",
            world.visa_with(faculty(), |_, c| c["exp"] = json!(NOW)),
            "EXPIRED",
        ),
        (
            "CLH-19",
            "one of an unknown issuer",
            world.visa_with(faculty(), |_, c| c["iss"] = json!("https://evil.example")),
            "UNTRUSTED_ISSUER",
        ),
        (
            "CLH-18",
            "one that counts and is not needed",
            world.visa(faculty()),
            "OK",
        ),
    ] {
        let passport = world.passport(&[world.visa(grant()), beside]);
        let (report, _) = judged(&world, &json!({"passports": [passport], "require": require})).await;
        assert_eq!(report["request"], "accept", "{rows}: {name}");
        assert_eq!(visa_codes(&report["passports"][0]), ["OK", code], "{rows}: {name}");
        assert_eq!(report["requirement"]["granted"], true, "{rows}: {name}");
    }
}

#[tokio::test]
async fn passports_are_judged_each_on_its_own() {
    let world = World::new();
    let first = world.passport(&[world.visa(bound_grant())]);
    let second = world.passport_with(&[world.visa(faculty())], |_, c| c["sub"] = json!("b-2"));
    let together = world.passport(&[world.visa(bound_grant()), world.visa(faculty())]);
    let require = json!({"all_of": [{"type": "ControlledAccessGrants"}]});
    let (report, _) = judged(&world, &json!({"passports": [first, second], "require": require})).await;
    assert_eq!(
        visa_codes(&report["passports"][0]),
        ["CONDITIONS_NOT_MET"],
        "A-13: not by another Passport's visa"
    );
    assert_eq!(report["requirement"]["granted"], false, "A-13");
    let (report, _) = judged(&world, &json!({"passports": [together], "require": require})).await;
    assert_eq!(report["requirement"]["granted"], true);
    let two = world.passport_with(&[world.visa(grant())], |_, c| c["sub"] = json!("somebody else"));
    let (report, _) = judged(&world, &json!({"passports": [two]})).await;
    assert_eq!(
        report["request"], "accept",
        "A-28 PAS-06: a Passport's sub need not be its visas'"
    );
}

#[tokio::test]
async fn visas_come_by_userinfo_as_by_a_passport() {
    let world = World::new();
    let answer = |visas: Value| json!({"iss": BROKER, "sub": "b-1", "name": "Ada", "ga4gh_passport_v1": visas});
    let (report, _) = judged(&world, &json!({"userinfo": [answer(json!([world.visa(grant())]))]})).await;
    assert_eq!(visa_codes(&report["passports"][0]), ["OK"], "CLH-03");
    let (report, _) = judged(&world, &json!({"userinfo": [answer(json!([{"iss": A}]))]})).await;
    assert_eq!(report["request"], "reject", "UI-04 ERR-06: a visa is a text");
    let (report, _) = judged(&world, &json!({"userinfo": [{"iss": BROKER, "sub": "b-1"}]})).await;
    assert_eq!(report["request"], "accept", "A-38: no member, no visas");
}

#[tokio::test]
async fn nothing_is_fetched_to_judge_what_visas_say() {
    let mut world = World::new();
    world.trust["supported_custom_types"] = json!(["https://t.example/x"]);
    let kinds = [
        grant(),
        faculty(),
        object("ResearcherStatus", "https://s.example/1"),
        object("AcceptedTermsAndPolicies", "https://terms.example/1"),
        object("LinkedIdentities", "x,https%3A%2F%2Fx.example"),
        object("https://t.example/x", "https://value.example"),
        with(grant(), "source", json!("https://source.example")),
        bound_grant(),
    ];
    let visas: Vec<String> = kinds.into_iter().map(|kind| world.visa(kind)).collect();
    let require = json!({"all_of": [{"type": "ResearcherStatus", "value": "https://s.example/1"}]});
    let (report, asked) = judged(
        &world,
        &json!({"passports": [world.passport(&visas)], "require": require}),
    )
    .await;
    assert!(
        visa_codes(&report["passports"][0]).iter().all(|code| *code == "OK"),
        "{report}"
    );
    assert_eq!((&report["requirement"]["granted"], asked), (&json!(true), 0), "URL-07");
    let unknown = world.passport_with(&[], |_, c| c["iss"] = json!("https://evil.example"));
    let strange = world.visa_with(grant(), |_, c| c["iss"] = json!("https://evil.example"));
    let elsewhere = world.visa_with(grant(), |h, _| h["jku"] = json!("https://evil.example/jwks"));
    let passport = world.passport(&[strange, elsewhere]);
    let (_, asked) = judged(&world, &json!({"passports": [passport, unknown]})).await;
    assert_eq!(asked, 0, "CLH-14 CLH-15: for nobody that is not trusted");
}

#[tokio::test]
async fn keys_that_cannot_be_had_grant_nothing() {
    let mut world = World::new();
    world.set(A, "keys", Value::Null);
    let require = json!({"all_of": [{"type": "ControlledAccessGrants"}]});
    let passport = world.passport(&[world.visa(grant())]);
    let (report, asked) = judged(&world, &json!({"passports": [passport], "require": require})).await;
    assert_eq!(visa_codes(&report["passports"][0]), ["KEYS_UNAVAILABLE"], "ERR-05");
    assert_eq!(
        (&report["requirement"]["granted"], asked),
        (&json!(false), 1),
        "ERR-05: it was asked for once"
    );
}
