//! Clients that are slow or stuck (E46): headers, bodies, answers that nobody takes, waiting for `100 Continue`.

use std::time::{Duration, Instant};

use tests::outside;
use tokio::{io::AsyncWriteExt, time::sleep};

use super::{Bench, raw};

#[tokio::test(flavor = "multi_thread")]
async fn e46_slow_headers_and_bodies_end_and_a_refused_upload_is_never_read() {
    let bench = Bench::start().await;
    let (host, ada) = (bench.host(), bench.ada.clone());
    let proxy = bench.house.node.at.proxy.clone();
    // a header a second: never a request
    let trickle = {
        let (proxy, host) = (proxy.clone(), host.clone());
        tokio::spawn(async move {
            let mut socket = raw::open(&proxy).await;
            let started = Instant::now();
            let _ = socket
                .write_all(format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n").as_bytes())
                .await;
            for at in 0..40 {
                sleep(Duration::from_secs(1)).await;
                if socket.write_all(format!("X-{at}: y\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
            (started.elapsed(), raw::read(&mut socket).await)
        })
    };
    // a body of which a byte a second comes
    let slow = {
        let (proxy, host, ada) = (proxy.clone(), host.clone(), ada.clone());
        tokio::spawn(async move {
            let mut socket = raw::open(&proxy).await;
            let head = format!(
                "POST /v1/tasks HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
            );
            let started = Instant::now();
            let _ = socket.write_all(head.as_bytes()).await;
            for _ in 0..33 {
                if socket.write_all(b" ").await.is_err() {
                    break;
                }
                sleep(Duration::from_secs(1)).await;
            }
            (started.elapsed(), raw::read(&mut socket).await)
        })
    };
    // an upload that waits for leave: who may not, is told so at once, and is never told to go on
    for (name, token, kind, length, status) in [
        ("no token", None, "application/json", "1000", 401),
        (
            "no token of ours",
            Some("eyJhbGciOiJub25lIn0.e30."),
            "application/json",
            "1000",
            401,
        ),
        ("another type", Some(ada.as_str()), "text/plain", "1000", 415),
        ("too much", Some(ada.as_str()), "application/json", "99999999", 413),
    ] {
        let token = token
            .map(|token| format!("Authorization: Bearer {token}\r\n"))
            .unwrap_or_default();
        let head = format!(
            "POST /v1/tasks HTTP/1.1\r\nHost: {host}\r\n{token}Content-Type: {kind}\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        );
        let back = raw::send(&proxy, head.as_bytes()).await;
        assert_eq!(back.status(), status, "{name}: {}", back.text());
        assert!(!back.text().contains("100 Continue"), "{name}: {}", back.text());
    }
    let body = bench.task().to_string();
    let head = format!(
        "POST /v1/tasks HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut socket = raw::open(&proxy).await;
    socket.write_all(head.as_bytes()).await.unwrap();
    let first = raw::read(&mut socket).await;
    assert_eq!(first.status(), 100, "{}", first.text());
    socket.write_all(body.as_bytes()).await.unwrap();
    assert_eq!(raw::read(&mut socket).await.status(), 200);
    // heads without measure
    for (name, more) in [
        ("many headers", "X-A: b\r\n".repeat(2_000)),
        ("a long header", format!("X-A: {}\r\n", "b".repeat(200 << 10))),
    ] {
        let bytes = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n{more}\r\n");
        let back = raw::send(&proxy, bytes.as_bytes()).await;
        assert!(matches!(back.status(), 400 | 431 | 0), "{name}: {}", back.text());
    }
    // the node stays open for others meanwhile
    let answer = outside::get(&bench.url("/v1/tasks"), Some(&ada)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (took, back) = trickle.await.unwrap();
    assert!(
        back.closed && took < Duration::from_secs(20),
        "after {took:?}: {}",
        back.text()
    );
    let (took, back) = slow.await.unwrap();
    assert_eq!(back.status(), 408, "after {took:?}: {}", back.text());
    assert!(back.text().contains("request.slow"), "{}", back.text());
}
