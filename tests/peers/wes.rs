//! wes-service 5.0 behind the gate; wes-client and curl in front of it.

use std::process::Command;

use serde_json::Value;
use tests::node::Addresses;

use crate::{
    login::{Upstream, callback, log_in, node},
    script::{peer, server},
};

/// A workflow without data and without expressions.
const WORKFLOW: &str = "cwlVersion: v1.0\nclass: CommandLineTool\nbaseCommand: echo\ninputs:\n  message:\n    type: string\n    inputBinding:\n      position: 1\noutputs: []\n";

#[tokio::test(flavor = "multi_thread")]
async fn peer_wes_service_runs_a_workflow_that_wes_client_and_curl_send_through_the_gate() {
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
