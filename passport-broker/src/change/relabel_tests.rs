//! Labels that change: what happens to the approvals that were given before.

use std::time::Duration;

use policy_engine::consent::LabelledMove;
use policy_engine::review::gains::Use;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::tests::person;
use super::{Proposal, Proposed, apply, approve, preview, propose, show};
use crate::bootstrap;
use crate::caller::Caller;
use crate::committee::{GrantRequest, Granted, access, issue};
use crate::store::roles::RoleRow;
use crate::testing::{A, ISSUER, Node, START, bare, catalogue, home};

const DAY: u64 = 24 * 3600;

/// A node in dual governance whose own visas speak for its houses; Dan and Eve keep the dataset. Its purpose needs a
/// judgement that the committee gave with the grant for Ada.
async fn node(terms: &Value) -> (Node, Caller, Caller) {
    let node = bare().await;
    let mut sample = catalogue();
    for entry in &mut sample.trust {
        entry.jku = vec![format!("{ISSUER}/jwks")];
        entry.scopes = vec!["uni.example.org".to_owned(), "biobank.example.org".to_owned()];
    }
    for sub in ["dan", "eve"] {
        sample.roles.push(RoleRow {
            person: home(sub),
            role: policy_engine::snapshot::RoleGrant::Role("catalogue-editor".to_owned()),
            until: Timestamp::from_unix(START + 365 * 86_400),
            revoked: None,
        });
    }
    sample.datasets = vec![serde_json::from_value(row(terms)).unwrap()];
    bootstrap::apply(&node.broker, sample).await.unwrap();
    let node = node.dual().await;
    let (dan, eve) = (person(&node, "dan").await, person(&node, "eve").await);
    let granted = issue(&node.broker, &dan, request()).await.unwrap();
    assert!(matches!(granted, Granted::Issued(_)));
    node.clock.advance(Duration::from_secs(60));
    (node, dan, eve)
}

fn row(terms: &Value) -> Value {
    let mut row = serde_json::to_value(crate::testing::dataset(1)).unwrap();
    row["consent"]["uses"] = json!([{ "group": "all", "terms": terms }]);
    row
}

fn request() -> GrantRequest {
    GrantRequest {
        conditions: None,
        dataset: "A".to_owned(),
        to: home("ada"),
        purpose: serde_json::from_value(json!({ "categories": ["disease"], "diseases": ["MONDO:0007254"],
            "commercial": false }))
        .unwrap(),
        project: Some("P1".to_owned()),
        institution: Some("https://uni.example.org".to_owned()),
        until: Timestamp::from_unix(START + 300 * 86_400),
    }
}

fn proposal(terms: &Value, at_once: bool) -> Proposal {
    serde_json::from_value(
        json!({ "kind": "catalogue", "title": "label", "reason": "the form says so", "at_once": at_once,
        "edits": [{ "put": { "kind": "dataset", "row": row(terms) } }] }),
    )
    .unwrap()
}

async fn in_force(node: &Node, dan: &Caller, eve: &Caller, proposal: Proposal) -> Proposed {
    let proposed = propose(&node.broker, dan, proposal).await.unwrap();
    if proposed.applied {
        return proposed;
    }
    let id = &proposed.row.id;
    let approved = approve(&node.broker, eve, id, &proposed.row.digest).await.unwrap();
    if approved.applied {
        return approved;
    }
    apply(&node.broker, dan, id).await.unwrap()
}

fn moves(node: &Node) -> Vec<LabelledMove> {
    node.broker.current().load().dataset(A).unwrap().relabels.clone()
}

/// Whether Ada's grant opens the data now.
async fn works(node: &Node) -> bool {
    let noor = node.caller("noor").await;
    let review = access::what_can(&node.broker, &noor, &home("ada").to_string())
        .await
        .unwrap();
    let uses = review.people.iter().flat_map(|person| &person.uses);
    uses.filter(|one| one.kind == Use::Download).any(|one| one.permit)
}

fn hmb() -> Value {
    json!([{ "id": "DUO:0000006" }])
}

/// The same without commercial use.
fn stricter() -> Value {
    json!([{ "id": "DUO:0000006" }, { "id": "DUO:0000046" }])
}

