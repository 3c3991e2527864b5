//! The WES: a run of two tasks, what it refuses, cancel.

use reqwest::{
    Method, StatusCode,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::world::{World, json};

fn form(tasks: &Value, params: &Value) -> Form {
    fields(params).part(
        "workflow_attachment",
        Part::text(tasks.to_string()).file_name("tasks.json"),
    )
}

fn fields(params: &Value) -> Form {
    Form::new()
        .text("workflow_type", "VISUM-TASKS")
        .text("workflow_type_version", "1.0")
        .text("workflow_url", "tasks.json")
        .text("workflow_params", params.to_string())
        .text("tags", json!({ "project": "P1" }).to_string())
}

async fn post(world: &World, form: Form) -> (StatusCode, Value) {
    let request = world
        .client
        .post(world.wes("/runs"))
        .bearer_auth(&world.credential)
        .multipart(form);
    json(request.send().await.unwrap()).await
}

#[tokio::test]
async fn tasks_run_in_order_with_their_parameters() {
    let world = World::new().await;
    let objects = world.node.objects();
    let (first, second) = (world.output("uni/1"), world.output("uni/2"));
    let task = |param: &str, out: &str| {
        json!({
            "name": param,
            "inputs": [{ "path": "/data/in", "url": format!("${{param:{param}}}") }],
            "outputs": [{ "path": "/out/x", "url": out }],
            "executors": [{ "image": world.image("sha256sum"), "command": ["sha256sum"], "stdin": "/data/in", "stdout": "/out/x" }],
        })
    };
    let params = json!({ "a": objects[0].file_url(), "c": objects[4].file_url() });
    let (status, told) = post(
        &world,
        form(&json!([task("a", &first.0), task("c", &second.0)]), &params),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let run = told["run_id"].as_str().unwrap();
    let log = world.ended(&world.wes(&format!("/runs/{run}"))).await;
    assert_eq!(log["state"], "COMPLETE", "{log}");
    for (path, object) in [(&first.1, &objects[0]), (&second.1, &objects[4])] {
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            format!("{}  -\n", object.sha256)
        );
    }
    assert_eq!(
        (
            log["request"]["workflow_params"].clone(),
            log["request"]["tags"]["project"].as_str()
        ),
        (params, Some("P1"))
    );
    assert_eq!(log["outputs"]["files"].as_array().unwrap().len(), 2);
    let (_, tasks) = world.get(log["task_logs_url"].as_str().unwrap().to_owned()).await;
    assert_eq!(tasks["task_logs"], log["task_logs"]);
    let one = &tasks["task_logs"][1];
    assert_eq!((one["name"].as_str(), one["exit_code"].as_i64()), (Some("c"), Some(0)));
    let said = world
        .client
        .get(one["stdout"].as_str().unwrap())
        .bearer_auth(&world.credential)
        .send()
        .await
        .unwrap();
    assert_eq!(said.text().await.unwrap(), format!("{}  -\n", objects[4].sha256));
    let (_, page) = world
        .get(world.wes(&format!("/runs/{run}/tasks?page_size=1&page_token=1")))
        .await;
    assert_eq!(
        (page["task_logs"][0].clone(), page["next_page_token"].as_str()),
        (one.clone(), Some(""))
    );
    let (_, runs) = world.get(world.wes("/runs")).await;
    assert_eq!(
        (runs["runs"][0]["run_id"].as_str(), runs["runs"][0]["state"].as_str()),
        (Some(run), Some("COMPLETE"))
    );
}

#[tokio::test]
async fn a_task_that_fails_ends_the_run_before_the_next_one() {
    let world = World::new().await;
    let grep = json!({ "inputs": [{ "path": "/a", "content": "x" }], "executors": [{ "image": world.image("grep"), "command": ["grep", "y", "/a"] }] });
    let (_, told) = post(&world, form(&json!([grep, grep]), &json!({}))).await;
    let log = world
        .ended(&world.wes(&format!("/runs/{}", told["run_id"].as_str().unwrap())))
        .await;
    assert_eq!(
        (log["state"].as_str(), log["task_logs"].as_array().unwrap().len()),
        (Some("EXECUTOR_ERROR"), 1),
        "{log}"
    );
    let refused = json!([{ "executors": [{ "image": "other", "command": ["x"] }] }]);
    let (_, told) = post(&world, form(&refused, &json!({}))).await;
    let log = world
        .ended(&world.wes(&format!("/runs/{}", told["run_id"].as_str().unwrap())))
        .await;
    assert_eq!(log["state"], "SYSTEM_ERROR");
    assert!(
        log["run_log"]["system_logs"][0]
            .as_str()
            .unwrap()
            .contains("the TES refused"),
        "{log}"
    );
}

#[tokio::test]
async fn a_canceled_run_cancels_its_task_and_starts_no_other() {
    let world = World::new().await;
    let sleep = json!({ "executors": [{ "image": world.image("sleep"), "command": ["sleep", "600"] }] });
    let (_, told) = post(&world, form(&json!([sleep, sleep]), &json!({}))).await;
    let run = told["run_id"].as_str().unwrap();
    let (status, _) = world
        .call(Method::POST, world.wes(&format!("/runs/{run}/cancel")), None)
        .await;
    assert_eq!(status, StatusCode::OK);
    let status = world.ended(&world.wes(&format!("/runs/{run}/status"))).await;
    assert_eq!(status, json!({ "run_id": run, "state": "CANCELED" }));
    let (_, tasks) = world.get(world.tes("/tasks")).await;
    let tasks = tasks["tasks"].as_array().unwrap();
    assert!(
        tasks.len() <= 1 && tasks.iter().all(|task| task["state"] == "CANCELED"),
        "{tasks:?}"
    );
}

#[tokio::test]
async fn a_form_that_is_not_understood_is_refused() {
    let world = World::new().await;
    let good = json!([{ "executors": [{ "image": world.image("cat"), "command": ["cat"] }] }]);
    let attach = |name: &str, text: &str| Part::text(text.to_owned()).file_name(name.to_owned());
    let empty = || fields(&json!({}));
    let parameter = json!([{ "inputs": [{ "path": "/a", "url": "${param:a}" }], "executors": [{ "image": "x", "command": ["x"] }] }]);
    let cases = [
        ("no attachment", empty()),
        (
            "an attachment of another name",
            empty().part("workflow_attachment", attach("other.json", &good.to_string())),
        ),
        (
            "two attachments",
            form(&good, &json!({})).part("workflow_attachment", attach("b.json", "[]")),
        ),
        (
            "an attachment in a folder",
            empty().part("workflow_attachment", attach("../tasks.json", &good.to_string())),
        ),
        (
            "a part twice",
            form(&good, &json!({})).text("workflow_type", "VISUM-TASKS"),
        ),
        (
            "an unknown part",
            form(&good, &json!({})).text("workflow_attachment_obj", "[]"),
        ),
        (
            "another type",
            Form::new()
                .text("workflow_type", "CWL")
                .text("workflow_type_version", "1.0")
                .text("workflow_url", "x"),
        ),
        (
            "engine parameters",
            form(&good, &json!({})).text("workflow_engine_parameters", "{\"-c\":\"x\"}"),
        ),
        ("no task", form(&json!([]), &json!({}))),
        ("no list", form(&json!({}), &json!({}))),
        ("params that are no object", form(&good, &json!([]))),
        ("a parameter that is missing", form(&parameter, &json!({ "b": "x" }))),
    ];
    for (name, form) in cases {
        let (status, told) = post(&world, form).await;
        assert_eq!(
            (status, told["code"].as_str()),
            (StatusCode::BAD_REQUEST, Some("sample.run")),
            "{name}: {told}"
        );
    }
    let same = form(&good, &json!({})).part("workflow_attachment", attach("tasks.json", &good.to_string()));
    let (status, told) = post(&world, same).await;
    assert_eq!(
        status,
        StatusCode::OK,
        "a client that attaches the list twice is understood: {told}"
    );
}

#[tokio::test]
async fn without_the_credential_no_route_answers() {
    let world = World::new().await;
    for path in ["/service-info", "/runs", "/runs/x", "/nothing"] {
        assert_eq!(
            world.client.get(world.wes(path)).send().await.unwrap().status(),
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    let (_, told) = world.get(world.wes("/service-info")).await;
    assert_eq!(
        told["workflow_type_versions"]["VISUM-TASKS"]["workflow_type_version"],
        json!(["1.0"])
    );
}
