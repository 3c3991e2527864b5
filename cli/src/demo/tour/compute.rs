//! Steps 5 to 9: tasks, a committee's grant, a workflow run, a withdrawal.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Tour, person, refusal, says};
use crate::{
    commands::{grant::issue, hold::place},
    demo::{
        facts,
        people::{Person, UNTIL, purpose},
    },
    error::CommandError,
};

/// The sample's programs take milliseconds; a loaded machine gets more.
const PATIENCE: Duration = Duration::from_secs(20);

/// Counts the lines of the inputs' concatenation.
fn count(tour: &Tour<'_>, name: &str, objects: &[&str]) -> Result<Value, CommandError> {
    let mut inputs = Vec::new();
    let mut paths = Vec::new();
    for object in objects {
        let path = format!("/data/{object}");
        inputs.push(json!({ "url": tour.drs(object)?, "path": path, "type": "FILE" }));
        paths.push(path);
    }
    let mut cat = vec!["cat".to_owned()];
    cat.extend(paths);
    Ok(json!({
        "name": name,
        "inputs": inputs,
        "outputs": [{ "path": "/work/count.txt", "url": tour.sink(&format!("{name}.txt"))?, "type": "FILE" }],
        "executors": [
            { "image": tour.fact("/images/cat")?, "command": cat, "stdout": "/work/all.vcf" },
            { "image": tour.fact("/images/wc")?, "command": ["wc", "-l"], "stdin": "/work/all.vcf", "stdout": "/work/count.txt" }
        ]
    }))
}

fn lines(tour: &Tour<'_>, cohorts: &[&str]) -> Result<usize, CommandError> {
    let mut all = 0;
    for cohort in cohorts {
        let path = std::path::Path::new(&tour.fact("/sample/data")?)
            .join(cohort)
            .join("cohort.vcf");
        let bytes = std::fs::read(&path)
            .map_err(|source| CommandError::unknown("demo.file", format!("{}: {source}", path.display())))?;
        all += bytes.iter().filter(|byte| **byte == b'\n').count();
    }
    Ok(all)
}

fn output(tour: &Tour<'_>, name: &str) -> Result<String, CommandError> {
    let path = std::path::Path::new(&tour.fact("/outputs/folder")?).join(format!("{name}.txt"));
    Ok(std::fs::read_to_string(path).unwrap_or_default().trim().to_owned())
}

/// Step 5: a TES task over the data of step 3.
pub(super) async fn a_task_runs(tour: &mut Tour<'_>, ada: &Person) -> Result<(), CommandError> {
    tour.screen.step(5, "A TES task over the data of step 3");
    let task = count(tour, "step-5", &["a-cohort.vcf"])?;
    tour.screen
        .request("POST /ga4gh/tes/v1/tasks: count the lines of a-cohort.vcf, output to the university's store");
    let sent = ada.post("/ga4gh/tes/v1/tasks", &task).await?;
    let id = sent
        .json()
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if id.is_empty() {
        tour.screen.answer(&refusal(&sent).1);
        tour.screen.must(false, "permitted");
        tour.screen.done();
        return Ok(());
    }
    let state = ada.task_over(&id, PATIENCE).await?;
    let (found, wanted) = (output(tour, "step-5")?, lines(tour, &["a"])?.to_string());
    tour.screen
        .answer(&format!("task {id}: {state}; the output says {found}"));
    tour.screen.hand(&format!("curl -H \"Authorization: Bearer $(visum demo token ada --data {})\" -H 'Content-Type: application/json' -d @task.json {}/tasks", tour.data, tour.fact("/proxy/tes")?));
    tour.screen.must(state == "COMPLETE", "it ran");
    tour.screen.must(found == wanted, "its output is right");
    let told = ada.get(&format!("/ga4gh/tes/v1/tasks/{id}?view=FULL")).await?.text();
    tour.screen.must(
        !told.contains("/visum/data/"),
        "the task as told to her holds no capability, only what she sent",
    );
    tour.screen.done();
    Ok(())
}

