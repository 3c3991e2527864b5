//! Ways around the gate: how a request is read, and what lies below it.

mod cancel;
mod frames;
mod framing;
mod h2;
mod hops;
mod json;
mod limits;
mod multipart;
pub(crate) mod played;
pub(crate) mod raw;
mod responses;
mod slow;
mod target;

use serde_json::{Value, json};
use tests::{
    house::{House, Wants},
    outside,
};

use played::Played;

/// The bases of TES: the specification's, and the one that py-tes 0.4 uses.
pub(crate) const TES: [&str; 2] = ["/ga4gh/tes/v1", "/v1"];
/// An object of the house's dataset.
pub(crate) const OBJECT: &str = "a-cohort.vcf";

/// A house whose DRS, TES and WES are played by one backend; Ada has a grant, Ben has none.
pub(crate) struct Bench {
    pub(crate) house: House,
    pub(crate) played: Played,
    pub(crate) ada: String,
    pub(crate) ben: String,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with(Wants::default()).await
    }

    pub(crate) async fn with(wants: Wants) -> Self {
        let played = Played::start().await;
        let house = House::start(Wants {
            drs: Some(played.url.clone()),
            tes: Some(played.url.clone()),
            wes: Some(played.url.clone()),
            ..wants
        })
        .await;
        let (ada, _) = house.granted().await;
        let ben = house.token("ben");
        played.came();
        Self {
            house,
            played,
            ada,
            ben,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.house.proxy(path)
    }

    /// `host:port` of the proxy.
    pub(crate) fn host(&self) -> String {
        self.house.node.at.proxy.trim_start_matches("http://").to_owned()
    }

    /// A task that reads one object.
    pub(crate) fn task(&self) -> Value {
        let out = format!("file://{}/uni/out.txt", self.house.sample.outputs_dir().display());
        json!({
            "name": "count",
            "inputs": [{ "url": format!("drs://127.0.0.1/{OBJECT}"), "path": "/in/a" }],
            "outputs": [{ "url": out, "path": "/out/n" }],
            "executors": [{ "image": self.image(), "command": ["wc", "-c", "/in/a"], "stdout": "/out/n" }]
        })
    }

    pub(crate) fn image(&self) -> String {
        self.house.sample.image("wc").unwrap_or_default().to_owned()
    }

    /// Sends the task as somebody; its id.
    pub(crate) async fn sent(&self, token: &str) -> String {
        let answer = outside::post(&self.url("/ga4gh/tes/v1/tasks"), Some(token), &self.task()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        text(&answer.json(), "/id")
    }

    /// A run of one task, as parts of a form.
    pub(crate) fn run(&self) -> Vec<(String, Option<String>, String)> {
        let plain = |name: &str, value: &str| (name.to_owned(), None, value.to_owned());
        vec![
            plain("workflow_type", "VISUM-TASKS"),
            plain("workflow_type_version", "1.0"),
            plain("workflow_url", "tasks.json"),
            plain("workflow_params", "{}"),
            (
                "workflow_attachment".to_owned(),
                Some("tasks.json".to_owned()),
                json!([self.task()]).to_string(),
            ),
        ]
    }

    /// Sends the run as somebody; its id.
    pub(crate) async fn ran(&self, token: &str) -> String {
        let body = form(&self.run(), "xyz");
        let reply = outside::client()
            .post(self.url("/ga4gh/wes/v1/runs"))
            .bearer_auth(token)
            .header("content-type", "multipart/form-data; boundary=xyz")
            .body(body)
            .send()
            .await
            .unwrap();
        let answer = outside::read(reply).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        text(&answer.json(), "/run_id")
    }
}

/// A text of a JSON value, empty if it is none.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// Parts as `multipart/form-data`.
pub(crate) fn form(parts: &[(String, Option<String>, String)], boundary: &str) -> Vec<u8> {
    let mut out = String::new();
    for (name, file, body) in parts {
        let file = file
            .as_ref()
            .map(|file| format!("; filename=\"{file}\""))
            .unwrap_or_default();
        out.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{body}\r\n"
        ));
    }
    out.push_str(&format!("--{boundary}--\r\n"));
    out.into_bytes()
}
