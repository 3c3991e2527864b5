//! `visum agent`: work that lasts longer than a token, through a port of this machine.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tests::{
    binary::{self, Said},
    house::{DATASET, House, Wants},
    outside::{self, Answer},
    surfer::{Surfer, hidden},
    tes::PlayedTes,
};

/// Tokens live so long here.
const LIFE: Duration = Duration::from_secs(6);
const TASKS: &str = "/ga4gh/tes/v1/tasks";

/// Ada at her terminal, and the node that she works with.
struct Ada {
    house: House,
    tes: PlayedTes,
    folder: tempfile::TempDir,
}

impl Ada {
    async fn new(wants: Wants, stay: &[&str]) -> Self {
        let tes = PlayedTes::start().await;
        let house = House::start(Wants {
            tes: Some(tes.url.clone()),
            broker_lines: Some(format!("access_token_seconds = {}\n", LIFE.as_secs())),
            ..wants
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let ada = Self { house, tes, folder };
        let data = ada.house.node.data();
        let mut login = vec!["demo", "login", "ada", "--data", data.to_str().unwrap()];
        login.extend(stay);
        assert_eq!(ada.run(&login).code, 0);
        ada
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = binary::visum(arguments);
        command
            .env("VISUM_HOME", self.folder.path().join("home"))
            .current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        Said::from(self.command(arguments).output().unwrap())
    }

    fn profile(&self) -> Value {
        let path = self.folder.path().join("home/profiles/default.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn agent(&self, arguments: &[&str]) -> Agent {
        let words = self.folder.path().join("words");
        let mut all = vec!["agent"];
        all.extend(arguments);
        let mut child = self
            .command(&all)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&words).unwrap())
            .spawn()
            .unwrap();
        let mut set = BTreeMap::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let (name, value) = line.trim_start_matches("export ").split_once('=').unwrap();
            set.insert(name.to_owned(), value.trim_matches('\'').to_owned());
            // the last line that it prints
            if name
                == if arguments.is_empty() {
                    "WES_API_AUTH"
                } else {
                    "AWS_SECRET_ACCESS_KEY"
                }
            {
                break;
            }
        }
        let told = std::fs::read_to_string(&words).unwrap();
        assert!(set.contains_key("TES_TOKEN"), "{told}");
        Agent { child, words, set }
    }

    fn task(&self, data: bool) -> Value {
        let image = self.house.sample.image("wc").unwrap_or_default();
        let out = format!("file://{}/uni/out.txt", self.house.sample.outputs_dir().display());
        let mut task = json!({
            "outputs": [{ "url": out, "path": "/data/out", "type": "FILE" }],
            "executors": [{ "image": image, "command": ["wc", "-l", "/data/in"], "stdout": "/data/out" }],
        });
        if data {
            let inputs =
                json!([{ "url": format!("drs://127.0.0.1/{}", self.object()), "path": "/data/in", "type": "FILE" }]);
            task.as_object_mut().unwrap().insert("inputs".to_owned(), inputs);
        }
        task
    }

    fn object(&self) -> String {
        let objects = self.house.sample.objects();
        objects.iter().find(|object| object.cohort == "a").unwrap().id.clone()
    }

    /// A browser of Ada's goes to the last address that the agent told, and says yes where it is asked.
    async fn browse(&self, agent: &Agent) {
        let told = agent.words();
        let address = told.lines().rev().find(|line| line.trim().starts_with("http")).unwrap();
        let mut surfer = Surfer::new(&self.house.node.at);
        let at = &self.house.node.at;
        let address = format!("{}&login_hint=ada", address.trim());
        let (page, way) = surfer.follow(at, &address, "http://127.0.0.1/never").await;
        if page.status == 200 && page.text().contains("/consent") {
            let text = page.text();
            let (csrf, request) = (hidden(&text, "/consent", "csrf"), hidden(&text, "/consent", "request"));
            let scopes = ["openid", "profile", "ga4gh_passport_v1", "visum:self", "offline_access"];
            let ticks: Vec<String> = scopes.iter().map(|scope| format!("release-{scope}")).collect();
            let mut fields = vec![
                ("csrf", csrf.as_str()),
                ("request", request.as_str()),
                ("decision", "allow"),
            ];
            fields.extend(ticks.iter().map(|tick| (tick.as_str(), "yes")));
            let back = surfer.one(at, "/consent", Some(&fields)).await.header("location");
            assert!(back.starts_with("http://127.0.0.1:"), "{back}");
            assert_eq!(outside::get(&back, None).await.status, 200);
        } else {
            assert!(way.last().unwrap().contains("/callback"), "{way:?} {}", page.text());
        }
    }
}

