//! Nobody opens anything alone: a test for each kind of widening, and what one person may do at once.
//!
//! Each widening is written by somebody who may write it, refused to them at every step, and takes effect when a second
//! person has approved this very digest.

use policy_engine::review::widens::WeakerKind;
use policy_engine::snapshot::{RoleGrant, Snapshot};
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::{Proposal, apply, approve, preview, propose, show};
use crate::bootstrap;
use crate::caller::Caller;
use crate::store::changes::ChangeState;
use crate::store::roles::RoleRow;
use crate::testing::{A, DAC, Node, START, catalogue, dataset, home};

/// A node of two administrators, its dataset as narrow as a dataset can be.
async fn node() -> Node {
    let node = crate::testing::bare().await;
    let mut facts = catalogue();
    let role = |sub: &str, role: &str| RoleRow {
        person: home(sub),
        role: RoleGrant::Role(role.to_owned()),
        until: Timestamp::from_unix(START + 365 * 86_400),
        revoked: None,
    };
    facts.roles.extend([
        role("dan", "catalogue-editor"),
        role("eve", "catalogue-editor"),
        role("olga", "administrator"),
    ]);
    facts.datasets = vec![serde_json::from_value(narrow()).unwrap()];
    bootstrap::apply(&node.broker, facts).await.unwrap();
    node
}

fn narrow() -> Value {
    let mut row = serde_json::to_value(dataset(2)).unwrap();
    for (pointer, value) in [
        ("/mode", json!("compute-only")),
        ("/discoverable", json!(false)),
        ("/min_identity", json!(2)),
        ("/min_authn", json!(2)),
        ("/allowed_regions", json!(["EU"])),
        ("/project", json!(null)),
    ] {
        *row.pointer_mut(pointer).unwrap() = value;
    }
    row["consent"]["agreements"] = json!(["https://biobank.example.org/terms/1"]);
    row["consent"]["bound_purpose"] = json!(true);
    row["consent"]["holds"] = json!([{
        "id": "h-1", "kind": "disputed", "scope": "object", "target": "a-1", "from": "2026-01-01T00:00:00Z",
    }]);
    row
}

/// The dataset with one member changed.
fn dataset_with(pointer: &str, value: Value) -> Value {
    let mut row = narrow();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    row.pointer_mut(parent).unwrap()[member] = value;
    json!([{ "put": { "kind": "dataset", "row": row } }])
}

fn proposal(kind: &str, edits: &Value) -> Proposal {
    serde_json::from_value(json!({ "kind": kind, "title": "t", "reason": "because", "edits": edits })).unwrap()
}

async fn member(node: &Node, sub: &str) -> Caller {
    node.person(sub, "member@biobank.example.org").await
}

/// All that a change of facts can change in what is in force.
fn in_force(node: &Node) -> Value {
    let snapshot: Snapshot = node.broker.current().load().snapshot().clone();
    let mut all = serde_json::to_value(&snapshot).unwrap();
    for moves_anyway in ["version", "published", "changed"] {
        all[moves_anyway] = Value::Null;
    }
    all
}

