//! Changes through the shipped policies: what narrows counts at once, what widens waits for a second person.

use policy_engine::snapshot::{Governance, RoleGrant};
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::{Proposal, apply, approve, preview, propose, withdraw};
use crate::bootstrap;
use crate::caller::Caller;
use crate::store::changes::ChangeState;
use crate::store::roles::RoleRow;
use crate::testing::{Node, START, catalogue, dataset, home};

/// The sample node, with an editor in the committee's house.
pub(super) async fn node() -> Node {
    let node = crate::testing::bare().await;
    let mut bootstrap = catalogue();
    for sub in ["dan", "eve", "fay"] {
        bootstrap.roles.push(RoleRow {
            person: home(sub),
            role: RoleGrant::Role("catalogue-editor".to_owned()),
            until: Timestamp::from_unix(START + 365 * 86_400),
            revoked: None,
        });
    }
    bootstrap::apply(&node.broker, bootstrap).await.unwrap();
    node.dual().await
}

pub(super) async fn person(node: &Node, sub: &str) -> Caller {
    node.person(
        sub,
        &format!("member@{}.example.org", if sub == "fay" { "uni" } else { "biobank" }),
    )
    .await
}

fn proposal(kind: &str, edits: &Value) -> Proposal {
    serde_json::from_value(json!({ "kind": kind, "title": "t", "reason": "because", "edits": edits })).unwrap()
}

fn put_dataset(patch: &Value) -> Value {
    let mut row = serde_json::to_value(dataset(1)).unwrap();
    for (name, value) in patch.as_object().unwrap() {
        row[name] = value.clone();
    }
    json!([{ "put": { "kind": "dataset", "row": row } }])
}

#[tokio::test]
async fn what_widens_waits_for_a_second_member_of_the_dataset_s_committee() {
    let node = node().await;
    assert_eq!(node.broker.current().load().snapshot().governance, Governance::Dual);
    let (dan, eve) = (person(&node, "dan").await, person(&node, "eve").await);
    let wider = proposal("catalogue", &put_dataset(&json!({ "min_identity": 0 })));
    let shown = preview(&node.broker, &dan, wider.clone()).await.unwrap();
    assert!(shown.widening.widens && shown.lines.len() == 1, "{shown:?}");
    let proposed = propose(&node.broker, &dan, wider).await.unwrap();
    assert!(!proposed.applied && proposed.row.state == ChangeState::Draft);
    let now = |node: &Node| node.broker.current().load().snapshot().datasets[0].min_identity;
    assert_eq!(now(&node), 1);

    let (id, digest) = (proposed.row.id, proposed.row.digest);
    let alone = apply(&node.broker, &dan, &id).await.unwrap_err();
    assert_eq!(alone.code(), "policy.four_eyes");
    let own = approve(&node.broker, &dan, &id, &digest).await.unwrap_err();
    assert_eq!(own.code(), "policy.four_eyes");
    let other = approve(&node.broker, &eve, &id, &"0".repeat(64)).await.unwrap_err();
    assert_eq!(other.code(), "change.digest");

    let approved = approve(&node.broker, &eve, &id, &digest).await.unwrap();
    assert!(!approved.applied, "the author puts it in force: {:?}", approved.row);
    assert_eq!(now(&node), 1);
    assert!(apply(&node.broker, &dan, &id).await.unwrap().applied);
    assert_eq!(now(&node), 0);
    let again = apply(&node.broker, &dan, &id).await.unwrap_err();
    assert_eq!(again.code(), "change.state");
}

#[tokio::test]
async fn an_editor_edits_only_what_their_house_or_committee_keeps() {
    let node = node().await;
    let fay = person(&node, "fay").await;
    let edits = put_dataset(&json!({ "min_identity": 3 }));
    let denied = propose(&node.broker, &fay, proposal("catalogue", &edits))
        .await
        .unwrap_err();
    assert_eq!(denied.code(), "policy.no_rule_permits");
    assert!(node.events().iter().any(|event| event == "change.draft denied"));
}

#[tokio::test]
async fn a_change_that_the_rows_moved_on_from_is_stale() {
    let node = node().await;
    let (dan, eve) = (person(&node, "dan").await, person(&node, "eve").await);
    let wider = |least: u8| {
        proposal(
            "catalogue",
            &put_dataset(&json!({ "min_identity": 0, "min_authn": least })),
        )
    };
    let first = propose(&node.broker, &dan, wider(0)).await.unwrap().row;
    let second = propose(&node.broker, &dan, wider(1)).await.unwrap().row;
    approve(&node.broker, &eve, &first.id, &first.digest).await.unwrap();
    apply(&node.broker, &dan, &first.id).await.unwrap();
    let stale = approve(&node.broker, &eve, &second.id, &second.digest)
        .await
        .unwrap_err();
    assert_eq!(stale.code(), "change.stale");
    let gone = withdraw(&node.broker, &eve, &second.id, "overtaken").await.unwrap();
    assert_eq!(gone.state, ChangeState::Withdrawn);
}

