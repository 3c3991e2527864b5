//! Two levels through the whole gate: a central committee's recommendation, by another issuer, beside the node's own yes
//! (consent.md 2.9); library cards; the node's veto.

use audit_log::EventType;
use http::StatusCode;
use serde_json::{Value, json};
use visa_verifier::keys::KeySet;
use visa_verifier::trust::{Keys, Role, TrustEntry, TrustPolicy};

use crate::broker::ISSUER;
use crate::key::TestKey;
use crate::world::{A, Answer, World};

const CENTRAL: &str = "https://central.example.net";
const CENTRAL_DAC: &str = "https://central.example.net/dac";
const UNI: &str = "https://uni.example.org";
const ACCESS: &str = "/ga4gh/drs/v1/objects/a-cohort.vcf/access/https";

/// A world where dataset A asks for one of `set` as well, and the central issuer's recommendations count.
async fn world(set: &[&str], key: &TestKey) -> World {
    let world = World::new().await;
    let keys = KeySet::from_slice(key.jwks().to_string().as_bytes()).unwrap();
    world.publish(|snapshot| {
        snapshot.datasets[0].consent.approval_sets = serde_json::from_value(json!([set])).unwrap();
        let mut entries: Vec<TrustEntry> = snapshot.trust.entries().cloned().collect();
        for entry in entries.iter_mut().filter(|entry| entry.role == Role::VisaIssuer) {
            entry.may_link.push(CENTRAL.to_owned());
        }
        let mut central = TrustEntry::new(Role::VisaIssuer, CENTRAL.parse().unwrap());
        central.keys = Keys::Pinned(keys);
        central.visa_types = vec!["ControlledAccessGrants".to_owned()];
        central.sources = vec![CENTRAL_DAC.to_owned()];
        central.datasets = Some(vec![A.to_owned()]);
        central.data_classes = vec!["controlled".to_owned()];
        entries.push(central);
        let purpose = visa_verifier::VisaType::named(&format!("{ISSUER}/visas/purpose/v1"));
        let mut trust = TrustPolicy::new(snapshot.trust.audience().to_vec(), entries).unwrap();
        trust.support(&purpose);
        snapshot.trust = trust;
    });
    world
}

/// The central committee's visa for its own subject of Ada, linked to ours by our broker.
fn recommend(world: &World, key: &TestKey, lasts: i64) {
    let now = world.broker.now;
    let visa = key.sign(
        "vnd.ga4gh.visa+jwt",
        Some("https://central.example.net/jwks"),
        &json!({
            "iss": CENTRAL, "sub": "ada-central", "iat": now - 60, "exp": now + lasts, "jti": format!("rec-{lasts}"),
            "ga4gh_visa_v1": { "type": "ControlledAccessGrants", "asserted": now - 100, "value": A,
                "source": CENTRAL_DAC, "by": "dac" },
        }),
    );
    world.broker.hold("ada", visa);
    let linked: String = url::form_urlencoded::byte_serialize(CENTRAL.as_bytes()).collect();
    let links = json!({ "type": "LinkedIdentities", "asserted": now - 100, "value": format!("ada-central,{linked}"),
        "source": ISSUER, "by": "system" });
    let link = world.broker.own("ada", &format!("link-{lasts}"), links);
    world.broker.hold("ada", link);
}

async fn ada_asks(world: &World) -> Answer {
    // a token of its own for each question, so that its Passport is fetched anew
    let jti = world.broker.exchanged.lock().unwrap().len();
    let token = world.broker.token_with("ada", json!({ "jti": format!("t-ada-{jti}") }));
    world.get(ACCESS, Some(&token)).await
}