/// Alone it is refused at every step; with the second person's yes to its digest it takes effect.
async fn needs_two(kind: &str, [author, second]: [&str; 2], edits: &Value, weaker: WeakerKind) {
    let node = node().await;
    let (author, second) = (member(&node, author).await, member(&node, second).await);
    let before = in_force(&node);
    let shown = preview(&node.broker, &author, proposal(kind, edits)).await.unwrap();
    assert!(
        shown.widening.widens && shown.widening.complete && shown.widening.why.iter().any(|why| why.kind == weaker),
        "{weaker:?} in {:?}",
        shown.widening
    );
    let proposed = propose(&node.broker, &author, proposal(kind, edits)).await.unwrap();
    let (id, digest) = (proposed.row.id, proposed.row.digest);
    assert!(!proposed.applied && proposed.row.state == ChangeState::Draft && proposed.row.widens);
    let alone = apply(&node.broker, &author, &id).await.unwrap_err();
    assert_eq!(alone.code(), "policy.four_eyes");
    let own = approve(&node.broker, &author, &id, &digest).await.unwrap_err();
    assert_eq!(own.code(), "policy.four_eyes");
    let unapproved = apply(&node.broker, &second, &id).await.unwrap_err();
    assert!(
        ["policy.four_eyes", "policy.no_rule_permits"].contains(&unapproved.code()),
        "{}",
        unapproved.code()
    );
    assert_eq!(in_force(&node), before, "nothing has changed");

    let approved = approve(&node.broker, &second, &id, &digest).await.unwrap();
    if !approved.applied {
        assert_eq!(in_force(&node), before, "approved is not in force");
        apply(&node.broker, &author, &id).await.unwrap();
    }
    assert_ne!(in_force(&node), before, "the change is a real one");
}

const COMMITTEE: [&str; 2] = ["dan", "eve"];
const ADMINISTRATORS: [&str; 2] = ["noor", "olga"];

macro_rules! one_person_alone {
    ($($name:ident: $kind:expr, $people:expr, $weaker:ident, $edits:expr;)*) => { $(
        #[tokio::test]
        async fn $name() {
            needs_two($kind, $people, &$edits, WeakerKind::$weaker).await;
        }
    )* };
}

one_person_alone! {
    one_person_alone_does_not_lower_the_class:
        "catalogue", COMMITTEE, Class, dataset_with("/consent/access", json!("registered"));
    one_person_alone_does_not_open_compute_only_data_to_download:
        "catalogue", COMMITTEE, Mode, dataset_with("/mode", json!("download"));
    one_person_alone_does_not_make_a_dataset_discoverable:
        "catalogue", COMMITTEE, Discoverable, dataset_with("/discoverable", json!(true));
    one_person_alone_does_not_lower_the_least_identity_assurance:
        "catalogue", COMMITTEE, MinIdentity, dataset_with("/min_identity", json!(1));
    one_person_alone_does_not_lower_the_least_strength_of_the_login:
        "catalogue", COMMITTEE, MinAuthn, dataset_with("/min_authn", json!(1));
    one_person_alone_does_not_add_a_region:
        "catalogue", COMMITTEE, Regions, dataset_with("/allowed_regions", json!(["EU", "EEA"]));
    one_person_alone_does_not_drop_an_agreement:
        "catalogue", COMMITTEE, Agreements, dataset_with("/consent/agreements", json!([]));
    one_person_alone_does_not_let_grants_come_without_their_purpose:
        "catalogue", COMMITTEE, BoundPurpose, dataset_with("/consent/bound_purpose", json!(false));
    one_person_alone_does_not_end_a_hold_of_the_label:
        "catalogue", COMMITTEE, Holds, dataset_with("/consent/holds", json!([]));
    one_person_alone_does_not_map_an_object_to_a_dataset:
        "catalogue", COMMITTEE, Mapping, json!([{ "put": { "kind": "object", "row": {
            "id": "a-9", "dataset": A, "participants": ["p-17"] } } }]);
    one_person_alone_does_not_map_a_storage_prefix_to_a_dataset:
        "catalogue", COMMITTEE, Mapping, json!([{ "put": { "kind": "prefix", "row": {
            "prefix": "s3://archive/a/", "dataset": A } } }]);
    one_person_alone_does_not_widen_the_label:
        "catalogue", COMMITTEE, Label,
        dataset_with("/consent/uses", json!([{ "group": "all", "terms": [{ "id": "DUO:0000042" }] }]));
    one_person_alone_does_not_add_a_committee_whose_grants_count:
        "catalogue", COMMITTEE, Source, dataset_with("/consent/dac", json!([DAC, "https://archive.example.net/dac"]));
    one_person_alone_does_not_lower_the_quorum:
        "catalogue", COMMITTEE, Quorum, dataset_with("/quorum", json!(1));
    one_person_alone_does_not_add_a_trust_entry:
        "trust", ADMINISTRATORS, Trust, trust_entry("https://other.example.net");
    one_person_alone_does_not_give_a_role:
        "role", ADMINISTRATORS, Role, role_of("ada", &json!({ "role": "operator" }));
    one_person_alone_does_not_seat_somebody_in_a_committee:
        "role", ADMINISTRATORS, Role, role_of("ada", &json!({ "committee": DAC }));
    one_person_alone_does_not_share_the_logs_of_a_team:
        "role", ADMINISTRATORS, Sharing, team(true);
}