#[tokio::test]
async fn proposals_that_make_no_sense_are_refused_with_their_place() {
    let node = node().await;
    let dan = person(&node, "dan").await;
    let other = json!({ "id": "b-1", "dataset": "https://data.example.org/b" });
    let cases = [
        ("nothing to do", "catalogue", json!([]), "change.edits", "0"),
        (
            "a table of another kind",
            "trust",
            put_dataset(&json!({})),
            "change.edit",
            "edits[0]",
        ),
        (
            "a misspelt member",
            "catalogue",
            put_dataset(&json!({ "min_identiy": 0 })),
            "change.edit",
            "min_identiy",
        ),
        (
            "two datasets",
            "catalogue",
            json!([
                { "put": { "kind": "object", "row": other } },
                { "remove": { "kind": "object", "id": "a-1" } },
            ]),
            "change.two_datasets",
            "each committee",
        ),
        (
            "an object that moves is of two datasets",
            "catalogue",
            json!([{ "put": { "kind": "object", "row": { "id": "a-1", "dataset": "https://data.example.org/b" } } }]),
            "change.two_datasets",
            "first taken out there",
        ),
        (
            "a row that is not there",
            "catalogue",
            json!([{ "remove": { "kind": "object", "id": "nobody" } }]),
            "change.edit",
            "not there",
        ),
        (
            "a catalogue that contradicts itself",
            "catalogue",
            put_dataset(&json!({ "dac": "https://nobody.example.org" })),
            "change.does_not_hold",
            "names what is not there",
        ),
    ];
    for (name, kind, edits, code, word) in cases {
        let refused = preview(&node.broker, &dan, proposal(kind, &edits)).await.unwrap_err();
        assert_eq!(refused.code(), code, "{name}: {refused}");
        assert!(refused.to_string().contains(word), "{name}: {refused}");
    }
}

#[tokio::test]
async fn a_role_is_given_by_two_administrators_and_never_to_oneself() {
    let node = node().await;
    let (noor, dan) = (person(&node, "noor").await, person(&node, "dan").await);
    let role = json!([{ "put": { "kind": "role", "row": {
        "person": home("dan"), "role": { "role": "operator" }, "until": "2027-01-01T00:00:00Z" } } }]);
    let not_his = propose(&node.broker, &dan, proposal("role", &role)).await.unwrap_err();
    assert_eq!(not_his.code(), "policy.no_rule_permits");
    let proposed = propose(&node.broker, &noor, proposal("role", &role)).await.unwrap();
    assert!(
        !proposed.applied && proposed.row.subject == Some(home("dan")),
        "{:?}",
        proposed.row
    );
    let id = proposed.row.id;
    assert_eq!(
        apply(&node.broker, &noor, &id).await.unwrap_err().code(),
        "policy.four_eyes"
    );
    let roles = |node: &Node| node.broker.current().load().snapshot().roles.len();
    assert_eq!(roles(&node), catalogue().roles.len() + 3, "nothing has changed");
}

#[tokio::test]
async fn a_preview_tells_what_of_a_new_label_will_surprise_and_nothing_that_was_so_before() {
    let node = node().await;
    let dan = person(&node, "dan").await;
    let consent = |terms: &Value| {
        let mut consent = serde_json::to_value(&dataset(1).consent).unwrap();
        consent["uses"] = json!([{ "group": "all", "terms": terms }]);
        put_dataset(&json!({ "consent": consent }))
    };
    let cases = [
        ("no word of the label", put_dataset(&json!({ "min_identity": 3 })), None),
        (
            "no methods research, of no DUO release",
            consent(&json!([{ "id": "DUO:0000042" }, { "id": "DUO:0000015" }])),
            Some("methods_version"),
        ),
        (
            "an unknown term",
            consent(&json!([{ "id": "DUO:0000042" }, { "id": "DUO:0009999" }])),
            Some("consent.term_unknown"),
        ),
    ];
    for (name, edits, code) in cases {
        let shown = preview(&node.broker, &dan, proposal("catalogue", &edits))
            .await
            .unwrap();
        let codes: Vec<&str> = shown.lint.iter().map(|remark| remark.code.as_str()).collect();
        match code {
            None => assert!(codes.is_empty(), "{name}: {codes:?}"),
            Some(code) => assert!(codes.contains(&code), "{name}: {codes:?}"),
        }
    }
}