/// Step 6: the same with an input of a dataset that nobody granted.
pub(super) async fn one_input_too_many(tour: &mut Tour<'_>, ada: &Person) -> Result<(), CommandError> {
    tour.screen.step(
        6,
        "The same task with one input more, from a dataset that nobody granted",
    );
    let task = count(tour, "step-6", &["a-cohort.vcf", "c-cohort.vcf"])?;
    tour.screen
        .request("POST /ga4gh/tes/v1/tasks with a-cohort.vcf and c-cohort.vcf");
    let sent = ada.post("/ga4gh/tes/v1/tasks", &task).await?;
    tour.screen.answer(&refusal(&sent).1);
    tour.screen.hand(&format!(
        "visum explain --profile ada --dataset {} --action tes:use-input",
        facts::C
    ));
    tour.screen.must(sent.status == 403, "denied as a whole");
    tour.screen
        .must(says(&sent, "consent.approval_missing"), "the reason: no approval");
    tour.screen.must(sent.text().contains(facts::C), "the dataset is named");
    tour.screen.done();
    Ok(())
}

/// Step 7: a committee member logs in with a second factor and grants it; the task of step 6 runs.
pub(super) async fn the_committee_grants(tour: &mut Tour<'_>, ada: &Person) -> Result<Person, CommandError> {
    tour.screen
        .step(7, "A committee member grants it; the task of step 6 runs");
    let dan = person(tour, "dan").await?;
    let body = issue::body(facts::C, &ada.identity(), purpose(), UNTIL)?;
    tour.screen
        .request(&format!("Dan (second factor): POST /visum/v1/admin/grants {body}"));
    let granted = dan.broker("admin/grants", &body).await?;
    let said = if granted.status.is_success() {
        format!(
            "application, vote and grant: three decisions, three events; grant {}",
            granted
                .json()
                .pointer("/grant/id")
                .and_then(Value::as_str)
                .unwrap_or_default()
        )
    } else {
        refusal(&granted).1
    };
    tour.screen.answer(&said);
    tour.screen.hand(&format!(
        "visum login --data {} --profile dan --login-hint dan",
        tour.data
    ));
    tour.screen.hand(&format!(
        "visum grant issue --profile dan --dataset {} --to {} --purpose purpose.json --until {UNTIL}",
        facts::C,
        ada.identity()
    ));
    tour.screen
        .must(granted.status.is_success(), "the committee's grant is issued");
    let own = ada.broker("admin/grants", &body).await?;
    tour.screen
        .must(!own.status.is_success(), "Ada herself could not have done it");

    let task = count(tour, "step-6", &["a-cohort.vcf", "c-cohort.vcf"])?;
    let sent = ada.post("/ga4gh/tes/v1/tasks", &task).await?;
    let id = sent
        .json()
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if id.is_empty() {
        tour.screen.answer(&refusal(&sent).1);
        tour.screen.must(false, "the task of step 6 is permitted now");
    } else {
        let state = ada.task_over(&id, PATIENCE).await?;
        let (found, wanted) = (output(tour, "step-6")?, lines(tour, &["a", "c"])?.to_string());
        tour.screen
            .answer(&format!("task {id}: {state}; the output says {found}"));
        tour.screen.must(
            state == "COMPLETE" && found == wanted,
            "the task of step 6 runs now, with the token she had",
        );
    }
    tour.screen.done();
    Ok(dan)
}

/// Step 8: a WES run whose parameters name DRS objects, judged by all of them.
pub(super) async fn a_run_is_judged_whole(tour: &mut Tour<'_>, ada: &Person) -> Result<(), CommandError> {
    tour.screen.step(8, "A WES run whose parameters name DRS objects");
    let tasks = json!([{
        "name": "count",
        "inputs": [
            { "url": "${param:first}", "path": "/data/first.vcf", "type": "FILE" },
            { "url": "${param:second}", "path": "/data/second.vcf", "type": "FILE" }
        ],
        "outputs": [{ "path": "/work/count.txt", "url": tour.sink("step-8.txt")?, "type": "FILE" }],
        "executors": [
            { "image": tour.fact("/images/cat")?, "command": ["cat", "/data/first.vcf", "/data/second.vcf"], "stdout": "/work/all.vcf" },
            { "image": tour.fact("/images/wc")?, "command": ["wc", "-l"], "stdin": "/work/all.vcf", "stdout": "/work/count.txt" }
        ]
    }]);
    let params = |second: &str| -> Result<Value, CommandError> {
        Ok(json!({ "first": tour.drs("a-cohort.vcf")?, "second": tour.drs(second)? }))
    };
    let (bad, good) = (params("d-cohort.vcf")?, params("c-cohort.vcf")?);
    tour.screen
        .request("POST /ga4gh/wes/v1/runs (VISUM-TASKS 1.0) over A and D");
    let denied = ada.run(&tasks, &bad).await?;
    tour.screen.answer(&refusal(&denied).1);
    tour.screen.must(
        denied.status == 403 && says(&denied, "consent.disease_not_covered"),
        "denied: D is among its parameters",
    );
    tour.screen
        .request("POST /ga4gh/wes/v1/runs (VISUM-TASKS 1.0) over A and C");
    let sent = ada.run(&tasks, &good).await?;
    let id = sent
        .json()
        .get("run_id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if id.is_empty() {
        tour.screen.answer(&refusal(&sent).1);
        tour.screen.must(false, "permitted over A and C");
    } else {
        let state = ada.run_over(&id, PATIENCE).await?;
        let (found, wanted) = (output(tour, "step-8")?, lines(tour, &["a", "c"])?.to_string());
        tour.screen
            .answer(&format!("run {id}: {state}; the output says {found}"));
        tour.screen.hand(&format!("curl -H \"Authorization: Bearer $(visum demo token ada --data {})\" -F workflow_type=VISUM-TASKS … {}/runs", tour.data, tour.fact("/proxy/wes")?));
        tour.screen.must(
            state == "COMPLETE" && found == wanted,
            "permitted for both; it runs, its output is right",
        );
    }
    tour.screen.done();
    Ok(())
}

