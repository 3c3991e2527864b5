//! Tests of the TES wire types.

use serde_json::{Value, json};

use super::*;

#[test]
fn e2_e3_a_task_with_a_member_that_tes_does_not_know_is_refused() {
    let sound = json!({"executors": [{"image": "a", "command": ["b"]}]});
    assert!(serde_json::from_value::<Task>(sound.clone()).is_ok());
    let cases = [
        (
            "url2 in an input",
            json!({"inputs": [{"path": "/a", "url": "x", "url2": "y"}]}),
        ),
        (
            "camel case",
            json!({"outputs": [{"path": "/a", "url": "x", "pathPrefix": "/"}]}),
        ),
        ("a host configuration", json!({"hostConfig": {}})),
        ("an id", json!({"id": "x"})),
        ("a state", json!({"state": "COMPLETE"})),
        ("logs", json!({"logs": []})),
        (
            "an enum by number",
            json!({"inputs": [{"path": "/a", "url": "x", "type": 1}]}),
        ),
        (
            "env with an object",
            json!({"executors": [{"image": "a", "command": ["b"], "env": {"A": {}}}]}),
        ),
        ("a boolean tag", json!({"tags": {"a": true}})),
        ("fractional cores", json!({"resources": {"cpu_cores": 0.5}})),
    ];
    for (name, more) in cases {
        let mut task = sound.clone();
        task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert!(serde_json::from_value::<Task>(task).is_err(), "{name}");
    }
}

#[test]
fn views_show_what_they_may_and_no_more() {
    let task: Task = serde_json::from_value(json!({
        "name": "n", "inputs": [{"path": "/a", "content": "secret"}], "executors": [{"image": "i", "command": ["c"]}],
    }))
    .unwrap();
    let logs: Vec<TaskLog> = serde_json::from_value(json!([{
        "logs": [{"stdout": "out", "stderr": "err", "exit_code": "3"}], "metadata": {"host": "h"},
        "outputs": [{"url": "u", "path": "/o", "size_bytes": 12}], "system_logs": ["sys"],
    }]))
    .unwrap();
    let seen = |view| {
        serde_json::to_value(show(
            "1".into(),
            State::Complete,
            task.clone(),
            logs.clone(),
            "t".into(),
            view,
        ))
        .unwrap()
    };
    assert_eq!(seen(View::Minimal), json!({"id": "1", "state": "COMPLETE"}));
    let basic = seen(View::Basic).to_string();
    for hidden in ["secret", "\"out\"", "\"err\"", "sys", "host"] {
        assert!(!basic.contains(hidden), "{hidden} in BASIC");
    }
    let full: Value = seen(View::Full);
    assert_eq!(full["inputs"][0]["content"], "secret");
    assert_eq!(
        full["logs"][0]["logs"][0],
        json!({"stdout": "out", "stderr": "err", "exit_code": 3})
    );
    assert_eq!(full["logs"][0]["outputs"][0]["size_bytes"], "12");
    assert!(full["logs"][0].get("metadata").is_none());
}

#[test]
fn answers_of_odd_backends_are_read() {
    let task: BackendTask = serde_json::from_value(json!({
        "id": "b", "state": "SOMETHING_NEW", "logs": null, "tags": null, "extra": [1],
    }))
    .unwrap();
    assert_eq!(task.state, State::Unknown);
    assert!(
        serde_json::from_value::<BackendTask>(json!({"id": "b"})).is_ok(),
        "unset fields are left out"
    );
}

#[test]
fn e11_views_are_exact() {
    for (word, view) in [
        (None, Some(View::Minimal)),
        (Some("FULL"), Some(View::Full)),
        (Some("full"), None),
        (Some(""), None),
    ] {
        assert_eq!(View::of(word), view, "{word:?}");
    }
}
