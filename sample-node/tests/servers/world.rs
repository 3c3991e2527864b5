//! A node of its own for each test, and a client.

use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode, redirect::Policy};
use sample_node::{SampleNode, Settings};
use serde_json::Value;
use tempfile::TempDir;

/// Where the broker would take people back.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:9/callback";
/// The datasets that Ada holds a foreign grant for.
pub(crate) const FOREIGN: [&str; 2] = ["https://data.example.org/b", "https://data.example.org/d"];

/// A node of its own for each test, with a client that follows no redirect.
pub(crate) struct World {
    pub(crate) node: SampleNode,
    pub(crate) client: Client,
    pub(crate) credential: String,
    pub(crate) collector: String,
    _dir: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let foreign = FOREIGN.map(str::to_owned).to_vec();
        let mut settings = Settings::new(dir.path().to_owned(), REDIRECT, foreign).unwrap();
        change(&mut settings);
        let credential = settings.credential.expose().to_owned();
        let collector = settings.home.collector.expose().to_owned();
        let node = SampleNode::start(settings).await.unwrap();
        Self {
            node,
            client: client(),
            credential,
            collector,
            _dir: dir,
        }
    }

    /// A call with the gate's credential.
    pub(crate) async fn call(&self, method: Method, url: String, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.client.request(method, url).bearer_auth(&self.credential);
        let request = if let Some(body) = body {
            request.json(&body)
        } else {
            request
        };
        json(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, url: String) -> (StatusCode, Value) {
        self.call(Method::GET, url, None).await
    }

    pub(crate) fn tes(&self, path: &str) -> String {
        format!("{}/ga4gh/tes/v1{path}", self.node.tes())
    }

    pub(crate) fn wes(&self, path: &str) -> String {
        format!("{}/ga4gh/wes/v1{path}", self.node.wes())
    }

    pub(crate) fn drs(&self, path: &str) -> String {
        format!("{}/ga4gh/drs/v1{path}", self.node.drs())
    }

    pub(crate) fn image(&self, tool: &str) -> String {
        self.node.image(tool).unwrap().to_owned()
    }

    pub(crate) fn output(&self, name: &str) -> (String, std::path::PathBuf) {
        let path = self.node.outputs_dir().join(name);
        (format!("file://{}", path.display()), path)
    }

    /// Asks again until the state is final, or for too long.
    pub(crate) async fn ended(&self, url: &str) -> Value {
        let asked = async {
            loop {
                let (_, told) = self.get(url.to_owned()).await;
                let state = told["state"].as_str().unwrap();
                if !matches!(state, "QUEUED" | "INITIALIZING" | "RUNNING" | "CANCELING") {
                    return told;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), asked)
            .await
            .expect("it ends")
    }
}

pub(crate) async fn json(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    (status, answer.json().await.unwrap_or(Value::Null))
}

#[expect(clippy::disallowed_methods, reason = "a test on loopback is its own client")]
pub(crate) fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(Policy::none()).no_proxy().build().unwrap()
}

/// The claims of a compact JWS, not verified.
pub(crate) fn claims(token: &str) -> (Value, Value) {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

/// Does the token verify with the one key of this JWK Set?
pub(crate) fn verifies(token: &str, jwks: &Value) -> bool {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let part = |name: &str| URL_SAFE_NO_PAD.decode(jwks["keys"][0][name].as_str().unwrap()).unwrap();
    let point = [vec![4], part("x"), part("y")].concat();
    let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, point);
    key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .is_ok()
}
