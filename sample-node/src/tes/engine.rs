//! The task server's state: tools, folders, tasks, and the notes of what it touched.

use std::{
    collections::VecDeque,
    fs,
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
        let tools = tool::find(&settings.tools, &settings.shells, &settings.tool_path)?;
        let wanted = tools.iter().any(|tool| tool.shell);
        let space = wanted.then(|| Space::probe(&settings.visible)).flatten();
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