fn trust_entry(issuer: &str) -> Value {
    let row = json!({ "id": format!("visa-issuer:{issuer}"), "policy": { "trusted_visa_issuers": [{
        "iss": issuer, "types": ["ControlledAccessGrants"], "sources": [DAC],
    }] } });
    json!([{ "put": { "kind": "trust", "row": row } }])
}

fn role_of(sub: &str, role: &Value) -> Value {
    json!([{ "put": { "kind": "role", "row": { "person": home(sub), "role": role, "until": "2027-01-01T00:00:00Z" } } }])
}

fn team(shares_logs: bool) -> Value {
    json!([{ "put": { "kind": "group", "row": { "id": "team-1", "shares_tasks": true, "shares_logs": shares_logs } } }])
}

#[tokio::test]
async fn what_narrows_takes_effect_at_once_and_by_one_person() {
    let node = node().await;
    let dan = member(&node, "dan").await;
    let noor = member(&node, "noor").await;
    let at_once = async |name: &str, kind: &str, author: &Caller, edits: Value| {
        let before = in_force(&node);
        let proposed = propose(&node.broker, author, proposal(kind, &edits)).await.unwrap();
        assert!(
            proposed.applied && !proposed.row.widens,
            "{name}: {:?}",
            proposed.outlook.widening
        );
        assert_ne!(in_force(&node), before, "{name}");
    };
    let mut row = narrow();
    for (name, pointer, value) in [
        ("a higher least assurance", "/min_identity", json!(3)),
        ("fewer regions", "/allowed_regions", json!([])),
        ("more votes", "/quorum", json!(3)),
        ("a suspended dataset", "/consent/state", json!("suspended")),
    ] {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        row.pointer_mut(parent).unwrap()[member] = value;
        let edits = json!([{ "put": { "kind": "dataset", "row": row } }]);
        at_once(name, "catalogue", &dan, edits).await;
    }
    let object = json!([{ "remove": { "kind": "object", "id": "a-1" } }]);
    at_once("an object taken out", "catalogue", &dan, object).await;
    let seat = json!([{ "remove": { "kind": "role", "id": format!("{}#committee:{DAC}", home("eve")) } }]);
    at_once("a membership that ends", "role", &noor, seat).await;
}

#[tokio::test]
async fn an_approver_who_wrote_it_or_gains_by_it_is_refused_whatever_identity_they_use() {
    let node = node().await;
    let (noor, olga) = (member(&node, "noor").await, member(&node, "olga").await);
    // for the other administrator herself: she gains, so she does not approve
    let for_olga = role_of("olga", &json!({ "committee": DAC }));
    let row = propose(&node.broker, &noor, proposal("role", &for_olga))
        .await
        .unwrap()
        .row;
    let gains = approve(&node.broker, &olga, &row.id, &row.digest).await.unwrap_err();
    assert_eq!(gains.code(), "policy.four_eyes");
    // named by the identity in our own tokens she gains all the same
    let by_token = json!([{ "put": { "kind": "role", "row": {
        "person": olga.identity, "role": { "committee": DAC }, "until": "2027-01-01T00:00:00Z" } } }]);
    let row = propose(&node.broker, &noor, proposal("role", &by_token))
        .await
        .unwrap()
        .row;
    let gains = approve(&node.broker, &olga, &row.id, &row.digest).await.unwrap_err();
    assert_eq!(gains.code(), "policy.four_eyes");
}