/// A running agent; ended when dropped.
struct Agent {
    child: Child,
    words: PathBuf,
    set: BTreeMap<String, String>,
}

impl Agent {
    fn words(&self) -> String {
        std::fs::read_to_string(&self.words).unwrap()
    }

    /// What it set.
    fn of(&self, name: &str) -> &str {
        self.set.get(name).map_or("", String::as_str)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.of("VISUM_AGENT"))
    }

    async fn get(&self, path: &str) -> Answer {
        outside::get(&self.url(path), Some(self.of("TES_TOKEN"))).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        outside::post(&self.url(path), Some(self.of("TES_TOKEN")), body).await
    }

    /// Until it has said so.
    async fn says(&self, words: &str) {
        let begun = Instant::now();
        while !self.words().contains(words) {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "not said: {words}: {}",
                self.words()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Until an answer has this status; no answer on the way is 401.
    async fn answers(&self, path: &str, status: u16) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.get(path).await;
            assert_ne!(answer.status, 401, "{}", answer.text());
            if answer.status == status {
                return answer;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{} {}",
                answer.status,
                self.words()
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Asks it to end, as a service manager does; its exit status.
    fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(
            std::process::Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_its_token_once_goes_on_over_renewals_and_outages_and_nobody_else_gets_in() {
    let mut ada = Ada::new(Wants::default(), &["--stay"]).await;
    let agent = ada.agent(&[]);
    let (secret, list) = (agent.set["TES_TOKEN"].clone(), agent.url(TASKS));

    // Others of this machine, pages of a browser, other names, other paths.
    let client = outside::client();
    let ask = |change: fn(reqwest::RequestBuilder, &str) -> reqwest::RequestBuilder| {
        let request = change(client.get(&list), &secret);
        async move { outside::read(request.send().await.unwrap()).await }
    };
    let history = |ada: &Ada| {
        ada.run(&["account", "history", "--json"])
            .out
            .matches("\"action\"")
            .count()
    };
    let before = history(&ada);
    for (answer, status, code) in [
        (ask(|request, _| request).await, 403, "agent.secret"),
        (
            ask(|request, _| request.bearer_auth("guessed")).await,
            403,
            "agent.secret",
        ),
        (
            ask(|request, secret| request.bearer_auth(secret).header("host", "evil.example.net")).await,
            421,
            "agent.host",
        ),
        (
            ask(|request, secret| request.bearer_auth(secret).header("origin", "https://evil.example.net")).await,
            403,
            "agent.browser",
        ),
        (agent.get("/visum/v1/sessions").await, 404, "agent.path"),
    ] {
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{}",
            answer.text()
        );
    }
    assert_eq!(history(&ada), before, "nothing of it reached the node");

    // Three ways to show the secret.
    let good = [
        agent.get(TASKS).await,
        ask(|request, secret| request.basic_auth("anybody", Some(secret))).await,
        outside::get(&format!("{}{TASKS}", agent.set["VISUM_AGENT_PATH"]), None).await,
        agent.get("/ga4gh/drs/v1/service-info").await,
    ];
    for answer in good {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    // A task is sent; one on data that nobody granted is denied, and the terminal says why, once.
    let sent = agent.post(TASKS, &ada.task(false)).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let id = sent.json()["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let denied = agent.post(TASKS, &ada.task(true)).await;
        assert_eq!(
            (denied.status, denied.code().as_str()),
            (403, "consent.approval_missing")
        );
    }
    agent.says("denied: POST /ga4gh/tes/v1/tasks").await;
    let told = agent.words();
    assert!(
        told.contains("(consent.approval_missing)") && told.contains("visum explain "),
        "{told}"
    );

    // The token ends; the client's does not.
    let first = ada.profile();
    tokio::time::sleep(LIFE + Duration::from_secs(1)).await;
    assert_eq!(agent.get(TASKS).await.status, 200, "{}", agent.words());
    let second = ada.profile();
    assert_ne!(first["access_token"], second["access_token"], "renewed");
    assert_ne!(first["refresh_token"], second["refresh_token"], "each is good once");

    // A task that fails is told once, by the state that the client asks for.
    ada.tes.say("SYSTEM_ERROR");
    let begun = Instant::now();
    while agent.get(&format!("{TASKS}/{id}?view=MINIMAL")).await.json()["state"] != "SYSTEM_ERROR" {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    agent.says(&format!("task {id} SYSTEM_ERROR")).await;

    // The node is away for longer than a token lives: 503 with a time, never 401; then all goes on.
    ada.house.node.stop();
    let away = agent.get(TASKS).await;
    assert_eq!(
        (away.status, away.code().as_str()),
        (503, "agent.unreachable"),
        "{}",
        away.text()
    );
    assert!(
        away.header("retry-after")
            .parse::<u64>()
            .is_ok_and(|seconds| seconds > 0)
    );
    tokio::time::sleep(LIFE + Duration::from_secs(1)).await;
    assert_eq!(agent.get(TASKS).await.status, 503);
    ada.house.node.again();
    agent.answers(TASKS, 200).await;

    let words = agent.words();
    assert!(!words.contains(&secret), "the secret is told to its clients alone");
    for name in ["access_token", "refresh_token"] {
        assert!(
            !words.contains(ada.profile()[name].as_str().unwrap()),
            "{name} on the terminal"
        );
    }
    assert_eq!(words.matches("denied: POST").count(), 1, "{words}");
    assert_eq!(agent.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn its_person_is_asked_for_what_only_they_can_give() {
    let wants = Wants {
        facts: Some(|facts| facts["datasets"][0]["min_authn"] = json!(2)),
        ..Wants::default()
    };
    let ada = Ada::new(wants, &["--stay"]).await;
    ada.house.granted().await;

    // What it runs gets its environment, and its exit status is the agent's.
    let said = ada.run(&[
        "agent",
        "--",
        "sh",
        "-c",
        "echo \"$TES_ENDPOINT\"; test -n \"$TES_TOKEN\" && exit 7",
    ]);
    assert_eq!(said.code, 7, "{}", said.err);
    assert!(said.out.starts_with("http://127.0.0.1:"), "{}", said.out);
    for (arguments, code, word) in [
        (&["agent", "--listen", "0.0.0.0:0"][..], 2, "this machine alone"),
        (&["agent", "--", "no-such-program"][..], 2, "agent.command"),
        (&["agent", "--profile", "nobody"][..], 3, "login.missing"),
        (&["agent", "--session", "none.json"][..], 3, "none.json"),
    ] {
        let said = ada.run(arguments);
        assert_eq!(said.code, code, "{arguments:?} {}", said.err);
        assert!(said.err.contains(word), "{arguments:?} {}", said.err);
    }

    // A refresh token that was read from the disk is worth nothing without the key, and is not used up by the try.
    let refresh = ada.profile()["refresh_token"].as_str().unwrap().to_owned();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "visum-cli"),
        ("refresh_token", &refresh),
    ];
    let stolen = outside::client()
        .post(ada.house.broker("/token"))
        .form(&form)
        .send()
        .await
        .unwrap();
    let stolen = outside::read(stolen).await;
    assert_eq!(
        (stolen.status, stolen.json()["error"].as_str()),
        (400, Some("invalid_grant")),
        "{}",
        stolen.text()
    );

    // The node asks for a second factor, which Ada's institution has not: she is asked, and nothing else happens.
    let agent = ada.agent(&[]);
    let object = format!("/ga4gh/drs/v1/objects/{}", ada.object());
    let described = agent.get(&object).await.json();
    let access = described
        .pointer("/access_methods/0/access_id")
        .and_then(Value::as_str)
        .unwrap_or("https");
    let denied = agent.get(&format!("{object}/access/{access}")).await;
    assert_eq!(
        (denied.status, denied.code().as_str()),
        (403, "policy.step_up"),
        "{}",
        denied.text()
    );
    agent.says("a stronger sign-in (https://refeds.org/profile/mfa)").await;
    agent.says("acr_values=https%3A%2F%2Frefeds.org%2Fprofile%2Fmfa").await;
    ada.browse(&agent).await;
    agent.says("not logged in:").await;
    assert_eq!(agent.get(TASKS).await.status, 200, "the login that there is goes on");

    // Her programs' tokens are ended: she is asked to log in, clients wait, and go on with what they have.
    let token = ada.profile()["access_token"].as_str().unwrap().to_owned();
    let end = json!({ "client": "visum-cli" });
    let ended = outside::post(&ada.house.broker("/visum/v1/me/programs/end"), Some(&token), &end).await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    let waiting = agent.answers(TASKS, 503).await;
    assert_eq!(waiting.code(), "agent.login_over", "{}", waiting.text());
    agent.says("the login is over").await;
    let begun = Instant::now();
    while agent.words().matches("Open this address").count() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", agent.words());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ada.browse(&agent).await;
    agent.says("logged in again as ").await;
    assert_eq!(agent.get(TASKS).await.status, 200, "{}", agent.words());
    assert_eq!(agent.stop(), Some(0));

    // Other commands renew such a login by themselves.
    tokio::time::sleep(LIFE).await;
    assert_eq!(ada.run(&["tes", "list"]).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_session_tasks_go_with_its_token_and_storage_goes_to_the_door_itself() {
    let ada = Ada::new(Wants::default(), &[]).await;
    ada.house.granted().await;
    let image = ada.house.sample.image("wc").unwrap_or_default();
    let out = format!("file://{}/uni/", ada.house.sample.outputs_dir().display());
    let declared = ["--dataset", DATASET, "--image", image, "--out", &out];
    let said = ada.run(&["agent"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(
        said.err.contains("agent.login_ends") && said.err.contains("visum login --stay"),
        "{}",
        said.err
    );

    let data = ada.house.node.data();
    let stay = ["demo", "login", "ada", "--stay", "--data", data.to_str().unwrap()];
    assert_eq!(ada.run(&stay).code, 0);
    let mut arguments = declared.to_vec();
    arguments.push("--end-session");
    let agent = ada.agent(&arguments);
    assert_eq!(agent.set["AWS_ENDPOINT_URL_S3"], ada.house.node.at.door);
    let sent = agent.post(TASKS, &ada.task(true)).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let owner = ada.tes.tasks().last().unwrap()["tags"].to_string();
    assert!(owner.contains("visum"), "{owner}");
    // longer than the login's token: the session's counts
    tokio::time::sleep(LIFE).await;
    assert_eq!(agent.get(TASKS).await.status, 200, "{}", agent.words());
    let words = agent.words.clone();
    assert_eq!(agent.stop(), Some(0));
    let words = std::fs::read_to_string(words).unwrap();
    assert!(words.contains("was ended"), "{words}");

    // A session that was started before, until somebody ends it.
    let out = format!("{out}second/");
    let started = ada.run(&[
        "session",
        "start",
        "--json",
        "--dataset",
        DATASET,
        "--image",
        image,
        "--out",
        &out,
    ]);
    assert_eq!(started.code, 0, "{}", started.err);
    std::fs::write(ada.folder.path().join("session.json"), &started.out).unwrap();
    let agent = ada.agent(&["--session", "session.json"]);
    assert_eq!(agent.get(TASKS).await.status, 200, "{}", agent.words());
    let id = agent.set["VISUM_SESSION"].clone();
    assert_eq!(ada.run(&["session", "end", &id]).code, 0);
    let over = agent.answers(TASKS, 403).await;
    assert_eq!(over.code(), "agent.session_over", "{}", over.text());
    agent.says("has ended; start another one").await;

    // Its token goes to no other node.
    let mut other: Value = serde_json::from_str(&started.out).unwrap();
    other["tes"] = json!("https://evil.example.net/ga4gh/tes/v1");
    std::fs::write(ada.folder.path().join("session.json"), other.to_string()).unwrap();
    let said = ada.run(&["agent", "--session", "session.json", "--", "true"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("agent.session_file"), "{}", said.err);
}
