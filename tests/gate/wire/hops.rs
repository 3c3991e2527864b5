//! Hop-by-hop headers, trailers, upgrades, hosts (E41 to E43, E45), as bytes on a socket.

use serde_json::Value;
use tests::{house::Wants, outside};

use super::{Bench, OBJECT, raw};

#[tokio::test(flavor = "multi_thread")]
async fn e41_e42_what_is_of_the_hop_or_in_a_trailer_counts_for_nothing_and_goes_nowhere() {
    let bench = Bench::start().await;
    let (host, ada) = (bench.host(), bench.ada.clone());
    let body = bench.task().to_string();
    let get =
        |more: &str| format!("GET /v1/tasks HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada}\r\n{more}\r\n");
    // named by `Connection`, it was not meant for us
    for more in [
        "Connection: Authorization\r\n",
        "Connection: close, authorization\r\n",
        "Connection: keep-alive\r\nConnection: AUTHORIZATION\r\n",
        "Connection:authorization,Host\r\n",
    ] {
        let back = raw::send(&bench.house.node.at.proxy, get(more).as_bytes()).await;
        assert_eq!(back.status(), 401, "{more}: {}", back.text());
        assert!(bench.played.came().is_empty(), "{more}");
    }
    let post = |more: &str| {
        format!(
            "POST /v1/tasks HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{more}\r\n{body}",
            body.len()
        )
    };
    for more in [
        "Connection: X-Visum-Owner\r\nX-Visum-Owner: ben\r\n",
        "Connection: keep-alive\r\nKeep-Alive: timeout=9999\r\n",
        "TE: trailers, gzip\r\nTrailer: Authorization\r\n",
        "Proxy-Authorization: Basic YmVuOmJlbg==\r\nProxy-Connection: keep-alive\r\nProxy-Authenticate: x\r\n",
        "Cookie: session=1\r\nX-Anything: y\r\nX-Amz-Security-Token: z\r\nForwarded: for=1.2.3.4\r\n",
    ] {
        let back = raw::send(&bench.house.node.at.proxy, post(more).as_bytes()).await;
        assert_eq!(back.status(), 200, "{more}: {}", back.text());
        for came in bench.played.came() {
            let mut names: Vec<&str> = came.headers.keys().map(http::HeaderName::as_str).collect();
            names.sort_unstable();
            names.dedup();
            let known = [
                "accept",
                "accept-encoding",
                "authorization",
                "content-length",
                "content-type",
                "host",
            ];
            assert!(names.iter().all(|name| known.contains(name)), "{more}: {names:?}");
            let authorization = came.headers.get("authorization").unwrap().to_str().unwrap();
            assert!(
                !authorization.contains(&ada),
                "the backend gets our own credential, not Ada's"
            );
        }
    }
    let back = raw::send(
        &bench.house.node.at.proxy,
        post("Connection: content-type\r\n").as_bytes(),
    )
    .await;
    assert_eq!(back.status(), 415, "{}", back.text());
    assert!(bench.played.came().is_empty());
    // a trailer is no header: no token, no type, no length
    let chunked = |headers: &str, trailer: &str| {
        format!(
            "POST /v1/tasks HTTP/1.1\r\nHost: {host}\r\n{headers}Transfer-Encoding: chunked\r\nTrailer: Authorization, Content-Type\r\n\r\n{:x}\r\n{body}\r\n0\r\n{trailer}\r\n",
            body.len()
        )
    };
    let token = format!("Authorization: Bearer {ada}\r\n");
    let kind = "Content-Type: application/json\r\n";
    for (name, headers, trailer, status) in [
        ("the token", kind.to_owned(), token.clone(), 401),
        ("the type", token.clone(), kind.to_owned(), 415),
        (
            "another token",
            format!("{token}{kind}"),
            format!("Authorization: Bearer {}\r\n", bench.ben),
            200,
        ),
        (
            "a length",
            format!("{token}{kind}"),
            "Content-Length: 3\r\n".to_owned(),
            200,
        ),
        (
            "a purpose",
            format!("{token}{kind}"),
            "Visum-Purpose: x\r\n".to_owned(),
            200,
        ),
    ] {
        let back = raw::send(&bench.house.node.at.proxy, chunked(&headers, &trailer).as_bytes()).await;
        assert_eq!(back.status(), status, "{name}: {}", back.text());
        let came = bench.played.came();
        assert_eq!(came.is_empty(), status != 200, "{name}: {came:?}");
        assert!(
            came.iter()
                .all(|came| !came.headers.contains_key("trailer") && !came.headers.contains_key("te"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e43_nothing_is_upgraded_and_nothing_tunnelled() {
    let bench = Bench::start().await;
    let (host, ada) = (bench.host(), bench.ada.clone());
    let drs = format!("/ga4gh/drs/v1/objects/{OBJECT}");
    for target in [
        "/v1/tasks",
        "/ga4gh/tes/v1/tasks",
        "/ga4gh/wes/v1/runs",
        drs.as_str(),
        "/v1/service-info",
        "/healthz",
    ] {
        for (name, more) in [
            (
                "websocket",
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            ),
            (
                "h2c",
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
            ),
            ("TLS", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"),
            ("not named by Connection", "Upgrade: h2c\r\n"),
            ("several", "Connection: upgrade\r\nUpgrade: foo, websocket\r\n"),
        ] {
            let bytes = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada}\r\n{more}\r\n");
            let back = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await;
            assert!(
                matches!(back.status(), 400 | 426),
                "{name} on {target}: {}",
                back.text()
            );
            assert!(!back.text().contains("101 "), "{name}: {}", back.text());
            assert!(bench.played.came().is_empty(), "{name} on {target}");
        }
    }
    for target in [
        host.as_str(),
        "127.0.0.1:22",
        bench.played.url.trim_start_matches("http://"),
    ] {
        let bytes = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nAuthorization: Bearer {ada}\r\n\r\n");
        let back = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await;
        assert!((400..500).contains(&back.status()), "{target}: {}", back.text());
        assert!(bench.played.came().is_empty(), "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e45_only_configured_hosts_are_served_and_no_url_of_ours_is_built_from_one() {
    let bench = Bench::with(Wants::default()).await;
    let (host, ada) = (bench.host(), bench.ada.clone());
    let port = host.rsplit_once(':').unwrap().1.to_owned();
    let backend = bench.played.url.trim_start_matches("http://").to_owned();
    let drs = format!("/ga4gh/drs/v1/objects/{OBJECT}");
    let cases: Vec<(&str, String, &[u16])> = vec![
        ("none", String::new(), &[400]),
        ("an empty one", "Host:\r\n".to_owned(), &[400, 421]),
        ("a foreign one", "Host: evil.example.net\r\n".to_owned(), &[421]),
        ("the backend's", format!("Host: {backend}\r\n"), &[421]),
        ("ours without its port", "Host: 127.0.0.1\r\n".to_owned(), &[421]),
        ("ours with another port", "Host: 127.0.0.1:1\r\n".to_owned(), &[421]),
        ("ours with a dot", format!("Host: 127.0.0.1.:{port}\r\n"), &[421]),
        ("localhost", format!("Host: localhost:{port}\r\n"), &[421]),
        ("decimal", format!("Host: 2130706433:{port}\r\n"), &[421]),
        ("user info", format!("Host: evil@{host}\r\n"), &[400]),
        ("a path", format!("Host: {host}/evil\r\n"), &[400, 421]),
        (
            "two, the first ours",
            format!("Host: {host}\r\nHost: evil.example.net\r\n"),
            &[400],
        ),
        (
            "two, the last ours",
            format!("Host: evil.example.net\r\nHost: {host}\r\n"),
            &[400],
        ),
        ("ours twice", format!("Host: {host}\r\nHost: {host}\r\n"), &[400]),
        ("a list", format!("Host: {host}, evil.example.net\r\n"), &[400, 421]),
    ];
    for target in [
        "/v1/tasks",
        "/ga4gh/wes/v1/runs",
        drs.as_str(),
        "/v1/service-info",
        "/healthz",
    ] {
        for (name, headers, status) in &cases {
            let bytes =
                format!("GET {target} HTTP/1.1\r\n{headers}Authorization: Bearer {ada}\r\nConnection: close\r\n\r\n");
            let back = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await;
            assert!(status.contains(&back.status()), "{name} on {target}: {}", back.text());
            assert!(bench.played.came().is_empty(), "{name} on {target}");
            assert!(!back.text().contains("evil.example.net"), "{name}: {}", back.text());
        }
        for (authority, host) in [
            ("evil.example.net", host.as_str()),
            (host.as_str(), "evil.example.net"),
            (backend.as_str(), backend.as_str()),
        ] {
            let bytes = format!(
                "GET http://{authority}{target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada}\r\nConnection: close\r\n\r\n"
            );
            let back = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await;
            assert!(
                matches!(back.status(), 400 | 421),
                "{authority} and {host} on {target}: {}",
                back.text()
            );
            assert!(bench.played.came().is_empty());
        }
    }
    // URLs of ours are those of the configuration, whatever other headers say; the backend is told its own host
    let more = "X-Forwarded-Host: evil.example.net\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\nForwarded: host=evil.example.net\r\nX-Host: evil.example.net\r\n";
    for (method, target) in [
        ("GET", drs.clone()),
        ("GET", format!("{drs}/access/https")),
        ("GET", "/ga4gh/wes/v1/service-info".to_owned()),
        ("GET", "/.well-known/oauth-protected-resource".to_owned()),
    ] {
        let bytes = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada}\r\n{more}Connection: close\r\n\r\n"
        );
        let back = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await;
        assert_eq!(back.status(), 200, "{target}: {}", back.text());
        assert!(!back.text().contains("evil"), "{target}: {}", back.text());
        for came in bench.played.came() {
            assert_eq!(came.headers.get("host").unwrap().to_str().unwrap(), backend, "{target}");
            assert!(
                !came.headers.keys().any(|name| name.as_str().contains("forwarded")),
                "{target}: {came:?}"
            );
        }
    }
    let answer = outside::get(&bench.url(&drs), Some(&ada)).await.json();
    let own = answer.get("self_uri").and_then(Value::as_str).unwrap_or_default();
    assert!(own.starts_with("drs://127.0.0.1/"), "{own}");
}
