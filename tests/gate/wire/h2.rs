//! HTTP/2 by hand (E44): heads that no client library would send.

use tokio::io::AsyncWriteExt;

use super::{
    Bench, OBJECT,
    frames::{CONTINUATION, Connection, END_HEADERS, END_STREAM, HEADERS, RESET, Went, block, frame, one},
};

#[tokio::test(flavor = "multi_thread")]
async fn e44_heads_of_http_2_say_one_thing_or_are_refused() {
    let bench = Bench::start().await;
    let proxy = bench.house.node.at.proxy.clone();
    let (host, bearer) = (bench.host(), format!("Bearer {}", bench.ada));
    let object = format!("/ga4gh/drs/v1/objects/{OBJECT}");
    let sound = |path: &'static str| {
        vec![
            (":method", "GET"),
            (":scheme", "http"),
            (":authority", "HOST"),
            (":path", path),
            ("authorization", "BEARER"),
        ]
    };
    let asked = |headers: &[(&str, &str)]| -> Vec<(String, String)> {
        headers
            .iter()
            .map(|(name, value)| {
                (
                    (*name).to_owned(),
                    value
                        .replace("HOST", &host)
                        .replace("BEARER", &bearer)
                        .replace("OBJECT", OBJECT),
                )
            })
            .collect()
    };
    let cases: Vec<(&str, Vec<(&str, &str)>)> = vec![
        (
            "a foreign authority",
            vec![
                (":method", "GET"),
                (":scheme", "http"),
                (":authority", "evil.example.net"),
                (":path", "/v1/tasks"),
            ],
        ),
        (
            "no authority",
            vec![
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/v1/tasks"),
                ("authorization", "BEARER"),
            ],
        ),
        (
            "authority and another host",
            [sound("/v1/tasks"), vec![("host", "evil.example.net")]].concat(),
        ),
        (
            "another authority and our host",
            vec![
                (":method", "GET"),
                (":scheme", "http"),
                (":authority", "evil.example.net"),
                (":path", "/v1/tasks"),
                ("host", "HOST"),
            ],
        ),
        (
            "two hosts",
            [sound("/v1/tasks"), vec![("host", "HOST"), ("host", "evil.example.net")]].concat(),
        ),
        (
            "user info",
            vec![
                (":method", "GET"),
                (":scheme", "http"),
                (":authority", "evil@HOST"),
                (":path", "/v1/tasks"),
            ],
        ),
        (
            "the path twice",
            [sound("/v1/tasks"), vec![(":path", "/healthz")]].concat(),
        ),
        (
            "the method twice",
            [vec![(":method", "POST")], sound("/v1/tasks")].concat(),
        ),
        (
            "the authority twice",
            [vec![(":authority", "HOST")], sound("/v1/tasks")].concat(),
        ),
        (
            "a pseudo-header behind others",
            [vec![("accept", "*/*")], sound("/v1/tasks")].concat(),
        ),
        (
            "an unknown pseudo-header",
            [vec![(":visum", "x")], sound("/v1/tasks")].concat(),
        ),
        (
            "no method",
            vec![(":scheme", "http"), (":authority", "HOST"), (":path", "/v1/tasks")],
        ),
        (
            "no path",
            vec![(":method", "GET"), (":scheme", "http"), (":authority", "HOST")],
        ),
        ("an empty path", sound("")),
        ("a path with a space", sound("/v1/tasks HTTP/1.1")),
        ("a path with a line end", sound("/v1/tasks\r\nx: y")),
        ("an absolute path", sound("http://evil.example.net/v1/tasks")),
        ("a path without a slash", sound("v1/tasks")),
        ("a star", sound("*")),
        ("dots", sound("/v1/../v1/tasks")),
        (
            "a line end in a value",
            [sound("/v1/tasks"), vec![("x-a", "b\r\nx-c: d")]].concat(),
        ),
        (
            "a line feed in a value",
            [sound("/v1/tasks"), vec![("x-a", "b\nc")]].concat(),
        ),
        ("NUL in a value", [sound("/v1/tasks"), vec![("x-a", "b\0c")]].concat()),
        (
            "capitals in a name",
            [sound("/v1/tasks"), vec![("X-Capital", "b")]].concat(),
        ),
        ("a space in a name", [sound("/v1/tasks"), vec![("x a", "b")]].concat()),
        ("a colon in a name", [sound("/v1/tasks"), vec![("x:a", "b")]].concat()),
        (
            "a line end in a name",
            [sound("/v1/tasks"), vec![("x\r\na", "b")]].concat(),
        ),
        (
            "Connection",
            [sound("/v1/tasks"), vec![("connection", "close")]].concat(),
        ),
        (
            "Transfer-Encoding",
            [sound("/v1/tasks"), vec![("transfer-encoding", "chunked")]].concat(),
        ),
        ("Keep-Alive", [sound("/v1/tasks"), vec![("keep-alive", "1")]].concat()),
        ("Upgrade", [sound("/v1/tasks"), vec![("upgrade", "h2c")]].concat()),
        ("TE", [sound("/v1/tasks"), vec![("te", "gzip")]].concat()),
        (
            "two Authorization headers",
            [sound("/v1/tasks"), vec![("authorization", "BEARER")]].concat(),
        ),
        ("CONNECT", vec![(":method", "CONNECT"), (":authority", "HOST")]),
        (
            "extended CONNECT",
            vec![
                (":method", "CONNECT"),
                (":protocol", "websocket"),
                (":scheme", "http"),
                (":authority", "HOST"),
                (":path", "/v1/tasks"),
            ],
        ),
        (
            "TRACE",
            vec![
                (":method", "TRACE"),
                (":scheme", "http"),
                (":authority", "HOST"),
                (":path", "/v1/tasks"),
            ],
        ),
        ("a token in the query", sound("/v1/tasks?access_token=x")),
    ];
    for (name, headers) in &cases {
        let headers = asked(headers);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let went = one(&proxy, &headers, None).await;
        let refused = match went {
            Went::Status(status) => (400..500).contains(&status),
            Went::Refused(_) | Went::Closed => true,
            Went::Silent => false,
        };
        assert!(refused, "{name}: {went:?}");
        assert!(bench.played.came().is_empty(), "{name}: a backend saw it");
    }
    // more or less than was said
    let task = bench.task().to_string();
    for (name, length) in [("less", task.len() + 10), ("more", task.len() - 10)] {
        let length = length.to_string();
        let headers = asked(&[
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", "HOST"),
            (":path", "/v1/tasks"),
            ("authorization", "BEARER"),
            ("content-type", "application/json"),
            ("content-length", length.as_str()),
        ]);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let went = one(&proxy, &headers, Some(task.as_bytes())).await;
        assert!(matches!(went, Went::Status(400) | Went::Refused(_)), "{name}: {went:?}");
        assert!(bench.played.came().is_empty(), "{name}: a backend saw it");
    }
    // a plain request is served
    let path = object.as_str();
    let headers = [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", host.as_str()),
        (":path", path),
        ("authorization", bearer.as_str()),
        ("host", host.as_str()),
    ];
    assert_eq!(one(&proxy, &headers, None).await, Went::Status(200));
}

