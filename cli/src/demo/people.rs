//! The demo's people at work: logged in by script, calling the node as their clients would.

use http::{Method, header};
use serde_json::{Value, json};
use visa_verifier::seam::{SystemClock, SystemRandom};

use crate::{
    client::{
        browser::Answers,
        http::{Client, Reply},
        login::{self, Around, Asks, Login, Opens, Provider},
        profile::Profile,
        session::fact,
    },
    error::CommandError,
};

/// A person who is logged in.
#[derive(Debug)]
pub(crate) struct Person {
    /// Outgoing calls.
    pub(crate) client: Client,
    provider: Provider,
    proxy: String,
    login: Login,
}

impl Person {
    /// Logs `hint` in by script: the institution's page is skipped by the hint, the release page is answered with yes.
    ///
    /// # Errors
    /// If a page or a party stops the login.
    pub(crate) async fn login(facts: &Value, hint: &str) -> Result<Self, CommandError> {
        Self::login_for(facts, hint, false).await
    }

    /// The same; with `stay` the login can be renewed.
    ///
    /// # Errors
    /// As [`Person::login`].
    pub(crate) async fn login_for(facts: &Value, hint: &str, stay: bool) -> Result<Self, CommandError> {
        let client = Client::new(true, None)?;
        let provider = Provider::discover(&client, fact(facts, "/broker/issuer")?).await?;
        let proxy = fact(facts, "/proxy/url")?.to_owned();
        let around = Around {
            client: &client,
            clock: &SystemClock,
            random: &SystemRandom::new(),
        };
        let answers = Answers {
            fields: vec![("decision".to_owned(), "allow".to_owned())],
        };
        let asks = Asks {
            hint: Some(hint.to_owned()),
            stay,
            ..Asks::default()
        };
        let login = login::login(around, &provider, &asks, Opens::Script(answers), None).await?;
        Ok(Self {
            client,
            provider,
            proxy,
            login,
        })
    }

    /// What the release page would show to `hint` before anything is given.
    ///
    /// # Errors
    /// If a page or a party stops the way there.
    pub(crate) async fn release(facts: &Value, hint: &str) -> Result<Vec<String>, CommandError> {
        let client = Client::new(true, None)?;
        let provider = Provider::discover(&client, fact(facts, "/broker/issuer")?).await?;
        let around = Around {
            client: &client,
            clock: &SystemClock,
            random: &SystemRandom::new(),
        };
        login::release(around, &provider, hint).await
    }

    /// The access token.
    pub(crate) fn token(&self) -> &str {
        &self.login.access_token
    }

    /// The login as a profile of the command line.
    pub(crate) fn profile(&self) -> Profile {
        Profile::of(&self.provider.issuer, Some(self.proxy.clone()), &self.login, None)
    }

    /// The person at the broker: `SUB,ISS`.
    pub(crate) fn identity(&self) -> String {
        self.login
            .me
            .get("identity")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// A Passport for the proxy.
    ///
    /// # Errors
    /// If the broker refuses.
    pub(crate) async fn passport(&self) -> Result<String, CommandError> {
        let around = Around {
            client: &self.client,
            clock: &SystemClock,
            random: &SystemRandom::new(),
        };
        login::passport(around, &self.provider, self.token(), &self.login.key, &self.proxy).await
    }

    /// `POST` at the broker's own API.
    ///
    /// # Errors
    /// If no answer comes.
    pub(crate) async fn broker(&self, path: &str, body: &Value) -> Result<Reply, CommandError> {
        self.client
            .post(
                &format!("{}/visum/v1/{path}", self.provider.issuer),
                Some(self.token()),
                body,
            )
            .await
    }

    /// `GET` at the broker's own API.
    ///
    /// # Errors
    /// If no answer comes.
    pub(crate) async fn ask(&self, path: &str) -> Result<Reply, CommandError> {
        self.client
            .get(&format!("{}/visum/v1/{path}", self.provider.issuer), Some(self.token()))
            .await
    }

    /// `GET` at the proxy.
    ///
    /// # Errors
    /// If no answer comes.
    pub(crate) async fn get(&self, path: &str) -> Result<Reply, CommandError> {
        self.client
            .get(&format!("{}{path}", self.proxy), Some(self.token()))
            .await
    }

    /// `POST` at the proxy.
    ///
    /// # Errors
    /// If no answer comes.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Reply, CommandError> {
        self.client
            .post(&format!("{}{path}", self.proxy), Some(self.token()), body)
            .await
    }

