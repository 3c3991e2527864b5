//! Tests of the whole intent of a task.

use serde_json::{Value, json};
use url::Url;

use crate::config::BackendConfig;

use super::*;

fn mount() -> ComputeMount {
    ComputeMount {
        name: String::new(),
        may_hold: None,
        backend: BackendConfig {
            base: Url::parse("http://127.0.0.1:1/ga4gh/tes/v1").unwrap(),
            credential: None,
        },
        service: "urn:tes".into(),
        id: "org.example.tes".into(),
        backend_parameters: vec!["queue".into()],
        zones: vec![("fi-1".into(), "FI".into())],
        rules: crate::rules::ComputeRules::default(),
    }
}

fn intent(task: &Task, mount: &ComputeMount) -> Result<Intent, NotUnderstood> {
    let clock = visa_verifier::seam::FixedClock::at(visa_verifier::seam::Timestamp::from_unix(0));
    super::intent(
        task,
        mount,
        &mut Scan::new(&clock, crate::understand::scan::Names::default()),
    )
}

fn image() -> String {
    format!("sample/wc@sha256:{}", "0".repeat(64))
}

fn task(more: Value) -> Task {
    let mut task = json!({
        "inputs": [{"url": "drs://drs.example.org/a1", "path": "/data/in"}],
        "outputs": [{"url": "file:///outputs/uni/out", "path": "/data/out"}],
        "executors": [{"image": image(), "command": ["wc", "-l", "/data/in"], "stdout": "/data/out"}],
    });
    task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(task).unwrap()
}

#[test]
fn a_task_is_what_it_reads_runs_and_writes() {
    let intent = intent(&task(json!({})), &mount()).unwrap();
    assert_eq!(intent.action, Action::TesCreate);
    assert_eq!(intent.service.as_deref(), Some("urn:tes"));
    assert_eq!(
        intent
            .reads
            .iter()
            .map(|read| (read.data.to_string(), read.place.clone()))
            .collect::<Vec<_>>(),
        [("drs://drs.example.org/a1".into(), "inputs[0].url".into())]
    );
    assert_eq!(intent.writes.len(), 1);
    assert!(intent.runs[0].is_pinned());
    assert!(!intent.opaque && !intent.inline_code && intent.body_seen);
}

#[test]
fn e12_to_e29_a_task_that_cannot_be_understood_is_refused_with_its_part() {
    let cases = [
        (
            "url and content",
            json!({"inputs": [{"url": "s3://bucket/a", "content": "x", "path": "/a"}]}),
            "inputs[0]",
        ),
        ("neither", json!({"inputs": [{"path": "/a"}]}), "inputs[0]"),
        (
            "user info",
            json!({"inputs": [{"url": "https://a.example.org@evil.example.net/x", "path": "/a"}]}),
            "inputs[0].url",
        ),
        (
            "a path without scheme",
            json!({"inputs": [{"url": "/mnt/secret", "path": "/a"}]}),
            "inputs[0].url",
        ),
        (
            "two inputs on one path",
            json!({"inputs": [{"url": "s3://bucket/a", "path": "/a"}, {"url": "s3://bucket/b", "path": "/a/b"}]}),
            "inputs[1].path",
        ),
        (
            "an input over /etc",
            json!({"inputs": [{"url": "s3://bucket/a", "path": "/etc/passwd"}]}),
            "inputs[0].path",
        ),
        (
            "a bundle as folder",
            json!({"inputs": [{"url": "drs://h.example.org/a", "path": "/a", "type": "DIRECTORY"}]}),
            "inputs[0].url",
        ),
        (
            "a presigned sink",
            json!({"outputs": [{"url": "https://b.example.org/x?X-Amz-Signature=1", "path": "/o"}]}),
            "outputs[0].url",
        ),
        (
            "wildcards without prefix",
            json!({"outputs": [{"url": "s3://bucket/o", "path": "/o/*.txt"}]}),
            "outputs[0]",
        ),
        (
            "an image with arguments",
            json!({"executors": [{"image": "x --privileged", "command": ["a"]}]}),
            "executors[0].image",
        ),
        (
            "no command",
            json!({"executors": [{"image": "x", "command": []}]}),
            "executors[0].command",
        ),
        ("no executor", json!({"executors": []}), "executors"),
        ("a volume over an input", json!({"volumes": ["/data/in"]}), "volumes[0]"),
        (
            "an unknown zone",
            json!({"resources": {"zones": ["us-1"]}}),
            "resources.zones",
        ),
        (
            "a backend parameter",
            json!({"resources": {"backend_parameters": {"vm_size": "xl"}}}),
            "resources.backend_parameters",
        ),
        ("a reserved tag", json!({"tags": {"visum.owner": "me"}}), "tags"),
        ("a quoting tag", json!({"tags": {"a": "\" -v /:/host"}}), "tags"),
    ];
    for (name, more, part) in cases {
        assert_eq!(intent(&task(more), &mount()).unwrap_err().part, part, "{name}");
    }
    assert!(
        intent(
            &task(json!({"resources": {"zones": ["fi-1"], "backend_parameters": {"QUEUE": "a"}}})),
            &mount()
        )
        .is_ok()
    );
}