#[tokio::test]
async fn a_label_that_says_the_same_or_more_unsettles_nothing() {
    let cases = [
        (
            "neutral",
            json!([{ "id": "DUO:0000006", "version": "2021-02-23" }]),
            "neutral",
        ),
        ("wider", json!([{ "id": "DUO:0000042" }]), "wider"),
    ];
    for (name, terms, shift) in cases {
        let (node, dan, eve) = node(&hmb()).await;
        let told = preview(&node.broker, &dan, proposal(&terms, true)).await.unwrap();
        let one = told.relabels.first().unwrap_or_else(|| panic!("{name}: {told:?}"));
        assert_eq!(
            (one.shift.as_str(), one.moved, one.projects),
            (shift, None, 0),
            "{name}"
        );
        let proposed = in_force(&node, &dan, &eve, proposal(&terms, true)).await;
        assert_eq!(proposed.row.relabels[0].moved, None, "{name}");
        assert!(moves(&node).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_stricter_label_gives_the_committee_the_list_and_thirty_days() {
    let (node, dan, eve) = node(&hmb()).await;
    let now = node.broker.now();
    let by = Timestamp::from_unix(now.unix() + 30 * 86_400);
    let told = preview(&node.broker, &dan, proposal(&stricter(), false)).await.unwrap();
    let moved = Some(LabelledMove { to: now, by });
    assert_eq!(
        (told.relabels[0].shift.as_str(), told.relabels[0].moved),
        ("stricter", moved)
    );
    assert!(!told.relabels[0].what.is_empty(), "{told:?}");
    let named = &told.relabels[0].concerned;
    assert_eq!(told.relabels[0].projects, 1);
    assert_eq!((named[0].project.as_deref(), &named[0].to), (Some("P1"), &home("ada")));
    assert!(moves(&node).is_empty(), "a preview changes nothing");

    let proposed = in_force(&node, &dan, &eve, proposal(&stricter(), false)).await;
    assert!(proposed.applied);
    assert_eq!(moves(&node), [LabelledMove { to: now, by }]);
    let shown = show::one(&node.broker, &dan, &proposed.row.id).await.unwrap();
    assert_eq!(shown.change.relabels, proposed.row.relabels, "kept with the row");
    let dataset = node.broker.current().load().consent_dataset(A).cloned().unwrap();
    let (before, after) = (Timestamp::from_unix(by.unix() - 1), by);
    assert_eq!(
        (dataset.labelled_at(before), dataset.labelled_at(after)),
        (None, Some(now))
    );
    // whoever starts the node anew finds the same in its rows
    let again = node
        .again_with(crate::config::Config {
            governance: policy_engine::snapshot::Governance::Dual,
            ..crate::testing::config(&node.dir)
        })
        .await
        .unwrap();
    assert_eq!(
        again.current().load().dataset(A).unwrap().relabels,
        [LabelledMove { to: now, by }]
    );
}

#[tokio::test]
async fn what_the_committee_judged_by_the_label_before_counts_for_thirty_days_and_not_at_once_if_the_change_says_so() {
    let (old, new) = (judged(false), judged(true));
    for (at_once, later, works_then) in [(false, 29 * DAY, true), (false, 30 * DAY, false), (true, 0, false)] {
        let (node, dan, eve) = node(&old).await;
        node.person("noor", "member@biobank.example.org").await;
        assert!(works(&node).await, "the committee's judgement carries it");
        let proposed = in_force(&node, &dan, &eve, proposal(&new, at_once)).await;
        assert!(proposed.row.relabels[0].moved.is_some(), "{:?}", proposed.row.relabels);
        node.clock.advance(Duration::from_secs(later));
        for (sub, affiliation) in [
            ("noor", "member@biobank.example.org"),
            ("dan", "member@biobank.example.org"),
        ] {
            node.affirm(sub, affiliation).await;
        }
        assert_eq!(works(&node).await, works_then, "at once: {at_once}, {later} s later");
        if !works_then {
            // a new vote by the new label settles it again
            let dan = node.caller("dan").await;
            let mut anew = request();
            anew.until = Timestamp::from_unix(START + 301 * 86_400);
            issue(&node.broker, &dan, anew).await.unwrap();
            assert!(works(&node).await, "at once: {at_once}");
        }
    }
}

/// A label by which the purpose of the grant needs a judgement: its research type is in words.
fn judged(stricter: bool) -> Value {
    let mut terms = vec![
        json!({ "id": "DUO:0000006" }),
        json!({ "id": "DUO:0000012", "values": ["work on hearts"] }),
    ];
    if stricter {
        terms.push(json!({ "id": "DUO:0000046" }));
    }
    json!(terms)
}

#[tokio::test]
async fn a_label_that_says_again_what_it_said_settles_what_was_given_by_it() {
    let (node, dan, eve) = node(&hmb()).await;
    in_force(&node, &dan, &eve, proposal(&stricter(), true)).await;
    assert_eq!(moves(&node).len(), 1);
    let (dan, eve) = (node.caller("dan").await, node.caller("eve").await);
    let back = in_force(&node, &dan, &eve, proposal(&hmb(), true)).await;
    assert!(back.applied, "{:?}", back.row);
    assert_eq!(
        moves(&node),
        [],
        "the rule is the one that they were given by: {:?}",
        back.row.relabels
    );
}
