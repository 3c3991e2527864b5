//! A node with a certificate of its own: who it is can be checked, and nothing is said in the clear.

use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use serde_json::{Value, json};
use tests::{
    node::{Addresses, Node},
    outside,
};

fn facts(at: &Addresses) -> Value {
    json!({
        "institutions": [{ "id": "https://biobank.example.org", "scopes": ["biobank.example.org"], "country": "FI",
            "nonprofit": true, "commercial": false }],
        "services": [{ "id": "node-1", "operator": "https://biobank.example.org", "country": "FI", "certified": ["open"] }],
        "trust": { "trusted_brokers": [{ "iss": at.broker, "evidence": ["our own"] }] }
    })
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_a_certificate_is_spoken_to_over_tls_only() {
    let at = Addresses::free_tls();
    let facts = facts(&at);
    let node = tokio::task::spawn_blocking(move || Node::start(at, &facts, "", ""))
        .await
        .unwrap();
    for url in [
        format!("{}/.well-known/openid-configuration", node.at.broker),
        format!("{}/healthz", node.at.proxy),
    ] {
        let trusting = outside::client_trusting(&node.ca());
        assert_eq!(
            trusting.get(&url).send().await.unwrap().status(),
            200,
            "{url}\n{}",
            node.words()
        );
        let stranger = outside::client().get(&url).send().await;
        assert!(stranger.is_err(), "{url}: its authority is not known to everybody");
        let clear = trusting.get(url.replace("https://", "http://")).send().await;
        assert!(
            clear.is_err_and(|error| !error.is_timeout()),
            "{url}: nothing in the clear"
        );
    }
    let address = node.at.broker.replace("https://localhost", "127.0.0.1");
    let ca = CertificateDer::from_pem_file(node.ca()).unwrap();
    for (name, good) in [("localhost", true), ("broker.example.org", false)] {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca.clone()).unwrap();
        let config = rustls::ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let socket = tokio::net::TcpStream::connect(&address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let shaken = connector.connect(ServerName::try_from(name).unwrap(), socket).await;
        assert_eq!(shaken.is_ok(), good, "as {name}");
    }
}

/// Waits until the node's log says so.
async fn said(node: &Node, words: &str) {
    for _ in 0..300 {
        if node.words().contains(words) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("it never said {words:?}: {}", node.words());
}

/// The certificate that an address shows to somebody who trusts `ca`, if it can be trusted.
async fn shown(address: &str, ca: &Path) -> Option<CertificateDer<'static>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    let shaken = connector.connect(name, socket).await.ok()?;
    let chain = shaken.get_ref().1.peer_certificates()?;
    chain.first().map(|first| first.clone().into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_taken_up_without_a_restart_and_a_broken_one_is_not() {
    let at = Addresses::free_tls();
    let facts = facts(&at);
    let node = tokio::task::spawn_blocking(move || Node::start(at, &facts, "", ""))
        .await
        .unwrap();
    let addresses =
        [&node.at.broker, &node.at.proxy, &node.at.door].map(|at| at.replace("https://localhost", "127.0.0.1"));
    let folder = node.data().parent().unwrap().to_owned();
    let hang_up = || {
        let told = std::process::Command::new("kill")
            .args(["-HUP", &node.pid().to_string()])
            .status();
        assert!(told.unwrap().success());
    };
    let before = shown(&addresses[0], &node.ca()).await;
    assert!(before.is_some());
    // half of a renewal: a certificate whose key has not come yet
    let renewed = rcgen::KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let leaf = rcgen::CertificateParams::new(names)
        .unwrap()
        .self_signed(&renewed)
        .unwrap();
    std::fs::write(folder.join("tls.pem"), leaf.pem()).unwrap();
    hang_up();
    said(&node, "the last good one serves on").await;
    assert_eq!(shown(&addresses[0], &node.ca()).await, before);
    // and the whole of it
    std::fs::write(folder.join("tls.key"), renewed.serialize_pem()).unwrap();
    std::fs::write(folder.join("new-ca.pem"), leaf.pem()).unwrap();
    hang_up();
    for address in &addresses {
        let mut now = None;
        for _ in 0..100 {
            now = shown(address, &folder.join("new-ca.pem")).await;
            if now.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(now.as_ref(), Some(leaf.der()), "{address}: {}", node.words());
    }
}
