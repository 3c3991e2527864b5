//! A committee's own policies: its members write and approve them, and they reach its datasets alone (policy.md 3).

use policy_engine::snapshot::{PolicyText, RoleGrant};
use serde_json::json;
use visa_verifier::seam::Timestamp;

use super::tests::{MANIFEST, STOPPED, forbid, in_force, through, wanted};
use super::{Files, ProofState, Watch, approve, draft, enforce, list, observe, one, publish, roll_back};
use crate::bootstrap;
use crate::store::roles::RoleRow;
use crate::testing::{A, DAC, Node, START, catalogue, dataset, home};

const OTHER: &str = "https://uni.example.org/dac";
const B: &str = "https://data.example.org/b";

/// The sample node; beside Dan's and Eve's committee that of the university, with Mia and dataset B.
async fn node() -> Node {
    let node = crate::testing::bare().await;
    let mut facts = catalogue();
    let committee = json!({ "id": OTHER, "institution": "https://uni.example.org", "title": "University" });
    facts.dacs.push(serde_json::from_value(committee).unwrap());
    let mut other = dataset(1);
    other.consent.id = B.parse().unwrap();
    (other.dac, other.short_name) = (OTHER.to_owned(), "B".to_owned());
    facts.datasets.push(other);
    for (sub, role) in [
        ("mia", RoleGrant::Committee(OTHER.to_owned())),
        ("olga", RoleGrant::Role("administrator".to_owned())),
    ] {
        facts.roles.push(RoleRow {
            person: home(sub),
            role,
            until: Timestamp::from_unix(START + 365 * 86_400),
            revoked: None,
        });
    }
    bootstrap::apply(&node.broker, facts).await.unwrap();
    node.dual().await
}

fn of(committee: &str, datasets: &[&str], policies: Vec<PolicyText>) -> Files {
    Files {
        manifest: format!("{MANIFEST}committee = \"{committee}\"\ndatasets = {datasets:?}\n"),
        policies,
        links: None,
        tests: Vec::new(),
    }
}

fn scoped(id: &str, scope: &str) -> PolicyText {
    let policy = forbid(id, STOPPED);
    PolicyText {
        text: policy.text.replace("resource is Visum::Dataset", scope),
        ..policy
    }
}

fn own() -> PolicyText {
    scoped("dac.stop", &format!("resource in Visum::Dac::\"{DAC}\""))
}

#[tokio::test]
async fn a_member_drafts_another_member_approves_and_it_is_proven_to_open_nothing() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let eve = node.person("eve", "member@biobank.example.org").await;
    let mia = node.person("mia", "member@uni.example.org").await;
    let drafted = draft(&node.broker, &dan, wanted(of(DAC, &[A], vec![own()])))
        .await
        .unwrap();
    let (id, digest) = (drafted.row.id.clone(), drafted.row.digest.clone());
    assert_eq!(
        (drafted.row.bundle.as_str(), drafted.in_force, drafted.alone),
        (DAC, false, false)
    );
    assert_eq!(
        drafted.report.proof.state,
        ProofState::Proven,
        "{:?}",
        drafted.report.proof
    );

    let same = approve(&node.broker, &dan, &id, &digest).await.unwrap_err();
    assert_eq!(same.code(), "policy.four_eyes");
    for code in [
        approve(&node.broker, &mia, &id, &digest).await.unwrap_err().code(),
        publish(&node.broker, &mia, &id, false).await.unwrap_err().code(),
        one(&node.broker, &mia, &id).await.unwrap_err().code(),
    ] {
        assert_eq!(code, "policy.no_rule_permits");
    }
    assert!(
        list(&node.broker, &mia).await.unwrap().1.is_empty(),
        "she sees none of it"
    );
    approve(&node.broker, &eve, &id, &digest).await.unwrap();
    let alone = publish(&node.broker, &dan, &id, true).await.unwrap_err();
    assert_eq!(alone.code(), "policy.four_eyes", "the author does not publish either");
    publish(&node.broker, &eve, &id, true).await.unwrap();
    assert_eq!(in_force(&node), [own().text]);
    let (bundles, drafts) = list(&node.broker, &dan).await.unwrap();
    assert_eq!((bundles.len(), drafts.len()), (1, 1));

    // the other committee's stands beside it, and a roll back of one is none of the other's
    let theirs = scoped("uni.stop", &format!("resource == Visum::Dataset::\"{B}\""));
    let olga = node.person("olga", "staff@biobank.example.org").await;
    through(&node, &mia, &olga, of(OTHER, &[B], vec![theirs])).await;
    assert_eq!(in_force(&node).len(), 2);
    let back = roll_back(&node.broker, &mia, DAC, None, "I want to").await.unwrap_err();
    assert_eq!(back.code(), "policy.no_rule_permits");
    let (bundles, _) = list(&node.broker, &mia).await.unwrap();
    assert_eq!(bundles.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), [OTHER]);
    let nobody = node.person("ada", "faculty@uni.example.org").await;
    assert_eq!(
        list(&node.broker, &nobody).await.unwrap_err().code(),
        "policy.no_rule_permits"
    );
}

