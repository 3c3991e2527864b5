//! WES servers that others wrote behind the gate: wes-service, Sapporo, Toil; wes-client and curl in front of them.

use std::process::Command;

use serde_json::{Value, json};
use tests::{
    house::{House, Wants},
    node::Addresses,
};
use tokio::sync::Mutex;

use crate::{
    login::{Upstream, callback, log_in, node},
    script::{peer, server},
};

/// wes-service reaps its runs' processes when it starts another one, and then tells a finished run as failed: one test at
/// a time has it.
static WES_SERVICE: Mutex<()> = Mutex::const_new(());

/// A workflow without data and without expressions.
const WORKFLOW: &str = "cwlVersion: v1.0\nclass: CommandLineTool\nbaseCommand: echo\ninputs:\n  message:\n    type: string\n    inputBinding:\n      position: 1\noutputs: []\n";

#[tokio::test(flavor = "multi_thread")]
async fn peer_wes_service_runs_a_workflow_that_wes_client_and_curl_send_through_the_gate() {
    let _alone = WES_SERVICE.lock().await;
    let backend = server("wes-service.sh", &[]);
    // People with an affiliation, which oidc-provider's have not: those of the sample institution.
    let at = Addresses::free_tls();
    let folder = tempfile::tempdir().unwrap();
    let settings = sample_node::Settings::new(folder.path().join("sample"), &callback(&at), Vec::new()).unwrap();
    let client_id = settings.home.client_id.clone();
    let sample = sample_node::SampleNode::start(settings).await.unwrap();
    let upstream = Upstream {
        issuer: sample.issuer().to_owned(),
        client_id,
        secret: sample.client_secret().expose().to_owned(),
    };
    let wes = format!(
        "\n[proxy.wes]\nbase = \"{backend}/ga4gh/wes/v1\"\ntypes = [{{ name = \"CWL\", versions = [\"v1.0\"] }}]\n"
    );
    let node = node(at, &upstream, &wes);
    let token = log_in(&node, "ada")
        .get("access_token")
        .and_then(Value::as_str)
        .unwrap()
        .to_owned();
    let ca = node.ca().display().to_string();
    std::fs::write(folder.path().join("echo.cwl"), WORKFLOW).unwrap();
    std::fs::write(folder.path().join("in.json"), r#"{"message":"through the gate"}"#).unwrap();
    let host = node.at.proxy.trim_start_matches("https://").to_owned();

    // wes-client: the token goes as Basic password; the run is polled to its end.
    let said = peer(
        "wes-client.sh",
        &[
            &host,
            "--run",
            &format!("{}/echo.cwl", folder.path().display()),
            &format!("{}/in.json", folder.path().display()),
        ],
        &[
            ("VISUM_TOKEN", &token),
            ("VISUM_PROTO", "https"),
            ("REQUESTS_CA_BUNDLE", &ca),
        ],
    );
    assert_eq!(
        said.code,
        0,
        "wes-client: {} {}\nthe node: {}",
        said.out,
        said.err,
        node.words()
    );

    // curl: multipart run, status, log, list; a stranger sees none of it.
    let curl = |token: &str, arguments: &[&str]| -> Value {
        let output = Command::new("curl")
            .args([
                "-sS",
                "--noproxy",
                "*",
                "--cacert",
                &ca,
                "-H",
                &format!("Authorization: Bearer {token}"),
            ])
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "curl: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stdout)))
    };
    let runs = format!("{}/ga4gh/wes/v1/runs", node.at.proxy);
    let attachment = format!(
        "workflow_attachment=@{}/echo.cwl;filename=echo.cwl",
        folder.path().display()
    );
    let started = curl(
        &token,
        &[
            "-F",
            "workflow_url=echo.cwl",
            "-F",
            "workflow_type=CWL",
            "-F",
            "workflow_type_version=v1.0",
            "-F",
            r#"workflow_params={"message":"by curl"}"#,
            "-F",
            &attachment,
            &runs,
        ],
    );
    let id = started
        .get("run_id")
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{started}"))
        .to_owned();
    let mut state = String::new();
    for _ in 0..600 {
        let status = curl(&token, &[&format!("{runs}/{id}/status")]);
        state = status
            .get("state")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        if !matches!(state.as_str(), "QUEUED" | "INITIALIZING" | "RUNNING" | "UNKNOWN") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(state, "COMPLETE");
    let log = curl(&token, &[&format!("{runs}/{id}")]);
    assert_eq!(log.get("run_id").and_then(Value::as_str), Some(id.as_str()), "{log}");
    let request = log.get("request").map(Value::to_string).unwrap_or_default();
    assert!(
        request.contains("by curl") && !request.contains("/tmp/"),
        "what was sent, not where the backend put it: {log}"
    );
    let listed = curl(&token, &[&runs]);
    assert_eq!(
        listed.get("runs").and_then(Value::as_array).map(Vec::len),
        Some(2),
        "wes-client's and curl's: {listed}"
    );
    let stranger = log_in(&node, "dan")
        .get("access_token")
        .and_then(Value::as_str)
        .unwrap()
        .to_owned();
    assert_eq!(
        curl(&stranger, &[&runs])
            .get("runs")
            .and_then(Value::as_array)
            .map(Vec::len),
        Some(0)
    );
    let foreign = curl(&stranger, &[&format!("{runs}/{id}")]);
    assert_eq!(
        foreign.get("status_code").and_then(Value::as_u64),
        Some(404),
        "{foreign}"
    );
    // A part that the specification doesn't have names data or code by another way.
    let odd = curl(
        &token,
        &[
            "-F",
            "workflow_url=echo.cwl",
            "-F",
            "workflow_type=CWL",
            "-F",
            "workflow_type_version=v1.0",
            "-F",
            "workflow_attachment_obj=[]",
            "-F",
            &attachment,
            &runs,
        ],
    );
    assert_eq!(odd.get("status_code").and_then(Value::as_u64), Some(400), "{odd}");
}

/// A WES server that others wrote, with what is particular of it.
struct Server {
    /// The script that starts it; the last line is its address without path.
    script: &'static str,
    /// What `[[proxy.wes.types]]` says of its engine.
    engine: &'static str,
    /// Its logs are texts. Toil's are addresses beside its WES, which the gate does not pass on.
    texts: bool,
    /// It ends what is cancelled. wes-service says yes and goes on.
    ends: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_wes_service_takes_runs_on_data_through_the_gate() {
    let _alone = WES_SERVICE.lock().await;
    runs(&Server {
        script: "wes-service.sh",
        engine: "",
        texts: true,
        ends: false,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_sapporo_takes_runs_on_data_through_the_gate() {
    runs(&Server {
        script: "wes-sapporo.sh",
        // it takes no run without the name of an engine
        engine: "engine = \"cwltool\"\n",
        texts: true,
        ends: true,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_toil_takes_runs_on_data_through_the_gate() {
    runs(&Server {
        script: "wes-toil.sh",
        engine: "",
        texts: false,
        ends: true,
    })
    .await;
}

/// A run on an object of the dataset: the engine reads it at the storage door, by a capability of the run.
const COUNT: &str = "cwlVersion: v1.0\nclass: CommandLineTool\nbaseCommand: [wc, -c]\ninputs:\n  in:\n    type: File\n    inputBinding:\n      position: 1\noutputs: []\n";
/// A run that does not end by itself while the test lasts.
const SLEEP: &str = "cwlVersion: v1.0\nclass: CommandLineTool\nbaseCommand: [sleep, '60']\ninputs: []\noutputs: []\n";

/// A person at curl, in front of a house.
struct Curl<'h> {
    house: &'h House,
    token: &'h str,
}

impl Curl<'_> {
    /// Status and body of an answer.
    fn ask(&self, arguments: &[&str], path: &str) -> (u16, Value) {
        let output = Command::new("curl")
            .args(["-sS", "--noproxy", "*", "-w", "\n%{http_code}", "-H"])
            .arg(format!("Authorization: Bearer {}", self.token))
            .args(arguments)
            .arg(self.house.proxy(&format!("/ga4gh/wes/v1{path}")))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let (body, status) = said
            .rsplit_once('\n')
            .unwrap_or_else(|| panic!("curl: {}", String::from_utf8_lossy(&output.stderr)));
        (status.parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
    }

    /// Posts a workflow with its parameters.
    fn run(&self, workflow: &str, params: &Value, more: &[&str]) -> (u16, Value) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("main.cwl");
        std::fs::write(&file, workflow).unwrap();
        let attachment = format!("workflow_attachment=@{};filename=main.cwl", file.display());
        let params = format!("workflow_params={params}");
        let mut arguments = vec![
            "-F",
            "workflow_url=main.cwl",
            "-F",
            "workflow_type=CWL",
            "-F",
            "workflow_type_version=v1.0",
            "-F",
            &params,
            "-F",
            &attachment,
        ];
        for part in more {
            arguments.extend(["-F", part]);
        }
        self.ask(&arguments, "/runs")
    }

    /// The id of a run that was taken.
    fn runs(&self, workflow: &str, params: &Value) -> String {
        let (status, said) = self.run(workflow, params, &[]);
        assert_eq!(status, 200, "{said}\n{}", self.house.node.words());
        said["run_id"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a run has one of these states, or has ended.
    fn until(&self, id: &str, states: &[&str]) -> String {
        let mut state = String::new();
        for _ in 0..900 {
            let (status, said) = self.ask(&[], &format!("/runs/{id}/status"));
            assert_eq!(status, 200, "{said}");
            said["state"].as_str().unwrap_or_default().clone_into(&mut state);
            if states.contains(&state.as_str()) || state.ends_with("ERROR") || state == "COMPLETE" {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        state
    }
}

/// What every WES server is put to: runs with and without data, whose they are, what is denied, and the end of one.
async fn runs(server_: &Server) {
    let backend = server(server_.script, &[]);
    let house = House::start(Wants {
        wes: Some(backend),
        wes_lines: Some(format!(
            "[[proxy.wes.types]]\nname = \"CWL\"\nversions = [\"v1.0\"]\n{}",
            server_.engine
        )),
        ..Wants::default()
    })
    .await;
    let (ada, _) = house.granted().await;
    let ben = house.token("ben");
    let (ada, ben) = (
        Curl {
            house: &house,
            token: &ada,
        },
        Curl {
            house: &house,
            token: &ben,
        },
    );
    let object = house
        .sample
        .objects()
        .iter()
        .find(|object| object.cohort == "a")
        .unwrap();
    let data = json!({ "in": { "class": "File", "location": format!("drs://127.0.0.1/{}", object.id) } });

    // without data, and with it
    let (mut echo, mut count) = (String::new(), String::new());
    for (id, workflow, params) in [
        (&mut echo, WORKFLOW, json!({ "message": "through the gate" })),
        (&mut count, COUNT, data.clone()),
    ] {
        *id = ada.runs(workflow, &params);
        let state = ada.until(id, &[]);
        let (_, log) = ada.ask(&[], &format!("/runs/{id}"));
        assert_eq!(state, "COMPLETE", "{params}: {log}\n{}", house.node.words());
    }
    let (_, log) = ada.ask(&[], &format!("/runs/{count}"));
    assert_eq!(log["run_id"], json!(count), "{log}");
    assert_eq!(
        log.pointer("/request/workflow_params"),
        Some(&data),
        "as it was sent: {log}"
    );
    let told = log.to_string();
    assert!(!told.contains("toil/wes/v1/logs"), "an address beside the gate: {told}");
    assert!(
        !log["outputs"].to_string().contains("file://"),
        "a place of the backend's host: {told}"
    );
    // cwltool says where it put the file that it fetched: no part of the path is a capability
    let long = |letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
    let capability = told.split(long).find(|word| word.len() > 90);
    assert_eq!(capability, None, "{told}");
    if server_.texts {
        let size = object.size.to_string();
        let texts = format!("{}{}", log["run_log"]["stdout"], log["run_log"]["stderr"]);
        assert!(
            texts.contains(&size),
            "the whole object was counted, {size} bytes: {log}"
        );
    }

    // whose they are
    let listed = |who: &Curl<'_>| who.ask(&[], "/runs").1["runs"].as_array().map(Vec::len);
    assert_eq!((listed(&ada), listed(&ben)), (Some(2), Some(0)));
    for path in [format!("/runs/{count}"), format!("/runs/{count}/status")] {
        assert_eq!(ben.ask(&[], &path).0, 404, "{path}");
    }
    assert_eq!(ben.ask(&["-X", "POST"], &format!("/runs/{echo}/cancel")).0, 404);

    // what is denied is not sent
    let (status, said) = ben.run(COUNT, &data, &[]);
    assert_eq!(status, 403, "{said}");
    let elsewhere = json!({ "in": { "class": "File", "location": "s3://nobodys-bucket/x" } });
    let (status, said) = ada.run(COUNT, &elsewhere, &[]);
    assert_eq!(status, 403, "{said}");
    for (part, why) in [
        // Sapporo would fetch it by itself
        (
            "workflow_attachment_obj=[]",
            "a part that the specification does not have",
        ),
        (
            "workflow_engine_parameters={\"--outdir\":\"/x\"}",
            "an option of the engine",
        ),
        ("workflow_engine=nextflow", "another engine"),
    ] {
        assert_eq!(ada.run(WORKFLOW, &json!({ "message": "x" }), &[part]).0, 400, "{why}");
    }
    assert_eq!((listed(&ada), listed(&ben)), (Some(2), Some(0)));

    // the owner ends one
    let long = ada.runs(SLEEP, &json!({}));
    ada.until(&long, &["RUNNING"]);
    let (status, said) = ada.ask(&["-X", "POST"], &format!("/runs/{long}/cancel"));
    assert_eq!((status, &said["run_id"]), (200, &json!(long)), "{said}");
    if server_.ends {
        let state = ada.until(&long, &["CANCELED"]);
        assert_eq!(state, "CANCELED", "{}", house.node.words());
    }
}
