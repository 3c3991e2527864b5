//! What would run: images and commands (E25, E77).

use serde_json::{Value, json};
use tests::{
    house::Wants,
    outside::{client, get, read},
};

use super::{Gate, image};

#[tokio::test(flavor = "multi_thread")]
async fn e25_images_have_one_name_and_are_forwarded_by_it() {
    let gate = Gate::start().await;
    let digest = format!("sha256:{}", "0a".repeat(32));
    let run = |image: &str| json!({"executors": [{"image": image}]});
    let cases = [
        (
            "arguments behind it",
            run("x --privileged -v /:/host"),
            400,
            "intent.image",
        ),
        ("an option", run("-v"), 400, "intent.image"),
        (
            "a scheme",
            run(&format!("docker://sample/wc@{digest}")),
            400,
            "intent.image",
        ),
        ("a file", run("/data/in.sif"), 400, "intent.image"),
        ("a file by its own folder", run("./in.sif"), 400, "intent.image"),
        ("a letter that looks alike", run("s\u{430}mple/wc"), 400, "intent.image"),
        ("upper case", run(&format!("Sample/WC@{digest}")), 400, "intent.image"),
        ("a line", run(&format!("sample/wc@{digest}\nx")), 400, "intent.image"),
        (
            "another kind of digest",
            run("sample/wc@md5:d41d8cd98f00b204e9800998ecf8427e"),
            400,
            "intent.image",
        ),
        ("a short digest", run("sample/wc@sha256:0a0a"), 400, "intent.image"),
        (
            "user info",
            run(&format!("u:p@registry.example.org/wc@{digest}")),
            400,
            "intent.image",
        ),
        ("nothing", run(""), 400, "intent.reference_length"),
        ("a tag", run("sample/wc:1"), 403, "policy.image_not_pinned"),
        ("no tag", run("sample/wc"), 403, "policy.image_not_pinned"),
        ("a digest", run(&format!("sample/wc@{digest}")), 200, ""),
    ];
    gate.tried(&gate.task(), &cases).await;
    for (given, sent) in [
        (format!("sample/wc@{digest}"), format!("docker.io/sample/wc@{digest}")),
        (format!("ubuntu@{digest}"), format!("docker.io/library/ubuntu@{digest}")),
        (
            format!("Registry.example.org/x/y:1.2@{digest}"),
            format!("registry.example.org/x/y@{digest}"),
        ),
    ] {
        let answer = gate.send(&gate.ada, &super::merged(&gate.task(), &run(&given))).await;
        assert_eq!(answer.status, 200, "{given}: {}", answer.text());
        assert_eq!(gate.tes.task()["executors"][0]["image"], json!(sent));
    }
    // one unpinned image among several is enough
    let two = super::merged(
        &gate.task(),
        &json!({"executors": [{}, {"image": "sample/wc:1", "command": ["wc"]}]}),
    );
    assert_eq!(gate.send(&gate.ada, &two).await.code(), "policy.image_not_pinned");
    // without controlled data a tag is no matter
    let idle = super::merged(&gate.idle(), &run("sample/wc:1"));
    assert_eq!(gate.send(&gate.ada, &idle).await.status, 200);
    assert_eq!(gate.tes.task()["executors"][0]["image"], json!("docker.io/sample/wc:1"));
    assert!(image().contains(&digest));
}

/// A node that lays down one tag's digest, one tool, one workflow, one backend parameter and two zones.
async fn ruled() -> (Gate, tempfile::TempDir) {
    let files = tempfile::tempdir().unwrap();
    let workflow = files.path().join("count.cwl");
    let text = b"class: CommandLineTool\narguments: [$(inputs.x)]\n";
    std::fs::write(&workflow, text).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, text);
    let sha256: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = "0b".repeat(32);
    let lines = format!(
        "backend_parameters = [\"Queue\"]\nzones = {{ \"fi-1\" = \"FI\", \"us-1\" = \"US\" }}\n\
         [proxy.code.images]\n\"docker.io/sample/wc:1\" = \"sha256:{tag}\"\n\
         [[proxy.code.tools]]\nid = \"count/1.0\"\nimage = \"{}\"\ncommand = [\"wc\", \"-l\", \"{{input}}\"]\nenv = [\"LANG\"]\n\
         [[proxy.code.workflows]]\nurl = \"https://workflows.example.org/count/1.0\"\nfile = \"{}\"\nsha256 = \"{sha256}\"\n",
        image(),
        workflow.display()
    );
    let gate = Gate::with(Wants {
        tes_lines: Some(lines),
        ..Wants::default()
    })
    .await;
    (gate, files)
}