fn remedies(answer: &Answer) -> String {
    let body = answer.json();
    let reasons = body["reasons"].as_array().unwrap().iter();
    reasons
        .map(|reason| reason["remedy"].as_str().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(" | ")
}

/// The end of the last permit that is on record.
fn ends(world: &World) -> i64 {
    let events = world.events(EventType::DrsGetAccessUrl);
    let last = serde_json::to_value(&events.last().unwrap().entry).unwrap();
    last["why"]["until"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recommendation_and_the_node_s_yes_are_both_needed_and_a_denial_names_the_one_that_lacks() {
    let key = TestKey::new();
    let world = world(&[CENTRAL_DAC], &key).await;
    world.broker.affiliate("ada");
    let neither = ada_asks(&world).await;
    assert_eq!(
        (neither.status, neither.code().as_str()),
        (StatusCode::FORBIDDEN, "consent.approval_missing")
    );

    world.broker.grant("ada", A);
    let node_only = ada_asks(&world).await;
    assert_eq!(node_only.code(), "consent.approval_missing");
    let told = remedies(&node_only);
    assert!(
        told.contains(CENTRAL_DAC) && !told.contains("committee's own"),
        "{told}"
    );

    recommend(&world, &key, 600);
    let both = ada_asks(&world).await;
    assert_eq!(both.status, StatusCode::OK, "{:?}", both.bytes);
    assert!(
        ends(&world) <= world.broker.now + 600,
        "the earlier end, the recommendation's, counts"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recommendation_alone_opens_nothing() {
    let key = TestKey::new();
    let world = world(&[CENTRAL_DAC], &key).await;
    world.broker.affiliate("ada");
    recommend(&world, &key, 2_000);
    let central_only = ada_asks(&world).await;
    assert_eq!(central_only.status, StatusCode::FORBIDDEN, "{:?}", central_only.bytes);
    let told = remedies(&central_only);
    assert!(
        told.contains("The committee's own approval is not there") && !told.contains(CENTRAL_DAC),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_s_veto_wins_over_both_levels() {
    let key = TestKey::new();
    let world = world(&[CENTRAL_DAC], &key).await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    recommend(&world, &key, 2_000);
    assert_eq!(ada_asks(&world).await.status, StatusCode::OK);
    let veto = |scope: &str, target: String| {
        let hold: Value = json!({ "dataset": A, "origin": { "committee": "dac" }, "hold": { "id": "veto-1", "kind": "veto",
            "scope": scope, "target": target, "from": visa_verifier::seam::Timestamp::from_unix(world.broker.now).to_string() } });
        world.publish(|snapshot| snapshot.holds = vec![serde_json::from_value(hold).unwrap()]);
    };
    let issuer: String = url::form_urlencoded::byte_serialize(ISSUER.as_bytes()).collect();
    veto("project", "P1".to_owned());
    let project = ada_asks(&world).await;
    assert_eq!(
        (project.status, project.code().as_str()),
        (StatusCode::FORBIDDEN, "consent.hold_veto")
    );
    veto("user", format!("ada,{issuer}"));
    let person = ada_asks(&world).await;
    assert_eq!(
        (person.status, person.code().as_str()),
        (StatusCode::FORBIDDEN, "consent.hold_veto")
    );
    veto("user", format!("bob,{issuer}"));
    assert_eq!(ada_asks(&world).await.status, StatusCode::OK, "somebody else's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_card_pre_approves_an_institution_s_people_beside_the_committee() {
    let key = TestKey::new();
    let card = |world: &World, source: &str| {
        let object = json!({ "type": "ControlledAccessGrants", "asserted": world.broker.now - 100, "value": A,
            "source": source, "by": "so" });
        let visa = world.broker.own("ada", &format!("card-{}", source.len()), object);
        world.broker.hold("ada", visa);
    };
    // name, who gave the card, the committee's grant, opens
    let cases = [
        ("her institution's card and the committee's yes", Some(UNI), true, true),
        ("the card alone", Some(UNI), false, false),
        ("the committee's yes alone", None, true, false),
        (
            "another institution's card",
            Some("https://biobank.example.net"),
            true,
            false,
        ),
    ];
    for (name, source, granted, opens) in cases {
        let world = world(&[UNI], &key).await;
        world.broker.affiliate("ada");
        if let Some(source) = source {
            card(&world, source);
        }
        if granted {
            world.broker.grant("ada", A);
        }
        let answer = ada_asks(&world).await;
        let expected = if opens { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status, expected, "{name}: {:?}", answer.bytes);
        if granted && !opens {
            assert!(remedies(&answer).contains(UNI), "{name}: {}", remedies(&answer));
        }
    }
}