/// Step 9: a participant's consent is withdrawn; the next access is denied, the running task is cancelled.
pub(super) async fn a_participant_withdraws(
    tour: &mut Tour<'_>,
    ada: &Person,
    dan: &Person,
) -> Result<(), CommandError> {
    tour.screen.step(
        9,
        "A participant withdraws; the next access is denied, the running task is cancelled",
    );
    let task = json!({
        "name": "step-9",
        "inputs": [{ "url": tour.drs("a-cohort.vcf")?, "path": "/data/a.vcf", "type": "FILE" }],
        "executors": [{ "image": tour.fact("/images/sleep")?, "command": ["sleep", "300"] }]
    });
    tour.screen.request("POST /ga4gh/tes/v1/tasks: a long task on A");
    let sent = ada.post("/ga4gh/tes/v1/tasks", &task).await?;
    let id = sent
        .json()
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if id.is_empty() {
        tour.screen.answer(&refusal(&sent).1);
        tour.screen.must(false, "the long task is permitted");
        tour.screen.done();
        return Ok(());
    }
    running(ada, &id).await?;
    tour.screen.answer(&format!("task {id} is running"));
    let body = place::body(
        facts::A,
        "withdrawn",
        Some(("participant", "A-P3")),
        "the participant asked for it",
    );
    tour.screen.request(&format!("Dan: POST /visum/v1/admin/holds {body}"));
    let since = Instant::now();
    let placed = dan.broker("admin/holds", &body).await?;
    let said = if placed.status.is_success() {
        "in force; only its origin can release it".to_owned()
    } else {
        refusal(&placed).1
    };
    tour.screen.answer(&said);
    tour.screen.hand(&format!(
        "visum hold place --profile dan --dataset {} --kind withdrawn --participant A-P3 --reason \"asked for it\"",
        facts::A
    ));
    tour.screen.must(placed.status.is_success(), "the hold is in force");
    let next = ada.access("a-cohort.vcf").await?;
    tour.screen.answer(&refusal(&next).1);
    tour.screen.must(
        next.status == 403 && says(&next, "consent.hold"),
        "the next access is denied, and doesn't say who withdrew",
    );
    let state = ada.task_over(&id, Duration::from_secs(10)).await?;
    let took = since.elapsed();
    tour.screen
        .answer(&format!("task {id}: {state} after {} ms", took.as_millis()));
    tour.screen.must(
        state == "CANCELED" && took <= Duration::from_secs(5),
        "the running task is cancelled within 5 seconds",
    );
    let other = ada.access("a-consensus.fa").await?;
    tour.screen.must(
        other.status.is_success(),
        "an object without that participant's data stays open",
    );
    tour.screen.done();
    Ok(())
}

async fn running(ada: &Person, id: &str) -> Result<(), CommandError> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let state = ada.get(&format!("/ga4gh/tes/v1/tasks/{id}")).await?.ok()?;
        match state.get("state").and_then(Value::as_str).unwrap_or_default() {
            "RUNNING" => return Ok(()),
            "QUEUED" | "INITIALIZING" => tokio::time::sleep(Duration::from_millis(40)).await,
            other => {
                return Err(CommandError::unknown(
                    "demo.task",
                    format!("the long task ended too early: {other}"),
                ));
            }
        }
    }
    Err(CommandError::unknown(
        "demo.slow",
        "the long task did not start in time",
    ))
}
