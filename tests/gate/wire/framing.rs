//! Framing of requests (E40), as bytes on a socket.

use super::{Bench, TES, raw};

/// What must not be reached behind a request: a list that only Ada may see.
fn smuggled(bench: &Bench) -> String {
    format!(
        "GET /v1/tasks HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        bench.host(),
        bench.ada
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn e40_a_request_that_two_readers_could_frame_differently_is_400_and_ends_the_connection() {
    let bench = Bench::start().await;
    let body = bench.task().to_string();
    let (length, host, ada) = (body.len(), bench.host(), bench.ada.clone());
    let inner = smuggled(&bench);
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", length);
    let wrapped = |headers: &str, body: &str| {
        format!(
            "POST PATH HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada}\r\nContent-Type: application/json\r\n{headers}\r\n{body}"
        )
    };
    let cases: Vec<(&str, String)> = vec![
        (
            "a length, then chunks",
            wrapped(
                &format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", chunked.len()),
                &format!("{chunked}{inner}"),
            ),
        ),
        (
            "chunks, then a length",
            wrapped(
                &format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", chunked.len()),
                &format!("{chunked}{inner}"),
            ),
        ),
        (
            "a short length beside chunks",
            wrapped(
                "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                &format!("{chunked}{inner}"),
            ),
        ),
        (
            "two lengths",
            wrapped(
                &format!("Content-Length: {length}\r\nContent-Length: 0\r\n"),
                &format!("{body}{inner}"),
            ),
        ),
        (
            "the same length twice",
            wrapped(
                &format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"),
                &format!("{body}{inner}"),
            ),
        ),
        (
            "a list of lengths",
            wrapped(
                &format!("Content-Length: {length}, {length}\r\n"),
                &format!("{body}{inner}"),
            ),
        ),
        (
            "a signed length",
            wrapped(&format!("Content-Length: +{length}\r\n"), &format!("{body}{inner}")),
        ),
        (
            "a length in words",
            wrapped("Content-Length: ten\r\n", &format!("{body}{inner}")),
        ),
        (
            "a hexadecimal length",
            wrapped(&format!("Content-Length: 0x{length:x}\r\n"), &format!("{body}{inner}")),
        ),
        (
            "a length that overflows",
            wrapped("Content-Length: 18446744073709551617\r\n", &format!("{body}{inner}")),
        ),
        (
            "a length with white space inside",
            wrapped("Content-Length: 1 0\r\n", &format!("{body}{inner}")),
        ),
        (
            "chunked, identity",
            wrapped("Transfer-Encoding: chunked, identity\r\n", &format!("{chunked}{inner}")),
        ),
        (
            "identity, chunked",
            wrapped("Transfer-Encoding: identity, chunked\r\n", &format!("{chunked}{inner}")),
        ),
        (
            "gzip, chunked",
            wrapped("Transfer-Encoding: gzip, chunked\r\n", &format!("{chunked}{inner}")),
        ),
        (
            "identity alone",
            wrapped("Transfer-Encoding: identity\r\n", &format!("{chunked}{inner}")),
        ),
        (
            "xchunked",
            wrapped("Transfer-Encoding: xchunked\r\n", &format!("{chunked}{inner}")),
        ),
        (
            "chunked twice",
            wrapped(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                &format!("{chunked}{inner}"),
            ),
        ),
        (
            "chunked, then something",
            wrapped(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
                &format!("{chunked}{inner}"),
            ),
        ),
        (
            "a vertical tab",
            wrapped("Transfer-Encoding:\x0bchunked\r\n", &format!("{chunked}{inner}")),
        ),
        (
            "a space before the colon",
            wrapped("Transfer-Encoding : chunked\r\n", &format!("{chunked}{inner}")),
        ),
        (
            "a tab before the colon",
            wrapped("Content-Length\t: 4\r\n", &format!("{body}{inner}")),
        ),
        (
            "a folded line",
            wrapped(
                "X-A: b\r\n Transfer-Encoding: chunked\r\n",
                &format!("{chunked}{inner}"),
            ),
        ),
        (
            "a folded value",
            wrapped("Transfer-Encoding:\r\n chunked\r\n", &format!("{chunked}{inner}")),
        ),
        (
            "a lone line feed",
            wrapped(
                &format!("X-A: b\nContent-Length: {length}\r\n"),
                &format!("{body}{inner}"),
            ),
        ),
        (
            "a lone carriage return",
            wrapped(
                &format!("X-A: b\rContent-Length: {length}\r\n"),
                &format!("{body}{inner}"),
            ),
        ),
        (
            "line feeds alone",
            wrapped(&format!("Content-Length: {length}\r\n"), "").replace("\r\n", "\n") + &body + &inner,
        ),
        ("NUL in a value", wrapped("X-A: b\0c\r\n", &inner)),
        ("NUL in a name", wrapped("X-A\0: b\r\n", &inner)),
        ("a name with a bracket", wrapped("X(A): b\r\n", &inner)),
        ("a name with a space", wrapped("X A: b\r\n", &inner)),
        ("a name beyond ASCII", wrapped("X-\u{e4}: b\r\n", &inner)),
        ("an empty name", wrapped(": b\r\n", &inner)),
        ("a line without a colon", wrapped("X-A\r\n", &inner)),
        (
            "a chunk extension",
            wrapped(
                "Transfer-Encoding: chunked\r\n",
                &format!("{length:x};a=b\r\n{body}\r\n0\r\n\r\n{inner}"),
            ),
        ),
        (
            "a chunk extension with a line feed",
            wrapped(
                "Transfer-Encoding: chunked\r\n",
                &format!("{length:x};\n{body}\r\n0\r\n\r\n{inner}"),
            ),
        ),
        (
            "a chunk size that overflows",
            wrapped(
                "Transfer-Encoding: chunked\r\n",
                &format!("1{:016x}\r\n{body}\r\n0\r\n\r\n{inner}", length),
            ),
        ),
        (
            "a chunk size with a sign",
            wrapped(
                "Transfer-Encoding: chunked\r\n",
                &format!("+{length:x}\r\n{body}\r\n0\r\n\r\n{inner}"),
            ),
        ),
        (
            "a chunk size with 0x",
            wrapped(
                "Transfer-Encoding: chunked\r\n",
                &format!("0x{length:x}\r\n{body}\r\n0\r\n\r\n{inner}"),
            ),
        ),
        (
            "a chunk that is longer than its size",
            wrapped(
                "Transfer-Encoding: chunked\r\n",
                &format!("{:x}\r\n{body}\r\n0\r\n\r\n{inner}", length - 1),
            ),
        ),
        (
            "a chunk that ends with a line feed",
            wrapped(
                "Transfer-Encoding: chunked\r\n",
                &format!("{length:x}\r\n{body}\n0\r\n\r\n{inner}"),
            ),
        ),
        (
            "an empty line in front",
            format!("\r\n{}", wrapped("Content-Length: 0\r\n", &inner)),
        ),
        (
            "HTTP/1.0 with chunks",
            wrapped("Transfer-Encoding: chunked\r\n", &chunked).replace("HTTP/1.1", "HTTP/1.0"),
        ),
        (
            "HTTP/1.2",
            wrapped("Content-Length: 0\r\n", "").replace("HTTP/1.1", "HTTP/1.2"),
        ),
        (
            "HTTP/2.0 in a request line",
            wrapped("Content-Length: 0\r\n", "").replace("HTTP/1.1", "HTTP/2.0"),
        ),
        ("no version", "GET /v1/tasks\r\n\r\n".to_owned()),
    ];
    for base in TES {
        for (name, bytes) in &cases {
            let bytes = bytes.replace("PATH", &format!("{base}/tasks"));
            let back = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await;
            assert_eq!(back.status(), 400, "{name}: {}", back.text());
            assert_eq!(
                back.answers(),
                1,
                "{name}: nothing behind it is answered: {}",
                back.text()
            );
            assert!(back.closed, "{name}: the connection ends");
            assert!(!back.text().contains("\"tasks\""), "{name}: {}", back.text());
            let came = bench.played.came();
            assert!(came.is_empty(), "{name}: a backend saw {came:?}");
        }
    }
    // framed as everybody reads it, it passes; a body on a GET is nobody's second request
    for headers in [
        format!("Content-Length: {length}\r\n"),
        "Transfer-Encoding: chunked\r\n".to_owned(),
    ] {
        let body = if headers.starts_with('C') {
            body.clone()
        } else {
            chunked.clone()
        };
        let bytes = wrapped(&headers, &body).replace("PATH", "/v1/tasks");
        let back = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await;
        assert_eq!(back.status(), 200, "{}", back.text());
        let came = bench.played.came();
        let created = came.iter().find(|came| came.method == "POST").unwrap();
        assert!(
            !created.headers.contains_key("transfer-encoding"),
            "our own framing: {created:?}"
        );
        assert_eq!(
            created.headers.get("content-length").unwrap().to_str().unwrap(),
            created.body.len().to_string()
        );
    }
    for target in ["/v1/service-info", "/healthz", "/v1/tasks", "/nowhere"] {
        let bytes = format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n{inner}",
            inner.len()
        );
        let back = raw::send(&bench.house.node.at.proxy, bytes.as_bytes()).await;
        assert_eq!(back.answers(), 1, "{target}: {}", back.text());
        assert!(!back.text().contains("\"tasks\":"), "{target}: {}", back.text());
    }
}