#[tokio::test]
async fn an_approval_is_for_the_digest_that_was_looked_at_and_no_other() {
    let node = node().await;
    let (dan, eve) = (member(&node, "dan").await, member(&node, "eve").await);
    let write = async |least: u8| {
        let edits = dataset_with("/min_identity", json!(least));
        propose(&node.broker, &dan, proposal("catalogue", &edits))
            .await
            .unwrap()
            .row
    };
    let (mild, wild) = (write(1).await, write(0).await);
    assert_ne!(mild.digest, wild.digest);
    let other = approve(&node.broker, &eve, &wild.id, &mild.digest).await.unwrap_err();
    assert_eq!(other.code(), "change.digest");
    let shown = show::one(&node.broker, &eve, &wild.id).await.unwrap();
    assert_eq!(shown.change.state, ChangeState::Draft);
    assert!(shown.may.approve && shown.may.withdraw, "{:?}", shown.may);
    assert_eq!(shown.lines[0].details, ["least identity assurance, 0 to 3: 2 → 0"]);
    // the same facts written by somebody else, or for another reason, are another change
    let again = write(1).await;
    assert_ne!(again.digest, mild.digest);
}

#[tokio::test]
async fn who_may_not_know_of_a_dataset_learns_nothing_of_its_changes() {
    let node = node().await;
    let (dan, ada) = (
        member(&node, "dan").await,
        node.person("ada", "faculty@uni.example.org").await,
    );
    let edits = dataset_with("/min_identity", json!(0));
    let row = propose(&node.broker, &dan, proposal("catalogue", &edits))
        .await
        .unwrap()
        .row;
    assert_eq!(show::list(&node.broker, &dan).await.unwrap().len(), 1);
    assert!(show::list(&node.broker, &ada).await.unwrap().is_empty());
    let step = policy_engine::decide::ChangeStep::Approve;
    let unseen = [
        show::one(&node.broker, &ada, &row.id).await.unwrap_err().to_string(),
        show::known(&node.broker, &ada, &row.id, step)
            .await
            .unwrap_err()
            .to_string(),
    ];
    let nobodys = show::one(&node.broker, &ada, "change-none")
        .await
        .unwrap_err()
        .to_string();
    for said in unseen {
        assert_eq!(said.replace(&row.id, "change-none"), nobodys);
    }
}

#[tokio::test]
async fn what_is_long_in_force_still_shows_what_it_changed() {
    let node = node().await;
    let (noor, olga) = (member(&node, "noor").await, member(&node, "olga").await);
    let given = role_of("ada", &json!({ "role": "operator" }));
    let row = propose(&node.broker, &noor, proposal("role", &given))
        .await
        .unwrap()
        .row;
    assert!(
        approve(&node.broker, &olga, &row.id, &row.digest)
            .await
            .unwrap()
            .applied
    );
    let end = json!([{ "remove": { "kind": "role", "id": format!("{}#role:operator", home("ada")) } }]);
    let ended = propose(&node.broker, &noor, proposal("role", &end)).await.unwrap().row;
    let shown = show::one(&node.broker, &noor, &row.id).await.unwrap();
    assert!(shown.lines[0].headline.starts_with("New role"), "{:?}", shown.lines);
    assert!(shown.outlook.is_none() && shown.stuck.is_none() && shown.may == show::May::default());
    let shown = show::one(&node.broker, &noor, &ended.id).await.unwrap();
    assert!(shown.lines[0].headline.ends_with("ends"), "{:?}", shown.lines);
    assert!(
        shown.lines[0].details.contains(&"role: operator".to_owned()),
        "{:?}",
        shown.lines
    );
}
