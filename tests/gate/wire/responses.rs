//! What a backend says, and what of it goes on: headers, redirects, hosts, words (E36, E47, E55, E59).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tests::outside::{self, Answer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Bench, OBJECT, played::Said, text};

/// A server that is nobody's backend, and how many came to it.
async fn stranger() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut bytes = [0; 4096];
            let _ = socket.read(&mut bytes).await;
            let _ = socket
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nSECRET")
                .await;
        }
    });
    (url, came)
}

/// The routes that ask a backend, with a task and a run of Ada's.
fn routes(task: &str, run: &str) -> Vec<String> {
    let object = format!("/ga4gh/drs/v1/objects/{OBJECT}");
    vec![
        object,
        format!("/v1/tasks/{task}?view=FULL"),
        format!("/ga4gh/tes/v1/tasks/{task}?view=BASIC"),
        format!("/ga4gh/wes/v1/runs/{run}"),
    ]
}

fn headers_of(answer: &Answer) -> String {
    format!("{:?}", answer.headers)
}

#[tokio::test(flavor = "multi_thread")]
async fn e47_headers_of_a_backend_stay_behind_and_no_redirect_is_followed_or_passed_on() {
    let bench = Bench::start().await;
    let (task, run) = (bench.sent(&bench.ada).await, bench.ran(&bench.ada).await);
    let (evil, came) = stranger().await;
    let poisoned = |kind: &str| {
        vec![
            ("content-type", kind.to_owned()),
            ("location", format!("{evil}/SECRET")),
            ("link", format!("<{evil}/SECRET>; rel=next")),
            ("refresh", format!("0; url={evil}/SECRET")),
            ("content-location", format!("{evil}/SECRET")),
            ("set-cookie", "SECRET=1; Domain=example.org".to_owned()),
            ("server", "SECRET/1.0".to_owned()),
            ("via", "1.1 SECRET".to_owned()),
            ("x-powered-by", "SECRET".to_owned()),
            ("x-amz-request-id", "SECRET".to_owned()),
            ("access-control-allow-origin", "SECRET".to_owned()),
            ("content-disposition", "attachment; filename=SECRET".to_owned()),
            ("www-authenticate", "Basic realm=SECRET".to_owned()),
            ("alt-svc", "h3=\"SECRET:443\"".to_owned()),
            ("clear-site-data", "\"SECRET\"".to_owned()),
            ("etag", "\"SECRET\"".to_owned()),
            ("x-request-id", "SECRET".to_owned()),
        ]
    };
    let object = json!({
        "id": OBJECT, "self_uri": "drs://inside.example.org/x", "size": 12, "created_time": "2026-01-01T00:00:00Z",
        "checksums": [{"type": "md5", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}],
        "access_methods": [{"type": "https", "access_url": {"url": format!("{}/bytes/x", bench.played.url)}}],
        "state": "RUNNING", "run_id": run,
    });
    for status in [200, 201, 206] {
        bench
            .played
            .say(Some(Said(status, poisoned("application/json"), object.to_string())));
        for route in routes(&task, &run) {
            let answer = outside::get(&bench.url(&route), Some(&bench.ada)).await;
            assert_eq!(answer.status, 200, "{route}: {}", answer.text());
            let told = format!("{}{}", headers_of(&answer), answer.text());
            assert!(!told.contains("SECRET") && !told.contains(&evil), "{route}: {told}");
            assert_eq!(answer.header("cache-control"), "no-store, private", "{route}");
        }
    }
    for status in [300, 301, 302, 303, 307, 308] {
        bench
            .played
            .say(Some(Said(status, poisoned("text/html"), "SECRET".to_owned())));
        for route in routes(&task, &run) {
            let answer = outside::get(&bench.url(&route), Some(&bench.ada)).await;
            assert_eq!(answer.status, 502, "{status} on {route}: {}", answer.text());
            let told = format!("{}{}", headers_of(&answer), answer.text());
            assert!(
                !told.contains("SECRET") && answer.header("location").is_empty(),
                "{route}: {told}"
            );
        }
        let created = outside::post(&bench.url("/v1/tasks"), Some(&bench.ada), &bench.task()).await;
        assert_eq!(created.status, 502, "{status}: {}", created.text());
    }
    assert_eq!(came.load(Ordering::SeqCst), 0, "nobody followed anything");
    // and bytes: a redirect, a poisoned answer
    bench.played.say(None);
    let access = outside::get(
        &bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}/access/https")),
        Some(&bench.ada),
    )
    .await;
    let url = text(&access.json(), "/url");
    assert!(url.starts_with(&bench.house.node.at.proxy), "{url}");
    bench
        .played
        .say(Some(Said(302, poisoned("text/html"), "SECRET".to_owned())));
    let bytes = outside::get(&url, Some(&bench.ada)).await;
    assert!(
        bytes.status >= 500 && !format!("{}{}", headers_of(&bytes), bytes.text()).contains("SECRET"),
        "{}",
        bytes.text()
    );
    assert_eq!(came.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn e36_e59_our_credential_goes_to_our_backend_alone_and_every_url_told_is_our_own() {
    let bench = Bench::start().await;
    let (evil, came) = stranger().await;
    let object = |url: &str| {
        json!({
            "id": OBJECT, "size": 12, "created_time": "2026-01-01T00:00:00Z", "self_uri": format!("drs://evil.example.net/{OBJECT}"),
            "checksums": [{"type": "md5", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}],
            "access_methods": [{"type": "https", "access_id": "x", "access_url": {"url": url, "headers": ["Authorization: Bearer inside"]}}],
        })
    };
    let backend = bench.played.url.trim_start_matches("http://").to_owned();
    let stranger = evil.trim_start_matches("http://").to_owned();
    for url in [
        format!("{evil}/bytes"),
        format!("http://{backend}@{stranger}/bytes"),
        format!("http://user:pass@{backend}/bytes"),
        format!("{evil}/bytes#@{backend}"),
        "file:///etc/passwd".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "gopher://127.0.0.1:70/".to_owned(),
        format!("//{stranger}/bytes"),
    ] {
        bench.played.say(Some(Said(
            200,
            vec![("content-type", "application/json".to_owned())],
            object(&url).to_string(),
        )));
        let base = bench.url(&format!("/ga4gh/drs/v1/objects/{OBJECT}"));
        let described = outside::get(&base, Some(&bench.ada)).await;
        let told = described.text();
        assert!(
            !told.contains(&stranger) && !told.contains("inside") && !told.contains("evil") && !told.contains(&backend),
            "{url}: {told}"
        );
        let access = outside::get(&format!("{base}/access/https"), Some(&bench.ada)).await;
        let capability = text(&access.json(), "/url");
        if access.status == 200 {
            assert!(
                capability.starts_with(&bench.house.node.at.proxy),
                "{url}: {capability}"
            );
            let bytes = outside::get(&capability, Some(&bench.ada)).await;
            assert!(
                bytes.status >= 400 && !bytes.text().contains("SECRET"),
                "{url}: {} {}",
                bytes.status,
                bytes.text()
            );
            assert!(!bytes.text().contains(&stranger), "{url}: {}", bytes.text());
        }
        assert_eq!(came.load(Ordering::SeqCst), 0, "{url}: a stranger was asked");
    }
    // a run's logs that are places elsewhere
    bench.played.say(None);
    let run = bench.ran(&bench.ada).await;
    bench.played.say(Some(Said(
        200,
        vec![("content-type", "application/json".to_owned())],
        json!({
            "run_id": run, "state": "COMPLETE", "outputs": {"o": {"location": format!("{evil}/SECRET")}},
            "run_log": {"stdout": format!("{evil}/stdout"), "stderr": "../../../../toil/wes/v1/logs/r/stderr", "cmd": ["SECRET"]},
            "task_logs": [{"id": "1", "name": "t", "stdout": format!("{evil}/SECRET"), "tes_uri": format!("{evil}/SECRET"), "system_logs": ["SECRET"]}],
            "task_logs_url": format!("{evil}/SECRET"), "request": {"workflow_url": "SECRET"},
        })
        .to_string(),
    )));
    for path in ["", "/status", "/tasks"] {
        let answer = outside::get(&bench.url(&format!("/ga4gh/wes/v1/runs/{run}{path}")), Some(&bench.ada)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let told = answer.text();
        assert!(
            !told.contains(&stranger) && !told.contains("SECRET") && !told.contains("/toil/"),
            "{path}: {told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e55_no_word_of_a_backends_error_is_passed_on() {
    let bench = Bench::start().await;
    let (task, run) = (bench.sent(&bench.ada).await, bench.ran(&bench.ada).await);
    let words = "Traceback (most recent call last): SELECT * FROM tasks WHERE owner='ben'; host db7.inside.example.org \
                 https://bucket.s3.amazonaws.com/k?X-Amz-Signature=SECRET <script>alert(1)</script>";
    for status in [
        400, 401, 402, 403, 404, 405, 409, 410, 413, 418, 422, 429, 500, 501, 507, 511, 502, 503, 504,
    ] {
        bench.played.say(Some(Said(
            status,
            vec![
                ("content-type", "application/json".to_owned()),
                ("retry-after", "99999".to_owned()),
                ("x-error", words.replace('\n', " ")),
            ],
            json!({"msg": words, "error": words, "detail": words, "status_code": status}).to_string(),
        )));
        let mut answers = Vec::new();
        for route in routes(&task, &run) {
            answers.push((route.clone(), outside::get(&bench.url(&route), Some(&bench.ada)).await));
        }
        for base in super::TES {
            answers.push((
                format!("POST {base}/tasks"),
                outside::post(&bench.url(&format!("{base}/tasks")), Some(&bench.ada), &bench.task()).await,
            ));
        }
        for (route, answer) in answers {
            let told = format!("{}{}", headers_of(&answer), answer.text());
            for word in [
                "Traceback",
                "SELECT",
                "inside.example.org",
                "SECRET",
                "script",
                "amazonaws",
            ] {
                assert!(!told.contains(word), "{status} on {route}: {told}");
            }
            // what the backend does not know any more is over, and told from our own record
            let over = status == 404 && answer.status == 200;
            assert!(
                over || matches!(answer.status, 404 | 502 | 503 | 504),
                "{status} on {route}: {} {told}",
                answer.status
            );
            if matches!(answer.status, 429 | 503) {
                let seconds: u32 = answer.header("retry-after").parse().unwrap_or(0);
                assert!((1..=600).contains(&seconds), "{status} on {route}: {told}");
            }
            let body = answer.json();
            assert!(over || body.get("request_id").is_some(), "{route}: {told}");
        }
    }
    // that backend is left alone for a moment now: another one
    let bench = Bench::start().await;
    let (task, run) = (bench.sent(&bench.ada).await, bench.ran(&bench.ada).await);
    // words that are no JSON of the API, too much of them, or a connection that breaks
    for (kind, body) in [
        ("text/html", words.to_owned()),
        ("application/json", words.to_owned()),
        ("application/json", format!("[{}]", "1,".repeat(9 << 20))),
        (
            "application/json",
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
        ),
        ("application/json", String::new()),
    ] {
        bench
            .played
            .say(Some(Said(200, vec![("content-type", kind.to_owned())], body)));
        for route in routes(&task, &run) {
            let answer = outside::get(&bench.url(&route), Some(&bench.ada)).await;
            assert_eq!(answer.status, 502, "{route}: {}", answer.text());
            assert!(
                !answer.text().contains("Traceback") && answer.code().starts_with("backend."),
                "{route}: {}",
                answer.text()
            );
        }
    }
    // who has no right does not even learn that the backend is ill
    bench.played.say(Some(Said(500, Vec::new(), words.to_owned())));
    // a discoverable object is described to everybody, and so its backend is asked
    for route in routes(&task, &run).into_iter().skip(1) {
        let answer = outside::get(&bench.url(&route), Some(&bench.ben)).await;
        assert!(matches!(answer.status, 403 | 404), "{route}: {}", answer.text());
    }
}
