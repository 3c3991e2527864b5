//! Ways around the gate: the storage door and its sessions.

mod capability;
mod exchanged;
mod keys;
pub(crate) mod lasting;
mod s3;
pub(crate) mod session;
mod verbs;

use std::net::IpAddr;

use serde_json::{Value, json};
use tests::{
    house::{House, Wants},
    outside::{self, Answer},
    tes::PlayedTes,
};

/// A house with compute-only data whose compute network is this machine.
pub(crate) async fn house() -> (House, PlayedTes) {
    with("networks = [\"127.0.0.0/8\"]").await
}

/// The same, with these lines of `[storage_door]`.
pub(crate) async fn with(door: &str) -> (House, PlayedTes) {
    let tes = PlayedTes::start().await;
    let wants = Wants {
        tes: Some(tes.url.clone()),
        compute_only: true,
        door: Some(door.to_owned()),
        ..Wants::default()
    };
    (House::start(wants).await, tes)
}

/// A task that counts the lines of one object.
pub(crate) fn task(house: &House) -> Value {
    let image = house.sample.image("wc").unwrap_or_default();
    let out = format!("file://{}/uni/out.txt", house.sample.outputs_dir().display());
    json!({
        "name": "count",
        "inputs": [{ "url": format!("drs://127.0.0.1/{OBJECT}"), "path": "/in/a" }],
        "outputs": [{ "url": out, "path": "/out/n" }],
        "executors": [{ "image": image, "command": ["wc", "-c", "/in/a"], "stdout": "/out/n" }]
    })
}

/// An object of the house's dataset.
pub(crate) const OBJECT: &str = "a-cohort.vcf";

/// Its size.
pub(crate) fn size(house: &House) -> u64 {
    let objects = house.sample.objects();
    objects
        .iter()
        .find(|object| object.id == OBJECT)
        .map_or(0, |object| object.size)
}

/// Sends the task; gives its id and the capability that the backend got.
pub(crate) async fn sent(house: &House, tes: &PlayedTes, token: &str) -> (String, String) {
    let answer = outside::post(&house.proxy("/ga4gh/tes/v1/tasks"), Some(token), &task(house)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer
        .json()
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    (id, tes.capability())
}

/// `GET` from an address of this machine, with an optional range.
pub(crate) async fn from(address: &str, url: &str, range: Option<&str>) -> Answer {
    let address: IpAddr = address.parse().expect("an address");
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(plain())
        .local_address(address)
        .no_proxy()
        .build()
        .expect("a client");
    let mut request = client.get(url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    outside::read(request.send().await.expect("an answer")).await
}

/// TLS that trusts nobody: these tests speak plain http.
pub(crate) fn plain() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

/// The events of the log whose `why` has this code, as Noor reads them.
pub(crate) async fn alarms(house: &House, code: &str) -> Vec<Value> {
    let noor = house.token("noor");
    let url = house.broker("/visum/v1/admin/audit/events?from=0&limit=1000");
    let answer = outside::get(&url, Some(&noor)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let events = body.get("events").and_then(Value::as_array).into_iter().flatten();
    events
        .filter(|event| event.to_string().contains(code))
        .cloned()
        .collect()
}