#[test]
fn e18_e19_e77_what_cannot_be_told_for_certain_makes_it_opaque_or_inline() {
    let cases = [
        ("a plain command", json!({}), false, false),
        (
            "a URL in an argument",
            json!({"executors": [{"image": image(), "command": ["curl", "https://x.example.org/y"]}]}),
            true,
            false,
        ),
        (
            "a URL in the environment",
            json!({"executors": [{"image": image(), "command": ["a"], "env": {"IN": "s3://bucket/x"}}]}),
            true,
            false,
        ),
        (
            "a shell script",
            json!({"executors": [{"image": image(), "command": ["/bin/sh", "-c", "true"]}]}),
            false,
            true,
        ),
        (
            "content",
            json!({"inputs": [{"content": "echo 1", "path": "/a"}]}),
            false,
            true,
        ),
        (
            "content with a URL",
            json!({"inputs": [{"content": "wget s3://bucket/x", "path": "/a"}]}),
            true,
            true,
        ),
    ];
    for (name, more, opaque, inline) in cases {
        let intent = intent(&task(more), &mount()).unwrap();
        assert_eq!((intent.opaque, intent.inline_code), (opaque, inline), "{name}");
    }
}

#[test]
fn e16_a_directory_is_a_prefix() {
    let intent = intent(
        &task(json!({"inputs": [{"url": "s3://bucket/folder", "path": "/a", "type": "DIRECTORY"}]})),
        &mount(),
    )
    .unwrap();
    assert_eq!(intent.reads[0].data.to_string(), "s3://bucket/folder/");
}

#[test]
fn e77_facts_tell_whether_a_command_is_the_tools_own() {
    let own = || {
        let mut mount = mount();
        mount.rules.tools = vec![crate::rules::CertifiedTool {
            id: "count/1.0".into(),
            image: format!("docker.io/{}", image()),
            command: ["wc", "-l", "{input}"].map(Into::into).into(),
            env: vec!["LANG".into()],
        }];
        assert_eq!(mount.rules.check(), Ok(()));
        mount
    };
    let run = |command: Value| json!({"executors": [{"image": image(), "command": command}]});
    let cases = [
        ("the tool's own", json!({}), true, false),
        (
            "with its environment",
            json!({"executors": [{"image": image(), "command": ["wc", "-l", "/data/in"], "env": {"LANG": "C"}}]}),
            true,
            false,
        ),
        (
            "with other environment",
            json!({"executors": [{"image": image(), "command": ["wc", "-l", "/data/in"], "env": {"PYTHONSTARTUP": "x"}}]}),
            false,
            false,
        ),
        ("another word", run(json!(["wc", "-c", "/data/in"])), false, false),
        (
            "a word more",
            run(json!(["wc", "-l", "/data/in", "/data/x"])),
            false,
            false,
        ),
        ("another file", run(json!(["wc", "-l", "/data/other"])), false, false),
        ("a shell", run(json!(["/bin/sh", "-c", "wc -l /data/in"])), false, true),
        (
            "a shell behind another",
            run(json!(["env", "A=1", "bash", "-ec", "wc"])),
            false,
            true,
        ),
        (
            "a shell by a timer",
            run(json!(["timeout", "5", "sh", "-c", "wc"])),
            false,
            true,
        ),
        ("python", run(json!(["python3.11", "-c", "print(1)"])), false, true),
        ("a shell that reads", run(json!(["sh"])), false, true),
        ("busybox", run(json!(["busybox", "sh", "-c", "wc"])), false, true),
        (
            "awk that starts others",
            run(json!(["awk", "BEGIN{system(\"id\")}"])),
            false,
            true,
        ),
        ("awk", run(json!(["awk", "{print $1}", "/data/in"])), false, false),
        (
            "a script beside it",
            json!({"inputs": [{"url": "drs://drs.example.org/a1", "path": "/data/in"}, {"content": "x", "path": "/data/s"}]}),
            false,
            true,
        ),
        (
            "two, of which one is not",
            json!({"executors": [{"image": image(), "command": ["wc", "-l", "/data/in"]}, {"image": image(), "command": ["wc"]}]}),
            false,
            false,
        ),
    ];
    for (name, more, matches, inline) in cases {
        let intent = intent(&task(more), &own()).unwrap();
        assert_eq!(
            (intent.command_matches, intent.inline_code),
            (matches, inline),
            "{name}"
        );
    }
    assert!(
        !intent(&task(json!({})), &mount()).unwrap().command_matches,
        "no tool is laid down"
    );
}

#[test]
fn what_came_with_tes_1_1_is_refused_in_front_of_1_0() {
    let mut old = mount();
    old.rules.tes_1_0 = true;
    assert!(intent(&task(json!({})), &old).is_ok());
    for (more, part) in [
        (
            json!({"resources": {"backend_parameters_strict": true}}),
            "resources.backend_parameters_strict",
        ),
        (
            json!({"outputs": [{"url": "s3://bucket/o/", "path": "/o/*.txt", "path_prefix": "/o"}], "executors": [{"image": image(), "command": ["a"]}]}),
            "outputs[0].path_prefix",
        ),
        (
            json!({"executors": [{"image": image(), "command": ["a"], "ignore_error": true}]}),
            "executors[0].ignore_error",
        ),
    ] {
        let fault = intent(&task(more), &old).unwrap_err();
        assert_eq!((fault.code, fault.part.as_str()), ("task.version", part));
    }
}
