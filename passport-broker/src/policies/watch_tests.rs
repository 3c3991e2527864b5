//! Observe mode: by two, for a while, on record; ended by one (policy.md 6).

use std::time::Duration;

use visa_verifier::seam::Timestamp;

use super::tests::{STOPPED, admins, files, forbid, in_force, node, through, wanted};
use super::{Drafted, Watch, approve, draft, enforce, observe, publish, roll_back, watched};
use crate::caller::Caller;
use crate::committee::GovernError;
use crate::testing::Node;

const DAY: Duration = Duration::from_secs(86_400);

fn watch(policy: &str, until: Timestamp) -> Watch {
    Watch {
        policy: policy.to_owned(),
        until,
        reason: "to see whose work it stops".to_owned(),
    }
}

fn watches(node: &Node) -> Vec<String> {
    let engine = node.broker.current().load();
    let rows = engine.snapshot().observe.iter();
    rows.map(|row| row.policy.clone()).collect()
}

fn observed(node: &Node) -> usize {
    let events = node.events();
    events.iter().filter(|event| *event == "policy.observe success").count()
}

async fn by_two(node: &Node, author: &Caller, second: &Caller, policy: &str, until: Timestamp) -> Drafted {
    let drafted = observe(&node.broker, author, watch(policy, until)).await.unwrap();
    assert!(!drafted.in_force && drafted.row.widens, "{drafted:?}");
    assert!(drafted.report.watched.iter().any(|watched| watched == policy));
    assert!(!watches(node).iter().any(|watched| watched == policy));
    let own = approve(&node.broker, author, &drafted.row.id, &drafted.row.digest).await;
    assert_eq!(own.unwrap_err().code(), "policy.four_eyes");
    approve(&node.broker, second, &drafted.row.id, &drafted.row.digest)
        .await
        .unwrap();
    publish(&node.broker, second, &drafted.row.id, false).await.unwrap()
}

#[tokio::test]
async fn a_watched_policy_is_on_record_with_its_row_and_in_force_at_its_end() {
    let node = node().await;
    let (noor, olga) = admins(&node).await;
    through(&node, &noor, &olga, files(vec![forbid("house.stop", STOPPED)])).await;
    let until = node.broker.now().plus(Duration::from_secs(600));
    by_two(&node, &noor, &olga, "house.stop", until).await;
    assert_eq!((watches(&node), observed(&node)), (vec!["house.stop".to_owned()], 1));
    let row = watched(&node.broker).await.unwrap().remove(0);
    assert_eq!(
        (row.until, row.author, row.approver),
        (until, noor.identity.clone(), Some(olga.identity.clone()))
    );
    // the row stands in the log: a start compares them
    let again = node.again().await.unwrap();
    assert_eq!(again.current().load().snapshot().observe.len(), 1);
    node.clock.advance(Duration::from_secs(600));
    assert!(watched(&node.broker).await.unwrap().is_empty());
    node.broker.publish().await.unwrap();
    assert_eq!(
        (watches(&node).len(), in_force(&node).len()),
        (0, 1),
        "its end stops no publication"
    );
}

