//! The TES: staging, running, storing, views, lists, cancel, and what it refuses.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::StatusCode as Status,
    routing::get,
};
use reqwest::{Method, StatusCode};
use sample_node::{Credential, Note, S3Settings};
use serde_json::{Value, json};

use crate::world::World;

async fn create(world: &World, task: Value) -> String {
    let (status, told) = world.call(Method::POST, world.tes("/tasks"), Some(task)).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!(told.as_object().unwrap().len(), 1, "clients throw on unknown members");
    told["id"].as_str().unwrap().to_owned()
}

async fn run(world: &World, task: Value) -> Value {
    let id = create(world, task).await;
    world.ended(&world.tes(&format!("/tasks/{id}?view=FULL"))).await
}

/// A task with one input as a literal, one executor, one output.
fn count(world: &World, input: Value, output: &str) -> Value {
    let mut input = input;
    input["path"] = json!("/data/in.txt");
    json!({
        "name": "count",
        "inputs": [input],
        "outputs": [{ "path": "/out/count.txt", "url": output }],
        "executors": [{ "image": world.image("wc"), "command": ["wc", "-l", "/data/in.txt"], "stdout": "/out/count.txt" }],
    })
}

/// A little store: `GET` and `PUT /{path}`; it keeps the queries it saw.
#[derive(Clone, Default)]
struct Store {
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    queries: Arc<Mutex<Vec<String>>>,
}

impl Store {
    async fn start(&self) -> String {
        let read = |State(store): State<Self>, Path(path): Path<String>, RawQuery(query): RawQuery| async move {
            store.queries.lock().unwrap().push(query.unwrap_or_default());
            store.files.lock().unwrap().get(&path).cloned().ok_or(Status::NOT_FOUND)
        };
        let write = |State(store): State<Self>,
                     Path(path): Path<String>,
                     RawQuery(query): RawQuery,
                     body: axum::body::Bytes| async move {
            store.queries.lock().unwrap().push(query.unwrap_or_default());
            store.files.lock().unwrap().insert(path, body.to_vec());
        };
        let router = Router::new()
            .route("/{*path}", get(read).put(write))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        base
    }

    fn put(&self, path: &str, text: &str) {
        self.files
            .lock()
            .unwrap()
            .insert(path.to_owned(), text.as_bytes().to_vec());
    }

    fn text(&self, path: &str) -> Option<String> {
        self.files
            .lock()
            .unwrap()
            .get(path)
            .map(|bytes| String::from_utf8(bytes.clone()).unwrap())
    }
}

#[tokio::test]
async fn a_script_runs_in_namespaces_of_its_own_or_not_at_all() {
    let world = World::with(|settings| settings.tes.shells = vec!["bash".to_owned()]).await;
    let (url, stored) = world.output("uni/script.txt");
    let data = world.node.data_dir().display().to_string();
    let own = format!("/tmp/own-{}", std::process::id());
    let script = format!(
        "test ! -e {data} && ! touch /usr/own 2>/dev/null && touch {own} && pwd > /out/said && cat /in/a >> /out/said && \
         ls /proc | grep -c '^[0-9]' >> /out/said"
    );
    let task = json!({
        "inputs": [
            { "path": "/tmp/run.sh", "content": script },
            { "path": "/in/a", "content": "of the task\n" },
        ],
        "outputs": [{ "path": "/out/said", "url": url }],
        "executors": [{ "image": world.image("bash"), "command": ["/bin/bash", "/tmp/run.sh"], "workdir": "/tmp" }],
    });
    let (status, told) = world.call(Method::POST, world.tes("/tasks"), Some(task)).await;
    let can = std::process::Command::new("unshare")
        .args(["--mount", "--pid", "--fork", "--map-root-user", "true"])
        .status();
    if status == StatusCode::BAD_REQUEST {
        assert!(told.to_string().contains("no mount namespace"), "{told}");
        assert!(!can.is_ok_and(|status| status.success()), "the system gives one");
        return;
    }
    assert_eq!(status, StatusCode::OK, "{told}");
    let id = told["id"].as_str().unwrap();
    let told = world.ended(&world.tes(&format!("/tasks/{id}?view=FULL"))).await;
    assert_eq!(told["state"], "COMPLETE", "{told}");
    let said = std::fs::read_to_string(stored).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[..2], ["/tmp", "of the task"], "{said}");
    assert!(
        lines[2].parse::<u32>().unwrap() < 8,
        "no process of the machine: {said}"
    );
    assert!(!std::path::Path::new(&own).exists(), "its /tmp is its own");
}

