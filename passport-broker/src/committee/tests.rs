//! Votes, grants and holds through the shipped policies.

use policy_engine::consent::ResearchPurpose;
use serde_json::json;
use visa_verifier::seam::Timestamp;

use super::*;
use crate::bootstrap;
use crate::caller::Caller;
use crate::testing::{A, Node, START, catalogue, dataset, home, node};

fn purpose() -> ResearchPurpose {
    serde_json::from_value(json!({ "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false }))
        .unwrap()
}

fn request(sub: &str) -> GrantRequest {
    GrantRequest {
        dataset: "A".to_owned(),
        to: home(sub),
        purpose: purpose(),
        project: Some("P1".to_owned()),
        institution: Some("https://uni.example.org".to_owned()),
        conditions: None,
        until: Timestamp::from_unix(START + 86_400),
    }
}

async fn dan(node: &Node) -> Caller {
    node.person("dan", "member@biobank.example.org").await
}

#[tokio::test]
async fn a_member_with_a_fresh_second_factor_grants_in_three_events() {
    let node = node().await;
    let (dan, ada) = (dan(&node).await, node.person("ada", "faculty@uni.example.org").await);
    let before = node.events().len();
    let changed = node.broker.current().load().snapshot().changed_at([&ada.identity]);
    let granted = issue(&node.broker, &dan, request("ada")).await.unwrap();
    let Granted::Issued(grant) = granted else {
        panic!("{granted:?}")
    };
    assert_eq!(
        node.events()[before..],
        [
            "change.draft success",
            "change.approve success",
            "grant.issue success",
            "policy.publish success"
        ]
    );
    let held = node.broker.grants_of(&ada.person).await.unwrap();
    assert_eq!(held.iter().map(|held| &held.id).collect::<Vec<_>>(), [&grant.id]);
    assert!(
        node.broker.current().load().snapshot().changed_at([&ada.identity]) > changed,
        "her Passport is dropped"
    );
}

#[tokio::test]
async fn who_may_not_grant_is_told_why_and_the_denial_is_on_record() {
    let node = node().await;
    let dan = dan(&node).await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let stale = Caller {
        auth_time: Some(Timestamp::from_unix(START - 16 * 60)),
        ..dan.clone()
    };
    let one_factor = Caller {
        acr: None,
        ..dan.clone()
    };
    let cases = [
        (
            "an administrator who is not of the committee",
            &noor,
            "ada",
            "policy.not_dac",
            1,
        ),
        ("a login of 16 minutes ago", &stale, "ada", "policy.step_up", 1),
        (
            "one factor only: the same denial in the same minute is counted",
            &one_factor,
            "ada",
            "policy.step_up",
            0,
        ),
        ("the member's own application", &dan, "dan", "policy.four_eyes", 1),
    ];
    for (name, caller, to, code, entries) in cases {
        let before = node.events().len();
        let error = issue(&node.broker, caller, request(to)).await.unwrap_err();
        let GovernError::Denied { reasons } = &error else {
            panic!("{name}: {error:?}")
        };
        assert!(reasons.iter().any(|reason| reason.code == code), "{name}: {reasons:?}");
        assert_eq!(
            node.events()[before..],
            vec!["change.approve denied"; entries],
            "{name}"
        );
    }
    assert!(
        node.broker
            .live::<crate::store::grants::Application>()
            .await
            .unwrap()
            .is_empty(),
        "nothing was filed"
    );
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_with_their_reason() {
    let node = node().await;
    let dan = dan(&node).await;
    let with = |purpose: serde_json::Value| GrantRequest {
        purpose: serde_json::from_value(purpose).unwrap(),
        ..request("ada")
    };
    let cases = [
        (
            "a dataset that is not here",
            GrantRequest {
                dataset: "Z".to_owned(),
                ..request("ada")
            },
            "admin.no_such_dataset",
        ),
        (
            "an end in the past",
            GrantRequest {
                until: Timestamp::from_unix(START),
                ..request("ada")
            },
            "grant.until",
        ),
        (
            "nobody said whether commercial",
            with(json!({ "categories": ["methods"] })),
            "purpose.commercial",
        ),
        (
            "a barred use",
            with(json!({ "categories": ["identification"], "commercial": false })),
            "purpose.barred",
        ),
        (
            "no purpose",
            with(json!({ "categories": ["unstated"], "commercial": false })),
            "purpose.unstated",
        ),
        (
            "an applicant of unknown house",
            GrantRequest {
                institution: None,
                ..request("stranger")
            },
            "grant.institution",
        ),
    ];
    for (name, request, code) in cases {
        let error = issue(&node.broker, &dan, request).await.unwrap_err();
        assert_eq!(error.code(), code, "{name}");
    }
}

#[tokio::test]
async fn a_member_of_the_applicants_house_may_not_vote_even_if_the_house_is_not_named() {
    let node = node().await;
    let eve = node.person("eve", "member@uni.example.org").await;
    let asked = Asked::begin(&node.broker, &eve).await.unwrap();
    let houses: Vec<&str> = asked.facts.institutions(node.broker.now()).collect();
    assert_eq!(houses, ["https://uni.example.org"]);
    node.person("ada", "faculty@uni.example.org").await;
    for institution in [
        Some("https://uni.example.org".to_owned()),
        None,
        Some("https://biobank.example.org".to_owned()),
    ] {
        let request = GrantRequest {
            institution: institution.clone(),
            ..request("ada")
        };
        let error = issue(&node.broker, &eve, request).await.unwrap_err();
        assert_eq!(error.code(), "policy.conflict_of_interest", "{institution:?}");
    }
}

#[tokio::test]
async fn where_two_votes_are_asked_for_the_second_member_issues() {
    let node = node().await;
    let two = bootstrap::Bootstrap {
        datasets: vec![dataset(2)],
        ..catalogue()
    };
    bootstrap::apply(&node.broker, two).await.unwrap();
    let (dan, eve) = (dan(&node).await, node.person("eve", "member@biobank.example.org").await);
    assert!(matches!(
        issue(&node.broker, &dan, request("ada")).await.unwrap(),
        Granted::Voted { needed: 2, .. }
    ));
    let error = issue(&node.broker, &dan, request("ada")).await.unwrap_err();
    assert_eq!(error.code(), "grant.voted_already");
    assert!(matches!(
        issue(&node.broker, &eve, request("ada")).await.unwrap(),
        Granted::Issued(_)
    ));
}

#[tokio::test]
async fn a_revoked_grant_is_no_grant_any_more() {
    let node = node().await;
    let (dan, ada) = (dan(&node).await, node.person("ada", "faculty@uni.example.org").await);
    let Granted::Issued(grant) = issue(&node.broker, &dan, request("ada")).await.unwrap() else {
        panic!()
    };
    assert_eq!(
        revoke(&node.broker, &dan, &grant.id, " ").await.unwrap_err().code(),
        "grant.reason"
    );
    assert_eq!(
        revoke(&node.broker, &dan, "none", "left").await.unwrap_err().code(),
        "admin.not_found"
    );
    revoke(&node.broker, &dan, &grant.id, "left the project").await.unwrap();
    assert!(node.broker.grants_of(&ada.person).await.unwrap().is_empty());
    assert_eq!(
        revoke(&node.broker, &dan, &grant.id, "again").await.unwrap_err().code(),
        "grant.revoked_already"
    );
    assert!(node.again().await.is_ok(), "rows and log agree");
}

#[tokio::test]
async fn a_hold_says_what_it_stops_and_is_in_the_snapshot_when_it_is_placed() {
    let node = node().await;
    let dan = dan(&node).await;
    let hold = |scope: &str, target: Option<&str>| -> HoldRequest {
        serde_json::from_value(json!({
            "dataset": A, "kind": "withdrawn", "scope": scope, "target": target, "reason": "form of 3 May",
        }))
        .unwrap()
    };
    let cases = [
        ("one participant", hold("participant", Some("p-17")), 1, true),
        (
            "a participant of two objects",
            hold("participant", Some("p-18")),
            2,
            true,
        ),
        (
            "a participant whom nobody knows",
            hold("participant", Some("p-99")),
            0,
            false,
        ),
        ("an object", hold("object", Some("a-2")), 1, true),
        ("the dataset", hold("dataset", None), 2, true),
    ];
    for (name, request, objects, matched) in cases {
        let effect = preview(&node.broker, &dan, &request).await.unwrap();
        assert_eq!((effect.objects, effect.matched), (objects, matched), "{name}");
    }
    assert!(
        node.broker.current().load().snapshot().holds.is_empty(),
        "a preview places nothing"
    );
    let placed = place(&node.broker, &dan, hold("participant", Some("p-17")))
        .await
        .unwrap();
    assert!(placed.hold.ends_by_service_only());
    assert_eq!(node.broker.current().load().snapshot().holds.len(), 1);
    let before = node.events().len();
    place(&node.broker, &dan, hold("participant", Some("p-99")))
        .await
        .unwrap();
    assert_eq!(
        node.events()[before..],
        ["hold.place success", "policy.publish success", "hold.unmatched success"]
    );
    let noor = node.person("noor", "member@biobank.example.org").await;
    let error = place(&node.broker, &noor, hold("dataset", None)).await.unwrap_err();
    assert!(matches!(error, GovernError::Denied { .. }));
}

#[tokio::test]
async fn a_vanished_hold_stops_publication() {
    let node = node().await;
    let dan = dan(&node).await;
    let request: HoldRequest = serde_json::from_value(json!({
        "dataset": "A", "kind": "withdrawn", "scope": "dataset", "reason": "all of them",
    }))
    .unwrap();
    place(&node.broker, &dan, request).await.unwrap();
    let mut db = node.broker.db();
    db.change("governed", "DELETE FROM governed WHERE kind = 'hold'", Vec::new())
        .await
        .unwrap();
    let error = node.broker.publish().await.unwrap_err();
    assert_eq!(error.code(), "catalogue.db_not_as_logged");
    assert_eq!(
        node.broker.current().load().snapshot().holds.len(),
        1,
        "the hold stays in force"
    );
}

#[tokio::test]
async fn a_purpose_is_attested_only_beside_a_foreign_grant() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    let said = Attestation {
        dataset: "A".to_owned(),
        project: Some("P1".to_owned()),
        institution: None,
        purpose: purpose(),
    };
    let error = attest(&node.broker, &ada, said).await.unwrap_err();
    assert_eq!(error.code(), "purpose.no_foreign_grant");
}

#[tokio::test]
async fn an_attested_purpose_is_frozen_and_said_once() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    collected(&node, &ada, GIVEN, START + 7200).await;
    assert_eq!(waiting(&node.broker, &ada.person).await.unwrap().len(), 1);
    let said = Attestation {
        dataset: "A".to_owned(),
        project: Some("P1".to_owned()),
        institution: None,
        purpose: purpose(),
    };
    let first = attest(&node.broker, &ada, said.clone()).await.unwrap();
    assert_eq!(
        attest(&node.broker, &ada, said.clone()).await.unwrap().attested,
        first.attested
    );
    let mut other = said;
    other.purpose = serde_json::from_value(json!({ "categories": ["methods"], "commercial": false })).unwrap();
    assert_eq!(
        attest(&node.broker, &ada, other).await.unwrap_err().code(),
        "purpose.frozen"
    );
    assert!(waiting(&node.broker, &ada.person).await.unwrap().is_empty());
    assert_eq!(node.broker.attested_of(&ada.person).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_attested_purpose_stands_as_long_as_visas_of_its_grant_keep_coming() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    collected(&node, &ada, GIVEN, START + 7200).await;
    let said = Attestation {
        dataset: "A".to_owned(),
        project: Some("P1".to_owned()),
        institution: None,
        purpose: purpose(),
    };
    let first = attest(&node.broker, &ada, said.clone()).await.unwrap();
    assert_eq!(first.until, Timestamp::from_unix(START + 7200));
    node.clock.advance(std::time::Duration::from_secs(7200));
    assert!(
        node.broker.attested_of(&ada.person).await.unwrap().is_empty(),
        "no visa, nothing to stand beside"
    );

    collected(&node, &ada, GIVEN, START + 10_800).await;
    let standing = node.broker.attested_of(&ada.person).await.unwrap();
    assert_eq!(
        standing.iter().map(|row| (row.attested, row.until)).collect::<Vec<_>>(),
        [(first.attested, Timestamp::from_unix(START + 10_800))],
        "the next visa of the same grant"
    );
    assert!(waiting(&node.broker, &ada.person).await.unwrap().is_empty());
    let mut other = said;
    other.purpose = serde_json::from_value(json!({ "categories": ["methods"], "commercial": false })).unwrap();
    let error = attest(&node.broker, &ada, other.clone()).await.unwrap_err();
    assert_eq!(error.code(), "purpose.frozen", "the grant lives on");

    collected(&node, &ada, GIVEN + 1, START + 10_800).await;
    assert!(
        node.broker.attested_of(&ada.person).await.unwrap().is_empty(),
        "another grant"
    );
    assert_eq!(waiting(&node.broker, &ada.person).await.unwrap().len(), 1);
    let second = attest(&node.broker, &ada, other.clone()).await.unwrap();
    assert_eq!(second.purpose, other.purpose);
}

/// When the foreign grant was given.
const GIVEN: i64 = 1_700_000_000;

/// The person's only collected visa: a grant for A, given at `asserted`, with a visa until `expires`.
async fn collected(node: &Node, ada: &Caller, asserted: i64, expires: i64) {
    use crate::store::visas::{self, CollectedVisa};
    let now = node.broker.now();
    let expires = Timestamp::from_unix(expires);
    let visa = node
        .broker
        .signer()
        .sign_visa(
            "vnd.ga4gh.visa+jwt",
            &json!({
                "iss": "https://visas.example.net", "sub": "x", "iat": now.unix(), "exp": expires.unix(), "jti": "1",
                "ga4gh_visa_v1": { "type": "ControlledAccessGrants", "asserted": asserted, "value": A,
                                   "source": "https://ega.example.net", "by": "dac" },
            }),
        )
        .unwrap();
    let identity = visa_verifier::VisaIdentity::new("https://visas.example.net".parse().unwrap(), "x".parse().unwrap());
    let row = CollectedVisa {
        digest: "d".to_owned(),
        identity: identity.clone(),
        visa,
        collected: now,
        expires,
    };
    visas::collect(&mut node.broker.db(), &ada.person, &identity, &[row])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_default_purpose_is_chosen_and_taken_back() {
    let node = node().await;
    let ada = node.person("ada", "faculty@uni.example.org").await;
    choose_default(&node.broker, &ada, Some(purpose())).await.unwrap();
    assert_eq!(
        node.broker.default_purpose_of(&ada.person).await.unwrap(),
        Some(purpose())
    );
    choose_default(&node.broker, &ada, None).await.unwrap();
    assert_eq!(node.broker.default_purpose_of(&ada.person).await.unwrap(), None);
}

#[tokio::test]
async fn project_and_house_may_stand_in_the_purpose_but_not_say_something_else() {
    let node = node().await;
    let dan = dan(&node).await;
    let mut request = GrantRequest {
        project: None,
        institution: None,
        ..request("stranger")
    };
    request.purpose.project = Some("P7".parse().unwrap());
    request.purpose.institution = Some("https://uni.example.org".parse().unwrap());
    let twice = GrantRequest {
        project: Some("P8".to_owned()),
        ..request.clone()
    };
    let error = issue(&node.broker, &dan, twice).await.unwrap_err();
    assert_eq!(error.code(), "purpose.said_twice");
    let Granted::Issued(grant) = issue(&node.broker, &dan, request).await.unwrap() else {
        panic!()
    };
    assert_eq!(grant.project.as_deref(), Some("P7"));
    assert_eq!(grant.institution.as_deref(), Some("https://uni.example.org"));
    assert_eq!(grant.purpose, Some(purpose()), "they are kept beside it");
}
