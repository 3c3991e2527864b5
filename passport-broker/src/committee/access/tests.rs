//! Access reviews on a whole broker.

use policy_engine::consent::ResearchPurpose;
use policy_engine::review::gains::Use;
use serde_json::json;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::*;
use crate::bootstrap;
use crate::committee::{GrantRequest, issue};
use crate::testing::{A, DAC, ISSUER, Node, START, bare, catalogue, home};

/// A node whose own visas speak for its two houses, as a real one's do.
async fn node() -> Node {
    let node = bare().await;
    let mut sample = catalogue();
    for entry in &mut sample.trust {
        entry.jku = vec![format!("{ISSUER}/jwks")];
        entry.scopes = vec!["uni.example.org".to_owned(), "biobank.example.org".to_owned()];
    }
    bootstrap::apply(&node.broker, sample).await.unwrap();
    node
}

async fn grant(node: &Node, to: VisaIdentity, until: i64) {
    let dan = node.person("dan", "member@biobank.example.org").await;
    let purpose: ResearchPurpose = serde_json::from_value(
        json!({ "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false }),
    )
    .unwrap();
    let request = GrantRequest {
        conditions: None,
        dataset: "A".to_owned(),
        to,
        purpose,
        project: Some("P1".to_owned()),
        institution: Some("https://uni.example.org".to_owned()),
        until: Timestamp::from_unix(until),
    };
    issue(&node.broker, &dan, request).await.unwrap();
}

async fn told(broker: &Broker, before: Snapshot, after: Snapshot) -> Result<Gains, GovernError> {
    consequences(broker, before, after, Vec::new())
        .await
        .map(|found| found.gains)
}

fn may(review: &Review, who: &VisaIdentity, kind: Use) -> Option<bool> {
    let person = review
        .people
        .iter()
        .find(|person| person.person == *who || person.identities.contains(who))?;
    let standing = person.uses.iter().find(|standing| standing.kind == kind)?;
    Some(standing.permit)
}

#[tokio::test]
async fn who_can_tells_who_holds_a_grant_until_when_and_by_whom_and_counts_the_others() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    node.person("bo", "faculty@uni.example.org").await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    grant(&node, home("ada"), START + 3_600).await;
    let review = who_can(&node.broker, &noor, "A").await.unwrap();
    assert_eq!(review.dataset.as_deref(), Some(A));
    for kind in Use::ALL {
        assert_eq!(may(&review, &ada.identity, kind), Some(true), "{kind:?}: {review:?}");
    }
    let download = &review.people[0].uses[1];
    assert_eq!(
        download.until.map(|until| until.unix()),
        Some(START + 3_600),
        "the grant's end, not a visa's hour"
    );
    assert_eq!(download.sources, [DAC]);
    assert_eq!(review.people.len(), 1, "{:?}", review.people);
    // bo, noor, dan; and eve, who is of the committee and has never logged in
    assert_eq!(review.without, Some(4));
    assert!(review.complete);
    let committee = review
        .roles
        .iter()
        .filter(|held| matches!(held.role, RoleGrant::Committee(_)));
    assert_eq!(committee.count(), 2);
}

#[tokio::test]
async fn whoever_never_logged_in_is_reviewed_by_what_was_granted_to_them() {
    let node = node().await;
    grant(&node, home("ada"), START + 3_600).await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let review = what_can(&node.broker, &noor, &home("ada").to_string()).await.unwrap();
    let ada = &review.people[0];
    assert!(!ada.logged_in);
    assert_eq!(may(&review, &home("ada"), Use::Describe), Some(true));
    assert_eq!(
        may(&review, &home("ada"), Use::Compute),
        Some(false),
        "no affiliation is proven yet"
    );
}

#[tokio::test]
async fn a_suspended_person_may_nothing_and_the_review_says_so() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    grant(&node, home("ada"), START + 3_600).await;
    let sql = "UPDATE people SET suspended_at = $1 WHERE id = $2";
    let mut db = node.broker.db();
    db.change(
        "people",
        sql,
        crate::store::args![Timestamp::from_unix(START), ada.person.as_str()],
    )
    .await
    .unwrap();
    node.broker.publish().await.unwrap();
    let noor = node.person("noor", "member@biobank.example.org").await;
    let review = who_can(&node.broker, &noor, "A").await.unwrap();
    assert_eq!(may(&review, &ada.identity, Use::Download), Some(false));
    assert!(review.people[0].suspended);
    assert_eq!(review.people[0].uses[1].why[0].code, "policy.suspended");
}

