//! The outgoing client against TLS servers on loopback: who is believed, where names may lead, and proxies.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use visa_verifier::seam::{Fetch, FetchSettings, FetchUrl, HttpsFetch, Limit, Peer, ProxySettings, document};

use super::tls::{Authority, Names, Server};

const NAME: &str = "keys.example.org";
const HELLO: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

struct Place {
    authority: Authority,
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
        authority.write(&folder.path().join("ca.pem"));
        Self { authority, folder }
    }

    /// The strict default, this authority, and these names.
    fn settings(&self, names: &Arc<Names>) -> FetchSettings {
        FetchSettings {
            ca_file: Some(self.folder.path().join("ca.pem")),
            resolver: names.clone(),
            connect: Duration::from_secs(2),
            ..FetchSettings::default()
        }
    }

    fn inside(&self, names: &Arc<Names>) -> FetchSettings {
        FetchSettings {
            allow_private: true,
            ..self.settings(names)
        }
    }
}

async fn get(fetch: &HttpsFetch, url: &str) -> Result<Peer, &'static str> {
    let request = Request::get(url).body(Bytes::new()).unwrap();
    let (answer, peer) = fetch.inspect(request, Limit::DOCUMENT).await.map_err(|e| e.code())?;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, &b"{}"[..]));
    Ok(peer)
}

/// VIS-28, BRK-24: the server proves its name by a certificate of an authority that we know, in its time.
#[tokio::test]
async fn a_server_is_believed_by_its_certificate_alone() {
    let place = Place::new();
    let names = Names::leading(&[&["127.0.0.1"]]);
    let good = place.authority.serve(NAME, 2090, HELLO).await;
    let expired = place.authority.serve(NAME, 2020, HELLO).await;
    let misnamed = place.authority.serve("other.example.org", 2090, HELLO).await;
    let stranger = Authority::new().serve(NAME, 2090, HELLO).await;
    let plain = Server::plain(HELLO).await;
    let fetch = HttpsFetch::new(place.inside(&names)).unwrap();
    for (name, server, told) in [
        ("ours", &good, Ok(())),
        ("expired", &expired, Err("fetch.tls")),
        ("of another name", &misnamed, Err("fetch.tls")),
        ("of an unknown authority", &stranger, Err("fetch.tls")),
        ("without TLS", &plain, Err("fetch.tls")),
    ] {
        let peer = get(&fetch, &format!("https://{NAME}:{}/", server.port)).await;
        assert_eq!(peer.map(|_| ()), told, "{name}");
        // without TLS, what came is the beginning of a handshake
        let said = usize::from(told.is_ok() || name == "without TLS");
        assert_eq!(server.requests(), said, "{name}: nothing is said before");
    }
    let peer = get(&fetch, &format!("https://{NAME}:{}/", good.port)).await.unwrap();
    assert_eq!(peer.certificate_ends.unwrap().to_string(), "2090-01-01T00:00:00Z");
    let without_ca = HttpsFetch::new(FetchSettings {
        ca_file: None,
        ..place.inside(&names)
    });
    let refused = get(&without_ca.unwrap(), &format!("https://{NAME}:{}/", good.port)).await;
    assert_eq!(refused, Err("fetch.tls"), "without the CA file");
}

/// The address that is connected to is the one that was judged: a name server that changes its answer gains nothing.
#[tokio::test]
async fn dns_rebinding_fails() {
    let place = Place::new();
    let server = place.authority.serve(NAME, 2090, HELLO).await;
    let url = format!("https://{NAME}:{}/", server.port);

    // judged once, used once: what the second answer would be is never heard
    let names = Names::leading(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let fetch = HttpsFetch::new(place.inside(&names)).unwrap();
    assert!(get(&fetch, &url).await.is_ok());
    assert_eq!(
        (names.asked(), server.connections()),
        (1, 1),
        "one answer, one connection"
    );
    // a new connection is judged anew
    assert_eq!(get(&fetch, &url).await, Err("fetch.address"));
    assert_eq!((names.asked(), server.connections()), (2, 1));

    // a name that leads here, where only public addresses may be called
    let names = Names::leading(&[&["127.0.0.1"]]);
    let strict = HttpsFetch::new(place.settings(&names)).unwrap();
    assert_eq!(get(&strict, &url).await, Err("fetch.address"));
    // plain http to this machine may be allowed: that is for `localhost`, not for other people's names
    let loopback = HttpsFetch::new(FetchSettings {
        allow_loopback_http: true,
        ..place.settings(&names)
    });
    assert_eq!(get(&loopback.unwrap(), &url).await, Err("fetch.address"));
    assert_eq!(server.connections(), 1, "nobody was called");
}

#[tokio::test]
async fn a_name_with_one_address_that_may_not_be_called_is_not_called_at_all() {
    let place = Place::new();
    let server = place.authority.serve(NAME, 2090, HELLO).await;
    for (name, addresses, code) in [
        (
            "metadata among good ones",
            &["127.0.0.1", "169.254.169.254"][..],
            "fetch.address",
        ),
        (
            "metadata in IPv6 clothes",
            &["::ffff:169.254.169.254", "127.0.0.1"],
            "fetch.address",
        ),
        ("NAT64", &["64:ff9b::7f00:1"], "fetch.address"),
        ("6to4", &["2002:7f00:1::"], "fetch.address"),
        ("multicast", &["224.0.0.1"], "fetch.address"),
        ("everywhere", &["0.0.0.0"], "fetch.address"),
        ("nowhere", &[], "fetch.address"),
    ] {
        let fetch = HttpsFetch::new(place.inside(&Names::leading(&[addresses]))).unwrap();
        let result = get(&fetch, &format!("https://{NAME}:{}/", server.port)).await;
        assert_eq!(result, Err(code), "{name}");
    }
    let localhost = HttpsFetch::new(FetchSettings {
        allow_loopback_http: true,
        ..place.settings(&Names::leading(&[&["10.0.0.1"]]))
    });
    let result = get(&localhost.unwrap(), &format!("http://localhost:{}/", server.port)).await;
    assert_eq!(result, Err("fetch.address"), "a localhost that is elsewhere");
    assert_eq!(server.connections(), 0);
}

/// A proxy that notes whom it is asked for and leads everything to `port`.
async fn proxy(port: u16) -> (u16, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (own, seen) = (listener.local_addr().unwrap().port(), Arc::default());
    let notes: Arc<std::sync::Mutex<Vec<String>>> = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 1_024];
            let length = socket.read(&mut buffer).await.unwrap_or_default();
            let asked = String::from_utf8_lossy(&buffer[..length]).into_owned();
            notes.lock().unwrap().push(asked);
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut socket, &mut server).await });
            }
        }
    });
    (own, seen)
}

