//! Bundles through the shipped policies: four eyes, whole or not at all, proven where it is asked for, and the way back.

use std::path::PathBuf;
use std::time::Duration;

use policy_engine::snapshot::{PolicyText, RoleGrant};
use serde_json::json;
use visa_verifier::seam::Timestamp;

use super::{Draft, Drafted, Files, ProofState, approve, draft, list, preview, publish, roll_back, withdraw};
use crate::bootstrap;
use crate::caller::Caller;
use crate::config::Config;
use crate::store::drafts::DraftState;
use crate::store::people::{self, PersonId};
use crate::store::roles::RoleRow;
use crate::testing::{A, DAC, Node, START, catalogue, config, home};

pub(super) const MANIFEST: &str = "id = \"house\"\nauthor = \"Noor\"\n";

/// Two administrators, Noor and Olga.
pub(super) async fn node() -> Node {
    let node = crate::testing::bare().await;
    let mut bootstrap = catalogue();
    bootstrap.roles.push(RoleRow {
        person: home("olga"),
        role: RoleGrant::Role("administrator".to_owned()),
        until: Timestamp::from_unix(START + 365 * 86_400),
        revoked: None,
    });
    bootstrap::apply(&node.broker, bootstrap).await.unwrap();
    node.dual().await
}

pub(super) async fn admins(node: &Node) -> (Caller, Caller) {
    let noor = node.person("noor", "staff@biobank.example.org").await;
    (noor, node.person("olga", "staff@biobank.example.org").await)
}

/// A forbid that no shipped case meets.
pub(super) fn forbid(id: &str, condition: &str) -> PolicyText {
    let text = format!(
        "@id(\"{id}\")\n@reason(\"It is so.\")\n@code(\"policy.house\")\n@remedy(\"None.\")\nforbid (\n  principal,\n  \
         action in Visum::Action::\"data:release\",\n  resource is Visum::Dataset\n)\nwhen {{ {condition} }};\n"
    );
    PolicyText {
        name: "house.cedar".to_owned(),
        text,
    }
}

pub(super) const STOPPED: &str = "context.client.id == \"stolen\"";

pub(super) fn files(policies: Vec<PolicyText>) -> Files {
    Files {
        manifest: MANIFEST.to_owned(),
        policies,
        links: None,
        tests: Vec::new(),
    }
}

pub(super) fn wanted(files: Files) -> Draft {
    Draft {
        files,
        reason: "because".to_owned(),
        require_proof: false,
    }
}

pub(super) async fn through(node: &Node, author: &Caller, second: &Caller, files: Files) -> Drafted {
    let drafted = draft(&node.broker, author, wanted(files)).await.unwrap();
    assert!(!drafted.in_force && !drafted.alone);
    let row = &drafted.row;
    approve(&node.broker, second, &row.id, &row.digest).await.unwrap();
    let published = publish(&node.broker, second, &row.id, true).await.unwrap();
    assert!(published.in_force && published.row.state == DraftState::Published);
    published
}

pub(super) fn in_force(node: &Node) -> Vec<String> {
    let engine = node.broker.current().load();
    engine
        .snapshot()
        .policies
        .iter()
        .map(|file| file.text.clone())
        .collect()
}