#[tokio::test(flavor = "multi_thread")]
async fn e44_floods_of_http_2_end_their_connection_and_nobody_elses() {
    let bench = Bench::start().await;
    let proxy = bench.house.node.at.proxy.clone();
    let (host, bearer) = (bench.host(), format!("Bearer {}", bench.ada));
    let headers = [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", host.as_str()),
        (":path", "/v1/tasks"),
        ("authorization", bearer.as_str()),
    ];
    // rapid reset: opened and taken back, again and again
    let mut connection = Connection::open(&proxy).await;
    let (mut id, mut ended) = (1, false);
    'flood: for _ in 0..200 {
        let mut bytes = Vec::new();
        for _ in 0..100 {
            bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, id, &block(&headers)));
            bytes.extend(frame(RESET, 0, id, &8_u32.to_be_bytes()));
            id += 2;
        }
        if connection.socket.write_all(&bytes).await.is_err() {
            ended = true;
            break 'flood;
        }
    }
    let went = connection.went(id + 2).await;
    assert!(
        ended || matches!(went, Went::Refused(_) | Went::Closed),
        "rapid reset: {went:?}"
    );
    // a head that never ends
    let mut connection = Connection::open(&proxy).await;
    connection.write(&frame(HEADERS, 0, 1, &block(&headers))).await;
    let piece = block(&[("x-a", &"b".repeat(8_000))]);
    let mut ended = false;
    for _ in 0..2_000 {
        if connection
            .socket
            .write_all(&frame(CONTINUATION, 0, 1, &piece))
            .await
            .is_err()
        {
            ended = true;
            break;
        }
    }
    let went = connection.went(1).await;
    assert!(
        ended || matches!(went, Went::Refused(_) | Went::Closed | Went::Status(431)),
        "continuations: {went:?}"
    );
    // a head that is small on the wire and large when read: one entry of the table, named again and again
    let mut connection = Connection::open(&proxy).await;
    let mut bomb = block(&headers);
    // literal with incremental indexing: it becomes entry 62
    bomb.extend([0x40, 3]);
    bomb.extend(b"x-a");
    bomb.extend([127, 0xa1, 0x1e]);
    bomb.extend(vec![b'b'; 127 + 0x21 + (0x1e << 7)]);
    bomb.extend(vec![0x80 | 62; 12_000]);
    let (first, rest) = bomb.split_at(16_000);
    connection.write(&frame(HEADERS, END_STREAM, 1, first)).await;
    connection.write(&frame(CONTINUATION, END_HEADERS, 1, rest)).await;
    let went = connection.went(1).await;
    assert!(
        matches!(went, Went::Refused(_) | Went::Closed | Went::Status(431)),
        "a bomb: {went:?}"
    );
    assert!(bench.played.came().is_empty());
    // others are served
    assert_eq!(one(&proxy, &headers, None).await, Went::Status(200));
}
