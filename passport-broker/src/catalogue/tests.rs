//! Crash points of a change, and rows that the log does not know.

use audit_log::{Did, Digest, Event, EventType, Outcome};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use policy_engine::snapshot::DatasetRecord;

use super::*;
use crate::store::Db;
use crate::store::governed::{self, RowDigest, RowKind};
use crate::store::grants::Grant;
use crate::store::row::args;
use crate::testing::{A, Node, START, bare, catalogue, dataset, home, node};
use visa_verifier::seam::Timestamp;

async fn titles(node: &Node) -> Vec<String> {
    node.broker
        .live::<DatasetRecord>()
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.title)
        .collect()
}

fn version(node: &Node) -> u64 {
    node.broker.current().load().snapshot().version
}

fn renamed() -> DatasetRecord {
    DatasetRecord {
        title: "Renamed".to_owned(),
        ..dataset(1)
    }
}

async fn raw(node: &Node, sql: &str) {
    let mut db: Db = node.broker.db();
    db.change("governed", sql, args![]).await.unwrap();
}

#[tokio::test]
async fn a_new_node_publishes_nothing_and_permits_nothing() {
    let node = bare().await;
    let engine = node.broker.current().load();
    assert_eq!(engine.snapshot().version, 1);
    assert!(engine.snapshot().datasets.is_empty());
    assert!(engine.snapshot().services.iter().all(|service| service.suspended));
}

#[tokio::test]
async fn entering_the_same_catalogue_twice_changes_no_row() {
    let node = node().await;
    let rows = governed::everything(&mut node.broker.db()).await.unwrap().len();
    crate::bootstrap::apply(&node.broker, catalogue()).await.unwrap();
    assert_eq!(governed::everything(&mut node.broker.db()).await.unwrap().len(), rows);
    let snapshot = node.broker.current().load().snapshot().clone();
    assert_eq!(
        (snapshot.datasets.len(), snapshot.objects.len(), snapshot.roles.len()),
        (1, 2, 4)
    );
}

#[tokio::test]
async fn a_catalogue_that_does_not_hold_together_is_refused_before_the_first_row() {
    let node = node().await;
    let before = (
        governed::everything(&mut node.broker.db()).await.unwrap().len(),
        version(&node),
    );
    let mut broken = catalogue();
    broken.objects = vec![
        serde_json::from_value(serde_json::json!({ "id": "x", "dataset": "https://data.example.org/none" })).unwrap(),
    ];
    let error = crate::bootstrap::apply(&node.broker, broken).await.unwrap_err();
    assert_eq!(error.code(), "bundle.record");
    assert_eq!(
        (
            governed::everything(&mut node.broker.db()).await.unwrap().len(),
            version(&node)
        ),
        before
    );
}