#[tokio::test]
async fn a_bundle_needs_a_second_person_and_no_second_account() {
    let node = node().await;
    let (noor, olga) = admins(&node).await;
    let policy = forbid("house.stop", STOPPED);
    let drafted = draft(&node.broker, &noor, wanted(files(vec![policy.clone()])))
        .await
        .unwrap();
    assert_eq!(drafted.report.proof.state, ProofState::Proven, "{:?}", drafted.report);
    assert!(!drafted.row.widens && drafted.report.changes == ["added house.stop"]);
    let (id, digest) = (drafted.row.id.clone(), drafted.row.digest.clone());
    assert_eq!(in_force(&node), Vec::<String>::new());

    // another login of hers, linked to the same person
    let mut tx = node.broker.db().begin().await.unwrap();
    people::attach(
        &mut tx,
        &PersonId::from_text("p-noor"),
        &home("noor-2"),
        true,
        node.broker.now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let second_account = Caller {
        login: Some(home("noor-2")),
        ..noor.clone()
    };
    for who in [&noor, &second_account] {
        let denied = approve(&node.broker, who, &id, &digest).await.unwrap_err();
        assert_eq!(denied.code(), "policy.four_eyes");
        let denied = publish(&node.broker, who, &id, false).await.unwrap_err();
        assert_eq!(denied.code(), "policy.four_eyes");
    }
    let early = publish(&node.broker, &olga, &id, false).await.unwrap_err();
    assert_eq!(early.code(), "policy.state");
    let other = approve(&node.broker, &olga, &id, &"0".repeat(64)).await.unwrap_err();
    assert_eq!(other.code(), "policy.digest");
    approve(&node.broker, &olga, &id, &digest).await.unwrap();
    publish(&node.broker, &olga, &id, true).await.unwrap();
    assert_eq!(in_force(&node), [policy.text]);
    let again = publish(&node.broker, &olga, &id, true).await.unwrap_err();
    assert_eq!(again.code(), "policy.state");
    let (rows, drafts) = list(&node.broker, &noor).await.unwrap();
    assert_eq!((rows[0].digest.as_str(), drafts.len()), (digest.as_str(), 1));
    let events = node.events();
    for event in [
        "change.draft success",
        "policy.approve denied",
        "policy.approve success",
        "policy.publish success",
    ] {
        assert!(events.iter().any(|found| found == event), "{event}: {events:?}");
    }
    let dan = node.person("dan", "member@biobank.example.org").await;
    let (rows, drafts) = list(&node.broker, &dan).await.unwrap();
    assert!(
        rows.is_empty() && drafts.is_empty(),
        "a committee's member sees none of the node's own"
    );
    let ada = node.person("ada", "faculty@uni.example.org").await;
    assert_eq!(
        list(&node.broker, &ada).await.unwrap_err().code(),
        "policy.no_rule_permits"
    );
}

#[tokio::test]
async fn going_back_to_what_is_stricter_takes_one_person_and_else_two() {
    let node = node().await;
    let (noor, olga) = admins(&node).await;
    let strict = forbid("house.stop", STOPPED);
    let first = through(&node, &noor, &olga, files(vec![strict.clone()])).await;
    node.clock.advance(Duration::from_secs(60));
    let looser = forbid("house.stop", &format!("{STOPPED} && !resource.discoverable"));
    let second = through(&node, &noor, &olga, files(vec![looser.clone()])).await;
    assert_eq!(second.report.proof.state, ProofState::Wider);
    assert!(second.row.widens && !second.report.proof.examples.is_empty());
    let words = &second.report.proof.examples[0];
    assert!(
        words.contains("the client is \"stolen\"") && words.contains("`house.stop` denied it"),
        "{words}"
    );

    node.clock.advance(Duration::from_secs(60));
    let back = roll_back(&node.broker, &olga, "node", None, "an incident")
        .await
        .unwrap();
    assert!(back.in_force && back.row.files == first.row.files, "{back:?}");
    assert_eq!(in_force(&node), std::slice::from_ref(&strict.text));
    // the way forth permits more
    node.clock.advance(Duration::from_secs(60));
    let forth = roll_back(&node.broker, &olga, "node", Some(&second.row.id), "it was none")
        .await
        .unwrap();
    assert!(!forth.in_force && forth.row.author == olga.identity);
    assert_eq!(in_force(&node), [strict.text]);
    let gone = withdraw(&node.broker, &noor, &forth.row.id, "no").await.unwrap();
    assert_eq!(gone.state, DraftState::Withdrawn);
    let unknown = roll_back(&node.broker, &olga, "node", Some("policy-x"), "x")
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), "admin.not_found");
}

