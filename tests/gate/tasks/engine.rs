//! An engine that sends the tasks of its run through this gate again (E75): with the run's own credential they keep the
//! person, the purpose and the datasets of the run, and it is good for nothing else and for no longer.

use serde_json::{Value, json};
use tests::{
    house::Wants,
    outside::{get, post, send},
};

use super::{Gate, image, runs::run};

const TYPE: &str = "[[proxy.wes.types]]\nname = \"CWL\"\nversions = [\"v1.2\"]\nengine = \"toil\"\n\
    run_token = { parameter = \"--tesBearerToken\", with = { \"--batchSystem\" = \"tes\" } }\n";
const CWL: &str = "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: [wc, -l]\ninputs: []\noutputs: []\n";

/// A run on the dataset's object: its id, the engine's credential, the capability that it got.
async fn started(gate: &Gate) -> (String, String, String) {
    let params = json!({ "in": gate.drs() }).to_string();
    let parts = [
        ("workflow_type", "CWL"),
        ("workflow_type_version", "v1.2"),
        ("workflow_url", "count.cwl"),
        ("workflow_params", params.as_str()),
    ];
    let answer = run(gate, &gate.ada, &parts, &[("count.cwl", CWL.as_bytes())]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = gate.wes.last();
    let part = |name: &str| -> Value {
        let (_, behind) = sent.split_once(&format!("name=\"{name}\"")).unwrap();
        let body = behind.split("\r\n\r\n").nth(1).unwrap_or_default();
        serde_json::from_str(body.split("\r\n--").next().unwrap_or_default()).unwrap()
    };
    let engine = part("workflow_engine_parameters");
    assert_eq!(engine["--batchSystem"], "tes", "{engine}");
    assert!(sent.contains("name=\"workflow_engine\"\r\n\r\ntoil\r\n"), "{sent}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&answer.json()["run_id"]),
        text(&engine["--tesBearerToken"]),
        text(&part("workflow_params")["in"]),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn e75_an_engine_sends_the_tasks_of_its_run_as_the_run_and_nothing_else() {
    let gate = Gate::with(Wants {
        wes_lines: Some(TYPE.to_owned()),
        ..Wants::default()
    })
    .await;
    let tasks = gate.house.proxy("/ga4gh/tes/v1/tasks");
    let own = gate.once(&gate.task()).await;
    assert_eq!(own.status, 200, "{}", own.text());
    let (owner, datasets) = {
        let tags = gate.tes.task()["tags"].clone();
        (tags["visum.owner"].clone(), tags["visum.datasets"].clone())
    };
    let (id, token, capability) = started(&gate).await;
    assert!(
        capability.contains("/visum/data/") && capability.ends_with(&format!("/{}", gate.object())),
        "called as the object is: {capability}"
    );

    // the person is told nothing of the credential, and cannot set it
    let shown = get(&gate.house.proxy(&format!("/ga4gh/wes/v1/runs/{id}")), Some(&gate.ada)).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert!(
        !shown.text().contains("eyJ") && !shown.text().contains("--tesBearerToken"),
        "{}",
        shown.text()
    );
    for name in ["--tesBearerToken", "--batchSystem"] {
        let own = json!({ name: "x" }).to_string();
        let parts = [
            ("workflow_type", "CWL"),
            ("workflow_type_version", "v1.2"),
            ("workflow_url", "count.cwl"),
            ("workflow_engine_parameters", own.as_str()),
        ];
        let answer = run(&gate, &gate.ada, &parts, &[("count.cwl", CWL.as_bytes())]).await;
        assert_eq!(answer.code(), "run.engine_parameter", "{name}: {}", answer.text());
    }

    // the data by the capability that the run got, and a pickle of which nobody can tell what it reads
    let mut counting = gate.task();
    counting["inputs"][0]["url"] = json!(capability);
    let opaque = json!({ "executors": [{ "image": image(), "command": ["_toil_contained_executor", "gASVKgAAAAAAAAB9lCiMA2N1cg=="] }] });
    let mut sent = Vec::new();
    for (name, task) in [("data", &counting), ("a pickle", &opaque)] {
        let answer = post(&tasks, Some(&token), task).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        assert!(!answer.header("visum-audit").is_empty(), "{name}: on record");
        let tags = gate.tes.task()["tags"].clone();
        assert_eq!(tags["visum.owner"], owner, "{name}: the person's");
        assert_eq!(tags["visum.datasets"], datasets, "{name}: of the run's datasets");
        if name == "data" {
            let url = gate.tes.task()["inputs"][0]["url"].clone();
            let url = url.as_str().unwrap_or_default();
            assert!(
                url.contains("/visum/data/") && !capability.starts_with(url),
                "one of its own: {url}"
            );
        }
        sent.push(answer.json()["id"].clone());
    }
    let ids = |answer: &Value| -> Vec<Value> {
        let all = answer["tasks"].as_array().into_iter().flatten();
        all.map(|task| task["id"].clone()).collect()
    };
    let (hers, its) = (
        ids(&get(&tasks, Some(&gate.ada)).await.json()),
        ids(&get(&tasks, Some(&token)).await.json()),
    );
    assert_eq!(hers.len(), 3, "they are the person's");
    assert!(
        its.len() == 2 && sent.iter().all(|id| its.contains(id)),
        "the engine sees its own: {its:?}"
    );

    // what the run was not permitted for
    for (name, url, code) in [
        (
            "a bucket of nobody",
            "s3://nobodys-bucket/x".to_owned(),
            "catalogue.unmapped",
        ),
        (
            "a capability that is none of the run's",
            format!("{}/visum/data/AAAA", gate.house.node.at.door),
            "task.input_unserved",
        ),
    ] {
        let mut task = gate.task();
        task["inputs"][0]["url"] = json!(url);
        let answer = post(&tasks, Some(&token), &task).await;
        assert_eq!(answer.code(), code, "{name}: {}", answer.text());
    }
    let again = run(
        &gate,
        &token,
        &[
            ("workflow_type", "CWL"),
            ("workflow_type_version", "v1.2"),
            ("workflow_url", "count.cwl"),
        ],
        &[("count.cwl", CWL.as_bytes())],
    )
    .await;
    assert_eq!(
        again.code(),
        "session.action_outside",
        "a run sends no runs: {}",
        again.text()
    );
    for (name, url) in [
        ("whoever I am", gate.house.broker("/visum/v1/me")),
        ("userinfo", gate.house.broker("/userinfo")),
        (
            "DRS",
            gate.house
                .proxy(&format!("/ga4gh/drs/v1/objects/{}/access/https", gate.object())),
        ),
        ("sessions", gate.house.proxy("/visum/v1/sessions")),
    ] {
        assert_eq!(get(&url, Some(&token)).await.status, 401, "{name}");
    }

    // the person ends the run: its credential and its tasks end at once, her own task goes on
    let cancel = gate.house.proxy(&format!("/ga4gh/wes/v1/runs/{id}/cancel"));
    assert_eq!(
        send(reqwest::Method::POST, &cancel, Some(&gate.ada), None).await.status,
        200
    );
    assert_eq!(post(&tasks, Some(&token), &opaque).await.status, 401);
    let state = async |id: &Value| {
        let url = format!("{tasks}/{}", id.as_str().unwrap_or_default());
        get(&url, Some(&gate.ada)).await.json()["state"].clone()
    };
    for id in &sent {
        assert_eq!(state(id).await, "CANCELING");
    }
    assert_eq!(state(&own.json()["id"]).await, "RUNNING");
}

#[tokio::test(flavor = "multi_thread")]
async fn e75_an_engines_credential_ends_when_its_run_has_ended() {
    let gate = Gate::with(Wants {
        wes_lines: Some(TYPE.to_owned()),
        ..Wants::default()
    })
    .await;
    let tasks = gate.house.proxy("/ga4gh/tes/v1/tasks");
    let (_, token, _) = started(&gate).await;
    let idle = gate.idle();
    let left = post(&tasks, Some(&token), &idle).await;
    assert_eq!(left.status, 200, "{}", left.text());
    gate.wes.tell(json!({ "run_id": "x", "state": "COMPLETE" }));
    let url = format!("{tasks}/{}", left.json()["id"].as_str().unwrap_or_default());
    let mut told = Value::Null;
    // the gate asks backends every few seconds
    for _ in 0..150 {
        told = get(&url, Some(&gate.ada)).await.json()["state"].clone();
        if told == "CANCELING" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(told, "CANCELING", "what it left behind ends with it");
    let late = post(&tasks, Some(&token), &idle).await;
    assert_eq!(late.status, 401, "{}", late.text());
}