#[tokio::test]
async fn a_crash_before_the_event_leaves_the_row_as_it_was() {
    let node = node().await;
    let mut db = node.broker.db();
    let row = governed::draft(&mut db, &renamed(), node.broker.now()).await.unwrap();
    governed::pend(&mut db, &row, node.writer.origin()).await.unwrap();
    assert_eq!(
        titles(&node).await,
        ["Cancer genomes"],
        "a pending row counts for nothing"
    );
    let again = node.again().await.unwrap();
    assert!(
        governed::pending_of(&mut again.db(), node.writer.origin())
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(again.current().load().snapshot().datasets[0].title, "Cancer genomes");
}

#[tokio::test]
async fn a_crash_after_the_event_keeps_the_change() {
    let node = node().await;
    let mut db = node.broker.db();
    let row = governed::draft(&mut db, &renamed(), node.broker.now()).await.unwrap();
    governed::pend(&mut db, &row, node.writer.origin()).await.unwrap();
    let digest = |digest: &RowDigest| digest.bytes().map(Digest::from_bytes);
    let did = Did::row(row.before.as_ref().and_then(digest), digest(&row.digest));
    node.writer
        .append(Event::new(EventType::ChangeApply, Outcome::Success).did(did))
        .await
        .unwrap();
    let again = node.again().await.unwrap();
    assert_eq!(again.current().load().snapshot().datasets[0].title, "Renamed");
}

#[tokio::test]
async fn what_the_log_does_not_know_stops_publication_and_the_old_snapshot_stays() {
    let forged = format!(
        "INSERT INTO governed (kind, id, version, state, live, person, dataset, body, digest, origin, ix, leaf, created_at)
         SELECT 'grant', 'forged', 1, 'sealed', 1, '{}', '{A}', '{{}}', 'ab', origin, ix, leaf, created_at
         FROM governed WHERE kind = 'dataset'",
        home("eve")
    );
    let cases = [
        ("a grant written by hand", forged.as_str(), "RowChanged"),
        (
            "a row edited by hand",
            "UPDATE governed SET body = replace(body, 'Cancer', 'Open') WHERE kind = 'dataset'",
            "RowChanged",
        ),
        (
            "a digest made to fit",
            "UPDATE governed SET digest = 'cd' WHERE kind = 'dataset'",
            "RowChanged",
        ),
        (
            "an index of another event",
            "UPDATE governed SET ix = 0 WHERE kind = 'dataset'",
            "RowChanged",
        ),
        (
            "a row that is gone",
            "DELETE FROM governed WHERE kind = 'object' AND id = 'a-1'",
            "EventWithoutRow",
        ),
        (
            "a row of another log",
            "UPDATE governed SET origin = 'other.example.org/audit/x' WHERE kind = 'dataset'",
            "ForeignLog",
        ),
    ];
    for (name, sql, how) in cases {
        let node = node().await;
        let before = version(&node);
        raw(&node, sql).await;
        let error = node.broker.publish().await.unwrap_err();
        assert_eq!(error.code(), "catalogue.db_not_as_logged", "{name}");
        assert!(format!("{error:?}").contains(how), "{name}: {error:?}");
        assert_eq!(version(&node), before, "{name}");
        assert_eq!(
            node.events().last().map(String::as_str),
            Some("policy.publish error"),
            "{name}"
        );
        assert!(node.again().await.is_err(), "{name}: nor does a new start publish");
    }
}

#[tokio::test]
async fn a_whole_grant_forged_with_its_digest_is_no_grant() {
    let node = node().await;
    let eve = node.person("eve", "member@biobank.example.org").await;
    let grant = Grant {
        id: "forged".to_owned(),
        to: home("eve"),
        dataset: A.to_owned(),
        source: crate::testing::DAC.to_owned(),
        purpose: None,
        project: None,
        institution: None,
        conditions: None,
        starts: Timestamp::from_unix(START - 10),
        until: Timestamp::from_unix(START + 1000),
        application: "none".to_owned(),
        issued_by: "p-eve".to_owned(),
        revoked: None,
        elsewhere: None,
    };
    let mut db = node.broker.db();
    let row = governed::draft(&mut db, &grant, node.broker.now()).await.unwrap();
    governed::pend(&mut db, &row, node.writer.origin()).await.unwrap();
    governed::seal(&mut db, &row.digest, 3, &STANDARD.encode([1; 32]))
        .await
        .unwrap();
    assert!(
        node.broker.grants_of(&eve.person).await.unwrap().is_empty(),
        "no visa comes of it"
    );
    let error = node.broker.publish().await.unwrap_err();
    assert!(matches!(
        &error,
        PublishError::NotAsLogged {
            source: Mismatch::RowWithoutEvent {
                kind: RowKind::Grant,
                ..
            }
        }
    ));
}

#[tokio::test]
async fn a_revoked_row_whose_newest_version_was_deleted_stays_revoked() {
    let node = node().await;
    let mut changing = Changing::begin(&node.broker).await;
    let row = changing.draft(&renamed()).await.unwrap();
    changing
        .write(
            Event::new(EventType::ChangeApply, Outcome::Success),
            &[row],
            Agreed::default(),
        )
        .await
        .unwrap();
    changing.finish().await.unwrap();
    raw(&node, "DELETE FROM governed WHERE kind = 'dataset' AND version = 2").await;
    assert!(
        titles(&node).await.is_empty(),
        "the version before was replaced in the log"
    );
    assert!(node.broker.publish().await.is_err());
}

#[tokio::test]
async fn each_publication_is_signed_by_a_key_of_its_own_and_names_the_one_before() {
    use visa_verifier::keys::KeySet;

    let node = node().await;
    node.broker.publish().await.unwrap();
    let mut db = node.broker.db();
    let last = crate::store::snapshots::newest(&mut db).await.unwrap().unwrap();
    let before = crate::store::snapshots::of_version(&mut db, last.version - 1)
        .await
        .unwrap()
        .unwrap();
    let manifest = |jws: &str| -> policy_engine::snapshot::Manifest {
        use base64::Engine as _;
        let body = jws.split('.').nth(1).unwrap();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(body).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    let (new, old) = (manifest(&last.manifest), manifest(&before.manifest));
    assert_eq!(new.parent, Some(before.digest));
    assert!(
        new.differs_from(&old).iter().all(|name| *name == "changed"),
        "nothing was changed between: {:?}",
        new.differs_from(&old)
    );
    // the snapshots' key is not among those that sign tokens
    let kid = |set: serde_json::Value| set["keys"][0]["kid"].as_str().unwrap().to_owned();
    let snapshots = node.broker.signer().snapshot_jwks();
    assert!(KeySet::from_value(snapshots.clone()).is_ok());
    assert!(!node.broker.signer().jwks().to_string().contains(&kid(snapshots)));
    // and the log has the digest of what was signed
    let size = node.writer.size();
    let events = node.writer.events(size - 1..size).unwrap();
    let about = serde_json::to_string(&events[0].entry.about).unwrap();
    assert!(about.contains(&last.digest), "{about}");
}
