//! Toil as a client of the gate's TES: with a session's token by its user, and with the run's own by its WES server, which
//! is behind the gate too. The TES is played: it keeps what it is sent, and this test is its compute node, which shares
//! Toil's job store as Toil wants it of a TES.

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};
use tests::{
    house::{DATASET, House, Wants},
    outside::{get, post, send},
    tes::PlayedTes,
};

use crate::script::{installed, peer};

/// One job, which Toil sends as one task: a pickle that names the job store.
const WORKFLOW: &str = r#"
from toil.common import Toil
from toil.job import Job

def answer(job):
    return 6 * 7

if __name__ == "__main__":
    options = Job.Runner.getDefaultArgumentParser().parse_args()
    with Toil(options) as toil:
        print("the answer is", toil.start(Job.wrapJobFn(answer, cores=1, memory="200M", disk="100M")))
"#;

const COUNT: &str = "cwlVersion: v1.0\nclass: CommandLineTool\nbaseCommand: [wc, -c]\ninputs:\n  in:\n    type: File\n    inputBinding:\n      position: 1\noutputs: []\n";

/// A compute node of the played TES: runs each task's command as a process. It stops when it is dropped.
struct ComputeNode(Arc<AtomicBool>);

impl ComputeNode {
    fn of(tes: &PlayedTes) -> Self {
        let (tes, stop) = (tes.clone(), Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        std::thread::spawn(move || {
            let mut done = 0;
            while !stopped.load(Ordering::Relaxed) {
                for (at, task) in tes.tasks().iter().enumerate().skip(done) {
                    let state = if worked(task) { "COMPLETE" } else { "EXECUTOR_ERROR" };
                    tes.end(at, state);
                    done = at + 1;
                }
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
        Self(stop)
    }
}

impl Drop for ComputeNode {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs the one executor of a task with nothing but its own environment.
fn worked(task: &Value) -> bool {
    let words: Vec<&str> = task["executors"][0]["command"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let programs = installed().join("venv/toiltes/bin");
    let mut command = Command::new(programs.join(words[0]));
    command.args(&words[1..]).env_clear();
    command.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    for (name, value) in task["executors"][0]["env"].as_object().into_iter().flatten() {
        command.env(name, value.as_str().unwrap_or_default());
    }
    let output = command.output().unwrap();
    if !output.status.success() {
        eprintln!("a task failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success()
}

async fn session(house: &House, ada: &str) -> Value {
    let image = peer("toil-tes.sh", &["image"], &[]);
    let image = image.out.lines().last().unwrap_or_default().to_owned();
    let asked = json!({ "datasets": [DATASET], "images": [image], "out": [] });
    let answer = post(&house.proxy("/visum/v1/sessions"), Some(ada), &asked).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_toil_sends_its_jobs_through_the_gate_by_a_sessions_token() {
    let tes = PlayedTes::start().await;
    let house = House::start(Wants {
        tes: Some(tes.url.clone()),
        ..Wants::default()
    })
    .await;
    let (ada, _) = house.granted().await;
    let session = session(&house, &ada).await;
    let token = session["token"].as_str().unwrap().to_owned();
    let run = async |token: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("workflow.py"), WORKFLOW).unwrap();
        let (gate, token) = (house.node.at.proxy.clone(), token.to_owned());
        tokio::task::spawn_blocking(move || {
            let at: &Path = folder.path();
            peer(
                "toil-tes.sh",
                &["run", at.to_str().unwrap(), &gate],
                &[("VISUM_TOKEN", &token)],
            )
        })
        .await
        .unwrap()
    };
    let node = ComputeNode::of(&tes);
    let said = run(&token).await;
    assert_eq!(said.code, 0, "{}{}\n{}", said.out, said.err, house.node.words());
    assert!(said.out.contains("the answer is 42"), "{}", said.out);
    let sent = tes.tasks();
    let [task] = sent.as_slice() else {
        panic!("one job, one task: {sent:?}")
    };
    assert!(task["inputs"].as_array().is_none_or(Vec::is_empty), "{task}");
    assert_eq!(task["executors"][0]["command"][0], "_toil_contained_executor");
    // nobody can tell what a pickle reads: it counts for all that the session may
    let tagged = task["tags"]["visum.datasets"].as_str().unwrap_or_default();
    assert!(!tagged.is_empty(), "{task}");
    assert!(
        !task.to_string().contains(&token),
        "its own token is not in what it sends"
    );
    drop(node);

    // the session is over: Toil is refused, and no task comes
    let id = session["id"].as_str().unwrap();
    let url = house.proxy(&format!("/visum/v1/sessions/{id}"));
    assert_eq!(send(reqwest::Method::DELETE, &url, Some(&ada), None).await.status, 204);
    let said = run(&token).await;
    assert_ne!(said.code, 0, "{}", said.out);
    assert_eq!(tes.tasks().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_a_run_of_toil_keeps_person_and_purpose_when_it_sends_tasks_through_the_gate() {
    let tes = PlayedTes::start().await;
    let house = House::start(Wants {
        tes: Some(tes.url.clone()),
        wes: Some(server_of_toil()),
        wes_lines: Some(
            "[[proxy.wes.types]]\nname = \"CWL\"\nversions = [\"v1.0\"]\n[proxy.wes.types.run_token]\nparameter = \"--tesBearerToken\"\n\
             with = { \"--batchSystem\" = \"tes\", \"--tesEndpoint\" = \"{proxy}\" }\n"
                .to_owned(),
        ),
        ..Wants::default()
    })
    .await;
    let (ada, _) = house.granted().await;
    let node = ComputeNode::of(&tes);
    let object = house
        .sample
        .objects()
        .iter()
        .find(|object| object.cohort == "a")
        .unwrap();
    let params = json!({ "in": { "class": "File", "location": format!("drs://127.0.0.1/{}", object.id) } });
    let form = reqwest::multipart::Form::new()
        .text("workflow_type", "CWL")
        .text("workflow_type_version", "v1.0")
        .text("workflow_url", "main.cwl")
        .text("workflow_params", params.to_string())
        .part(
            "workflow_attachment",
            reqwest::multipart::Part::text(COUNT).file_name("main.cwl"),
        );
    let runs = house.proxy("/ga4gh/wes/v1/runs");
    let sent = tests::outside::client()
        .post(&runs)
        .bearer_auth(&ada)
        .multipart(form)
        .send()
        .await
        .unwrap();
    let sent = tests::outside::read(sent).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let run = format!("{runs}/{}", sent.json()["run_id"].as_str().unwrap());
    let mut state = String::new();
    for _ in 0..900 {
        let told = get(&format!("{run}/status"), Some(&ada)).await.json();
        told["state"].as_str().unwrap_or_default().clone_into(&mut state);
        if state == "COMPLETE" || state.ends_with("ERROR") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let log = get(&run, Some(&ada)).await.text();
    assert_eq!(state, "COMPLETE", "{log}\n{}", house.node.words());
    assert!(!log.contains("eyJ") && !log.contains("tesBearerToken"), "{log}");
    drop(node);

    // its tasks are hers, of the run's dataset, as one that she sends herself is
    let tasks = tes.tasks();
    assert!(!tasks.is_empty(), "Toil sent its job as a task");
    let own = json!({
        "inputs": [{ "url": format!("drs://127.0.0.1/{}", object.id), "path": "/in/a" }],
        "executors": [{ "image": house.sample.image("wc"), "command": ["wc", "-c", "/in/a"] }],
    });
    let hers = post(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&ada), &own).await;
    assert_eq!(hers.status, 200, "{}", hers.text());
    let direct = tes.tasks().last().cloned().unwrap();
    for task in &tasks {
        for tag in ["visum.owner", "visum.datasets"] {
            assert_eq!(task["tags"][tag], direct["tags"][tag], "{tag}: {task}");
        }
        assert!(
            task["inputs"].as_array().is_none_or(Vec::is_empty),
            "an opaque one: {task}"
        );
    }
    let listed = get(&house.proxy("/ga4gh/tes/v1/tasks"), Some(&ada)).await.json();
    assert_eq!(
        listed["tasks"].as_array().map(Vec::len),
        Some(tasks.len() + 1),
        "{listed}"
    );

    // and so it stands in the log: her pseudonym, and a purpose that the grant binds
    let noor = house.token("noor");
    let url = house.broker("/visum/v1/admin/audit/events?from=0&limit=1000");
    let events = get(&url, Some(&noor)).await.json();
    let of = |kind: &str| -> Vec<[Value; 3]> {
        let all = events["events"].as_array().into_iter().flatten();
        let ours = all.map(|row| &row["event"]).filter(|event| event["type"] == kind);
        ours.map(|event| {
            ["/who/p", "/why/basis", "/why/verdict"].map(|at| event.pointer(at).cloned().unwrap_or_default())
        })
        .collect()
    };
    let (runs, created) = (of("wes:RunWorkflow"), of("tes:CreateTask"));
    let [run] = runs.as_slice() else {
        panic!("one run: {runs:?}")
    };
    assert!(run[0].is_string() && run[1] == "bound", "{run:?}");
    assert_eq!(created.len(), tasks.len() + 1, "{created:?}");
    assert!(created.iter().all(|task| task == run), "{run:?} {created:?}");
}

fn server_of_toil() -> String {
    let said = peer("toil-tes.sh", &["wes"], &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    said.out.lines().last().unwrap_or_default().to_owned()
}
