//! A task on the wire (TES 1.1): what a client sends, and what it gets back by view.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A task as it is created. Unknown members are refused, the server's own (`id`, `state`, `logs`, …) among them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) inputs: Vec<Input>,
    #[serde(default)]
    pub(crate) outputs: Vec<Output>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resources: Option<Resources>,
    pub(crate) executors: Vec<Executor>,
    #[serde(default)]
    pub(crate) volumes: Vec<String>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum FileType {
    #[default]
    #[serde(rename = "FILE")]
    File,
    #[serde(rename = "DIRECTORY")]
    Directory,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    pub(crate) path: String,
    #[serde(default, rename = "type")]
    pub(crate) kind: FileType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) streamable: Option<bool>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) url: String,
    pub(crate) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path_prefix: Option<String>,
    #[serde(default, rename = "type")]
    pub(crate) kind: FileType,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Executor {
    pub(crate) image: String,
    pub(crate) command: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) workdir: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stdin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stdout: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stderr: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) env: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ignore_error: Option<bool>,
}

/// What a task asks for. This server runs small tools and reserves nothing.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resources {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_cores: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) preemptible: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ram_gb: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disk_gb: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zones: Option<Vec<String>>,
    #[serde(default, skip_serializing)]
    pub(crate) backend_parameters: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) backend_parameters_strict: Option<bool>,
}

/// Where a task is (tesState). `UNKNOWN`, `PAUSED` and `PREEMPTED` are never reached here.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum State {
    Unknown,
    Queued,
    Initializing,
    Running,
    Paused,
    Complete,
    ExecutorError,
    SystemError,
    Canceled,
    Preempted,
    Canceling,
}

impl State {
    /// Nothing follows any more.
    pub(crate) fn is_final(self) -> bool {
        matches!(
            self,
            Self::Complete | Self::ExecutorError | Self::SystemError | Self::Canceled | Self::Preempted
        )
    }
}

/// How much of a task is told.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum View {
    #[default]
    Minimal,
    Basic,
    Full,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct TaskLog {
    pub(crate) logs: Vec<ExecutorLog>,
    pub(crate) metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<String>,
    pub(crate) outputs: Vec<OutputLog>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) system_logs: Vec<String>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ExecutorLog {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stdout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stderr: Option<String>,
    pub(crate) exit_code: i32,
}

/// An uploaded file; the size is a string, as the specification has it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OutputLog {
    pub(crate) url: String,
    pub(crate) path: String,
    pub(crate) size_bytes: String,
}

/// A task as it is told.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) state: State,
    /// What the client sent, as far as the view goes.
    #[serde(flatten)]
    pub(crate) task: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) creation_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logs: Option<Vec<TaskLog>>,
}
