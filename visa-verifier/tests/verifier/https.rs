//! The outgoing client against servers on loopback: size, time, redirects, addresses.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use visa_verifier::seam::{Fetch, FetchSettings, Fetched, HttpsFetch, Limit};

/// Answers every connection with `answer`, and holds it open then if `hang`.
async fn server(answer: &'static str, hang: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 4_096];
            let _ = socket.read(&mut buffer).await;
            let _ = socket.write_all(answer.as_bytes()).await;
            if hang {
                std::future::pending::<()>().await;
            }
        }
    });
    format!("http://{address}/keys")
}

async fn get(url: &str, settings: FetchSettings) -> Result<Fetched, &'static str> {
    let fetch = HttpsFetch::new(settings).unwrap();
    let limit = Limit {
        time: Duration::from_millis(900),
        idle: Duration::from_millis(400),
        bytes: 10,
    };
    fetch
        .send(Request::get(url).body(Bytes::new()).unwrap(), limit)
        .await
        .map_err(|e| e.code())
}

fn loopback() -> FetchSettings {
    FetchSettings {
        allow_loopback_http: true,
        ..FetchSettings::default()
    }
}

#[tokio::test]
async fn an_answer_is_bounded_in_size_and_time_and_never_followed() {
    let good = server(
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n0123456789",
        false,
    )
    .await;
    assert_eq!(get(&good, loopback()).await.unwrap().body, "0123456789");
    let long = server(
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n0123456789x",
        false,
    )
    .await;
    assert_eq!(get(&long, loopback()).await.unwrap_err(), "fetch.too_large");
    let endless = server(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789x\r\n",
        true,
    )
    .await;
    assert_eq!(get(&endless, loopback()).await.unwrap_err(), "fetch.too_large");
    let slow = server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012", true).await;
    assert_eq!(get(&slow, loopback()).await.unwrap_err(), "fetch.slow");
    let away = server(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        false,
    )
    .await;
    assert_eq!(get(&away, loopback()).await.unwrap().status, 302);
}

#[tokio::test]
async fn what_is_not_public_is_not_called() {
    let open = server(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        false,
    )
    .await;
    let https = open.replace("http://", "https://");
    let private = || FetchSettings {
        allow_private: true,
        ..FetchSettings::default()
    };
    for (name, url, settings, code) in [
        (
            "http where it is not allowed",
            open.as_str(),
            FetchSettings::default(),
            "fetch.url",
        ),
        (
            "loopback by its address",
            https.as_str(),
            FetchSettings::default(),
            "fetch.address",
        ),
        (
            "loopback by its name",
            "https://localhost:1/",
            FetchSettings::default(),
            "fetch.address",
        ),
        (
            "the metadata service",
            "https://169.254.169.254/",
            FetchSettings::default(),
            "fetch.address",
        ),
        (
            "the metadata service in IPv6 clothes",
            "https://[::ffff:169.254.169.254]/",
            FetchSettings::default(),
            "fetch.address",
        ),
        (
            "the metadata service, as one number",
            "https://2852039166/",
            FetchSettings::default(),
            "fetch.address",
        ),
        (
            "a private address with loopback allowed",
            "https://10.0.0.1/",
            loopback(),
            "fetch.address",
        ),
        ("http to a private address", "http://10.0.0.1/", loopback(), "fetch.url"),
        (
            "private is allowed, TLS is still needed",
            https.as_str(),
            private(),
            "fetch.tls",
        ),
    ] {
        assert_eq!(get(url, settings).await.map(|_| ()).unwrap_err(), code, "{name}");
    }
    assert!(get(&open, loopback()).await.is_ok());
}

#[test]
fn a_ca_file_that_cannot_be_read_is_an_error() {
    let settings = FetchSettings {
        ca_file: Some("/nowhere/ca.pem".into()),
        ..FetchSettings::default()
    };
    assert_eq!(HttpsFetch::new(settings).unwrap_err().code(), "fetch.client");
}

/// Answers with `head`, then a byte every 50 ms, for ever.
async fn dripping(head: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 4_096];
            let _ = socket.read(&mut buffer).await;
            let _ = socket.write_all(head.as_bytes()).await;
            while socket.write_all(b"1").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
    format!("http://{address}/keys")
}

#[tokio::test]
async fn silence_is_bounded_and_so_is_the_whole_of_a_call_that_drips() {
    let fetch = HttpsFetch::new(loopback()).unwrap();
    let silent = server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012", true).await;
    let mute = server("", true).await;
    let drips = dripping("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await;
    let (short, long) = (Duration::from_millis(300), Duration::from_secs(3_600));
    for (name, url, time, idle) in [
        ("silent in its body: idle", &silent, long, short),
        ("dripping: total", &drips, short, long),
        ("mute from the start: total", &mute, short, long),
    ] {
        let limit = Limit {
            time,
            idle,
            bytes: 200_000,
        };
        let request = Request::get(url.as_str()).body(Bytes::new()).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(30), fetch.send(request, limit)).await;
        assert_eq!(answer.expect(name).unwrap_err().code(), "fetch.slow", "{name}");
    }
}

#[tokio::test]
async fn an_answer_that_says_that_it_is_too_long_is_not_read() {
    // hangs after the header: who read on would be slow, not refuse
    let long = server("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", true).await;
    assert_eq!(get(&long, loopback()).await.unwrap_err(), "fetch.too_large");
}
