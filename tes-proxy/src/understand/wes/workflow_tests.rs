//! Tests of run requests: the form, the walk, the list of tasks.

use serde_json::json;
use url::Url;

use crate::{
    api::multipart::{Part, write},
    config::{BackendConfig, ComputeMount, WorkflowType},
    understand::wes::form,
};

use super::*;

/// The digest of the approved workflow's text.
const APPROVED: &str = "e4c239c281e844c2245eac5ea2095d12db6b37fd1868ec3cfec61ccc980b0a7f";

fn mount() -> WesMount {
    let kind = |name: &str, reading| WorkflowType {
        name: name.into(),
        versions: vec!["1.0".into(), "v1.2".into()],
        reading,
        engine_parameters: std::collections::BTreeMap::from([(
            "cache".to_owned(),
            vec!["on".to_owned(), "off".to_owned()],
        )]),
        engine: None,
        run_token: None,
    };
    WesMount {
        compute: ComputeMount {
            name: String::new(),
            may_hold: None,
            backend: BackendConfig {
                base: Url::parse("http://127.0.0.1:1/ga4gh/wes/v1").unwrap(),
                credential: None,
            },
            service: "urn:wes".into(),
            id: "org.example.wes".into(),
            backend_parameters: vec![],
            zones: vec![],
            rules: crate::rules::ComputeRules::default(),
        },
        workflows: vec![
            crate::rules::ApprovedWorkflow::new(
                "https://workflows.example.org/count/1.0".to_owned(),
                "count.cwl".to_owned(),
                b"class: CommandLineTool\narguments: [$(inputs.x)]\n".to_vec(),
                APPROVED,
            )
            .unwrap(),
        ],
        types: vec![kind("VISUM-TASKS", Reading::Tasks), kind("CWL", Reading::Text)],
        run_bytes: 1 << 20,
        auth_instructions: Url::parse("https://login.example.org/").unwrap(),
    }
}

fn body(change: &[(&str, &str)], attachments: &[(&str, &str)]) -> Vec<u8> {
    let mut parts: Vec<Part> = [
        ("workflow_type", "visum-tasks"),
        ("workflow_type_version", "1.0"),
        ("workflow_url", "tasks.json"),
        ("workflow_params", "{}"),
    ]
    .iter()
    .filter(|(name, _)| !change.iter().any(|(other, _)| other == name))
    .chain(change)
    .map(|(name, text)| Part {
        name: (*name).into(),
        file: None,
        bytes: text.as_bytes().into(),
    })
    .collect();
    parts.extend(attachments.iter().map(|(name, text)| Part {
        name: "workflow_attachment".into(),
        file: Some((*name).into()),
        bytes: text.as_bytes().into(),
    }));
    write(&parts, "q").unwrap()
}

fn read(change: &[(&str, &str)], attachments: &[(&str, &str)]) -> Result<Intent, NotUnderstood> {
    let mount = mount();
    let form = form::of(
        form::pieces("multipart/form-data; boundary=q", &body(change, attachments))?,
        None,
        &mount,
    )?;
    let clock = visa_verifier::seam::FixedClock::at(visa_verifier::seam::Timestamp::from_unix(0));
    let mut scan = Scan::new(&clock, crate::understand::scan::Names::default());
    intent(&form, &mount, &mut scan)
}

fn tasks(input: &str) -> String {
    json!([{
        "inputs": [{"url": input, "path": "/in"}],
        "outputs": [{"url": "file:///out/x", "path": "/o"}],
        "executors": [{"image": format!("sample/wc@sha256:{}", "0".repeat(64)), "command": ["wc", "/in"]}],
    }])
    .to_string()
}

#[test]
fn a_run_of_tasks_is_all_that_its_tasks_and_parameters_name() {
    let list = tasks("${param:first}");
    let params = json!({"first": "drs://drs.example.org/a", "second": "drs://drs.example.org/c"}).to_string();
    let intent = read(&[("workflow_params", &params)], &[("tasks.json", &list)]).unwrap();
    assert_eq!(intent.action, Action::WesCreate);
    assert_eq!(
        intent
            .reads
            .iter()
            .map(|read| read.data.to_string())
            .collect::<Vec<_>>(),
        ["drs://drs.example.org/a", "drs://drs.example.org/c"]
    );
    assert_eq!((intent.runs.len(), intent.writes.len(), intent.opaque), (1, 1, false));
    let tool = intent.tool.unwrap();
    assert!(tool.pinned && tool.id.starts_with("sha256:"));
}