#[tokio::test]
async fn a_review_is_for_auditors_the_committee_and_oneself_and_each_is_on_record() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let bo = node.person("bo", "faculty@uni.example.org").await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    for (name, caller, permitted) in [
        ("an auditor", &noor, true),
        ("a member", &dan, true),
        ("anybody", &bo, false),
    ] {
        let before = node.events().len();
        assert_eq!(who_can(&node.broker, caller, "A").await.is_ok(), permitted, "{name}");
        let person = ada.identity.to_string();
        assert_eq!(
            what_can(&node.broker, caller, &person).await.is_ok(),
            permitted,
            "{name}"
        );
        let outcome = if permitted {
            "audit.read success"
        } else {
            "audit.read denied"
        };
        assert_eq!(node.events()[before..], [outcome, outcome], "{name}");
    }
    let review = own(&node.broker, &bo).await.unwrap();
    assert_eq!(may(&review, &bo.identity, Use::Describe), Some(true), "{review:?}");
    assert_eq!(may(&review, &bo.identity, Use::Download), Some(false));
}

#[tokio::test]
async fn an_undiscoverable_dataset_reads_as_an_unknown_one() {
    let node = bare().await;
    let mut sample = catalogue();
    sample.datasets[0].discoverable = false;
    bootstrap::apply(&node.broker, sample).await.unwrap();
    let bo = node.person("bo", "faculty@uni.example.org").await;
    let asked = |name: &'static str| {
        let (broker, bo) = (node.broker.clone(), bo.clone());
        async move { who_can(&broker, &bo, name).await.unwrap_err().code().to_owned() }
    };
    assert_eq!(asked(A).await, "admin.no_such_dataset");
    assert_eq!(asked("https://data.example.org/none").await, "admin.no_such_dataset");
    assert!(own(&node.broker, &bo).await.unwrap().people[0].uses.is_empty());
}

#[tokio::test]
async fn a_change_tells_who_gains_and_who_loses_before_it_counts() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    grant(&node, home("ada"), START + 3_600).await;
    let before = node.broker.current().load().snapshot().clone();
    let mut after = before.clone();
    after.datasets[0].consent.dac.clear();
    let lost = told(&node.broker, before.clone(), after.clone()).await.unwrap();
    assert!(lost.complete);
    let mut seen: Vec<_> = lost
        .list
        .iter()
        .map(|gain| (gain.person.clone(), gain.action, gain.from, gain.to))
        .collect();
    seen.sort_by_key(|(_, action, ..)| *action);
    assert_eq!(
        seen,
        [Use::Download, Use::Compute].map(|action| (ada.identity.clone(), action, true, false)),
        "she may still read of it, as everybody"
    );
    assert!(
        lost.list
            .iter()
            .all(|gain| gain.why[0].code == "consent.approval_source_untrusted"),
        "{lost:?}"
    );
    let back = told(&node.broker, after, before.clone()).await.unwrap();
    assert!(back.list.iter().all(gains::Gain::gains));
    assert!(
        told(&node.broker, before.clone(), before)
            .await
            .unwrap()
            .list
            .is_empty()
    );
}

#[tokio::test]
async fn a_member_who_left_decides_nothing_more_and_what_they_decided_stays_and_is_marked() {
    let node = node().await;
    grant(&node, home("ada"), START + 300 * 86_400).await;
    let application = |all: Vec<Application>| all.into_iter().next().unwrap();
    let found = application(node.broker.of_dataset(A).await.unwrap());
    let marks = voters(&node.broker, &found, DAC).await.unwrap();
    assert!(marks[0].member, "{marks:?}");
    // her seat ends after a year, the grant does not
    let mut late = node.broker.live::<RoleRow>().await.unwrap();
    late.retain(|row| row.person == home("dan"));
    let end = late[0].until;
    node.clock.set(end);
    let found = application(node.broker.of_dataset(A).await.unwrap());
    let marks = voters(&node.broker, &found, DAC).await.unwrap();
    assert_eq!(found.yes.len(), 1, "the vote stays");
    assert!(!marks[0].member, "{marks:?}");
    let dan = node.caller("dan").await;
    let again = issue(
        &node.broker,
        &dan,
        GrantRequest {
            conditions: None,
            dataset: "A".to_owned(),
            to: home("bo"),
            purpose: found.purpose.clone(),
            project: None,
            institution: Some("https://uni.example.org".to_owned()),
            until: end.plus(std::time::Duration::from_secs(60)),
        },
    );
    assert_eq!(again.await.unwrap_err().code(), "policy.not_dac");
}