#[tokio::test]
async fn a_configured_proxy_is_taken_and_told_nothing_but_the_name() {
    let place = Place::new();
    let server = place.authority.serve(NAME, 2090, HELLO).await;
    let (port, seen) = proxy(server.port).await;
    // no name is resolved here; one that would be leads nowhere
    let names = Names::leading(&[&[]]);
    let through = |url: &str| FetchSettings {
        proxy: Some(ProxySettings::new(url, Vec::new()).unwrap()),
        ..place.settings(&names)
    };
    let settings = through(&format!("http://user:pass@127.0.0.1:{port}"));
    assert!(!format!("{settings:?}").contains("pass"), "{settings:?}");
    let fetch = HttpsFetch::new(settings).unwrap();
    assert!(get(&fetch, &format!("https://{NAME}/jwks?secret")).await.is_ok());
    let asked = seen.lock().unwrap().concat();
    assert!(
        asked.starts_with("CONNECT keys.example.org:443 HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(
        asked.to_ascii_lowercase().contains("proxy-authorization: basic"),
        "{asked}"
    );
    assert!(!asked.contains("secret"), "{asked}");
    for url in [
        "https://10.0.0.1/",
        "https://169.254.169.254/",
        "https://[::1]/",
        "https://localhost/",
        "https://localhost./",
        "https://a.localhost/",
    ] {
        assert_eq!(get(&fetch, url).await, Err("fetch.address"), "{url}");
    }
    assert_eq!(
        (seen.lock().unwrap().len(), names.asked()),
        (1, 1),
        "`localhost` alone is looked up"
    );
}

#[test]
fn a_proxy_is_an_address_and_nothing_more() {
    for (url, good) in [
        ("http://proxy.example.org:3128", true),
        ("https://proxy.example.org:3128/", true),
        ("http://user:pass@proxy.example.org:3128", true),
        ("socks5://proxy.example.org:1080", false),
        ("http://proxy.example.org/path", false),
        ("http://proxy.example.org/?q", false),
        ("proxy.example.org:3128", false),
        ("", false),
    ] {
        assert_eq!(ProxySettings::new(url, Vec::new()).is_ok(), good, "{url}");
    }
}

/// Runs the rebinding test, which needs a direct way, once more in a process whose environment names a proxy.
#[test]
fn a_proxy_of_the_environment_is_not_taken() {
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "https_tls::dns_rebinding_fails"]);
    for name in [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        again.env(name, "http://127.0.0.1:9");
    }
    let ended = again.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_given_up() {
    let place = Place::new();
    // accepts, and never shakes hands
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let names = Names::leading(&[&["127.0.0.1"]]);
    let fetch = HttpsFetch::new(FetchSettings {
        connect: Duration::from_millis(100),
        ..place.inside(&names)
    });
    let limit = Limit {
        time: Duration::from_secs(60),
        idle: Duration::from_secs(60),
        bytes: 10,
    };
    let request = Request::get(format!("https://{NAME}:{port}/"))
        .body(Bytes::new())
        .unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(30), fetch.unwrap().send(request, limit)).await;
    assert_eq!(answer.expect("long before").unwrap_err().code(), "fetch.slow");
    drop(listener);
}

/// The one way to a document: status, content type, size; and a redirect is none, to whatever place.
#[tokio::test]
async fn a_document_is_a_200_of_json_and_nothing_else() {
    let place = Place::new();
    let fetch = HttpsFetch::new(place.inside(&Names::leading(&[&["127.0.0.1"]]))).unwrap();
    for (name, answer, told) in [
        ("json", HELLO, Ok(2)),
        (
            "html",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}",
            Err("fetch.content_type"),
        ),
        (
            "moved within its origin",
            "HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
            Err("fetch.status"),
        ),
        (
            "moved away",
            "HTTP/1.1 307 Moved\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n",
            Err("fetch.status"),
        ),
        (
            "too long, as it says itself",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 262145\r\n\r\n",
            Err("fetch.too_large"),
        ),
        ("no HTTP", "SSH-2.0-OpenSSH\r\n", Err("fetch.unreachable")),
    ] {
        let server = place.authority.serve(NAME, 2090, answer).await;
        let url = FetchUrl::parse(&format!("https://{NAME}:{}/jwks", server.port), false).unwrap();
        let result = document(&fetch, &url, Limit::DOCUMENT).await;
        assert_eq!(result.map(|d| d.body.len()).map_err(|e| e.code()), told, "{name}");
        assert_eq!(server.connections(), 1, "{name}");
    }
}
