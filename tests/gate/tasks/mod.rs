//! Ways around the gate: tasks, runs and tools.

mod backend;
mod code;
mod differential;
mod engine;
mod fields;
mod out;
mod registry;
mod runs;
mod several;
mod texts;
mod urls;

use serde_json::{Value, json};
use tests::{
    house::{House, Wants},
    outside::{Answer, post},
};

use backend::Backend;

/// A house with a backend that keeps what it is sent, Ada who has a grant, and Bob who has none.
struct Gate {
    house: House,
    tes: Backend,
    wes: Backend,
    ada: String,
    bob: String,
}

impl Gate {
    async fn start() -> Self {
        Self::with(Wants::default()).await
    }

    async fn with(wants: Wants) -> Self {
        let (tes, wes) = (Backend::start().await, Backend::start().await);
        let house = House::start(Wants {
            tes: Some(tes.url.clone()),
            wes: Some(wes.url.clone()),
            ..wants
        })
        .await;
        let (ada, _) = house.granted().await;
        let bob = house.token("ben");
        Self {
            house,
            tes,
            wes,
            ada,
            bob,
        }
    }

    /// The id of an object of the dataset.
    fn object(&self) -> String {
        let objects = self.house.sample.objects();
        let object = objects.iter().find(|object| object.cohort == "a").unwrap();
        object.id.clone()
    }

    fn drs(&self) -> String {
        format!("drs://127.0.0.1/{}", self.object())
    }

    fn sink(&self) -> String {
        format!("file://{}/uni/out", self.house.sample.outputs_dir().display())
    }

    /// A task that counts the lines of the object.
    fn task(&self) -> Value {
        json!({
            "inputs": [{"url": self.drs(), "path": "/data/in", "type": "FILE"}],
            "outputs": [{"url": self.sink(), "path": "/data/out", "type": "FILE"}],
            "executors": [{"image": image(), "command": ["wc", "-l", "/data/in"], "stdout": "/data/out"}],
        })
    }

    /// The same without data.
    fn idle(&self) -> Value {
        json!({
            "outputs": [{"url": self.sink(), "path": "/data/out", "type": "FILE"}],
            "executors": [{"image": image(), "command": ["true"], "stdout": "/data/out"}],
        })
    }

    /// Sends a task by both of the paths that clients use; they must be answered alike.
    async fn send(&self, token: &str, task: &Value) -> Answer {
        let one = post(&self.house.proxy("/ga4gh/tes/v1/tasks"), Some(token), task).await;
        let other = post(&self.house.proxy("/v1/tasks"), Some(token), task).await;
        // the same may be denied too often in a minute
        if other.status != 429 {
            assert_eq!(
                (one.status, one.code()),
                (other.status, other.code()),
                "{}",
                other.text()
            );
        }
        one
    }

    /// Sends a task by one path.
    async fn once(&self, task: &Value) -> Answer {
        post(&self.house.proxy("/ga4gh/tes/v1/tasks"), Some(&self.ada), task).await
    }

    /// What can-i says of a task: its status, or 200 and 403 as its answer is.
    async fn foreseen(&self, token: &str, task: &Value) -> u16 {
        let asked = post(
            &self.house.proxy("/visum/v1/can-i"),
            Some(token),
            &json!({ "task": task }),
        )
        .await;
        match asked.json().get("allow").and_then(Value::as_bool) {
            Some(true) => 200,
            Some(false) => 403,
            None => asked.status,
        }
    }

    /// Each change of Ada's task, with the status and the code that it is answered.
    async fn tried(&self, base: &Value, cases: &[(&str, Value, u16, &str)]) {
        for (name, change, status, code) in cases {
            let task = merged(base, change);
            let before = self.tes.count();
            let answer = self.send(&self.ada, &task).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (*status, *code),
                "{name}: {}",
                answer.text()
            );
            if *status != 200 {
                assert_eq!(self.tes.count(), before, "{name}: no backend hears of it");
            }
            let foreseen = self.foreseen(&self.ada, &task).await;
            assert!(foreseen == *status || foreseen == 429, "{name}: can-i says {foreseen}");
        }
    }
}

/// An image by digest.
fn image() -> String {
    format!("docker.io/sample/wc@sha256:{}", "0a".repeat(32))
}

/// Members of `change` put into `base`; lists are merged place by place.
fn merged(base: &Value, change: &Value) -> Value {
    match (base, change) {
        (Value::Object(base), Value::Object(change)) => {
            let mut all = base.clone();
            for (key, value) in change {
                let merged = base.get(key).map_or_else(|| value.clone(), |old| merged(old, value));
                all.insert(key.clone(), merged);
            }
            Value::Object(all)
        }
        (Value::Array(base), Value::Array(change)) if !change.is_empty() && change.iter().all(Value::is_object) => {
            let mut all = base.clone();
            for (at, value) in change.iter().enumerate() {
                match all.get_mut(at) {
                    Some(old) => *old = merged(old, value),
                    None => all.push(value.clone()),
                }
            }
            Value::Array(all)
        }
        _ => change.clone(),
    }
}
