//! `visum drs get`, `visum tes` and `visum wes`: what researchers do at a terminal, beside a demo.

use std::path::Path;

use serde_json::{Value, json};
use tests::{
    binary::{self, Said},
    demo::Demo,
};

/// Ada at her terminal, signed in.
struct Ada {
    folder: tempfile::TempDir,
    demo: Demo,
}

impl Ada {
    fn new() -> Self {
        let ada = Self {
            folder: tempfile::tempdir().unwrap(),
            demo: Demo::start(),
        };
        let data = ada.demo.data();
        let login = ada.run(&["demo", "login", "ada", "--data", data.to_str().unwrap()]);
        assert_eq!(login.code, 0, "{}", login.err);
        ada
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let mut command = binary::visum(arguments);
        command
            .env("VISUM_HOME", self.folder.path().join("home"))
            .current_dir(self.folder.path());
        Said::from(command.output().unwrap())
    }

    fn write(&self, name: &str, content: &Value) {
        std::fs::write(self.folder.path().join(name), content.to_string()).unwrap();
    }

    fn there(&self, name: &str) -> bool {
        Path::new(&self.folder.path().join(name)).exists()
    }

    /// Counts the bytes of an object.
    fn task(&self, object: &str) -> Value {
        json!({ "name": "count", "executors": [{ "image": self.demo.fact("/images/wc"), "command": ["wc", "-c"], "stdin": "/in/0" }],
            "inputs": [{ "url": self.address(object), "path": "/in/0" }] })
    }

    fn address(&self, object: &str) -> String {
        let host = self.demo.fact("/proxy/drs_uri");
        format!("{}/{object}", host.trim_end_matches('/'))
    }
}

#[test]
fn tasks_and_runs_are_sent_watched_and_told_and_a_denied_one_is_never_queued() {
    let ada = Ada::new();
    ada.write("task.json", &ada.task("a-cohort.vcf"));
    ada.write("denied.json", &ada.task("c-cohort.vcf"));
    let done = ada.run(&["tes", "run", "task.json", "--wait"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let id = done.out.split_whitespace().next().unwrap().to_owned();
    assert!(done.out.contains("COMPLETE"), "{}", done.out);

    let denied = ada.run(&["tes", "run", "denied.json"]);
    assert_eq!(denied.code, 1, "{}{}", denied.out, denied.err);
    assert!(denied.err.contains("consent.approval_missing"), "{}", denied.err);
    let list = ada.run(&["tes", "list", "--json"]);
    let list: Value = serde_json::from_str(&list.out).unwrap();
    assert_eq!(list["tasks"].as_array().unwrap().len(), 1, "{list}");
    assert!(ada.run(&["tes", "list", "--state", "running"]).out.contains("No tasks"));

    let shown = ada.run(&["tes", "show", &id]);
    assert!(shown.out.contains("exit code 0"), "{}", shown.out);
    let logs = ada.run(&["tes", "logs", &id]);
    assert_eq!(logs.code, 0, "{}", logs.err);
    assert_eq!(ada.run(&["tes", "show", "no-such-task"]).code, 1);

    ada.write(
        "sleep.json",
        &json!({ "executors": [{ "image": ada.demo.fact("/images/sleep"), "command": ["sleep", "300"] }] }),
    );
    let slow = ada.run(&["tes", "run", "sleep.json"]);
    assert_eq!(slow.code, 0, "{}", slow.err);
    let slow = slow.out.trim().to_owned();
    assert_eq!(ada.run(&["tes", "cancel", &slow]).code, 0);
    let shown = ada.run(&["tes", "show", &slow]);
    assert!(shown.out.contains("CANCEL"), "{}", shown.out);

    ada.write("tasks.json", &json!([ada.task("a-cohort.vcf")]));
    ada.write(
        "run.json",
        &json!({ "workflow_type": "VISUM-TASKS", "workflow_type_version": "1.0", "workflow_url": "tasks.json",
            "workflow_params": { "a": ada.address("a-cohort.vcf") } }),
    );
    let other = ada.run(&["tes", "run", "run.json"]);
    assert_eq!(other.code, 2, "{}", other.err);
    assert!(other.err.contains("work.other_kind"), "{}", other.err);
    let run = ada.run(&["wes", "run", "run.json", "--wait"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let id = run.out.split_whitespace().next().unwrap().to_owned();
    let status = ada.run(&["wes", "status", &id]);
    assert!(status.out.contains("COMPLETE"), "{}", status.out);
    assert!(ada.run(&["wes", "list"]).out.contains(&id));
    assert_eq!(ada.run(&["wes", "cancel", "no-such-run"]).code, 1);
}

#[test]
fn a_download_goes_on_where_it_stopped_and_believes_no_bytes_without_their_checksum() {
    let ada = Ada::new();
    let object = ada.run(&["drs", "get", "a-cohort.vcf"]);
    assert_eq!(object.code, 0, "{}", object.err);
    let whole = object.out.into_bytes();

    let first = ada.run(&["drs", "get", "a-cohort.vcf", "-o", "a.vcf"]);
    assert_eq!(first.code, 0, "{}", first.err);
    assert!(first.out.contains("checksum equal"), "{}", first.out);
    assert_eq!(std::fs::read(ada.folder.path().join("a.vcf")).unwrap(), whole);
    assert!(!ada.there("a.vcf.part") && !ada.there("a.vcf.part.json"));

    // What an earlier try left: it says that all is there, and it is not.
    let sum =
        serde_json::from_str::<Value>(&ada.run(&["drs", "get", "a-cohort.vcf", "-o", "b.vcf", "--json"]).out).unwrap();
    let sum = sum["checksum"]
        .as_str()
        .unwrap()
        .trim_start_matches("sha-256:")
        .to_owned();
    ada.write(
        "c.vcf.part.json",
        &json!({ "object": "a-cohort.vcf", "sha256": sum, "size": whole.len(), "piece": 8 << 20, "done": [0] }),
    );
    std::fs::write(ada.folder.path().join("c.vcf.part"), vec![0; whole.len()]).unwrap();
    let wrong = ada.run(&["drs", "get", "a-cohort.vcf", "-o", "c.vcf"]);
    assert_eq!(wrong.code, 1, "{}{}", wrong.out, wrong.err);
    assert!(wrong.err.contains("drs.checksum"), "{}", wrong.err);
    assert!(!ada.there("c.vcf"), "nothing stands there before it was compared");
    assert_eq!(
        ada.run(&["drs", "get", "a-cohort.vcf", "-o", "c.vcf"]).code,
        0,
        "begun anew"
    );
    assert_eq!(std::fs::read(ada.folder.path().join("c.vcf")).unwrap(), whole);

    for (arguments, code, word) in [
        (
            &["drs", "get", "c-cohort.vcf", "-o", "no.vcf"][..],
            1,
            "consent.approval_missing",
        ),
        (
            &["drs", "get", "drs://data.example.net/a-cohort.vcf"][..],
            2,
            "drs.other_host",
        ),
        (
            &["drs", "get", "a-cohort.vcf", "-o", "no/such/folder.vcf"][..],
            3,
            "output.unwritable",
        ),
        (&["drs", "get", "a-cohort.vcf", "--parallel", "0"][..], 2, "parallel"),
    ] {
        let said = ada.run(arguments);
        assert_eq!(said.code, code, "{arguments:?}: {}{}", said.out, said.err);
        assert!(said.err.contains(word), "{arguments:?}: {}", said.err);
    }
}
