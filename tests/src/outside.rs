//! Plain HTTP from the outside world, as a stranger's client would send it.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers, as they came.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; `null` if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The stable code of an error body, wherever its API puts it.
    #[must_use]
    pub fn code(&self) -> String {
        let body = self.json();
        // where `code` is a number, ours is `error_code`
        ["code", "error_code"]
            .iter()
            .find_map(|name| body.get(name).and_then(Value::as_str))
            .unwrap_or_default()
            .to_owned()
    }

    /// A header as text, empty if absent.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    }
}

/// A client that follows no redirect and asks no proxy of the environment.
///
/// # Panics
/// If TLS can't be set up.
#[must_use]
pub fn client() -> reqwest::Client {
    with_roots(rustls::RootCertStore::empty())
}

/// The same, trusting one test authority.
///
/// # Panics
/// If its certificate can't be read.
#[must_use]
#[expect(clippy::expect_used, reason = "a test without its authority fails")]
pub fn client_trusting(ca: &std::path::Path) -> reqwest::Client {
    use rustls_pki_types::{CertificateDer, pem::PemObject as _};
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca).expect("the authority's certificate"))
        .expect("a root");
    with_roots(roots)
}

/// The same, sending from an address of this machine.
///
/// # Panics
/// If TLS can't be set up.
#[must_use]
pub fn client_from(address: std::net::IpAddr) -> reqwest::Client {
    built(rustls::RootCertStore::empty(), |client| {
        client.local_address(address).timeout(PATIENCE)
    })
}

/// The same, reading as long as there is something; each stream has a connection of its own.
///
/// # Panics
/// If TLS can't be set up.
#[must_use]
pub fn client_without_end() -> reqwest::Client {
    built(rustls::RootCertStore::empty(), |client| {
        client.pool_max_idle_per_host(0)
    })
}

fn with_roots(roots: rustls::RootCertStore) -> reqwest::Client {
    built(roots, |client| client.timeout(PATIENCE))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests are the outside world, not the product"
)]
#[expect(clippy::expect_used, reason = "a test without its client fails")]
fn built(
    roots: rustls::RootCertStore,
    more: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> reqwest::Client {
    let tls =
        rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    more(client).build().expect("a client")
}

/// Sends a request, with a bearer token if given.
///
/// # Panics
/// If no answer comes at all.
#[expect(clippy::panic, reason = "a test without an answer fails")]
pub async fn send(method: Method, url: &str, token: Option<&str>, json: Option<&Value>) -> Answer {
    let mut request = client().request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(json) = json {
        request = request.json(json);
    }
    match request.send().await {
        Ok(reply) => read(reply).await,
        Err(source) => panic!("no answer from {url}: {source}"),
    }
}

/// Reads an answer whole.
pub async fn read(reply: reqwest::Response) -> Answer {
    let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
    let body = reply.bytes().await.map(|bytes| bytes.to_vec()).unwrap_or_default();
    Answer { status, headers, body }
}

/// `GET url`.
pub async fn get(url: &str, token: Option<&str>) -> Answer {
    send(Method::GET, url, token, None).await
}

/// `POST url` with JSON.
pub async fn post(url: &str, token: Option<&str>, json: &Value) -> Answer {
    send(Method::POST, url, token, Some(json)).await
}
