//! A backend that speaks to nobody without a certificate.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use visa_verifier::seam::{FixedClock, Timestamp};

use super::*;

/// How many connections came, and the heads of requests on them.
#[derive(Clone, Default)]
struct Seen {
    connections: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
}

fn made(folder: &Path, name: &str, host: &str) {
    let made = rcgen::generate_simple_self_signed(vec![host.to_owned()]).unwrap();
    std::fs::write(folder.join(format!("{name}.pem")), made.cert.pem()).unwrap();
    std::fs::write(folder.join(format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
}

fn serve(listener: tokio::net::TcpListener, folder: &Path) -> Seen {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join("gate.pem")).unwrap())
        .unwrap();
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let chain = vec![CertificateDer::from_pem_file(folder.join("backend.pem")).unwrap()];
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(folder.join("backend.key")).unwrap())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let all = Seen::default();
    let seen = all.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(socket).await else {
                continue;
            };
            seen.connections.fetch_add(1, Ordering::SeqCst);
            let heads = Arc::clone(&seen.heads);
            tokio::spawn(async move {
                let (mut text, mut more) = (Vec::new(), [0_u8; 4_096]);
                while let Ok(read @ 1..) = stream.read(&mut more).await {
                    text.extend_from_slice(more.get(..read).unwrap());
                    if text.ends_with(b"\r\n\r\n") {
                        heads
                            .lock()
                            .unwrap()
                            .push(String::from_utf8(std::mem::take(&mut text)).unwrap());
                        let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
                        stream.write_all(answer.as_bytes()).await.unwrap();
                        stream.flush().await.unwrap();
                    }
                }
            });
        }
    });
    all
}

#[tokio::test]
async fn e40_our_certificate_is_shown_and_connections_are_shared_as_laid_down() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path(), "gate", "gate.example.org");
    made(folder.path(), "backend", "localhost");
    let ours = CertificateFiles::open(&folder.path().join("gate.pem"), &folder.path().join("gate.key")).unwrap();
    let authority = folder.path().join("backend.pem");
    for (certificate, own) in [(Some(&ours), true), (Some(&ours), false), (None, false)] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = serve(listener, folder.path());
        let way = Way {
            ca_file: Some(&authority),
            certificate,
            connection_per_request: own,
            loopback_http: false,
        };
        let clock = Arc::new(FixedClock::at(Timestamp::from_unix(1_795_000_000)));
        let config = BackendConfig {
            base: format!("https://localhost:{port}/api").parse().unwrap(),
            credential: None,
        };
        let client = Client::new(Transport::new(&way, clock).unwrap(), "tes", &config);
        for _ in 0..3 {
            let told = client
                .json::<serde_json::Value>(Method::GET, "/service-info", &[], None)
                .await;
            assert_eq!(told.is_ok(), certificate.is_some(), "{told:?}");
        }
        let heads = seen.heads.lock().unwrap().len();
        let expected = match (certificate.is_some(), own) {
            (false, _) => (0, 0),
            (true, true) => (3, 3),
            (true, false) => (1, 3),
        };
        assert_eq!((seen.connections.load(Ordering::SeqCst), heads), expected);
    }
}