#[tokio::test]
async fn a_row_without_its_event_is_not_watched_and_stops_publication() {
    let node = node().await;
    let (noor, olga) = admins(&node).await;
    through(&node, &noor, &olga, files(vec![forbid("house.stop", STOPPED)])).await;
    by_two(&node, &noor, &olga, "house.stop", node.broker.now().plus(DAY)).await;
    let mut db = node.broker.db();
    db.change(
        "governed",
        "UPDATE governed SET body = replace(body, 'house.stop', 'house.else') WHERE kind = 'observe'",
        Vec::new(),
    )
    .await
    .unwrap();
    assert_eq!(
        node.broker.publish().await.unwrap_err().code(),
        "catalogue.db_not_as_logged"
    );
    assert!(watched(&node.broker).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_person_puts_a_watched_policy_in_force_again_at_once() {
    let node = node().await;
    let (noor, olga) = admins(&node).await;
    let strict = files(vec![forbid("house.stop", STOPPED), named("b.cedar", "house.other")]);
    through(&node, &noor, &olga, strict).await;
    let until = node.broker.now().plus(13 * DAY);
    by_two(&node, &noor, &olga, "house.stop", until).await;
    // a shipped case turns by it, which needs no word of the bundle and is told
    let shipped = by_two(&node, &olga, &noor, "visum.standard.strong-login", until).await;
    assert!(shipped.report.tests.on_purpose.contains(&"single-factor".to_owned()));
    assert!(!shipped.report.turns.is_empty(), "{:?}", shipped.report);
    by_two(&node, &noor, &olga, "house.other", until).await;
    assert_eq!(
        watches(&node),
        ["house.stop", "visum.standard.strong-login", "house.other"]
    );
    let dan = node.person("dan", "member@biobank.example.org").await;
    let stranger = enforce(&node.broker, &dan, "house.stop", "enough").await.unwrap_err();
    assert_eq!(stranger.code(), "policy.no_rule_permits");
    let before = observed(&node);
    enforce(&node.broker, &noor, "house.stop", "enough seen").await.unwrap();
    assert_eq!(watches(&node), ["visum.standard.strong-login", "house.other"]);
    assert_eq!(observed(&node), before + 1);
    let again = enforce(&node.broker, &noor, "house.stop", "enough seen")
        .await
        .unwrap_err();
    assert_eq!(again.code(), "admin.not_found");
    // a start keeps it so, and to watch it again takes two again
    assert_eq!(node.again().await.unwrap().current().load().snapshot().observe.len(), 2);
    by_two(&node, &noor, &olga, "house.stop", until).await;
    assert_eq!(watches(&node).len(), 3);
}

fn named(file: &str, id: &str) -> policy_engine::snapshot::PolicyText {
    policy_engine::snapshot::PolicyText {
        name: file.to_owned(),
        ..forbid(id, STOPPED)
    }
}

#[tokio::test]
async fn what_must_not_only_be_watched_is_refused_when_it_is_drafted() {
    let node = node().await;
    let (noor, olga) = admins(&node).await;
    through(&node, &noor, &olga, files(vec![forbid("house.stop", STOPPED)])).await;
    let soon = node.broker.now().plus(DAY);
    let cases = [
        (
            "the baseline",
            watch("visum.baseline.compute-only", soon),
            "policy.unsound",
        ),
        ("consent", watch("visum.baseline.consent", soon), "policy.unsound"),
        ("a permit", watch("visum.standard.audit", soon), "policy.unsound"),
        (
            "over 14 days",
            watch("house.stop", node.broker.now().plus(14 * DAY + Duration::from_secs(1))),
            "policy.unsound",
        ),
        (
            "an end that is past",
            watch("house.stop", node.broker.now()),
            "policy.unsound",
        ),
        (
            "a policy that is not there",
            watch("house.nothing", soon),
            "admin.not_found",
        ),
        (
            "no reason",
            Watch {
                reason: " ".to_owned(),
                ..watch("house.stop", soon)
            },
            "policy.reason",
        ),
    ];
    for (name, watch, code) in cases {
        let refused: GovernError = observe(&node.broker, &noor, watch).await.unwrap_err();
        assert_eq!(refused.code(), code, "{name}: {refused}");
    }
    let dan = node.person("dan", "member@biobank.example.org").await;
    let member = observe(&node.broker, &dan, watch("house.stop", soon))
        .await
        .unwrap_err();
    assert_eq!(member.code(), "policy.no_rule_permits");
    assert_eq!((watches(&node).len(), observed(&node)), (0, 0));
}

#[tokio::test]
async fn watching_one_policy_excuses_no_case_that_another_turns() {
    let node = node().await;
    let (noor, _) = admins(&node).await;
    let mut both = files(vec![forbid("house.x", "true")]);
    both.manifest.push_str(&format!(
        "[[observe]]\npolicy = \"visum.standard.strong-login\"\nuntil = \"{}\"\nreason = \"to see\"\n",
        node.broker.now().plus(DAY)
    ));
    let refused = draft(&node.broker, &noor, wanted(both)).await.unwrap_err();
    assert_eq!(refused.code(), "policy.untested", "{refused}");
    assert!(!refused.to_string().contains("single-factor"), "{refused}");
}

#[tokio::test]
async fn the_way_back_never_watches_anew_by_one_person_and_forgets_what_is_past() {
    let node = node().await;
    let (noor, olga) = admins(&node).await;
    let first = through(&node, &noor, &olga, files(vec![forbid("house.stop", STOPPED)])).await;
    node.clock.advance(Duration::from_secs(60));
    let until = node.broker.now().plus(Duration::from_secs(3600));
    let watching = by_two(&node, &noor, &olga, "house.stop", until).await;
    node.clock.advance(Duration::from_secs(60));
    let back = roll_back(&node.broker, &olga, "node", Some(&first.row.id), "enough")
        .await
        .unwrap();
    assert!(back.in_force && watches(&node).is_empty(), "{back:?}");
    node.clock.advance(Duration::from_secs(60));
    let forth = roll_back(&node.broker, &olga, "node", Some(&watching.row.id), "again")
        .await
        .unwrap();
    assert!(!forth.in_force && forth.row.widens && watches(&node).is_empty());
    node.clock.advance(Duration::from_secs(3600));
    let (noor, olga) = (node.caller("noor").await, node.caller("olga").await);
    let late = roll_back(&node.broker, &olga, "node", Some(&watching.row.id), "again").await;
    let late = late.unwrap();
    assert!(late.report.watched.is_empty(), "{late:?}");
    // an approved draft whose end came meanwhile is not published
    let until = node.broker.now().plus(Duration::from_secs(60));
    let slow = observe(&node.broker, &noor, watch("house.stop", until)).await.unwrap();
    approve(&node.broker, &olga, &slow.row.id, &slow.row.digest)
        .await
        .unwrap();
    node.clock.advance(Duration::from_secs(61));
    let over = publish(&node.broker, &olga, &slow.row.id, false).await.unwrap_err();
    assert_eq!(over.code(), "policy.unsound");
    let fresh = draft(&node.broker, &noor, wanted(files(Vec::new()))).await;
    assert!(fresh.is_ok());
}
