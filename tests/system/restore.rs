//! A backup that is put back: what was ended since stays ended, and a database beside a log of another moment is refused.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tests::{
    binary,
    house::{House, Wants},
    outside::get,
};

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(done.success());
}

fn restore(folder: &Path) -> binary::Said {
    binary::run(&["restore", &folder.display().to_string(), "--json"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_put_back_revives_nothing_and_fits_its_log_or_is_refused() {
    let mut house = House::start(Wants::default()).await;
    let ada = house.token("ada");
    let me = house.broker("/visum/v1/me");
    assert_eq!(get(&me, Some(&ada)).await.status, 200);
    let running = restore(&house.node.data());
    assert_eq!(running.code, 3, "not beside a server: {} {}", running.out, running.err);

    // the backup, of a node that stands still
    house.node.stop();
    let (data, kept) = (house.node.data(), tempfile::tempdir().unwrap());
    let backup = kept.path().join("backup");
    copy(&data, &backup);
    house.node.again();
    assert_eq!(get(&me, Some(&ada)).await.status, 200, "a token of before");
    house.granted().await;
    house.node.stop();

    // the old database beside the new log
    let mixed = kept.path().join("mixed");
    copy(&data, &mixed);
    for file in ["broker.db", "broker.db-wal", "broker.db-shm"] {
        let _ = std::fs::remove_file(mixed.join(file));
    }
    copy(&backup.join("broker.db"), &mixed.join("broker.db"));
    let refused = restore(&mixed);
    assert_eq!(refused.code, 3, "{} {}", refused.out, refused.err);
    assert!(refused.err.contains("db_not_as_logged"), "{}", refused.err);

    // all of one moment, put back
    std::fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);
    let done = restore(&data);
    assert_eq!(done.code, 0, "{} {}", done.out, done.err);
    let ended: Value = serde_json::from_str(&done.out).unwrap();
    assert!(ended.get("tokens").and_then(Value::as_u64).unwrap() >= 1, "{ended}");
    house.node.again();
    assert_eq!(get(&me, Some(&ada)).await.status, 401, "no token of before is alive");
    let again = house.token("ada");
    assert_eq!(get(&me, Some(&again)).await.status, 200);
    let said = binary::run(&["audit", "verify", &data.join("audit").display().to_string()]);
    assert_eq!(said.code, 0, "{} {}", said.out, said.err);
}
