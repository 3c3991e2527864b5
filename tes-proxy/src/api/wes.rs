//! WES 1.1 wire types. Of a backend's run we read state, logs and outputs, leniently; the request that we tell is the
//! caller's own, from our record.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Where a run stands (WES 1.1 `State`).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum State {
    #[default]
    Unknown,
    Queued,
    Initializing,
    Running,
    Paused,
    Complete,
    ExecutorError,
    SystemError,
    Canceled,
    Canceling,
    Preempted,
}

impl State {
    /// The word of the specification.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Queued => "QUEUED",
            Self::Initializing => "INITIALIZING",
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
            Self::Complete => "COMPLETE",
            Self::ExecutorError => "EXECUTOR_ERROR",
            Self::SystemError => "SYSTEM_ERROR",
            Self::Canceled => "CANCELED",
            Self::Canceling => "CANCELING",
            Self::Preempted => "PREEMPTED",
        }
    }

    /// The state of that word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        serde_json::from_value(Value::from(word)).ok()
    }

    /// Nothing more will happen.
    pub(crate) const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Complete | Self::ExecutorError | Self::SystemError | Self::Canceled | Self::Preempted
        )
    }
}

fn state<'de, D: Deserializer<'de>>(from: D) -> Result<State, D::Error> {
    Ok(Option::<String>::deserialize(from)?
        .and_then(|word| State::of(&word))
        .unwrap_or_default())
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// A command's log as a backend tells it: words or a list, URLs or the text itself.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct BackendLog {
    #[serde(default)]
    pub(crate) id: Option<Value>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) start_time: Option<String>,
    #[serde(default)]
    pub(crate) end_time: Option<String>,
    #[serde(default)]
    pub(crate) stdout: Option<String>,
    #[serde(default)]
    pub(crate) stderr: Option<String>,
    #[serde(default)]
    pub(crate) exit_code: Option<Value>,
}

/// What we read of a backend's run.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct BackendRun {
    #[serde(default, deserialize_with = "state")]
    pub(crate) state: State,
    #[serde(default)]
    pub(crate) run_log: Option<BackendLog>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) task_logs: Vec<BackendLog>,
    #[serde(default)]
    pub(crate) outputs: Option<Value>,
}

/// A page of a backend's runs, read at adoption: the member is `runs` or, in Toil and wes-service, `workflows`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct BackendRuns {
    #[serde(default, alias = "workflows", deserialize_with = "or_default")]
    pub(crate) runs: Vec<BackendSummary>,
    #[serde(default)]
    pub(crate) next_page_token: Option<String>,
}

/// One row of it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct BackendSummary {
    #[serde(default)]
    pub(crate) run_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) tags: BTreeMap<String, String>,
}

/// `{run_id}`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct RunId {
    pub(crate) run_id: String,
}

/// The answer of `/status`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunStatus {
    pub(crate) run_id: String,
    pub(crate) state: State,
}

/// One row of a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunSummary {
    pub(crate) run_id: String,
    pub(crate) state: State,
    pub(crate) start_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

/// A page of runs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunPage {
    pub(crate) runs: Vec<RunSummary>,
    pub(crate) next_page_token: String,
}

/// What the caller sent, kept by us and given back.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct RunRequest {
    #[serde(default)]
    pub(crate) workflow_params: Value,
    pub(crate) workflow_type: String,
    pub(crate) workflow_type_version: String,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) workflow_engine_parameters: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) workflow_engine: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) workflow_engine_version: Option<String>,
    pub(crate) workflow_url: String,
}

/// A log as we tell it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Log {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stdout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stderr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit_code: Option<i64>,
}

/// A run as we tell it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunLog {
    pub(crate) run_id: String,
    pub(crate) request: RunRequest,
    pub(crate) state: State,
    pub(crate) run_log: Log,
    pub(crate) task_logs: Vec<Log>,
    pub(crate) outputs: Value,
}

/// A page of a run's tasks.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TaskLogPage {
    pub(crate) task_logs: Vec<Log>,
    pub(crate) next_page_token: String,
}

fn plain(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

impl BackendLog {
    /// Ours, without command line and host names; texts only where `logs` says that the caller may read them.
    /// A log that is a URL or a path of the backend is dropped: it would lead past the gate (`apis.md` 3.5).
    pub(crate) fn show(self, logs: bool) -> Log {
        let text = |log: Option<String>| log.filter(|text| logs && !is_reference(text));
        Log {
            id: self.id.and_then(plain),
            name: self.name,
            start_time: self.start_time,
            end_time: self.end_time,
            stdout: text(self.stdout),
            stderr: text(self.stderr),
            exit_code: self.exit_code.and_then(plain).and_then(|text| text.parse().ok()),
        }
    }
}

/// Does a log's text look like a place instead of a text?
fn is_reference(text: &str) -> bool {
    let one = text.trim();
    let single = !one.is_empty() && !one.contains(char::is_whitespace);
    single && (one.starts_with('/') || one.starts_with("../") || one.starts_with("./") || one.contains("://"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_and_logs_of_real_servers_are_read() {
        let toil: BackendRuns = serde_json::from_value(
            json!({"workflows": [{"run_id": "run-1", "state": "RUNNING"}], "next_page_token": ""}),
        )
        .unwrap();
        assert_eq!(toil.runs[0].run_id, "run-1");
        let run: BackendRun = serde_json::from_value(json!({
            "run_id": "r", "state": "COMPLETE", "run_log": {"cmd": "cwltool x", "exit_code": "0", "stdout": "../../../../toil/wes/v1/logs/r/stdout", "stderr": "done\n"},
            "task_logs": null, "outputs": {"o": {"location": "file:///host/x"}}, "request": {"a": 1},
        }))
        .unwrap();
        let shown = serde_json::to_value(run.run_log.unwrap().show(true)).unwrap();
        assert_eq!(
            shown,
            json!({"exit_code": 0, "stderr": "done\n"}),
            "no command, no path past the gate"
        );
    }

    #[test]
    fn e28_texts_are_told_only_to_who_may_read_logs() {
        let log = BackendLog {
            stdout: Some("chr1 1 A".into()),
            ..BackendLog::default()
        };
        assert_eq!(log.clone().show(false).stdout, None);
        assert_eq!(log.show(true).stdout.as_deref(), Some("chr1 1 A"));
    }
}