#[tokio::test]
async fn a_task_counts_the_lines_of_a_file_and_stores_the_count() {
    let world = World::new().await;
    let object = &world.node.objects()[0];
    let lines = std::fs::read_to_string(&object.file).unwrap().lines().count();
    let (url, stored) = world.output("uni/count.txt");
    let told = run(&world, count(&world, json!({ "url": object.file_url() }), &url)).await;
    assert_eq!(told["state"], "COMPLETE", "{told}");
    assert_eq!(
        std::fs::read_to_string(stored).unwrap(),
        format!("{lines} data/in.txt\n")
    );
    let log = &told["logs"][0];
    assert_eq!(
        (log["logs"][0]["exit_code"].as_i64(), log["outputs"][0]["url"].as_str()),
        (Some(0), Some(url.as_str()))
    );
    assert_eq!(log["logs"][0]["stdout"], format!("{lines} data/in.txt\n"));
    assert!(log["start_time"].is_string() && log["end_time"].is_string());
    let id = told["id"].as_str().unwrap().to_owned();
    assert_eq!(
        world.node.notes(),
        [
            Note::Opened {
                task: id.clone(),
                path: object.file.clone()
            },
            Note::Stored { task: id, url }
        ]
    );
}

#[tokio::test]
async fn inputs_come_and_outputs_go_by_http_and_by_signed_s3() {
    let store = Store::default();
    let base = store.start().await;
    let endpoint = base.clone();
    let world = World::with(move |settings| {
        let secret = Credential::new("a-secret-of-some-length").unwrap();
        settings.tes.s3 = Some(S3Settings {
            endpoint,
            region: "eu-test-1".into(),
            key: "KEY".into(),
            secret,
        });
    })
    .await;
    store.put("in/three.txt", "1\n2\n3\n");
    store.put("bucket/a/two.txt", "1\n2\n");
    let told = run(
        &world,
        count(
            &world,
            json!({ "url": format!("{base}/in/three.txt?cap=x") }),
            "s3://bucket/out/three",
        ),
    )
    .await;
    assert_eq!(told["state"], "COMPLETE", "{told}");
    assert_eq!(store.text("bucket/out/three").as_deref(), Some("3 data/in.txt\n"));
    let told = run(
        &world,
        count(
            &world,
            json!({ "url": "s3://bucket/a/two.txt" }),
            &format!("{base}/out/two"),
        ),
    )
    .await;
    assert_eq!(told["state"], "COMPLETE", "{told}");
    assert_eq!(store.text("out/two").as_deref(), Some("2 data/in.txt\n"));
    let queries = store.queries.lock().unwrap().clone();
    assert_eq!(queries[0], "cap=x");
    for signed in [&queries[1], &queries[2]] {
        assert!(
            signed.contains("X-Amz-Credential=KEY%2F") && signed.contains("X-Amz-Signature="),
            "{signed}"
        );
    }
    let full = told.to_string()
        + &run(
            &world,
            count(&world, json!({ "url": format!("{base}/in/none?cap=y") }), &base),
        )
        .await["logs"]
            .to_string();
    assert!(
        full.contains("404") && !full.contains("cap=y"),
        "a log never holds a capability: {full}"
    );
}

#[tokio::test]
async fn executors_share_files_and_a_failure_ends_the_task_unless_it_may_be_ignored() {
    let world = World::new().await;
    let steps = |ignore: bool| {
        json!({
            "inputs": [{ "path": "/in/a", "content": "b\na\n" }],
            "volumes": ["/share"],
            "executors": [
                { "image": world.image("grep"), "command": ["grep", "zzz", "/in/a"], "ignore_error": ignore },
                { "image": world.image("sort"), "command": ["sort"], "stdin": "/in/a", "stdout": "/share/sorted" },
                { "image": world.image("head"), "command": ["/usr/bin/head", "-n", "1", "sorted"], "workdir": "/share", "env": { "LC_ALL": "C" } },
            ],
        })
    };
    let told = run(&world, steps(true)).await;
    assert_eq!(told["state"], "COMPLETE", "{told}");
    let logs = told["logs"][0]["logs"].as_array().unwrap();
    assert_eq!(
        logs.iter()
            .map(|log| log["exit_code"].as_i64().unwrap())
            .collect::<Vec<_>>(),
        [1, 0, 0]
    );
    assert_eq!(logs[2]["stdout"], "a\n");
    let told = run(&world, steps(false)).await;
    assert_eq!(
        (
            told["state"].as_str(),
            told["logs"][0]["logs"].as_array().unwrap().len()
        ),
        (Some("EXECUTOR_ERROR"), 1)
    );
}

