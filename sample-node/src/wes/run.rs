//! One run: its tasks one after the other at the TES, until one fails or the run is canceled.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    tes::NewTask,
    wes::routes::{Runs, Wes},
    world,
};

/// How often the TES is asked.
const PAUSE: Duration = Duration::from_millis(100);
/// How often in a row the TES may fail to answer.
const PATIENCE: usize = 5;

/// A run as it is kept.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) request: Value,
    pub(crate) name: String,
    pub(crate) tags: Map<String, Value>,
    pub(crate) state: &'static str,
    pub(crate) started: Option<String>,
    pub(crate) ended: Option<String>,
    /// The TES's tasks, in FULL view, in order.
    pub(crate) tasks: Vec<Value>,
    pub(crate) system_logs: Vec<String>,
    pub(crate) cancel: CancellationToken,
}

impl Run {
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.state, "COMPLETE" | "EXECUTOR_ERROR" | "SYSTEM_ERROR" | "CANCELED")
    }
}

/// Runs all tasks and writes down how it went.
pub(crate) async fn run(wes: Arc<Wes>, id: String, tasks: Vec<NewTask>, cancel: CancellationToken) {
    wes.runs().change(&id, |run| {
        if run.state == "QUEUED" {
            run.state = "RUNNING";
        }
        run.started = Some(world::now().to_string());
    });
    let mut state = "COMPLETE";
    for (number, task) in tasks.into_iter().enumerate() {
        match one(&wes, &id, task, &cancel).await {
            Ok("COMPLETE") => {}
            Ok(other) => {
                state = if cancel.is_cancelled() { "CANCELED" } else { other };
                wes.runs().change(&id, |run| {
                    run.system_logs.push(format!("task {number} ended in {other}"))
                });
                break;
            }
            Err(why) => {
                state = if cancel.is_cancelled() {
                    "CANCELED"
                } else {
                    "SYSTEM_ERROR"
                };
                wes.runs()
                    .change(&id, |run| run.system_logs.push(format!("task {number}: {why}")));
                break;
            }
        }
    }
    wes.runs().change(&id, |run| {
        run.state = state;
        run.ended = Some(world::now().to_string());
    });
}

/// Creates one task, waits for its end, and cancels it when the run is canceled; the task's last state.
async fn one(wes: &Wes, run: &str, mut task: NewTask, cancel: &CancellationToken) -> Result<&'static str, String> {
    if cancel.is_cancelled() {
        return Err("not started, since the run was canceled".to_owned());
    }
    task.tags.insert("sample.run".to_owned(), run.to_owned());
    let body = serde_json::to_value(&task).map_err(|problem| problem.to_string())?;
    let created = wes.call(reqwest::Method::POST, "/tasks", Some(&body)).await?;
    let task = created
        .get("id")
        .and_then(Value::as_str)
        .ok_or("the TES gave no id")?
        .to_owned();
    let index = wes.runs().change(run, |run| {
        run.tasks.push(created.clone());
        run.tasks.len() - 1
    });
    let (mut failures, mut asked) = (0, false);
    loop {
        if cancel.is_cancelled() && !asked {
            asked = wes
                .call(
                    reqwest::Method::POST,
                    &format!("/tasks/{task}:cancel"),
                    Some(&json!({})),
                )
                .await
                .is_ok();
        }
        match wes
            .call(reqwest::Method::GET, &format!("/tasks/{task}?view=FULL"), None)
            .await
        {
            Ok(told) => {
                failures = 0;
                let state = finals(told.get("state").and_then(Value::as_str).unwrap_or_default());
                wes.runs().change(run, |run| {
                    if let Some(held) = index.and_then(|index| run.tasks.get_mut(index)) {
                        *held = told;
                    }
                });
                if let Some(state) = state {
                    return Ok(state);
                }
            }
            Err(why) if failures >= PATIENCE => return Err(why),
            Err(_) => failures += 1,
        }
        tokio::select! {
            () = cancel.cancelled(), if !asked => {}
            () = sleep(PAUSE) => {}
        }
    }
}

/// A state after which nothing follows.
fn finals(state: &str) -> Option<&'static str> {
    ["COMPLETE", "EXECUTOR_ERROR", "SYSTEM_ERROR", "CANCELED"]
        .into_iter()
        .find(|one| *one == state)
}

impl Runs {
    /// Changes a run, if it is still there.
    pub(crate) fn change<T>(&mut self, id: &str, change: impl FnOnce(&mut Run) -> T) -> Option<T> {
        self.find(id).map(change)
    }
}
