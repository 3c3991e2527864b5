//! Holds on somebody whom the custodian does not know: a quarter of an hour, then in force (consent.md 5.1, 2.8).

use std::time::Duration;

use policy_engine::consent::{Input, Tables, evaluate};
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::service_tests::{SERVICE, holds, id, node, request, service};
use super::{Decided, decide_unmatched, place, place_by_service, release, release_by_service};
use crate::bootstrap::{self, Bootstrap};
use crate::store::governed::Governed as _;
use crate::testing::{A, Node, START, dataset};

const MINUTE: Duration = Duration::from_secs(60);

/// Whether a holder's use of an object with these participants meets a hold, by the snapshot in force.
fn held(node: &Node, participants: &Value) -> bool {
    let now = node.broker.now();
    let engine = node.broker.current().load();
    let mut dataset = serde_json::to_value(&engine.snapshot().datasets[0].consent).unwrap();
    let holds: Vec<_> = engine.snapshot().holds.iter().map(|row| &row.hold).collect();
    dataset["holds"] = json!(holds);
    dataset["participants"] = participants.clone();
    let input = json!({
        "version": 1, "action": "compute", "context": { "now": now, "processing_countries": ["FI"] },
        "purpose": { "categories": ["disease"], "diseases": ["MONDO:0004992"] }, "datasets": [dataset],
    });
    let input = Input::parse(input.to_string().as_bytes()).unwrap();
    let output = evaluate(&input, Tables::builtin());
    let told = serde_json::to_string(&output).unwrap();
    told.contains("consent.hold_")
}

fn said(participant: Option<&str>) -> Decided {
    serde_json::from_value(json!({ "participant": participant, "reason": "looked it up in the list" })).unwrap()
}

#[tokio::test]
async fn undecided_it_comes_into_force_after_a_quarter_of_an_hour_for_objects_without_a_list() {
    let node = node().await;
    let theirs = service(SERVICE);
    let placed = place_by_service(&node.broker, &theirs, request("withdrawn", "participant", Some("p-99")))
        .await
        .unwrap();
    assert!(!placed.effect.matched);
    assert_eq!(placed.hold.decide_until, Some(Timestamp::from_unix(START + 900)));
    assert!(node.events().contains(&"hold.unmatched success".to_owned()));
    let (no_list, listed) = (Value::Null, json!(["p-17"]));
    assert!(!held(&node, &no_list), "the custodian has not decided yet");
    node.clock.advance(14 * MINUTE + Duration::from_secs(59));
    assert!(!held(&node, &no_list), "a second is left");
    node.clock.advance(Duration::from_secs(1));
    assert!(held(&node, &no_list), "undecided, it is in force");
    assert!(!held(&node, &listed), "and by the rule for objects without a list only");
    // from then on it is like any other of its service
    let eve = node.person("eve", "member@biobank.example.org").await;
    let late = decide_unmatched(&node.broker, &eve, &id(&placed), &said(None)).await;
    assert_eq!(late.unwrap_err().code(), "hold.in_force");
    let member = release(&node.broker, &eve, &id(&placed), "nobody of ours").await;
    assert_eq!(member.unwrap_err().code(), "policy.withdrawal_stays");
    assert_eq!(holds(&node), 1);
    release_by_service(&node.broker, &theirs, &id(&placed), "a mistake")
        .await
        .unwrap();
    assert!(!held(&node, &no_list));
}

#[tokio::test]
async fn the_custodian_says_who_it_is_and_it_is_in_force_at_once() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let theirs = service(SERVICE);
    let hold = place_by_service(&node.broker, &theirs, request("withdrawn", "participant", Some("p-99")))
        .await
        .unwrap();
    let stranger = decide_unmatched(&node.broker, &noor, &id(&hold), &said(Some("p-17"))).await;
    assert_eq!(stranger.unwrap_err().code(), "policy.no_rule_permits");
    let unknown = decide_unmatched(&node.broker, &dan, &id(&hold), &said(Some("p-98"))).await;
    assert_eq!(unknown.unwrap_err().code(), "hold.participant");
    node.clock.advance(MINUTE);
    let decided = decide_unmatched(&node.broker, &dan, &id(&hold), &said(Some("p-17"))).await;
    let row = decided.unwrap().unwrap();
    assert_eq!((row.id(), row.decide_until), (id(&hold), None));
    assert_eq!(row.record.origin, hold.hold.record.origin, "it stays its service's");
    assert!(held(&node, &json!(["p-17"])) && !held(&node, &json!(["p-18"])));
    let again = decide_unmatched(&node.broker, &dan, &id(&hold), &said(None)).await;
    assert_eq!(again.unwrap_err().code(), "hold.in_force");
    let member = release(&node.broker, &dan, &id(&hold), "a mistake").await;
    assert_eq!(member.unwrap_err().code(), "policy.withdrawal_stays");
    assert_eq!(node.again().await.unwrap().current().load().snapshot().holds.len(), 1);
}

#[tokio::test]
async fn the_custodian_says_that_it_is_nobody_of_theirs_and_it_never_comes_into_force() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let hold = place_by_service(
        &node.broker,
        &service(SERVICE),
        request("opt_out", "participant", Some("p-99")),
    )
    .await
    .unwrap();
    let gone = decide_unmatched(&node.broker, &dan, &id(&hold), &said(None)).await;
    assert!(gone.unwrap().is_none());
    node.clock.advance(20 * MINUTE);
    assert!(!held(&node, &Value::Null));
    assert_eq!(holds(&node), 0);
    assert!(node.events().contains(&"consent.change success".to_owned()));
    let again = decide_unmatched(&node.broker, &dan, &id(&hold), &said(None)).await;
    assert_eq!(again.unwrap_err().code(), "admin.not_found");
    // the row and its end are on record: the next start finds table and log alike
    node.again().await.unwrap();
}

#[tokio::test]
async fn whom_the_custodian_s_list_has_is_held_at_once_though_no_object_names_them() {
    let node = crate::testing::bare().await;
    let mut record = dataset(1);
    record.participants.insert(record.participant("p-41"));
    bootstrap::apply(
        &node.broker,
        Bootstrap {
            datasets: vec![record],
            ..super::service_tests::facts(&node)
        },
    )
    .await
    .unwrap();
    let node = node.dual().await;
    let theirs = service(SERVICE);
    let cases = [
        // who                        scope            target          known  waits
        ("on the custodian's list", "participant", Some("p-41"), true, false),
        ("named by an object", "participant", Some("p-17"), true, false),
        ("known to nobody", "participant", Some("p-42"), false, true),
        ("an object that is not there", "object", Some("a-9"), false, false),
    ];
    for (name, scope, target, known, waits) in cases {
        let placed = place_by_service(&node.broker, &theirs, request("withdrawn", scope, target))
            .await
            .unwrap();
        assert_eq!(placed.effect.matched, known, "{name}");
        assert_eq!(placed.hold.waits(node.broker.now()), waits, "{name}");
        release_by_service(&node.broker, &theirs, &id(&placed), "a test")
            .await
            .unwrap();
    }
    let dan = node.person("dan", "member@biobank.example.org").await;
    let own = place(&node.broker, &dan, request("withdrawn", "participant", Some("p-42")))
        .await
        .unwrap();
    assert!(
        !own.effect.matched && own.hold.decide_until.is_none(),
        "the custodian's own word"
    );
    assert!(held(&node, &Value::Null) && own.hold.dataset().as_deref() == Some(A));
}
