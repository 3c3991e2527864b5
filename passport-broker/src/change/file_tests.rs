//! Tables and lists of objects come in by digest: the file first, then a row that names it, with two persons.

use policy_engine::snapshot::RoleGrant;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::{Proposal, apply, approve, preview, propose};
use crate::bootstrap;
use crate::caller::Caller;
use crate::store::blobs;
use crate::store::roles::RoleRow;
use crate::testing::{A, Node, START, catalogue, home};

/// A disease more under the label of the sample dataset: it widens.
const MONDO: &str =
    "id,label,parents,obsolete\nMONDO:0004992,cancer,,false\nMONDO:0900001,a new kind,MONDO:0004992,false\n";
const OBJECTS: &str = "{\"id\":\"n-1\",\"urls\":[\"s3://bucket/n/1.bam\"]}\n{\"id\":\"n-2\"}\n";

async fn node() -> Node {
    let node = crate::testing::bare().await;
    let mut bootstrap = catalogue();
    for (sub, role) in [
        ("dan", "catalogue-editor"),
        ("eve", "catalogue-editor"),
        ("gus", "administrator"),
        ("hal", "administrator"),
    ] {
        bootstrap.roles.push(RoleRow {
            person: home(sub),
            role: RoleGrant::Role(role.to_owned()),
            until: Timestamp::from_unix(START + 365 * 86_400),
            revoked: None,
        });
    }
    bootstrap::apply(&node.broker, bootstrap).await.unwrap();
    node.dual().await
}

async fn person(node: &Node, sub: &str) -> Caller {
    node.person(sub, "member@biobank.example.org").await
}

fn put(kind: &str, row: &Value) -> Proposal {
    let edits = json!([{ "put": { "kind": kind, "row": row } }]);
    serde_json::from_value(json!({ "kind": "catalogue", "title": "t", "reason": "r", "edits": edits })).unwrap()
}

async fn two(node: &Node, author: &Caller, second: &Caller, proposal: Proposal) {
    let proposed = propose(&node.broker, author, proposal).await.unwrap();
    assert!(!proposed.applied, "it waits for a second person");
    let row = proposed.row;
    let approved = approve(&node.broker, second, &row.id, &row.digest).await.unwrap();
    if !approved.applied {
        apply(&node.broker, author, &row.id).await.unwrap();
    }
}

#[tokio::test]
async fn an_ontology_of_the_node_s_own_is_in_force_once_two_agreed() {
    let node = node().await;
    let digest = blobs::put(&mut node.broker.db(), MONDO.as_bytes(), node.broker.now())
        .await
        .unwrap();
    let row = json!({ "id": "mondo", "digest": digest.as_str(), "source": "a file", "version": "2026-05-05" });
    assert!(node.broker.current().load().snapshot().tables.mondo.is_none());
    let (gus, hal) = (person(&node, "gus").await, person(&node, "hal").await);
    two(&node, &gus, &hal, put("table", &row)).await;
    let engine = node.broker.current().load();
    let file = engine.snapshot().tables.mondo.as_ref().unwrap();
    assert_eq!((&*file.text, file.version.as_str()), (MONDO, "2026-05-05"));
    // and after the next publication still
    node.broker.publish().await.unwrap();
    assert!(node.broker.current().load().snapshot().tables.mondo.is_some());
}

#[tokio::test]
async fn a_row_whose_file_is_missing_or_no_table_is_refused_and_changes_nothing() {
    let node = node().await;
    let gus = person(&node, "gus").await;
    let kept = blobs::put(&mut node.broker.db(), b"hello", node.broker.now())
        .await
        .unwrap();
    let cases = [
        ("no such file", "mondo", "0".repeat(64)),
        ("no digest", "mondo", "hello".to_owned()),
        ("no ontology", "mondo", kept.as_str().to_owned()),
        ("no such table", "moon", kept.as_str().to_owned()),
    ];
    for (name, id, digest) in cases {
        let row = json!({ "id": id, "digest": digest, "source": "s", "version": "v" });
        let refused = propose(&node.broker, &gus, put("table", &row)).await.unwrap_err();
        assert_eq!(refused.code(), "change.does_not_hold", "{name}");
    }
    assert!(node.broker.current().load().snapshot().tables.is_empty());
}

#[tokio::test]
async fn one_row_maps_a_whole_list_of_objects_to_a_dataset() {
    let node = node().await;
    let dan = person(&node, "dan").await;
    let digest = blobs::put(&mut node.broker.db(), OBJECTS.as_bytes(), node.broker.now())
        .await
        .unwrap();
    let row = |count: u64| json!({ "id": format!("{A}#objects-1"), "dataset": A, "digest": digest.as_str(), "count": count, "source": "a listing" });
    let wrong = preview(&node.broker, &dan, put("objects", &row(3))).await.unwrap_err();
    assert_eq!(wrong.code(), "change.does_not_hold", "another count than the row says");
    let outlook = preview(&node.broker, &dan, put("objects", &row(2))).await.unwrap();
    assert!(outlook.widening.widens, "objects that were closed come to a dataset");
    let eve = person(&node, "eve").await;
    two(&node, &dan, &eve, put("objects", &row(2))).await;
    let engine = node.broker.current().load();
    let objects = &engine.snapshot().objects;
    assert_eq!(objects.object("n-1").unwrap().dataset.as_str(), A);
    assert_eq!(objects.object("n-2").unwrap().dataset.as_str(), A);

    // the same object by a row of its own: one object would have two meanings
    let again = json!({ "id": "n-1", "dataset": A });
    let refused = propose(&node.broker, &dan, put("object", &again)).await.unwrap_err();
    assert_eq!(refused.code(), "change.does_not_hold");
}
