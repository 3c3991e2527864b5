//! Taking data out, and what is told of it (E27, E28, E79).

use serde_json::{Value, json};
use tests::outside::get;

use super::{Gate, merged};

#[tokio::test(flavor = "multi_thread")]
async fn e27_outputs_go_to_mapped_sinks_of_ones_own_and_nowhere_else() {
    let gate = Gate::start().await;
    let to = |url: &str| json!({"outputs": [{"url": url}]});
    let sink = gate.sink();
    let cases = [
        (
            "a bucket of nobody",
            to("s3://evil-bucket/x"),
            403,
            "catalogue.sink_unmapped",
        ),
        (
            "a web address",
            to("https://evil.example.org/upload"),
            403,
            "catalogue.sink_unmapped",
        ),
        (
            "another house's bucket",
            to("s3://other-bucket/x"),
            403,
            "policy.no_rule_permits",
        ),
        (
            "a bucket that begins alike",
            to("s3://uni-bucket2/out/x"),
            403,
            "catalogue.sink_unmapped",
        ),
        (
            "a folder that begins alike",
            to("s3://uni-bucket/output/x"),
            403,
            "catalogue.sink_unmapped",
        ),
        (
            "above the sink",
            to("s3://uni-bucket/x"),
            403,
            "catalogue.sink_unmapped",
        ),
        (
            "where the data lie",
            to("s3://cohort-bucket/x"),
            403,
            "catalogue.sink_unmapped",
        ),
        (
            "presigned",
            to("https://evil.example.org/x?X-Amz-Signature=0"),
            400,
            "intent.url_query",
        ),
        ("ftp", to("ftp://evil.example.org/x"), 400, "intent.url_scheme"),
        ("a climb", to("s3://uni-bucket/out/../x"), 400, "intent.url_segment"),
        ("a DRS object", to(&gate.drs()), 400, "intent.url_scheme"),
        ("a host path", to("/etc/cron.d/x"), 400, "intent.url_scheme"),
        (
            "a wildcard without its prefix",
            json!({"outputs": [{"path": "/data/*.txt"}]}),
            400,
            "task.output_prefix_missing",
        ),
        (
            "a prefix that is not its own",
            json!({"outputs": [{"path": "/data/*.txt", "path_prefix": "/other"}]}),
            400,
            "task.path_prefix",
        ),
        (
            "a wildcard for a folder",
            json!({"outputs": [{"path": "/data/x/*.txt", "path_prefix": "/data/x", "url": "s3://uni-bucket/out/"}]}),
            200,
            "",
        ),
        (
            "the input's own path",
            json!({"outputs": [{"path": "/data/in", "url": "s3://evil-bucket/x"}]}),
            403,
            "catalogue.sink_unmapped",
        ),
        ("one's own", to(&sink), 200, ""),
    ];
    gate.tried(&gate.task(), &cases).await;
    // one bad among good ones is enough
    let two = merged(
        &gate.task(),
        &json!({"outputs": [{}, {"url": "s3://evil-bucket/x", "path": "/data/o2", "type": "FILE"}]}),
    );
    assert_eq!(gate.send(&gate.ada, &two).await.code(), "catalogue.sink_unmapped");
}

#[tokio::test(flavor = "multi_thread")]
async fn e28_logs_hold_no_capability_and_views_no_more_than_asked() {
    let gate = Gate::start().await;
    let created = gate.send(&gate.ada, &gate.task()).await;
    assert_eq!(created.status, 200, "{}", created.text());
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let sent = gate.tes.task();
    let capability = sent
        .pointer("/inputs/0/url")
        .and_then(Value::as_str)
        .unwrap()
        .to_owned();
    gate.tes.tell(json!({
        "id": "x", "state": "COMPLETE", "extra": "unknown to py-tes",
        "inputs": [{"url": capability, "path": "/data/in"}],
        "tags": {"visum.owner": "secret"},
        "logs": [{
            "logs": [{"stdout": format!("got {capability}\n"), "stderr": "password=kestrel\n", "exit_code": 0, "extra": 1}],
            "metadata": {"host": "node17.internal"},
            "outputs": [{"url": "s3://evil-bucket/x", "path": "/data/out", "size_bytes": 3},
                {"url": gate.sink(), "path": "/data/out", "size_bytes": "3"}],
            "system_logs": [format!("fetched {capability} by node17")],
        }],
    }));
    let secret = capability.rsplit('/').next().unwrap();
    for (path, view) in [
        ("/ga4gh/tes/v1", "FULL"),
        ("/v1", "FULL"),
        ("/ga4gh/tes/v1", "BASIC"),
        ("/v1", "MINIMAL"),
    ] {
        let url = gate.house.proxy(&format!("{path}/tasks/{id}?view={view}"));
        let shown = get(&url, Some(&gate.ada)).await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        let text = shown.text();
        for hidden in [
            secret,
            "visum.owner",
            "node17.internal",
            "evil-bucket",
            "kestrel",
            "extra",
        ] {
            assert!(!text.contains(hidden), "{view} tells {hidden}: {text}");
        }
        let body = shown.json();
        match view {
            "MINIMAL" => assert_eq!(body.as_object().unwrap().len(), 2, "{text}"),
            "BASIC" => {
                assert!(body.pointer("/logs/0/logs/0/stdout").is_none(), "{text}");
                assert!(body.pointer("/logs/0/system_logs").is_none(), "{text}");
            }
            _ => {
                assert!(body.pointer("/logs/0/logs/0/stdout").is_some(), "{text}");
                assert_eq!(
                    body.pointer("/inputs/0/url"),
                    Some(&json!(gate.drs())),
                    "the caller's own word: {text}"
                );
            }
        }
        let others = get(&url, Some(&gate.bob)).await;
        assert_eq!(others.status, 404, "{}", others.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e79_tags_tell_a_backend_neither_person_nor_dataset() {
    let gate = Gate::start().await;
    let task = merged(&gate.task(), &json!({"tags": {"project": "P1"}}));
    assert_eq!(gate.send(&gate.ada, &task).await.status, 200);
    let first = gate.tes.task()["tags"].clone();
    assert_eq!(gate.send(&gate.ada, &gate.task()).await.status, 200);
    let second = gate.tes.task()["tags"].clone();
    assert_eq!(first["project"], json!("P1"));
    assert_eq!(first["visum.owner"], second["visum.owner"], "one pseudonym a backend");
    assert_ne!(first["visum.decision"], second["visum.decision"]);
    let run = super::runs::tasks_run(&gate, &gate.ada, &json!([gate.task()]), &[]).await;
    assert_eq!(run.status, 200, "{}", run.text());
    let form = gate.wes.last();
    let owner = first["visum.owner"].as_str().unwrap();
    let datasets = first["visum.datasets"].as_str().unwrap();
    assert!(
        !form.contains(owner) && !form.contains(datasets),
        "another backend, another pseudonym: {form}"
    );
    let told = format!("{first}{form}");
    let sub = gate
        .house
        .sample
        .people()
        .iter()
        .find(|person| person.login == "ada")
        .unwrap()
        .sub
        .clone();
    for hidden in [
        sub.as_str(),
        "ada",
        "biobank.example.org/datasets",
        tests::house::DATASET,
    ] {
        assert!(!told.contains(hidden), "{hidden}: {told}");
    }
    // no digest that anybody could make of the dataset's name
    let plain = ring::digest::digest(&ring::digest::SHA256, tests::house::DATASET.as_bytes());
    let hex: String = plain.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!told.contains(&hex[..16]));
}