#[tokio::test]
async fn a_running_task_is_canceled_within_a_second_and_its_process_is_gone() {
    let world = World::new().await;
    // A number that no other process of this machine sleeps for.
    let seconds = format!("3{}", std::process::id());
    let id = create(
        &world,
        json!({ "executors": [{ "image": world.image("sleep"), "command": ["sleep", seconds] }] }),
    )
    .await;
    let url = world.tes(&format!("/tasks/{id}"));
    let sleeping = || {
        std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
            std::fs::read(entry.path().join("cmdline"))
                .is_ok_and(|line| line == format!("sleep\0{seconds}\0").into_bytes())
        })
    };
    let begun = tokio::time::timeout(Duration::from_secs(10), async {
        while !sleeping() {
            tokio::task::yield_now().await;
        }
    });
    begun.await.expect("it starts");
    let asked = Instant::now();
    let (status, told) = world.call(Method::POST, format!("{url}:cancel"), None).await;
    assert_eq!((status, told), (StatusCode::OK, json!({})));
    assert_eq!(world.ended(&url).await, json!({ "id": id, "state": "CANCELED" }));
    let gone = tokio::time::timeout(Duration::from_secs(5), async {
        while sleeping() {
            tokio::task::yield_now().await;
        }
    });
    gone.await.expect("it ends");
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    let (status, _) = world.call(Method::POST, format!("{url}:cancel"), Some(json!({}))).await;
    assert_eq!(status, StatusCode::OK, "to cancel a finished task is no error");
}