    /// An access URL of an object: its metadata, then the access route; the first answer that is no success ends it.
    ///
    /// # Errors
    /// If no answer comes.
    pub(crate) async fn access(&self, object: &str) -> Result<Reply, CommandError> {
        let base = format!("/ga4gh/drs/v1/objects/{object}");
        let found = self.get(&base).await?;
        if !found.status.is_success() {
            return Ok(found);
        }
        let object = found.json();
        let methods = object
            .get("access_methods")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        match methods
            .iter()
            .find_map(|method| method.get("access_id").and_then(Value::as_str))
        {
            Some(id) => self.get(&format!("{base}/access/{id}")).await,
            None => Ok(found),
        }
    }

    /// The bytes behind an access answer.
    ///
    /// # Errors
    /// If no answer comes.
    pub(crate) async fn bytes(&self, access: &Reply) -> Result<Reply, CommandError> {
        let body = access.json();
        let url = body
            .get("url")
            .or_else(|| body.pointer("/access_methods/0/access_url/url"))
            .and_then(Value::as_str)
            .ok_or_else(|| {
                CommandError::unknown("demo.no_url", format!("the answer names no address: {}", access.text()))
            })?;
        self.client.get(url, None).await
    }

    /// Waits until a task is over; its state.
    ///
    /// # Errors
    /// If it is not over in time, or can't be asked for.
    pub(crate) async fn task_over(&self, id: &str, patience: std::time::Duration) -> Result<String, CommandError> {
        self.over(&format!("/ga4gh/tes/v1/tasks/{id}"), patience).await
    }

    /// Waits until a run is over; its state.
    ///
    /// # Errors
    /// As [`Person::task_over`].
    pub(crate) async fn run_over(&self, id: &str, patience: std::time::Duration) -> Result<String, CommandError> {
        self.over(&format!("/ga4gh/wes/v1/runs/{id}/status"), patience).await
    }

    async fn over(&self, path: &str, patience: std::time::Duration) -> Result<String, CommandError> {
        let started = std::time::Instant::now();
        loop {
            let answer = self.get(path).await?.ok()?;
            let state = answer
                .get("state")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let going = matches!(
                state.as_str(),
                "QUEUED" | "INITIALIZING" | "RUNNING" | "PAUSED" | "CANCELING" | "UNKNOWN" | ""
            );
            if !going {
                return Ok(state);
            }
            if started.elapsed() > patience {
                return Err(CommandError::unknown(
                    "demo.slow",
                    format!("{path} is still {state} after {patience:?}"),
                ));
            }
            tokio::time::sleep(std::time::Duration::from_millis(40)).await;
        }
    }

    /// Sends a WES run: `VISUM-TASKS` 1.0 with one attached list of tasks.
    ///
    /// # Errors
    /// If no answer comes.
    pub(crate) async fn run(&self, tasks: &Value, params: &Value) -> Result<Reply, CommandError> {
        let boundary = visa_verifier::seam::token(&SystemRandom::new(), 18);
        let mut body = String::new();
        for (name, value) in [
            ("workflow_type", "VISUM-TASKS".to_owned()),
            ("workflow_type_version", "1.0".to_owned()),
            ("workflow_url", "tasks.json".to_owned()),
            ("workflow_params", params.to_string()),
        ] {
            body.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"workflow_attachment\"; filename=\"tasks.json\"\r\nContent-Type: application/json\r\n\r\n{tasks}\r\n--{boundary}--\r\n"
        ));
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(format!("{}/ga4gh/wes/v1/runs", self.proxy))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token()))
            .header(
                header::CONTENT_TYPE,
                format!("multipart/form-data; boundary={boundary}"),
            );
        self.client.send(request, body.into_bytes()).await
    }
}

/// Ada's purpose, as grants and attestations hold it: breast cancer, not commercial, for her university.
pub(crate) fn purpose() -> Value {
    json!({ "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false,
        "project": "P1", "institution": super::facts::UNI })
}

/// The end of the demo's grants.
pub(crate) const UNTIL: &str = "2030-12-31";
