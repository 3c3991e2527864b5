//! The tasks that the server knows: in memory, bounded, newest first.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::{
    tes::task::{NewTask, State, TaskLog, Told, View},
    world,
};

/// Tasks that are kept; above it the oldest finished one goes.
const KEPT: usize = 10_000;

/// One task.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) task: NewTask,
    pub(crate) state: State,
    pub(crate) created: String,
    pub(crate) log: TaskLog,
    pub(crate) cancel: CancellationToken,
}

/// All tasks, by the order of their creation.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    next: u64,
    records: BTreeMap<u64, Record>,
}

impl Tasks {
    /// Takes a new task in, `QUEUED`. `None` if there is no room: all kept tasks are unfinished.
    pub(crate) fn add(&mut self, id: String, task: NewTask) -> Option<CancellationToken> {
        if self.records.len() >= KEPT {
            let oldest = self
                .records
                .iter()
                .find(|(_, record)| record.state.is_final())
                .map(|(number, _)| *number)?;
            self.records.remove(&oldest);
        }
        let cancel = CancellationToken::new();
        let record = Record {
            id,
            task,
            state: State::Queued,
            created: world::now().to_string(),
            log: TaskLog::default(),
            cancel: cancel.clone(),
        };
        self.records.insert(self.next, record);
        self.next += 1;
        Some(cancel)
    }

    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Record> {
        self.records.values_mut().rev().find(|record| record.id == id)
    }

    /// Newest first, below number `before`.
    pub(crate) fn newest(&self, before: Option<u64>) -> impl Iterator<Item = (u64, &Record)> {
        self.records
            .range(..before.unwrap_or(u64::MAX))
            .rev()
            .map(|(number, record)| (*number, record))
    }
}

impl Record {
    /// The task in a view (TES 1.1): MINIMAL is id and state; BASIC all but stdout, stderr, content, system logs.
    pub(crate) fn told(&self, view: View) -> Told {
        if view == View::Minimal {
            return Told {
                id: self.id.clone(),
                state: self.state,
                task: Map::new(),
                creation_time: None,
                logs: None,
            };
        }
        let mut log = self.log.clone();
        let mut task: Map<String, Value> = serde_json::to_value(&self.task)
            .ok()
            .and_then(|value| value.as_object().cloned())
            .unwrap_or_default();
        if view == View::Basic {
            log.system_logs.clear();
            for one in &mut log.logs {
                (one.stdout, one.stderr) = (None, None);
            }
            let inputs = task.get_mut("inputs").and_then(Value::as_array_mut);
            for input in inputs.into_iter().flatten().filter_map(Value::as_object_mut) {
                input.remove("content");
            }
        }
        Told {
            id: self.id.clone(),
            state: self.state,
            task,
            creation_time: Some(self.created.clone()),
            logs: Some(vec![log]),
        }
    }
}