#[tokio::test]
async fn a_view_tells_no_more_than_was_asked_for() {
    let world = World::new().await;
    let (url, _) = world.output("x");
    let told = run(&world, count(&world, json!({ "content": "secret\n" }), &url)).await;
    let id = told["id"].as_str().unwrap();
    assert!(told.to_string().contains("secret") && told["logs"][0].get("system_logs").is_some());
    let (_, basic) = world.get(world.tes(&format!("/tasks/{id}?view=BASIC"))).await;
    assert!(basic["inputs"][0].get("content").is_none() && basic["logs"][0].get("system_logs").is_none());
    assert!(basic["logs"][0]["logs"][0].get("stdout").is_none());
    let (_, minimal) = world.get(world.tes(&format!("/tasks/{id}"))).await;
    assert_eq!(minimal, json!({ "id": id, "state": "COMPLETE" }));
    let (status, _) = world.get(world.tes(&format!("/tasks/{id}?view=ALL"))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn lists_are_filtered_and_paged_newest_first() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for (name, tag) in [("a-1", "x"), ("a-2", "y"), ("b-1", "x")] {
        let executor = json!({ "image": world.image("cat"), "command": ["cat"] });
        let told = run(
            &world,
            json!({ "name": name, "tags": { "k": tag }, "executors": [executor] }),
        )
        .await;
        ids.push(told["id"].as_str().unwrap().to_owned());
    }
    let cases: [(&str, &[usize]); 7] = [
        ("", &[2, 1, 0]),
        ("?name_prefix=a-", &[1, 0]),
        ("?tag_key=k&tag_value=x", &[2, 0]),
        ("?tag_key=k", &[2, 1, 0]),
        ("?tag_key=other", &[]),
        ("?state=COMPLETE&page_size=2", &[2, 1]),
        ("?state=RUNNING", &[]),
    ];
    for (query, expected) in cases {
        let (_, told) = world.get(world.tes(&format!("/tasks{query}"))).await;
        let found: Vec<&str> = told["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| task["id"].as_str().unwrap())
            .collect();
        assert_eq!(
            found,
            expected.iter().map(|index| ids[*index].as_str()).collect::<Vec<_>>(),
            "{query}"
        );
    }
    let (_, first) = world.get(world.tes("/tasks?page_size=2")).await;
    let token = first["next_page_token"].as_str().unwrap();
    let (_, second) = world
        .get(world.tes(&format!("/tasks?page_size=2&page_token={token}")))
        .await;
    assert_eq!(second, json!({ "tasks": [{ "id": ids[0], "state": "COMPLETE" }] }));
}

#[tokio::test]
async fn a_task_that_is_not_understood_is_refused_when_it_is_created() {
    let world = World::new().await;
    let plain = |executor: Value| json!({ "executors": [executor] });
    let (wc, sort) = (world.image("wc"), world.image("sort"));
    let other = wc.replace("sample/wc", "sample/cat");
    let input = |input: Value| json!({ "inputs": [input], "executors": [{ "image": wc, "command": ["wc"] }] });
    let output = |url: &str| json!({ "outputs": [{ "path": "/out/*", "url": url }], "executors": [{ "image": wc, "command": ["wc"] }] });
    let cases = [
        ("no executor", json!({ "executors": [] })),
        (
            "an unknown member",
            json!({ "executors": [{ "image": wc, "command": ["wc"] }], "x_data": "s3://b/k" }),
        ),
        (
            "a member of the server",
            json!({ "id": "mine", "executors": [{ "image": wc, "command": ["wc"] }] }),
        ),
        (
            "an image by tag",
            plain(json!({ "image": "sample/wc", "command": ["wc"] })),
        ),
        (
            "the digest of another tool",
            plain(json!({ "image": other, "command": ["cat"] })),
        ),
        (
            "another program than the image's",
            plain(json!({ "image": wc, "command": ["sh", "-c", "id"] })),
        ),
        (
            "an option that starts a program",
            plain(json!({ "image": sort, "command": ["sort", "--comp=/bin/sh"] })),
        ),
        (
            "a path that is not declared",
            plain(json!({ "image": wc, "command": ["wc", "/home/x"] })),
        ),
        (
            "a way upwards",
            plain(json!({ "image": wc, "command": ["wc", "../../x"] })),
        ),
        (
            "code by the environment",
            plain(json!({ "image": wc, "command": ["wc"], "env": { "LD_PRELOAD": "/x.so" } })),
        ),
        (
            "url and content",
            input(json!({ "path": "/a", "url": "file:///a", "content": "x" })),
        ),
        ("neither", input(json!({ "path": "/a" }))),
        ("an unknown scheme", input(json!({ "path": "/a", "url": "drs://x/y" }))),
        (
            "a key with dots",
            input(json!({ "path": "/a", "url": "s3://b/%2e%2e/k" })),
        ),
        ("a system path", input(json!({ "path": "/etc/passwd", "content": "x" }))),
        ("wildcards", output("file:///out")),
    ];
    for (name, task) in cases {
        let (status, told) = world.call(Method::POST, world.tes("/tasks"), Some(task)).await;
        assert_eq!(
            (status, told["code"].as_str()),
            (StatusCode::BAD_REQUEST, Some("sample.task")),
            "{name}: {told}"
        );
        assert!(told["error"].as_str().unwrap().len() > 20, "{name}");
    }
    assert!(world.node.notes().is_empty());
}

#[tokio::test]
async fn files_outside_of_the_roots_are_neither_read_nor_written() {
    let world = World::new().await;
    let link = world.node.data_dir().join("link");
    std::os::unix::fs::symlink("/etc", &link).unwrap();
    let out = world.node.outputs_dir().join("link");
    std::os::unix::fs::symlink(world.node.data_dir(), &out).unwrap();
    let (good, _) = world.output("x");
    let literal = json!({ "content": "x" });
    let cases = [
        (
            "a file of the machine",
            json!({ "url": "file:///etc/hostname" }),
            good.clone(),
        ),
        (
            "through a link",
            json!({ "url": format!("file://{}/hostname", link.display()) }),
            good.clone(),
        ),
        (
            "into the data",
            literal.clone(),
            format!("file://{}/a/new", world.node.data_dir().display()),
        ),
        ("out through a link", literal, format!("file://{}/new", out.display())),
    ];
    for (name, input, output) in cases {
        let told = run(&world, count(&world, input, &output)).await;
        assert_eq!(told["state"], "SYSTEM_ERROR", "{name}: {told}");
        assert!(
            told["logs"][0]["system_logs"]
                .to_string()
                .contains("outside of the folder"),
            "{name}: {told}"
        );
    }
    assert!(!world.node.data_dir().join("a/new").exists() && !world.node.data_dir().join("new").exists());
}

#[tokio::test]
async fn without_the_credential_no_route_answers() {
    let world = World::new().await;
    for path in ["/service-info", "/tasks", "/tasks/x", "/nothing"] {
        assert_eq!(
            world.client.get(world.tes(path)).send().await.unwrap().status(),
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    let (status, told) = world.get(world.tes("/tasks/none")).await;
    assert_eq!(
        (status, told["error"].as_str()),
        (StatusCode::NOT_FOUND, Some("task not found"))
    );
    let (_, told) = world.get(world.tes("/service-info")).await;
    assert_eq!(told["type"]["artifact"], "tes");
}