#[tokio::test]
async fn what_reaches_beyond_its_own_datasets_is_refused() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let mut watching = of(DAC, &[A], vec![own()]);
    watching.manifest.push_str(&format!(
        "[[observe]]\npolicy = \"visum.standard.strong-login\"\nuntil = \"{}\"\nreason = \"x\"\n",
        node.broker.now().plus(std::time::Duration::from_secs(60))
    ));
    let permit = PolicyText {
        name: "own.cedar".to_owned(),
        text: format!(
            "@id(\"dac.open\")\n@reason(\"x\")\n@needs(\"y\")\npermit (\n  principal,\n  action in \
             Visum::Action::\"data:release\",\n  resource in Visum::Dac::\"{DAC}\"\n);\n"
        ),
    };
    let link = |resource: &str| Files {
        links: Some(
            json!([{ "template": "visum.template.group-dataset", "id": "dac.group",
                "principal": { "type": "Visum::Group", "id": "g" },
                "resource": { "type": "Visum::Dataset", "id": resource } }])
            .to_string(),
        ),
        ..of(DAC, &[A], Vec::new())
    };
    let cases = [
        (
            "the node's own bundle",
            Files {
                manifest: MANIFEST.to_owned(),
                ..of(DAC, &[A], Vec::new())
            },
            "policy.no_rule_permits",
        ),
        (
            "another committee's bundle",
            of(OTHER, &[B], Vec::new()),
            "policy.no_rule_permits",
        ),
        (
            "another committee's dataset in its list",
            of(DAC, &[A, B], vec![own()]),
            "lint.scope_outside_dac",
        ),
        (
            "a policy on everything",
            of(DAC, &[A], vec![forbid("dac.stop", STOPPED)]),
            "policy.unsound",
        ),
        (
            "a policy on another committee's data",
            of(
                DAC,
                &[A],
                vec![scoped("dac.stop", &format!("resource in Visum::Dac::\"{OTHER}\""))],
            ),
            "policy.unsound",
        ),
        ("a permit of its own", of(DAC, &[A], vec![permit]), "policy.unsound"),
        ("a link on another committee's dataset", link(B), "policy.unsound"),
        ("a watched policy of the node", watching, "policy.unsound"),
    ];
    for (name, files, code) in cases {
        let refused = draft(&node.broker, &dan, wanted(files)).await.unwrap_err();
        assert_eq!(refused.code(), code, "{name}: {refused}");
    }
    assert!(in_force(&node).is_empty());
}

#[tokio::test]
async fn a_committee_watches_its_own_policies_and_ends_that_alone() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let eve = node.person("eve", "member@biobank.example.org").await;
    let mia = node.person("mia", "member@uni.example.org").await;
    through(&node, &dan, &eve, of(DAC, &[A], vec![own()])).await;
    let watch = Watch {
        policy: "dac.stop".to_owned(),
        until: node.broker.now().plus(std::time::Duration::from_secs(3600)),
        reason: "to see".to_owned(),
    };
    let other = observe(&node.broker, &mia, watch.clone()).await.unwrap_err();
    assert_eq!(other.code(), "policy.no_rule_permits");
    let drafted = observe(&node.broker, &dan, watch).await.unwrap();
    approve(&node.broker, &eve, &drafted.row.id, &drafted.row.digest)
        .await
        .unwrap();
    publish(&node.broker, &eve, &drafted.row.id, false).await.unwrap();
    let watches = |node: &Node| node.broker.current().load().snapshot().observe.len();
    assert_eq!(watches(&node), 1);
    let other = enforce(&node.broker, &mia, "dac.stop", "no").await.unwrap_err();
    assert_eq!(other.code(), "policy.no_rule_permits");
    enforce(&node.broker, &dan, "dac.stop", "seen enough").await.unwrap();
    assert_eq!(watches(&node), 0);
}

#[tokio::test]
async fn a_link_that_opens_a_dataset_counts_no_more_once_that_is_another_committee_s() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let eve = node.person("eve", "member@biobank.example.org").await;
    let files = Files {
        links: Some(
            json!([{ "template": "visum.template.group-dataset", "id": "dac.group",
                "principal": { "type": "Visum::Group", "id": "team" },
                "resource": { "type": "Visum::Dataset", "id": A } }])
            .to_string(),
        ),
        ..of(DAC, &[A], vec![own()])
    };
    let drafted = draft(&node.broker, &dan, wanted(files)).await.unwrap();
    approve(&node.broker, &eve, &drafted.row.id, &drafted.row.digest)
        .await
        .unwrap();
    publish(&node.broker, &eve, &drafted.row.id, false).await.unwrap();
    let counts = |node: &Node| {
        let engine = node.broker.current().load();
        (engine.snapshot().links.len(), engine.snapshot().policies.len())
    };
    assert_eq!(counts(&node), (1, 1));
    let mut changing = crate::catalogue::Changing::begin(&node.broker).await;
    let moved = policy_engine::snapshot::DatasetRecord {
        dac: OTHER.to_owned(),
        ..dataset(1)
    };
    let row = changing.draft(&moved).await.unwrap();
    let event = audit_log::Event::new(audit_log::EventType::ChangeApply, audit_log::Outcome::Success);
    changing
        .write(event, &[row], crate::catalogue::Agreed::default())
        .await
        .unwrap();
    changing.finish().await.unwrap();
    assert_eq!(counts(&node), (0, 1), "what it opened is closed, what it forbids stays");
}
