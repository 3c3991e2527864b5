//! What leaks without data: service-info, side doors of backends (E54, E57).

use serde_json::{Value, json};
use tests::outside;

use crate::wire::{Bench, OBJECT, TES, played::Said};

#[tokio::test(flavor = "multi_thread")]
async fn e54_service_info_is_our_own_and_counts_nobodys_things() {
    let bench = Bench::start().await;
    bench.sent(&bench.ada).await;
    bench.ran(&bench.ada).await;
    bench.played.came();
    let telling = json!({
        "id": "SECRET", "storage": ["s3://SECRET-bucket", "file:///SECRET"], "version": "SECRET-build", "system_state_counts": {"RUNNING": 7},
        "maxBulkRequestLength": 999_999, "drs": {"objectCount": 4242, "totalObjectSize": 4242}, "workflow_engine_versions": {"SECRET": "1"},
        "default_workflow_engine_parameters": [{"name": "SECRET"}], "tesResources_backend_parameters": ["SECRET"],
    });
    bench.played.say(Some(Said(
        200,
        vec![("content-type", "application/json".to_owned())],
        telling.to_string(),
    )));
    for (path, kind) in [
        ("/ga4gh/drs/v1/service-info", "drs"),
        ("/ga4gh/tes/v1/service-info", "tes"),
        ("/v1/service-info", "tes"),
        ("/v1/tasks/service-info", "tes"),
        ("/ga4gh/tes/v1/tasks/service-info", "tes"),
        ("/ga4gh/wes/v1/service-info", "wes"),
    ] {
        let mut seen: Option<Value> = None;
        for token in [
            None,
            Some(bench.ada.as_str()),
            Some(bench.ben.as_str()),
            Some("garbage"),
        ] {
            let answer = outside::get(&bench.url(path), token).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let info = answer.json();
            // as TES 0.4 has it, where TES 0.4 has it
            let is_old = path == "/v1/tasks/service-info";
            assert!(is_old || info["type"]["artifact"] == kind, "{path}: {info}");
            let members: &[&str] = if is_old {
                &["name", "doc", "storage"]
            } else {
                &["id", "name", "organization", "version"]
            };
            assert!(
                !is_old || info.as_object().map(serde_json::Map::len) == Some(3),
                "{info}"
            );
            for member in members {
                assert!(
                    info.get(*member).is_some_and(|value| !value.is_null()),
                    "{path} has no {member}: {info}"
                );
            }
            let told = answer.text();
            for word in [
                "SECRET",
                "4242",
                "999999",
                "RUNNING",
                "file://",
                "s3://",
                "objectCount",
                "sample",
                bench.played.url.trim_start_matches("http://"),
            ] {
                assert!(!told.contains(word), "{path} tells {word}: {told}");
            }
            assert!(
                info.get("storage").is_none_or(|storage| storage == &json!([])),
                "{path}: {info}"
            );
            if kind == "wes" {
                assert_eq!(info["system_state_counts"], json!({}));
                assert!(
                    info["auth_instructions_url"]
                        .as_str()
                        .is_some_and(|url| url.starts_with("http"))
                );
            }
            if let Some(before) = &seen {
                assert_eq!(before, &info, "{path}: the same for everybody");
            }
            seen = Some(info);
        }
        for method in ["POST", "PUT", "DELETE"] {
            let answer = outside::send(method.parse().unwrap(), &bench.url(path), Some(&bench.ada), None).await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
    }
    assert!(bench.played.came().is_empty(), "no backend is asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn e57_side_doors_of_backends_are_no_routes_of_ours() {
    let bench = Bench::start().await;
    let (task, run) = (bench.sent(&bench.ada).await, bench.ran(&bench.ada).await);
    bench.played.came();
    // of each API: paths of servers in use that are not in its table
    let of = |base: &str, rest: &[&str]| -> Vec<String> { rest.iter().map(|rest| format!("{base}{rest}")).collect() };
    let mut paths: Vec<(&str, String)> = Vec::new();
    for base in TES {
        for path in of(
            base,
            &[
                "",
                "/metrics",
                "/healthz",
                "/login",
                "/login/token",
                "/dashboard",
                "/ui",
                "/swagger.json",
                "/openapi.yaml",
                "/nodes",
                "/nodes/n1",
                "/events",
                "/scheduler",
                "/tasks/TASK/logs",
                "/tasks/TASK/files",
                "/tasks/TASK/events",
                "/queue",
                "/admin",
                "/services",
            ],
        ) {
            paths.push(("tes", path));
        }
    }
    for path in of(
        "/ga4gh/wes/v1",
        &[
            "",
            "/ui/",
            "/ui",
            "/swagger.json",
            "/openapi.json",
            "/docs",
            "/executable-workflows",
            "/executable_workflows",
            "/token",
            "/me",
            "/runs/RUN/outputs",
            "/runs/RUN/outputs/x",
            "/runs/RUN/ro-crate",
            "/runs/RUN/data",
            "/runs/RUN/logs",
            "/runs/RUN/stdout",
            "/workflows",
            "/runs/RUN/cancel/x",
            "/parsers",
            "/types",
            "/logs/RUN/stdout",
            "/engine/v1/status",
            "/runs/RUN/timing",
            "/runs/RUN/metadata",
        ],
    ) {
        if !path.ends_with('/') {
            paths.push(("wes", path));
        }
    }
    for path in of(
        "/ga4gh/drs/v1",
        &[
            "",
            "/objects/OBJECT/access",
            "/objects/OBJECT/bundle",
            "/bundles/OBJECT",
            "/swagger.json",
            "/ui",
            "/upload",
            "/objects/OBJECT/checksums",
            "/objects/checksum/x",
            "/upload-request",
            "/delete",
            "/metrics",
            "/objects/OBJECT/access/https/x",
        ],
    ) {
        paths.push(("drs", path));
    }
    for path in [
        "/",
        "/metrics",
        "/login",
        "/dashboard",
        "/index",
        "/index/x",
        "/bulk/documents",
        "/_dist",
        "/_status",
        "/_version",
        "/data/download/x",
        "/data/upload",
        "/user/user",
        "/index/OBJECT",
        "/dos/v1/dataobjects/x",
        "/ga4gh/dos/v1/dataobjects/OBJECT",
        "/api/workflows/v1/query",
        "/api/workflows/v1/RUN/metadata",
        "/engine/v1/status",
        "/engine/v1/version",
        "/api/ga4gh/wes/v1/runs",
        "/toil/wes/v1/logs/RUN/stdout",
        "/toil/wes/v1/logs/RUN/stderr",
        "/swagger.json",
        "/swagger-ui.html",
        "/openapi.json",
        "/docs",
        "/redoc",
        "/ui",
        "/runs",
        "/runs/RUN",
        "/executable-workflows",
        "/service-info",
        "/tasks",
        "/tasks/TASK",
        "/health",
        "/status",
        "/api/drs_download/x",
        "/minio/health/live",
        "/api/datasets/x/display",
        "/ga4gh",
        "/ga4gh/trs/v1/tools",
        "/ga4gh/tes/v2/tasks",
        "/ga4gh/wes/v2/runs",
        "/graphql",
        "/grpc",
        "/tes.TaskService/ListTasks",
        "/bytes/OBJECT",
        "/robots.txt",
        "/favicon.ico",
        "/visum",
        "/visum/v1",
        "/visum/data",
        "/visum/logs",
    ] {
        paths.push(("own", path.to_owned()));
    }
    for (api, path) in &paths {
        let path = path
            .replace("TASK", &task)
            .replace("RUN", &run)
            .replace("OBJECT", OBJECT);
        for method in ["GET", "POST", "DELETE", "HEAD"] {
            for token in [None, Some(bench.ada.as_str())] {
                let answer = outside::send(method.parse().unwrap(), &bench.url(&path), token, None).await;
                assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
                if method == "HEAD" {
                    continue;
                }
                let body = answer.json();
                assert_eq!(answer.code(), "request.route", "{method} {path}: {body}");
                let api = match *api {
                    "own" if path == "/visum/data" => "drs",
                    "own" => path
                        .split('/')
                        .nth(2)
                        .filter(|_| path.starts_with("/ga4gh/"))
                        .unwrap_or("own"),
                    api => api,
                };
                let shaped = match api {
                    "drs" | "wes" => body["status_code"] == 404 && body["msg"].is_string(),
                    "tes" => body["status"] == 404 && body["error"].is_string() && body["message"].is_string(),
                    _ => body["message"].is_string(),
                };
                assert!(shaped, "{method} {path} in the shape of {api}: {body}");
            }
        }
        let came = bench.played.came();
        assert!(came.is_empty(), "{path}: a backend saw {came:?}");
    }
    // the verbs that some servers add to paths of the table
    for (method, path) in [
        ("DELETE", "/ga4gh/wes/v1/runs".to_owned()),
        ("DELETE", format!("/ga4gh/wes/v1/runs/{run}")),
        ("PATCH", format!("/ga4gh/wes/v1/runs/{run}")),
        ("DELETE", format!("/v1/tasks/{task}")),
        ("PUT", format!("/ga4gh/drs/v1/objects/{OBJECT}")),
        ("DELETE", format!("/ga4gh/drs/v1/objects/{OBJECT}")),
        ("GET", "/ga4gh/drs/v1/objects".to_owned()),
    ] {
        let answer = outside::send(method.parse().unwrap(), &bench.url(&path), Some(&bench.ada), None).await;
        assert!(matches!(answer.status, 404 | 405), "{method} {path}: {}", answer.text());
        assert!(bench.played.came().is_empty(), "{method} {path}");
    }
    // a browser's Accept shows no dashboard
    for accept in [
        "text/html",
        "*/*",
        "text/html,application/xhtml+xml",
        "application/x-protobuf",
    ] {
        let reply = outside::client()
            .get(bench.url(&format!("/v1/tasks/{task}")))
            .bearer_auth(&bench.ada)
            .header("accept", accept);
        let answer = outside::read(reply.send().await.unwrap()).await;
        assert_eq!(
            (answer.status, answer.header("content-type").as_str()),
            (200, "application/json"),
            "{accept}"
        );
        assert!(
            bench
                .played
                .came()
                .iter()
                .all(|came| came.headers.get("accept").unwrap() == "application/json"),
            "{accept}"
        );
    }
}
