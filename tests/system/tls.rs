//! A node with a certificate of its own: who it is can be checked, and nothing is said in the clear.

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use serde_json::json;
use tests::{
    node::{Addresses, Node},
    outside,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_a_certificate_is_spoken_to_over_tls_only() {
    let at = Addresses::free_tls();
    let facts = json!({
        "institutions": [{ "id": "https://biobank.example.org", "scopes": ["biobank.example.org"], "country": "FI",
            "nonprofit": true, "commercial": false }],
        "services": [{ "id": "node-1", "operator": "https://biobank.example.org", "country": "FI", "certified": ["open"] }],
        "trust": { "trusted_brokers": [{ "iss": at.broker, "evidence": ["our own"] }] }
    });
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
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
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