#[tokio::test(flavor = "multi_thread")]
async fn e22_e24_e25_what_the_node_lays_down_is_judged_and_forwarded() {
    let (gate, _files) = ruled().await;
    let cases = [
        (
            "a tag with a digest",
            json!({"executors": [{"image": "sample/wc:1"}]}),
            200,
            "",
        ),
        (
            "a tag without one",
            json!({"executors": [{"image": "sample/wc:2"}]}),
            403,
            "policy.image_not_pinned",
        ),
        (
            "another registry's",
            json!({"executors": [{"image": "quay.io/sample/wc:1"}]}),
            403,
            "policy.image_not_pinned",
        ),
        (
            "a parameter",
            json!({"resources": {"backend_parameters": {"QUEUE": "short"}}}),
            200,
            "",
        ),
        (
            "a parameter twice",
            json!({"resources": {"backend_parameters": {"QUEUE": "a", "queue": "b"}}}),
            400,
            "task.backend_parameter",
        ),
        (
            "a parameter with quotes",
            json!({"resources": {"backend_parameters": {"queue": "a\" --x"}}}),
            400,
            "task.text_quoting",
        ),
        (
            "another parameter",
            json!({"resources": {"backend_parameters": {"vm_size": "a"}}}),
            400,
            "task.backend_parameter",
        ),
        ("a zone", json!({"resources": {"zones": ["fi-1"]}}), 200, ""),
        (
            "a zone abroad",
            json!({"resources": {"zones": ["fi-1", "us-1"]}}),
            403,
            "policy.zone_elsewhere",
        ),
        (
            "an unknown zone",
            json!({"resources": {"zones": ["xx"]}}),
            400,
            "task.zone_unknown",
        ),
    ];
    gate.tried(&gate.task(), &cases).await;
    let sent = |change: Value| {
        let task = super::merged(&gate.task(), &change);
        let gate = &gate;
        async move {
            assert_eq!(gate.send(&gate.ada, &task).await.status, 200);
            gate.tes.task()
        }
    };
    let task = sent(json!({"executors": [{"image": "sample/wc:1"}]})).await;
    assert_eq!(
        task["executors"][0]["image"],
        json!(format!("docker.io/sample/wc@sha256:{}", "0b".repeat(32)))
    );
    let loose = json!({"resources": {"backend_parameters": {"QUEUE": "short"}, "backend_parameters_strict": false}});
    let task = sent(loose).await;
    assert_eq!(
        task["resources"],
        json!({"backend_parameters": {"queue": "short"}, "backend_parameters_strict": true})
    );
    // a workflow by its address is this node's own copy, attached
    let mut body = String::new();
    for (name, text) in [
        ("workflow_type", "CWL"),
        ("workflow_type_version", "v1.2"),
        ("workflow_url", "https://workflows.example.org/count/1.0"),
        ("workflow_params", &json!({"in": gate.drs()}).to_string()),
    ] {
        body += &format!("--q\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
    }
    let request = client()
        .post(gate.house.proxy("/ga4gh/wes/v1/runs"))
        .bearer_auth(&gate.ada)
        .header("content-type", "multipart/form-data; boundary=q")
        .body(body + "--q--\r\n");
    let run = read(request.send().await.unwrap()).await;
    assert_eq!(run.status, 200, "{}", run.text());
    let form = gate.wes.last();
    assert!(
        form.contains("$(inputs.x)") && !form.contains("workflows.example.org"),
        "{form}"
    );
    let told = get(
        &gate.house.proxy(&format!(
            "/ga4gh/wes/v1/runs/{}",
            run.json()["run_id"].as_str().unwrap()
        )),
        Some(&gate.ada),
    )
    .await;
    assert_eq!(
        told.json().pointer("/request/workflow_url"),
        Some(&json!("https://workflows.example.org/count/1.0"))
    );
}
