//! TES 1.1 wire types. A task of a client is read strictly ([`Task`]); of a backend's task only state and logs are
//! read, leniently ([`BackendTask`]): everything else that we tell comes from our own record.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// Where a task stands (TES 1.1 `tesState`).
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
    Preempted,
    Canceling,
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
            Self::Preempted => "PREEMPTED",
            Self::Canceling => "CANCELING",
        }
    }

    /// The state of that word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::from(word)).ok()
    }

    /// Nothing more will happen.
    pub(crate) const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Complete | Self::ExecutorError | Self::SystemError | Self::Canceled | Self::Preempted
        )
    }
}

/// File or directory.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum FileType {
    #[default]
    File,
    Directory,
}

/// An input of a task.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    pub(crate) path: String,
    #[serde(rename = "type", default)]
    pub(crate) kind: FileType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) streamable: Option<bool>,
}

/// An output of a task.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
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
    #[serde(rename = "type", default)]
    pub(crate) kind: FileType,
}

/// A command in an image.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) env: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ignore_error: Option<bool>,
}

/// What a task asks of its machine.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) backend_parameters: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) backend_parameters_strict: Option<bool>,
}

/// A task as a client may send it. The members that a server sets are unknown here, and so refused.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Task {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inputs: Option<Vec<Input>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outputs: Option<Vec<Output>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resources: Option<Resources>,
    pub(crate) executors: Vec<Executor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) volumes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<BTreeMap<String, String>>,
}

/// Text, number or null, as text: gateways write 64-bit integers as strings, and some the reverse.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(i64),
        None(()),
    }
    Ok(match Either::deserialize(from)? {
        Either::Text(text) => text,
        Either::Number(number) => number.to_string(),
        Either::None(()) => String::new(),
    })
}

fn number<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let text = text(from)?;
    if text.is_empty() {
        Ok(0)
    } else {
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// What an executor did.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct ExecutorLog {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stdout: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stderr: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) exit_code: i64,
}

/// A file that was put somewhere.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct OutputFileLog {
    #[serde(default)]
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) path: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) size_bytes: String,
}

/// One try of a task. `metadata` is dropped: it holds host names and the like.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct TaskLog {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) logs: Vec<ExecutorLog>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) outputs: Vec<OutputFileLog>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) system_logs: Option<Vec<String>>,
}

/// What we read of a backend's task.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct BackendTask {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default, deserialize_with = "state")]
    pub(crate) state: State,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) logs: Vec<TaskLog>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) tags: BTreeMap<String, String>,
}

fn state<'de, D: Deserializer<'de>>(from: D) -> Result<State, D::Error> {
    Ok(Option::<String>::deserialize(from)?
        .and_then(|word| State::of(&word))
        .unwrap_or_default())
}

/// A page of a backend's list, read at adoption only.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct BackendPage {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) tasks: Vec<BackendTask>,
    #[serde(default)]
    pub(crate) next_page_token: Option<String>,
}

/// The answer to a create.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Created {
    pub(crate) id: String,
}

/// How much of a task is asked for.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum View {
    /// `id` and `state`.
    #[default]
    Minimal,
    /// All but texts of files and logs.
    Basic,
    /// All.
    Full,
}

impl View {
    /// The view of that word; exact, since E11.
    pub(crate) fn of(word: Option<&str>) -> Option<Self> {
        match word {
            None | Some("MINIMAL") => Some(Self::Minimal),
            Some("BASIC") => Some(Self::Basic),
            Some("FULL") => Some(Self::Full),
            Some(_) => None,
        }
    }
}

/// A task as we tell it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShownTask {
    pub(crate) id: String,
    pub(crate) state: State,
    /// The caller's own words, put back.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<Task>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logs: Option<Vec<TaskLog>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) creation_time: Option<String>,
}

/// A page of tasks.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TaskPage {
    pub(crate) tasks: Vec<ShownTask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page_token: Option<String>,
}

/// Prunes by our own schema, whatever the backend sent (`apis.md` 4.3).
pub(crate) fn show(id: String, state: State, task: Task, logs: Vec<TaskLog>, created: String, view: View) -> ShownTask {
    match view {
        View::Minimal => ShownTask {
            id,
            state,
            task: None,
            logs: None,
            creation_time: None,
        },
        View::Full => ShownTask {
            id,
            state,
            task: Some(task),
            logs: Some(logs),
            creation_time: Some(created),
        },
        View::Basic => {
            let mut task = task;
            for input in task.inputs.iter_mut().flatten() {
                input.content = None;
            }
            let logs = logs.into_iter().map(|log| TaskLog {
                logs: log
                    .logs
                    .into_iter()
                    .map(|log| ExecutorLog {
                        stdout: None,
                        stderr: None,
                        ..log
                    })
                    .collect(),
                system_logs: None,
                ..log
            });
            ShownTask {
                id,
                state,
                task: Some(task),
                logs: Some(logs.collect()),
                creation_time: Some(created),
            }
        }
    }
}

#[cfg(test)]
#[path = "tes_tests.rs"]
mod tests;
