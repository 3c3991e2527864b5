//! WES: a run of tasks, judged by all that it names.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::world::{A, Answer, C, World};

const RUNS: &str = "/ga4gh/wes/v1/runs";

async fn run(world: &World, token: &str, params: &Value, tasks: &Value) -> Answer {
    let text =
        |name: &str, text: String| format!("--q\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
    let mut body = text("workflow_type", "VISUM-TASKS".into());
    body += &text("workflow_type_version", "1.0".into());
    body += &text("workflow_url", "tasks.json".into());
    body += &text("workflow_params", params.to_string());
    body += &format!(
        "--q\r\nContent-Disposition: form-data; name=\"workflow_attachment\"; filename=\"tasks.json\"\r\nContent-Type: application/json\r\n\r\n{tasks}\r\n--q--\r\n"
    );
    let request = Request::post(RUNS)
        .header("content-type", "multipart/form-data; boundary=q")
        .header("authorization", format!("Bearer {token}"));
    world.send(request, Body::from(body)).await
}

fn tasks(world: &World) -> Value {
    let mut one = world.count(&["x"]);
    one["inputs"][0]["url"] = json!("${param:first}");
    let mut two = one.clone();
    two["inputs"][0]["url"] = json!("${param:second}");
    two["outputs"][0]["url"] = json!(format!("file://{}/uni/two.txt", world.node.outputs_dir().display()));
    json!([one, two])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_judged_by_all_its_data_and_runs_on_capabilities() {
    let world = World::new().await;
    world.broker.affiliate("ada");
    world.broker.grant("ada", A);
    let token = world.broker.token("ada");
    let params = json!({"first": "drs://drs.example.org/a-cohort.vcf", "second": "drs://drs.example.org/c-cohort.vcf"});
    let denied = run(&world, &token, &params, &tasks(&world)).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN, "{:?}", denied.bytes);
    assert_eq!(denied.json()["status_code"], 403);
    assert!(denied.json()["reasons"].to_string().contains(C));
    assert!(world.node.notes().is_empty());

    world.broker.grant("ada", C);
    let token = world.broker.token_with("ada", json!({"jti": "t2"}));
    let permitted = run(&world, &token, &params, &tasks(&world)).await;
    assert_eq!(permitted.status, StatusCode::OK, "{:?}", permitted.bytes);
    let id = permitted.json()["run_id"].as_str().unwrap().to_owned();
    let (world, token, id) = (&world, token.as_str(), id.as_str());
    world
        .within_five_seconds("the run is complete", || async move {
            world.get(&format!("{RUNS}/{id}/status"), Some(token)).await.json()["state"] == "COMPLETE"
        })
        .await;
    let log = world.get(&format!("{RUNS}/{id}"), Some(token)).await.json();
    assert_eq!(log["request"]["workflow_params"], params, "the caller's own words");
    assert!(!log.to_string().contains("visum/data/"), "{log}");
    assert!(!log.to_string().contains("127.0.0.1"), "no place of the backend: {log}");
    let listed = world.get(RUNS, Some(token)).await.json();
    assert_eq!(listed["runs"].as_array().unwrap().len(), 1);
    assert_eq!(
        world.get(RUNS, Some(&world.broker.token("bob"))).await.json()["runs"],
        json!([])
    );
    assert_eq!(
        world
            .get(&format!("{RUNS}/{id}"), Some(&world.broker.token("bob")))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let cancelled = world
        .post(&format!("{RUNS}/{id}/cancel"), Some(token), &json!({}))
        .await;
    assert_eq!(
        (cancelled.status, cancelled.json()),
        (StatusCode::OK, json!({"run_id": id})),
        "a finished run is cancelled already"
    );
}