#[tokio::test]
async fn a_broken_bundle_is_refused_and_the_old_one_stays() {
    let node = node().await;
    let (noor, olga) = admins(&node).await;
    let good = forbid("house.stop", STOPPED);
    through(&node, &noor, &olga, files(vec![good.clone()])).await;
    let of_committee = |datasets: &str, scope: &str| Files {
        manifest: format!("{MANIFEST}committee = \"{DAC}\"\ndatasets = [\"{datasets}\"]\n"),
        ..files(vec![PolicyText {
            text: forbid("dac.stop", STOPPED)
                .text
                .replace("resource is Visum::Dataset", scope),
            ..good.clone()
        }])
    };
    let own = format!("resource in Visum::Dac::\"{DAC}\"");
    let mut tested = files(vec![good.clone()]);
    tested.tests.push(PolicyText {
        name: "tests/own.json".to_owned(),
        text: json!({ "format": "visum-policy-test/1", "shipped": { "open-release": "deny" } }).to_string(),
    });
    let cases = [
        (
            "no syntax",
            files(vec![PolicyText {
                text: "permit (".to_owned(),
                ..good.clone()
            }]),
            "policy.unsound",
        ),
        (
            "an unknown attribute",
            files(vec![forbid("house.x", "resource.nothing")]),
            "policy.unsound",
        ),
        (
            "a reserved id",
            files(vec![forbid("visum.x", STOPPED)]),
            "policy.unsound",
        ),
        (
            "no manifest",
            Files {
                manifest: String::new(),
                ..files(Vec::new())
            },
            "policy.bundle",
        ),
        ("a case that does not turn", tested, "policy.untested"),
        (
            "shipped cases turn unsaid",
            files(vec![forbid("house.x", "true")]),
            "policy.untested",
        ),
        (
            "a policy that errs",
            files(vec![forbid(
                "house.x",
                "context.now.durationSince(context.assurance.authenticated) < duration(\"-9h\")",
            )]),
            "policy.errs",
        ),
        (
            "another committee's dataset",
            of_committee("https://data.example.org/other", &own),
            "lint.scope_outside_dac",
        ),
        (
            "beyond the committee",
            of_committee(A, "resource is Visum::Dataset"),
            "policy.unsound",
        ),
        (
            "a committee that is not here",
            Files {
                manifest: format!("{MANIFEST}committee = \"nobody\"\n"),
                ..files(Vec::new())
            },
            "admin.not_found",
        ),
        (
            "an id of another bundle",
            {
                let mut files = of_committee(A, &own);
                files.policies[0].text = files.policies[0].text.replace("dac.stop", "house.stop");
                files
            },
            "policy.unsound",
        ),
    ];
    for (name, files, code) in cases {
        let refused = draft(&node.broker, &noor, wanted(files)).await.unwrap_err();
        assert_eq!(refused.code(), code, "{name}: {refused}");
        assert_eq!(in_force(&node), std::slice::from_ref(&good.text), "{name}");
    }
    through(&node, &noor, &olga, of_committee(A, &own)).await;
    assert_eq!(in_force(&node).len(), 2, "the committee's stands beside the node's");
}

#[tokio::test]
async fn a_draft_that_another_publication_overtook_is_stale() {
    let node = node().await;
    let (noor, olga) = admins(&node).await;
    let late = draft(&node.broker, &noor, wanted(files(vec![forbid("house.late", STOPPED)])))
        .await
        .unwrap();
    through(&node, &noor, &olga, files(vec![forbid("house.stop", STOPPED)])).await;
    let stale = approve(&node.broker, &olga, &late.row.id, &late.row.digest)
        .await
        .unwrap_err();
    assert_eq!(stale.code(), "policy.stale");
}

#[tokio::test]
async fn without_a_solver_nothing_is_proven_and_proofs_can_be_required() {
    let mut node = node().await;
    let none = Config {
        solver: Some(PathBuf::from("/nowhere/cvc5")),
        ..config(&node.dir)
    };
    node.broker = node.again_with(none.clone()).await.unwrap();
    let (noor, olga) = admins(&node).await;
    let wish = wanted(files(vec![forbid("house.stop", STOPPED)]));
    let report = preview(&node.broker, &noor, &wish.files).await.unwrap();
    assert_eq!(report.proof.state, ProofState::Skipped);
    assert!(
        report.widens && report.proof.solver.contains("apt-get install cvc5"),
        "{report:?}"
    );
    let required = Draft {
        require_proof: true,
        ..wish.clone()
    };
    let refused = draft(&node.broker, &noor, required).await.unwrap_err();
    assert_eq!(refused.code(), "policy.unproven");
    let drafted = draft(&node.broker, &noor, wish).await.unwrap().row;
    approve(&node.broker, &olga, &drafted.id, &drafted.digest)
        .await
        .unwrap();
    let refused = publish(&node.broker, &olga, &drafted.id, true).await.unwrap_err();
    assert_eq!(refused.code(), "policy.unproven");
    assert!(publish(&node.broker, &olga, &drafted.id, false).await.unwrap().in_force);

    node.broker = node
        .again_with(Config {
            require_proofs: true,
            ..none
        })
        .await
        .unwrap();
    let (noor, _) = (node.caller("noor").await, ());
    let refused = draft(&node.broker, &noor, wanted(files(Vec::new()))).await.unwrap_err();
    assert_eq!(refused.code(), "policy.unproven");
}
