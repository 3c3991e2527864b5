//! py-tes 1.1.4 against the TES through the gate: it throws on any member that the specification doesn't have.

use serde_json::{Value, json};
use tests::demo::Demo;

use crate::script::{last_json, peer};

fn task(demo: &Demo, objects: &[&str], command: &[&str]) -> Value {
    let inputs: Vec<Value> = objects
        .iter()
        .map(|object| json!({ "url": format!("{}{object}", demo.fact("/proxy/drs_uri")), "path": format!("/data/{object}"), "type": "FILE" }))
        .collect();
    let tool = command[0];
    json!({
        "name": "py-tes", "inputs": inputs,
        "outputs": [{ "path": "/work/out.txt", "url": format!("{}py-tes.txt", demo.fact("/outputs/url")), "type": "FILE" }],
        "executors": [{ "image": demo.fact(&format!("/images/{tool}")), "command": command, "stdout": "/work/out.txt" }]
    })
}

#[test]
fn peer_py_tes_runs_a_task_through_the_gate_and_is_told_why_another_is_denied() {
    let demo = Demo::start();
    let token = demo.token("ada");
    let url = demo.fact("/proxy/url");
    let with = [("VISUM_TOKEN", token.as_str())];
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, task: &Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, task.to_string()).unwrap();
        path.display().to_string()
    };

    let info = last_json(&peer("py-tes.sh", &[&url, "info"], &with));
    assert_eq!(info.pointer("/type/artifact"), Some(&json!("tes")), "{info}");

    // A task on granted data runs, and its view FULL reads back as the client's own model.
    let good = write(
        "good.json",
        &task(&demo, &["a-cohort.vcf"], &["wc", "-l", "/data/a-cohort.vcf"]),
    );
    let ran = peer("py-tes.sh", &[&url, "run", &good], &with);
    let ran = last_json(&ran);
    assert_eq!(ran.get("state"), Some(&json!("COMPLETE")), "{ran}");
    let told = ran
        .pointer("/inputs/0/url")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    assert!(
        told.starts_with("drs://"),
        "the caller's own words come back, no capability: {ran}"
    );
    let lines =
        std::fs::read_to_string(std::path::Path::new(&demo.fact("/outputs/folder")).join("py-tes.txt")).unwrap();
    let original =
        std::fs::read_to_string(std::path::Path::new(&demo.fact("/sample/data")).join("a/cohort.vcf")).unwrap();
    assert_eq!(
        lines.split_whitespace().next(),
        Some(original.lines().count().to_string().as_str())
    );

    // One input of an ungranted dataset denies the whole; a client that prints nothing but the status line tells why.
    let bad = write(
        "bad.json",
        &task(
            &demo,
            &["a-cohort.vcf", "c-cohort.vcf"],
            &["wc", "-l", "/data/c-cohort.vcf"],
        ),
    );
    let denied = peer("py-tes.sh", &[&url, "run", &bad], &with);
    assert_eq!(denied.code, 1);
    let denied = last_json(&denied);
    assert_eq!(denied.pointer("/error/status"), Some(&json!(403)), "{denied}");
    let reason = denied
        .pointer("/error/reason")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    assert!(
        reason.contains("consent.approval_missing") && reason.contains(" c"),
        "{denied}"
    );

    // Lists hold one's own tasks only, and cancel ends a running one.
    let listed = last_json(&peer("py-tes.sh", &[&url, "list"], &with));
    assert_eq!(
        listed.get("tasks").and_then(Value::as_array).map(Vec::len),
        Some(1),
        "{listed}"
    );
    let dan = demo.token("dan");
    let others = last_json(&peer("py-tes.sh", &[&url, "list"], &[("VISUM_TOKEN", dan.as_str())]));
    assert_eq!(
        others.get("tasks").and_then(Value::as_array).map_or(0, Vec::len),
        0,
        "{others}"
    );
    let mut long = task(&demo, &["a-cohort.vcf"], &["sleep", "300"]);
    long.as_object_mut().unwrap().remove("outputs");
    let long = write("long.json", &long);
    let id = last_json(&peer("py-tes.sh", &[&url, "create", &long], &with));
    let id = id.get("id").and_then(Value::as_str).unwrap().to_owned();
    let cancelled = peer("py-tes.sh", &[&url, "cancel", &id], &with);
    assert_eq!(cancelled.code, 0, "{} {}", cancelled.out, cancelled.err);
    let after = last_json(&peer("py-tes.sh", &[&url, "get", &id, "MINIMAL"], &with));
    assert!(
        matches!(
            after.get("state").and_then(Value::as_str),
            Some("CANCELED" | "CANCELING")
        ),
        "{after}"
    );

    // Nobody's token is refused, as the client shows it.
    let nobody = last_json(&peer("py-tes.sh", &[&url, "list"], &[("VISUM_TOKEN", "abc")]));
    assert_eq!(nobody.pointer("/error/status"), Some(&json!(401)), "{nobody}");
}

#[test]
fn peer_py_tes_runs_through_the_agent_with_a_token_that_is_good_nowhere_else() {
    let demo = Demo::start();
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = tests::binary::visum(arguments);
        command
            .env("VISUM_HOME", folder.path().join("home"))
            .env("VISUM_PEERS_DIR", crate::script::installed());
        tests::binary::Said::from(command.output().unwrap())
    };
    let data = demo.data();
    let login = run(&["demo", "login", "ada", "--stay", "--data", data.to_str().unwrap()]);
    assert_eq!(login.code, 0, "{}", login.err);
    let script = crate::script::folder().join("py-tes.sh").display().to_string();
    let through = |rest: &str| {
        let line = format!("VISUM_TOKEN=$TES_TOKEN exec bash {script} \"$VISUM_AGENT\" {rest}");
        run(&["agent", "--", "sh", "-c", &line])
    };
    let write = |name: &str, objects: &[&str]| {
        let path = folder.path().join(name);
        let task = task(&demo, objects, &["wc", "-l", "/data/a-cohort.vcf"]);
        std::fs::write(&path, task.to_string()).unwrap();
        path.display().to_string()
    };
    let ran = last_json(&through(&format!("run {}", write("good.json", &["a-cohort.vcf"]))));
    assert_eq!(ran.get("state"), Some(&json!("COMPLETE")), "{ran}");

    // The reason phrase, all that such clients show, comes through; the terminal says more.
    let denied = through(&format!("run {}", write("bad.json", &["a-cohort.vcf", "c-cohort.vcf"])));
    assert_eq!(denied.code, 1, "the client's own exit status: {}", denied.err);
    let told = last_json(&denied);
    let reason = told
        .pointer("/error/reason")
        .and_then(Value::as_str)
        .unwrap_or_default();
    assert!(
        reason.contains("consent.approval_missing") && reason.contains(" c"),
        "{told}"
    );
    assert!(
        denied.err.contains("denied: POST") && denied.err.contains("visum explain"),
        "{}",
        denied.err
    );
    let listed = last_json(&through("list"));
    assert_eq!(
        listed.get("tasks").and_then(Value::as_array).map(Vec::len),
        Some(1),
        "{listed}"
    );
}