#[test]
fn e8_e22_e23_a_run_request_that_cannot_be_understood_is_refused_with_its_part() {
    let list = tasks("drs://drs.example.org/a");
    let file = [("tasks.json", list.as_str())];
    type Case<'c> = (&'c str, Vec<(&'c str, &'c str)>, &'c [(&'c str, &'c str)], &'c str);
    let cases: [Case<'_>; 14] = [
        ("another type", vec![("workflow_type", "py")], &file, "workflow_type"),
        (
            "another version",
            vec![("workflow_type_version", "2.0")],
            &file,
            "workflow_type_version",
        ),
        (
            "a remote workflow",
            vec![("workflow_url", "https://gist.example.org/x")],
            &file,
            "workflow_url",
        ),
        (
            "a host's workflow",
            vec![("workflow_url", "file:///etc/x")],
            &file,
            "workflow_url",
        ),
        ("no attachment", vec![], &[], "workflow_url"),
        (
            "engine parameters",
            vec![("workflow_engine_parameters", r#"{"--outdir":"s3://evil/x"}"#)],
            &file,
            "workflow_engine_parameters",
        ),
        (
            "a reserved tag",
            vec![("tags", r#"{"visum.owner":"me"}"#)],
            &file,
            "tags",
        ),
        (
            "an unknown part",
            vec![("workflow_attachment_obj", "[]")],
            &file,
            "body",
        ),
        (
            "YAML parameters",
            vec![("workflow_params", "a: b")],
            &file,
            "workflow_params",
        ),
        (
            "duplicate members",
            vec![("workflow_params", r#"{"a":1,"a":2}"#)],
            &file,
            "workflow_params",
        ),
        (
            "a host file",
            vec![("workflow_params", r#"{"a":"/mnt/secret"}"#)],
            &file,
            "workflow_params.a",
        ),
        (
            "a directive",
            vec![("workflow_params", r#"{"a":{"$import":"x"}}"#)],
            &file,
            "workflow_params.a",
        ),
        (
            "another scheme",
            vec![("workflow_params", r#"{"a":["globus://x/y"]}"#)],
            &file,
            "workflow_params.a[0]",
        ),
        (
            "two attachments",
            vec![],
            &[("tasks.json", list.as_str()), ("b.json", "[]")],
            "workflow_attachment",
        ),
    ];
    for (name, change, attachments, part) in cases {
        assert_eq!(read(&change, attachments).unwrap_err().part, part, "{name}");
    }
    for (name, bad, part) in [
        (
            "an unknown member of a task",
            r#"[{"executors":[{"image":"a","command":["b"]}],"hostConfig":{}}]"#,
            "workflow_attachment",
        ),
        ("a parameter that is not there", &tasks("${param:x}"), "tasks[0]"),
        (
            "a bad URL in a task",
            &tasks("https://a@b.example.org/x"),
            "tasks[0].inputs[0].url",
        ),
    ] {
        assert_eq!(read(&[], &[("tasks.json", bad)]).unwrap_err().part, part, "{name}");
    }
}

#[test]
fn e20_e21_text_workflows_are_looked_through_and_what_is_uncertain_is_opaque() {
    let cwl = |text: &str| {
        read(
            &[
                ("workflow_type", "CWL"),
                ("workflow_type_version", "v1.2"),
                ("workflow_url", "w.cwl#main"),
            ],
            &[("w.cwl", text)],
        )
    };
    let plain = cwl("class: CommandLineTool\nbaseCommand: [wc]").unwrap();
    assert!(!plain.opaque && plain.reads.is_empty());
    let named = cwl("location: drs://drs.example.org/a").unwrap();
    assert!(named.opaque);
    assert_eq!(named.mentions.len(), 1, "what stands inside is judged");
    assert!(cwl("arguments: [$(inputs.x)]").unwrap().opaque);
}

#[test]
fn e22_an_approved_workflow_is_named_by_its_address_and_is_this_nodes_copy() {
    let cwl = [
        ("workflow_type", "CWL"),
        ("workflow_type_version", "v1.2"),
        ("workflow_url", "https://workflows.example.org/count/1.0"),
    ];
    let mount = mount();
    let form = |attachments: &[(&str, &str)]| {
        form::of(
            form::pieces("multipart/form-data; boundary=q", &body(&cwl, attachments))?,
            None,
            &mount,
        )
    };
    let read = form(&[]).unwrap();
    assert_eq!(read.entry, "count.cwl");
    assert_eq!(read.request.workflow_url, "https://workflows.example.org/count/1.0");
    let clock = visa_verifier::seam::FixedClock::at(visa_verifier::seam::Timestamp::from_unix(0));
    let mut scan = Scan::new(&clock, crate::understand::scan::Names::default());
    assert!(
        !intent(&read, &mount, &mut scan).unwrap().opaque,
        "people have looked it through"
    );
    let shadow = form(&[("Count.cwl", "class: Workflow")]).unwrap_err();
    assert_eq!(shadow.code, "run.workflow_shadowed");
}

#[test]
fn e23_an_engine_parameter_is_taken_with_its_listed_values_only() {
    let cwl = |parameters: &str| {
        read(
            &[
                ("workflow_type", "CWL"),
                ("workflow_type_version", "v1.2"),
                ("workflow_url", "w.cwl"),
                ("workflow_engine_parameters", parameters),
            ],
            &[("w.cwl", "class: Workflow")],
        )
    };
    assert!(cwl(r#"{"cache":"on"}"#).is_ok());
    for bad in [
        r#"{"cache":"s3://evil/x"}"#,
        r#"{"Cache":"on"}"#,
        r#"{"cache":"on","-c":"x"}"#,
        r#"{"cache":["on"]}"#,
    ] {
        assert!(cwl(bad).is_err(), "{bad}");
    }
}
