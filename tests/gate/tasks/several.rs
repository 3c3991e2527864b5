//! Several WES behind one gate: each run where its type is taken and its data may be (E32).

use serde_json::json;
use tests::{
    house::{DATASET, Wants},
    outside::get,
};

use super::{
    Gate,
    backend::Backend,
    runs::{run, tasks_run},
};

const CWL: &str = "class: CommandLineTool\nbaseCommand: [wc, --version]\ninputs: []\noutputs: []\n";

#[tokio::test(flavor = "multi_thread")]
async fn e32_a_run_goes_where_its_type_is_taken_and_its_data_may_be() {
    let south = Backend::start().await;
    let types = "types = [{ name = \"CWL\", versions = [\"v1.0\"] }, \
                 { name = \"VISUM-TASKS\", versions = [\"1.0\"], reading = \"tasks\" }]";
    let gate = Gate::with(Wants {
        wes_lines: Some("name = \"north\"\nholds = []".to_owned()),
        more_wes: vec![(
            south.url.clone(),
            format!("name = \"south\"\nholds = [\"{DATASET}\"]\n{types}"),
        )],
        ..Wants::default()
    })
    .await;
    let north = &gate.wes;
    let sent = tasks_run(&gate, &gate.ada, &json!([gate.task()]), &[]).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    assert_eq!((north.count(), south.count()), (0, 1), "the data go where they may be");
    let of_south = sent.json()["run_id"].as_str().unwrap().to_owned();
    let mut of_north = String::new();
    for (version, counts) in [("v1.2", (1, 1)), ("v1.0", (1, 2))] {
        let text = format!("cwlVersion: {version}\n{CWL}");
        let parts = [
            ("workflow_type", "CWL"),
            ("workflow_type_version", version),
            ("workflow_url", "w.cwl"),
        ];
        let sent = run(&gate, &gate.ada, &parts, &[("w.cwl", text.as_bytes())]).await;
        assert_eq!(sent.status, 200, "{version}: {}", sent.text());
        assert_eq!((north.count(), south.count()), counts, "{version}");
        if version == "v1.2" {
            of_north = sent.json()["run_id"].as_str().unwrap().to_owned();
        }
    }
    // Both call their first run alike; each is asked for its own.
    north.tell(json!({ "run_id": "x", "state": "RUNNING" }));
    south.tell(json!({ "run_id": "x", "state": "PAUSED" }));
    let runs = gate.house.proxy("/ga4gh/wes/v1/runs");
    for (id, state) in [(&of_north, "RUNNING"), (&of_south, "PAUSED")] {
        let told = get(&format!("{runs}/{id}/status"), Some(&gate.ada)).await;
        assert_eq!(told.json()["state"], json!(state), "{}", told.text());
    }
    let list = get(&runs, Some(&gate.ada)).await.json();
    assert_eq!(list["runs"].as_array().unwrap().len(), 3, "{list}");
    // Nobody takes this one; and what is told of the service is what one of them takes.
    let parts = [
        ("workflow_type", "CWL"),
        ("workflow_type_version", "v1.1"),
        ("workflow_url", "w.cwl"),
    ];
    let refused = run(&gate, &gate.ada, &parts, &[("w.cwl", CWL.as_bytes())]).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "run.type_version"));
    let info = get(&gate.house.proxy("/ga4gh/wes/v1/service-info"), None).await.json();
    assert_eq!(
        info["workflow_type_versions"]["CWL"]["workflow_type_version"],
        json!(["v1.2", "v1.0"]),
        "{info}"
    );
}
