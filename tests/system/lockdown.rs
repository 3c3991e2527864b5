//! The brake: by one person at a running node, and on the folder of one that does not run.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{
    binary::{self, Said},
    demo::Demo,
    house::{House, Wants},
    outside::{get, post},
};

/// In force, with everything that rests on what was stopped (policy.md 6).
const IN_FORCE: Duration = Duration::from_secs(5);

fn noor(demo: &Demo, home: &tempfile::TempDir, arguments: &[&str]) -> Said {
    let mut command = binary::visum(arguments);
    command.env("VISUM_HOME", home.path());
    if arguments.first() == Some(&"demo") {
        command.arg("--data").arg(demo.data());
    }
    command.output().unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_stops_everything_within_seconds_and_one_s_own_tasks_can_still_be_seen_and_cancelled() {
    let demo = Demo::start();
    let ada = demo.token("ada");
    let home = tempfile::tempdir().unwrap();
    let said = noor(&demo, &home, &["demo", "login", "noor"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let access = demo.access("a-cohort.vcf").await;
    let given = get(&access, Some(&ada)).await;
    assert_eq!(given.status, 200, "{}", given.text());
    let url = given.json().get("url").and_then(Value::as_str).unwrap().to_owned();
    let tasks = format!("{}/tasks", demo.fact("/proxy/tes"));
    let task = json!({
        "inputs": [{ "url": format!("{}a-cohort.vcf", demo.fact("/proxy/drs_uri")), "path": "/data/a", "type": "FILE" }],
        "executors": [{ "image": demo.fact("/images/sleep"), "command": ["sleep", "300"] }],
    });
    let sent = post(&tasks, Some(&ada), &task).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let own = format!("{tasks}/{}", sent.json().get("id").and_then(Value::as_str).unwrap());
    // It has to be running before it can be stopped, or it would be seen cancelled for another reason.
    until(|| async {
        let state = get(&own, Some(&ada)).await.json();
        (state.get("state").and_then(Value::as_str) == Some("RUNNING")).then_some(())
    })
    .await;

    let begun = Instant::now();
    let said = noor(&demo, &home, &["lockdown", "--all", "--reason", "a test", "--json"]);
    assert_eq!(said.code, 0, "{} {}", said.out, said.err);
    let denied = get(&access, Some(&ada)).await;
    let first = begun.elapsed();
    assert_eq!(
        (denied.status, denied.code().as_str()),
        (403, "policy.lockdown"),
        "{}",
        denied.text()
    );
    until(|| async {
        let state = get(&own, Some(&ada)).await;
        assert_eq!(state.status, 200, "one's own task is still seen: {}", state.text());
        let state = state.json();
        matches!(
            state.get("state").and_then(Value::as_str),
            Some("CANCELED" | "CANCELING")
        )
        .then_some(())
    })
    .await;
    let cancelled = begun.elapsed();
    eprintln!("lockdown at a running node: first denial after {first:?}, task cancelled after {cancelled:?}");
    assert!(first < IN_FORCE && cancelled < IN_FORCE, "{first:?} {cancelled:?}");
    assert!(get(&url, None).await.status >= 400, "an address given before is void");
    assert_eq!(post(&tasks, Some(&ada), &task).await.status, 403);
    assert_eq!(post(&format!("{own}:cancel"), Some(&ada), &json!({})).await.status, 200);

    let listed: Value = serde_json::from_str(&noor(&demo, &home, &["lockdown", "list", "--json"]).out).unwrap();
    let id = listed
        .pointer("/stops/0/id")
        .and_then(Value::as_str)
        .unwrap()
        .to_owned();
    // The demo has one administrator: that one lifts alone, and the report says that it is a gap.
    let lifted = noor(&demo, &home, &["lockdown", "lift", &id, "--reason", "the test is over"]);
    assert_eq!(lifted.code, 0, "{} {}", lifted.out, lifted.err);
    assert_eq!(get(&access, Some(&ada)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_server_down_and_no_administrator_alive_the_folder_is_stopped_and_the_next_start_keeps_it() {
    let mut house = House::start(Wants::default()).await;
    let (ada, _) = house.granted().await;
    let object = house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf");
    let described = get(&object, None).await.json();
    let access = described
        .pointer("/access_methods/0/access_id")
        .and_then(Value::as_str)
        .unwrap();
    let access = format!("{object}/access/{access}");
    assert_eq!(get(&access, Some(&ada)).await.status, 200);

    let data = house.node.data();
    let data = data.to_str().unwrap();
    let stop = ["lockdown", "--all", "--reason", "a test", "--data-dir", data];
    let busy = binary::run(&stop);
    assert_eq!(busy.code, 3, "{} {}", busy.out, busy.err);
    assert!(
        busy.err.contains("node.locked") && busy.err.contains("place it there"),
        "{}",
        busy.err
    );
    assert_eq!(get(&access, Some(&ada)).await.status, 200, "nothing was changed");

    house.node.stop();
    let misspelt = binary::run(&[
        "lockdown",
        "--dataset",
        "nothing",
        "--reason",
        "a test",
        "--data-dir",
        data,
    ]);
    assert_eq!(misspelt.code, 2, "{} {}", misspelt.out, misspelt.err);
    let begun = Instant::now();
    let said = binary::run(&stop);
    eprintln!("lockdown on the folder: done after {:?}", begun.elapsed());
    assert_eq!(said.code, 0, "{} {}", said.out, said.err);
    assert!(begun.elapsed() < IN_FORCE, "{:?}", begun.elapsed());
    assert!(said.out.contains("The next start of the node keeps it"), "{}", said.out);

    house.node.again();
    let denied = get(&access, Some(&ada)).await;
    assert_eq!(
        (denied.status, denied.code().as_str()),
        (403, "policy.lockdown"),
        "{}",
        denied.text()
    );
    let audit = house.node.data().join("audit");
    let verified = binary::run(&["audit", "verify", audit.to_str().unwrap()]);
    assert_eq!(verified.code, 0, "{} {}", verified.out, verified.err);
}

/// Asks until it is so, not longer than a loaded machine needs.
async fn until<F: Future<Output = Option<()>>>(ask: impl Fn() -> F) {
    let begun = Instant::now();
    while ask().await.is_none() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it did not come to be");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
