//! The task server's state: tools, folders, tasks, and the notes of what it touched.

use std::{
    collections::VecDeque,
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    SampleError, TesSettings,
    problem::Problem,
    tes::{
        closed::Closed,
        plan::Plan,
        run,
        space::Space,
        state::Tasks,
        task::{NewTask, State},
        tool::{self, Tool},
    },
    world,
};

/// Notes that are kept; above it the oldest go.
const NOTES: usize = 10_000;
/// How long the tasks may take to end when the server stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// Something that the TES touched on behalf of a task. Kept in memory only, since URLs may hold capabilities.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// A file below an input root was opened.
    Opened {
        /// The task.
        task: String,
        /// The file.
        path: PathBuf,
    },
    /// A URL was fetched (for `s3:` the URL without its signature).
    Fetched {
        /// The task.
        task: String,
        /// The URL.
        url: String,
    },
    /// An output was stored.
    Stored {
        /// The task.
        task: String,
        /// The URL of the output, as the task names it.
        url: String,
    },
}

/// What the network of an executor is.
#[derive(Debug)]
pub(crate) enum Network {
    /// The machine's.
    Open,
    /// One of its own, with the door and nothing else.
    Closed(Closed),
    /// It should be closed, and this system can't: nothing runs.
    Refused,
}

impl Network {
    fn of(door: Option<SocketAddr>) -> Self {
        match door.map(Closed::probe) {
            None => Self::Open,
            Some(Ok(closed)) => Self::Closed(closed),
            Some(Err(why)) => {
                tracing::error!(%why, "the network of tasks is to be closed, and can't be here: every task is refused");
                Self::Refused
            }
        }
    }
}

/// The task server.
#[derive(Debug)]
pub(crate) struct Tes {
    pub(crate) settings: TesSettings,
    pub(crate) input_roots: Vec<PathBuf>,
    pub(crate) output_root: PathBuf,
    pub(crate) scratch: PathBuf,
    pub(crate) client: reqwest::Client,
    pub(crate) room: Semaphore,
    pub(crate) space: Option<Space>,
    pub(crate) network: Network,
    tools: Vec<Tool>,
    tasks: Mutex<Tasks>,
    notes: Mutex<VecDeque<Note>>,
    running: TaskTracker,
    stopping: CancellationToken,
}

impl Tes {
    /// Finds the tools, resolves the folders.
    pub(crate) fn new(
        settings: TesSettings,
        scratch: PathBuf,
        client: reqwest::Client,
    ) -> Result<Arc<Self>, SampleError> {
        let mut tools = tool::find(&settings.tools, &settings.shells, &settings.tool_path)?;
        for folder in &settings.images {
            tools.push(tool::import(folder)?);
        }
        let wanted = tools.iter().any(|tool| tool.shell);
        let network = Network::of(settings.closed_network);
        let closed = settings.closed_network.is_some();
        let space = wanted.then(|| Space::probe(&settings.visible, closed)).flatten();
        if wanted && space.is_none() {
            tracing::error!(
                closed,
                "this system gives no namespaces for scripts: tasks with scripts are refused"
            );
        }
        let resolve = |path: &PathBuf| {
            fs::create_dir_all(path)
                .and_then(|()| path.canonicalize())
                .map_err(|source| SampleError::File {
                    path: path.clone(),
                    source,
                })
        };
        Ok(Arc::new(Self {
            input_roots: settings.input_roots.iter().map(resolve).collect::<Result<_, _>>()?,
            output_root: resolve(&settings.output_root)?,
            scratch: resolve(&scratch)?,
            client,
            room: Semaphore::new(settings.running.min(Semaphore::MAX_PERMITS)),
            settings,
            space,
            network,
            tools,
            tasks: Mutex::default(),
            notes: Mutex::default(),
            running: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }))
    }

    pub(crate) fn tools(&self) -> &[Tool] {
        &self.tools
    }

    pub(crate) fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notes(&self) -> Vec<Note> {
        self.notes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    pub(crate) fn note(&self, note: Note) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() >= NOTES {
            notes.pop_front();
        }
        notes.push_back(note);
    }

    /// Takes a task in and starts it; its id.
    pub(crate) fn create(self: &Arc<Self>, task: NewTask) -> Result<String, Problem> {
        let plan = Plan::of(&task, &self.tools).map_err(|why| Problem::bad("sample.task", why))?;
        if matches!(self.network, Network::Refused) {
            let why =
                "the network of tasks is to be closed, and this system gives no network namespace: nothing is run";
            return Err(Problem::bad("sample.task", why.to_owned()));
        }
        if self.space.is_none() && plan.steps.iter().any(|step| step.tool.shell) {
            let why = "this system gives no mount namespace, and without one no scripts are run";
            return Err(Problem::bad("sample.task", why.to_owned()));
        }
        let unavailable = |why| Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "sample.busy", why);
        if self.stopping.is_cancelled() {
            return Err(unavailable("the server is stopping"));
        }
        let id = world::token(16).map_err(|_| unavailable("no id could be made"))?;
        let cancel = self.tasks().add(id.clone(), task);
        let cancel = cancel.ok_or_else(|| unavailable("there are too many unfinished tasks"))?;
        self.running.spawn(run::run(self.clone(), id.clone(), plan, cancel));
        Ok(id)
    }

    /// Asks a task to end. A finished one stays as it is. `false` if there is none of this id.
    pub(crate) fn cancel(&self, id: &str) -> bool {
        let mut tasks = self.tasks();
        let Some(record) = tasks.find(id) else { return false };
        if !record.state.is_final() {
            record.state = State::Canceling;
            record.cancel.cancel();
        }
        true
    }

    /// Asks all tasks to end, and takes no more.
    pub(crate) fn cancel_all(&self) {
        self.stopping.cancel();
        self.running.close();
        for (_, record) in self.tasks().newest(None) {
            record.cancel.cancel();
        }
    }

    /// The same, and waits until they have.
    pub(crate) async fn stop(&self) {
        self.cancel_all();
        if timeout(FAREWELL, self.running.wait()).await.is_err() {
            tracing::warn!("a sample task did not end in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Settings;

    #[tokio::test]
    async fn where_the_network_cannot_be_closed_no_task_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::new(folder.path().to_owned(), "http://127.0.0.1:9/callback", Vec::new()).unwrap();
        let client = world::client(None).unwrap();
        let tes = Tes::new(settings.tes, folder.path().join("scratch"), client).unwrap();
        let mut tes = Arc::into_inner(tes).unwrap();
        let image = tes.tools().iter().find(|tool| tool.name == "wc").unwrap().image.clone();
        let task = json!({ "executors": [{ "image": image, "command": ["wc", "--version"] }] });
        let task: NewTask = serde_json::from_value(task).unwrap();
        tes.network = Network::Refused;
        let tes = Arc::new(tes);
        assert!(tes.create(task.clone()).is_err(), "it is refused");
        assert_eq!(tes.tasks().newest(None).count(), 0, "and nothing waits to run");

        let mut tes = Arc::into_inner(tes).unwrap();
        tes.network = Network::Open;
        assert!(Arc::new(tes).create(task).is_ok(), "the network alone was the reason");
    }
}
