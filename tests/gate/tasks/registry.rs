//! The tool registry as the source of what pins code: workflows by their place in it (E22), commands of tools by their
//! descriptor (E77).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tests::{house::Wants, outside::Answer};

use super::{Gate, image, merged, runs::run};

/// A registry that tells what a test lays down: encoded path below the base, and its answer.
#[derive(Clone, Default)]
struct Registry(Arc<Mutex<BTreeMap<String, Value>>>);

impl Registry {
    async fn start() -> (Self, String) {
        let registry = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(told).with_state(registry.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (registry, url)
    }

    fn tell(&self, path: &str, answer: Value) {
        self.0
            .lock()
            .unwrap()
            .insert(format!("/ga4gh/trs/v2/tools/{path}"), answer);
    }

    /// The main text of version 1 of a tool.
    fn descriptor(&self, tool: &str, text: &str) {
        self.tell(&format!("{tool}/versions/1/CWL/descriptor"), json!({ "content": text }));
    }
}

async fn told(State(registry): State<Registry>, request: Request) -> Response {
    match registry.0.lock().unwrap().get(request.uri().path()) {
        Some(answer) if answer.get("redirect").is_some() => {
            let to = answer["redirect"].as_str().unwrap().to_owned();
            (http::StatusCode::FOUND, [("location", to)]).into_response()
        }
        Some(answer) => ([("content-type", "application/json")], answer.to_string()).into_response(),
        None => http::StatusCode::NOT_FOUND.into_response(),
    }
}

fn sha256(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn named(gate: &Gate, url: &str, params: &Value, files: &[(&str, &[u8])]) -> Answer {
    let params = params.to_string();
    let parts = [
        ("workflow_type", "CWL"),
        ("workflow_type_version", "v1.2"),
        ("workflow_url", url),
        ("workflow_params", params.as_str()),
    ];
    run(gate, &gate.ada, &parts, files).await
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

const MAIN: &str = "cwlVersion: v1.2\nclass: Workflow\ninputs: {file: File}\noutputs: {}\nsteps:\n  a: {run: lib/step.cwl, in: {}, out: []}\n";
const STEP: &str = "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: [wc, -l]\ninputs: []\noutputs: []\n";
/// `#workflow/org/count`
const COUNT: &str = "%23workflow%2Forg%2Fcount";

#[tokio::test(flavor = "multi_thread")]
async fn e22_a_workflow_of_the_registry_is_fetched_once_pinned_and_attached() {
    let (registry, url) = Registry::start().await;
    let gate = Gate::with(Wants {
        trs: Some(url.clone()),
        trs_lines: Some("hosts = [\"trs.example.org\"]".to_owned()),
        administrator: true,
        ..Wants::default()
    })
    .await;
    registry.tell(
        &format!("{COUNT}/versions/1/CWL/descriptor"),
        json!({ "content": MAIN, "checksum": [{ "type": "sha-256", "checksum": sha256(MAIN) }] }),
    );
    registry.tell(
        &format!("{COUNT}/versions/1/CWL/descriptor/lib/step.cwl"),
        json!({ "content": STEP }),
    );
    registry.tell(
        &format!("{COUNT}/versions/1/CWL/files"),
        json!([{ "path": "count.cwl", "file_type": "PRIMARY_DESCRIPTOR" }, { "path": "lib/step.cwl", "file_type": "SECONDARY_DESCRIPTOR" },
            { "path": "test.json", "file_type": "TEST_FILE" }]),
    );
    let proxy = gate.house.proxy("");
    let data = json!({ "file": gate.drs() });
    let host = proxy
        .trim_start_matches("http://")
        .split(':')
        .next()
        .unwrap()
        .to_owned();
    for name in [
        format!("trs://{host}/{COUNT}/1"),
        format!("TRS://Trs.Example.org/{COUNT}/1/CWL"),
        format!("{proxy}/ga4gh/trs/v2/tools/{COUNT}/versions/1/CWL/descriptor"),
        format!("{proxy}/api/ga4gh/trs/v2/tools/{COUNT}/versions/1/PLAIN_CWL/descriptor"),
        format!("{proxy}/api/ga4gh/v2/tools/{COUNT}/versions/1/CWL/descriptor"),
        format!("{url}/ga4gh/trs/v2/tools/{COUNT}/versions/1/CWL/descriptor"),
    ] {
        let answer = named(&gate, &name, &data, &[]).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let sent = gate.wes.last();
        assert!(
            sent.contains("name=\"workflow_url\"\r\n\r\ncount.cwl\r\n"),
            "{name}: {sent}"
        );
        assert!(
            sent.contains("filename=\"count.cwl\"") && sent.contains(MAIN),
            "{name}: {sent}"
        );
        assert!(
            sent.contains("filename=\"lib/step.cwl\"") && sent.contains(STEP),
            "{name}: {sent}"
        );
        assert!(
            !sent.contains("trs://") && !sent.contains("/ga4gh/trs/"),
            "{name}: {sent}"
        );
    }
    let count = gate.wes.count();
    for (name, url, files, expected) in [
        (
            "another registry",
            format!("trs://dockstore.example.org/{COUNT}/1"),
            None,
            (400, "run.workflow_remote"),
        ),
        (
            "one that ends alike",
            format!("trs://{host}.evil.example.net/{COUNT}/1"),
            None,
            (400, "run.workflow_remote"),
        ),
        (
            "user info",
            format!("trs://{host}@evil.example.net/{COUNT}/1"),
            None,
            (400, "run.workflow_remote"),
        ),
        (
            "no version",
            format!("trs://{host}/{COUNT}"),
            None,
            (400, "run.trs_url"),
        ),
        (
            "a climb",
            format!("trs://{host}/{COUNT}/1/CWL/..%2Fx"),
            None,
            (400, "run.trs_url"),
        ),
        (
            "a query",
            format!("{proxy}/ga4gh/trs/v2/tools/{COUNT}/versions/1/CWL/descriptor?x"),
            None,
            (400, "run.trs_url"),
        ),
        (
            "no descriptor",
            format!("{proxy}/ga4gh/trs/v2/tools/{COUNT}"),
            None,
            (400, "run.trs_url"),
        ),
        (
            "another language",
            format!("trs://{host}/{COUNT}/1/WDL"),
            None,
            (400, "run.trs_type"),
        ),
        (
            "another version",
            format!("trs://{host}/{COUNT}/2"),
            None,
            (404, "request.not_found"),
        ),
        (
            "a file put in its place",
            format!("trs://{host}/{COUNT}/1"),
            Some("lib/Step.cwl"),
            (400, "run.workflow_shadowed"),
        ),
    ] {
        let files: Vec<(&str, &[u8])> = files.iter().map(|file| (*file, STEP.as_bytes())).collect();
        let answer = named(&gate, &url, &data, &files).await;
        assert_eq!(
            said(&answer),
            (expected.0, expected.1.to_owned()),
            "{name}: {}",
            answer.text()
        );
    }
    // what a registry may not do
    for (name, told, expected) in [
        (
            "a text with another digest",
            json!({ "content": MAIN, "checksum": [{ "type": "sha-256", "checksum": "00" }] }),
            (400, "run.trs_checksum"),
        ),
        (
            "a redirect",
            json!({ "redirect": "http://127.0.0.1:1/x" }),
            (502, "backend.refused"),
        ),
        (
            "a text elsewhere",
            json!({ "url": "http://127.0.0.1:1/x" }),
            (502, "backend.unreadable"),
        ),
        ("no text", json!({}), (502, "backend.unreadable")),
        (
            "an import from elsewhere",
            json!({ "content": "class: Workflow\nsteps:\n- $import: https://evil.example.org/a.cwl\n" }),
            (400, "run.import_remote"),
        ),
        (
            "an expression",
            json!({ "content": format!("{MAIN}hints: {{x: $(inputs.y)}}\n") }),
            (403, "policy.opaque"),
        ),
        (
            "too much",
            json!({ "content": "#".repeat((1 << 20) + 1) }),
            (400, "run.trs_files"),
        ),
    ] {
        registry.tell(&format!("{COUNT}/versions/1/CWL/descriptor"), told);
        let answer = named(&gate, &format!("trs://{host}/{COUNT}/1"), &data, &[]).await;
        assert_eq!(
            said(&answer),
            (expected.0, expected.1.to_owned()),
            "{name}: {}",
            answer.text()
        );
    }
    registry.descriptor(COUNT, MAIN);
    registry.tell(
        &format!("{COUNT}/versions/1/CWL/files"),
        json!([{ "path": "../../x", "file_type": "SECONDARY_DESCRIPTOR" }]),
    );
    let answer = named(&gate, &format!("trs://{host}/{COUNT}/1"), &data, &[]).await;
    assert_eq!(said(&answer).0, 400, "a file outside: {}", answer.text());
    assert_eq!(gate.wes.count(), count, "none of these was sent on");

    // a policy names the text by its digest; the version moves, and what was named is no longer what would run
    registry.tell(&format!("{COUNT}/versions/1/CWL/files"), json!([]));
    let digest = sha256(MAIN);
    gate.house.publish(
        &format!(
            "@id(\"own.workflow\")\n@reason(\"One workflow only.\")\n@code(\"policy.own_workflow\")\n@remedy(\"Run that one.\")\n\
             forbid (\n  principal,\n  action == Visum::Action::\"wes:run-workflow\",\n  resource\n)\nunless {{ resource in Visum::Tool::\"sha256:{digest}\" }};\n"
        ),
        None,
        &["workflow-pinned"],
    )
    .await;
    let name = format!("trs://{host}/{COUNT}/1");
    let own = named(&gate, &name, &data, &[]).await;
    assert_eq!(own.status, 200, "{}", own.text());
    let beside = named(&gate, &name, &data, &[("notes.txt", b"nothing in here\n")]).await;
    assert_eq!(beside.status, 200, "{}", beside.text());
    registry.descriptor(COUNT, &MAIN.replace("a: {run", "b: {run"));
    let moved = named(&gate, &name, &data, &[]).await;
    assert_eq!(
        said(&moved),
        (403, "policy.own_workflow".to_owned()),
        "{}",
        moved.text()
    );
    let attached = named(&gate, "main.cwl", &data, &[("main.cwl", STEP.as_bytes())]).await;
    assert_eq!(
        said(&attached),
        (403, "policy.own_workflow".to_owned()),
        "{}",
        attached.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e77_a_certified_image_runs_its_own_command_and_no_shell() {
    let (registry, url) = Registry::start().await;
    let text = format!(
        "cwlVersion: v1.2\nclass: CommandLineTool\nhints:\n  DockerRequirement: {{dockerPull: {}}}\n  EnvVarRequirement: {{envDef: {{LC_ALL: C}}}}\n\
         baseCommand: [wc, -l]\ninputs:\n  file: {{type: File, inputBinding: {{position: 1}}}}\noutputs: {{}}\nstdout: out\n",
        image()
    );
    // another tool of the settings, whose text is not what they say
    let shell = text.replace("[wc, -l]", "[sh, -c]");
    registry.descriptor("org%2Fcount", &text);
    registry.descriptor("org%2Fshell", &shell);
    let gate = Gate::with(Wants {
        trs: Some(url),
        trs_lines: Some(format!(
            "[[proxy.trs.tools]]\nid = \"org/count\"\nversion = \"1\"\nsha256 = \"{}\"\n\
             [[proxy.trs.tools]]\nid = \"org/shell\"\nversion = \"1\"\nsha256 = \"{}\"\n",
            sha256(&text),
            sha256("something else"),
        )),
        tes_lines: Some(
            "[proxy.code.images]\n\"docker.io/sample/wc:1\" = \"sha256:".to_owned() + &"0a".repeat(32) + "\"\n",
        ),
        administrator: true,
        ..Wants::default()
    })
    .await;
    let links = json!([{ "template": "visum.template.certified-tool", "id": "own.certified",
        "resource": { "type": "Visum::Image", "id": "docker.io/sample/wc" }, "reason": "It reads cohort A." }]);
    let idle = "@id(\"own.idle\")\n@reason(\"Nothing.\")\n@code(\"policy.own_idle\")\n@remedy(\"None.\")\n\
                forbid (\n  principal,\n  action == Visum::Action::\"trs:read\",\n  resource == Visum::Tool::\"nothing\"\n);\n";
    gate.house.publish(idle, Some(links), &[]).await;
    let own = merged(&gate.task(), &json!({ "executors": [{ "env": { "LC_ALL": "C" } }] }));
    let deny = (403, "policy.not_the_tool");
    let cases = [
        ("its own command", json!({}), 200, ""),
        (
            "by a tag that stands for the digest",
            json!({ "executors": [{ "image": "sample/wc:1" }] }),
            200,
            "",
        ),
        (
            "a shell",
            json!({ "executors": [{ "command": ["/bin/sh", "-c", "wc -l /data/in"] }] }),
            deny.0,
            deny.1,
        ),
        (
            "a shell with no script",
            json!({ "executors": [{ "command": ["sh", "-c", "/data/in"] }] }),
            deny.0,
            deny.1,
        ),
        (
            "a word more",
            json!({ "executors": [{ "command": ["wc", "-l", "/data/in", "-c"] }] }),
            deny.0,
            deny.1,
        ),
        (
            "another option",
            json!({ "executors": [{ "command": ["wc", "-c", "/data/in"] }] }),
            deny.0,
            deny.1,
        ),
        (
            "another path to the program",
            json!({ "executors": [{ "command": ["/usr/bin/wc", "-l", "/data/in"] }] }),
            deny.0,
            deny.1,
        ),
        (
            "a file that is no input",
            json!({ "executors": [{ "command": ["wc", "-l", "/etc/passwd"] }] }),
            deny.0,
            deny.1,
        ),
        (
            "environment that changes the program",
            json!({ "executors": [{ "env": { "LC_ALL": "C", "TOOL_RC": "/data/in" } }] }),
            deny.0,
            deny.1,
        ),
        (
            "another value",
            json!({ "executors": [{ "env": { "LC_ALL": "D" } }] }),
            deny.0,
            deny.1,
        ),
        (
            "a script beside it",
            json!({ "inputs": [{}, { "content": "hello", "path": "/data/x", "type": "FILE" }] }),
            deny.0,
            deny.1,
        ),
        (
            "another digest of the image",
            json!({ "executors": [{ "image": image().replace("0a", "0b") }] }),
            deny.0,
            deny.1,
        ),
        (
            "a second executor with a shell",
            json!({ "executors": [{}, { "image": image(), "command": ["sh", "-c", "id"] }] }),
            deny.0,
            deny.1,
        ),
    ];
    gate.tried(&own, &cases).await;
    // without what its descriptor sets, it is another command
    let bare = gate.send(&gate.ada, &gate.task()).await;
    assert_eq!(said(&bare), (403, "policy.not_the_tool".to_owned()), "{}", bare.text());
    // what the policy does not name is as it was
    let other = merged(
        &gate.task(),
        &json!({ "executors": [{ "image": image().replace("sample/wc", "sample/other") }] }),
    );
    assert_eq!(gate.send(&gate.ada, &other).await.status, 200);
}
