//! The brake: one person pulls it, two let go; nothing but the log stands in its way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{OPERATOR, StopRequest, lift, list, place, place_on_folder};
use crate::change;
use crate::store::governed;
use crate::store::stops::StopRow;
use crate::testing::{A, ISSUER, Node, dataset, home, node};

fn request(target: Value) -> StopRequest {
    serde_json::from_value(json!({ "target": target, "reason": "data seen where they should not be" })).unwrap()
}

fn stop(node: &Node) -> policy_engine::snapshot::StopList {
    node.broker.current().load().snapshot().stop.clone()
}

#[tokio::test]
async fn one_person_stops_each_kind_of_thing_and_a_restart_keeps_it() {
    let node = node().await.dual().await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let person = home("ada");
    let targets = [
        (json!("all"), true),
        (json!({ "dataset": "A" }), true),
        (json!({ "person": person }), false),
        (json!({ "issuer": ISSUER }), true),
        (json!({ "issuer": "https://elsewhere.example.org" }), false),
    ];
    for (target, known) in targets {
        let placed = place(&node.broker, &noor, request(target.clone())).await.unwrap();
        assert_eq!(placed.reach.known, known, "{target}");
        assert!(placed.catalogue.is_none(), "{target}");
    }
    let now = stop(&node);
    assert!(
        now.all && now.datasets.contains(A) && now.persons.len() == 1 && now.issuers.len() == 2,
        "{now:?}"
    );
    let again = node.again().await.unwrap();
    assert_eq!(again.current().load().snapshot().stop, now);
    assert_eq!(
        node.events()
            .iter()
            .filter(|event| *event == "lockdown.place success")
            .count(),
        5
    );
    let shown = list(&node.broker, &noor).await.unwrap();
    assert!(
        shown.len() == 5 && shown.iter().all(|stop| stop.lift.is_none()),
        "{shown:?}"
    );
}

#[tokio::test]
async fn a_member_of_a_committee_may_not_and_what_makes_no_sense_is_refused() {
    let node = node().await;
    let (noor, dan) = (
        node.person("noor", "member@biobank.example.org").await,
        node.person("dan", "member@biobank.example.org").await,
    );
    let denied = place(&node.broker, &dan, request(json!("all"))).await.unwrap_err();
    assert_eq!(denied.code(), "policy.no_rule_permits");
    assert!(node.events().contains(&"lockdown.place denied".to_owned()));
    for (target, code) in [
        (json!({ "dataset": "no-such" }), "admin.no_such_dataset"),
        (json!({ "issuer": "elsewhere" }), "lockdown.issuer"),
    ] {
        let refused = place(&node.broker, &noor, request(target)).await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
    let silent = StopRequest {
        reason: " ".to_owned(),
        ..request(json!("all"))
    };
    assert_eq!(
        place(&node.broker, &noor, silent).await.unwrap_err().code(),
        "lockdown.reason"
    );
    assert_eq!(stop(&node), policy_engine::snapshot::StopList::default());
}

#[tokio::test]
async fn lifting_waits_for_a_second_administrator_even_if_there_is_none_alive() {
    let node = node().await.dual().await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let placed = place(&node.broker, &noor, request(json!("all"))).await.unwrap();
    let proposed = lift(&node.broker, &noor, &placed.row.id, "all is well".to_owned())
        .await
        .unwrap();
    assert!(!proposed.applied && stop(&node).all);
    let (id, digest) = (proposed.row.id.clone(), proposed.row.digest);
    let alone = change::apply(&node.broker, &noor, &id).await.unwrap_err();
    assert_eq!(alone.code(), "policy.four_eyes");
    let own = change::approve(&node.broker, &noor, &id, &digest).await.unwrap_err();
    assert_eq!(own.code(), "policy.four_eyes");
    let dan = node.person("dan", "member@biobank.example.org").await;
    let other = change::approve(&node.broker, &dan, &id, &digest).await.unwrap_err();
    assert_eq!(
        other.code(),
        "policy.no_rule_permits",
        "a committee's member is no administrator"
    );
    assert!(stop(&node).all);
    assert_eq!(list(&node.broker, &noor).await.unwrap()[0].lift, Some(id));
    let unknown = lift(&node.broker, &noor, "stop-none", "x".to_owned())
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), "admin.not_found");
}

#[tokio::test]
async fn while_there_is_one_administrator_only_that_one_lifts_alone() {
    let node = node().await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let placed = place(&node.broker, &noor, request(json!({ "dataset": A })))
        .await
        .unwrap();
    let proposed = lift(&node.broker, &noor, &placed.row.id, "settled".to_owned())
        .await
        .unwrap();
    assert!(
        proposed.applied && stop(&node).datasets.is_empty(),
        "{:?}",
        proposed.row
    );
    assert!(node.events().contains(&"lockdown.lift success".to_owned()));
}

#[tokio::test]
async fn whoever_holds_the_folder_stops_without_a_login_and_the_next_start_keeps_it() {
    let node = node().await.dual().await;
    let placed = place_on_folder(&node.broker, request(json!("all"))).await.unwrap();
    assert_eq!(placed.row.placed_by, OPERATOR);
    let again = node.again().await.unwrap();
    assert!(again.current().load().snapshot().stop.all);
    let rows: Vec<StopRow> = again.live().await.unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn a_catalogue_that_cannot_be_published_does_not_keep_the_brake_from_working() {
    let node = node().await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let mut db = node.broker.db();
    let mut forged = dataset(1);
    forged.title = "Not as logged".to_owned();
    let row = governed::draft(&mut db, &forged, node.broker.now()).await.unwrap();
    governed::pend(&mut db, &row, node.writer.origin()).await.unwrap();
    governed::seal(&mut db, &row.digest, 3, &STANDARD.encode([1; 32]))
        .await
        .unwrap();
    assert!(node.broker.publish().await.is_err());
    let placed = place(&node.broker, &noor, request(json!("all"))).await.unwrap();
    assert_eq!(placed.catalogue, Some("catalogue.db_not_as_logged"));
    assert!(stop(&node).all);
    assert_ne!(
        node.broker.current().load().snapshot().datasets[0].title,
        "Not as logged"
    );
}
