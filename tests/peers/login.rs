//! An independent relying party (openid-client) logs in at the broker over TLS; the broker's upstream is an independent
//! OpenID Provider (oidc-provider).

use serde_json::{Value, json};
use tests::{
    node::{Addresses, Node},
    outside,
};

use crate::script::{last_json, peer, server};

/// The broker's client at the provider, and the relying party's at the broker: made up here, for this run only.
const UPSTREAM_SECRET: &str = "an-upstream-secret-for-this-run-only";
pub(crate) const RP_SECRET: &str = "a-relying-partys-secret-for-this-run-only";
pub(crate) const REDIRECT: &str = "https://rp.example.org/callback";

/// Where people log in, and what the broker has there.
pub(crate) struct Upstream {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) secret: String,
}

/// oidc-provider, for a broker at these addresses.
pub(crate) fn independent(at: &Addresses) -> Upstream {
    let issuer = server(
        "oidc-provider.sh",
        &[
            ("VISUM_OP_CLIENT", "visum"),
            ("VISUM_OP_SECRET", UPSTREAM_SECRET),
            ("VISUM_OP_REDIRECTS", &callback(at)),
        ],
    );
    Upstream {
        issuer,
        client_id: "visum".to_owned(),
        secret: UPSTREAM_SECRET.to_owned(),
    }
}

/// Where the provider sends people back to.
pub(crate) fn callback(at: &Addresses) -> String {
    format!("{}/login/callback/independent", at.broker)
}

/// A node over TLS whose people come from `upstream`, with `more` behind the gate.
pub(crate) fn node(at: Addresses, upstream: &Upstream, more: &str) -> Node {
    let client = relying_party(&at, "independent-rp", REDIRECT, &["authorization_code"]);
    node_with(at, upstream, more, &[client])
}

/// A relying party as the broker knows it: confidential, by a secret.
pub(crate) fn relying_party(at: &Addresses, id: &str, redirect: &str, grant_types: &[&str]) -> Value {
    let digest = {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, RP_SECRET.as_bytes()))
    };
    json!({
        "id": id, "name": "Independent relying party", "kind": "browser",
        "auth": { "client_secret_basic": { "digest": digest } }, "redirect_uris": [redirect],
        "scopes": ["openid", "profile", "email", "ga4gh_passport_v1", "visum:self", "offline_access"],
        "audiences": [at.broker, at.proxy], "grant_types": grant_types
    })
}

/// The same with these clients.
pub(crate) fn node_with(at: Addresses, upstream: &Upstream, more: &str, clients: &[Value]) -> Node {
    let secrets = tempfile::tempdir().unwrap();
    let secret = secrets.path().join("upstream.secret");
    std::fs::write(&secret, &upstream.secret).unwrap();
    let facts = json!({
        "institutions": [{ "id": "https://uni.example.org", "scopes": ["uni.example.org"], "country": "FI", "nonprofit": true, "commercial": false }],
        "committees": [{ "id": "https://uni.example.org/dac", "institution": "https://uni.example.org" }],
        "services": [{ "id": "node-1", "operator": "https://uni.example.org", "country": "FI", "certified": ["open", "registered", "controlled"] }],
        "trust": {
            "trusted_brokers": [{ "iss": at.broker, "evidence": ["this node's own broker"] }],
            "trusted_visa_issuers": [{ "iss": at.broker, "types": ["*"], "sources": ["*"], "jku": [format!("{}/jwks", at.broker)],
                "evidence": ["this node's own broker"] }]
        },
        "clients": clients,
        "upstreams": [{
            "id": "independent", "name": "Independent provider", "issuer": upstream.issuer,
            "client_id": upstream.client_id, "secret": "independent", "speaks_for": ["https://uni.example.org"],
            "scopes": ["openid", "profile", "email"], "assurance_cap": 1, "unique_ids": true, "mfa": false, "admin": false
        }]
    });
    let broker = format!("upstream_secret_files = {{ independent = \"{}\" }}", secret.display());
    Node::start(at, &facts, &broker, more)
}

/// Logs `who` in by openid-client; what it saw, with the access token.
pub(crate) fn log_in(node: &Node, who: &str) -> Value {
    let ca = node.ca().display().to_string();
    let said = peer(
        "openid-client.sh",
        &[&node.at.broker, "independent-rp", REDIRECT],
        &[
            ("VISUM_RP_SECRET", RP_SECRET),
            ("VISUM_RP_LOGIN", who),
            ("VISUM_RP_SCOPE", "openid profile email ga4gh_passport_v1"),
            ("VISUM_RP_UPSTREAM", "Independent provider"),
            ("VISUM_RP_TOKENS", "1"),
            ("NODE_EXTRA_CA_CERTS", &ca),
        ],
    );
    assert_eq!(
        said.code,
        0,
        "openid-client: {} {}\nthe node: {}",
        said.out,
        said.err,
        node.words()
    );
    last_json(&said)
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_openid_client_logs_in_at_the_broker_whose_upstream_is_oidc_provider() {
    let at = Addresses::free_tls();
    let upstream = independent(&at);
    let node = node(at, &upstream, "");
    let seen = log_in(&node, "alice");
    assert_eq!(
        seen.pointer("/claims/iss").and_then(Value::as_str),
        Some(node.at.broker.as_str()),
        "{seen}"
    );
    assert_eq!(seen.pointer("/claims/sub"), seen.pointer("/userinfo/sub"), "{seen}");
    assert_ne!(
        seen.pointer("/claims/sub"),
        Some(&json!("alice")),
        "the broker gives a name of its own: {seen}"
    );
    assert!(
        seen.pointer("/userinfo/ga4gh_passport_v1").is_some_and(Value::is_array),
        "visas as released: {seen}"
    );
    // The same person again is the same person; another one is another.
    let again = log_in(&node, "alice");
    assert_eq!(seen.pointer("/claims/sub"), again.pointer("/claims/sub"));
    let other = log_in(&node, "bob");
    assert_ne!(seen.pointer("/claims/sub"), other.pointer("/claims/sub"));

    // Over TLS a cookie never loses its `Secure`, and keeps its `__Host-` name.
    let client = outside::client_trusting(&node.ca());
    let page = client.get(format!("{}/authorize?response_type=code&client_id=independent-rp&redirect_uri=https%3A%2F%2Frp.example.org%2Fcallback&scope=openid&state=s&code_challenge={}&code_challenge_method=S256",
        node.at.broker, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")).send().await.unwrap();
    let cookies: Vec<&str> = page
        .headers()
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    for cookie in &cookies {
        assert!(
            cookie.starts_with("__Host-") && cookie.contains("Secure") && cookie.contains("HttpOnly"),
            "{cookie}"
        );
    }
}
