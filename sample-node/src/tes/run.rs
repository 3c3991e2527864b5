//! One task from `QUEUED` to its end: stage, run each executor, upload, tidy up.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    tes::{
        closed::Relay,
        command::Command,
        engine::{Network, Tes},
        path::ContainerPath,
        plan::Plan,
        stage,
        task::{ExecutorLog, State, TaskLog},
    },
    world,
};

/// The longest that one executor may run.
const LONGEST: Duration = Duration::from_secs(3600);
/// Bytes of stdout and of stderr that the log keeps.
const LOGGED: usize = 16 * 1024;
/// Bytes that stdout or stderr may have in all.
const PRINTED: u64 = 256 * 1024 * 1024;

/// How a task ended, if not well.
enum End {
    Canceled,
    Executor(String),
    System(String),
}

/// Runs a task and writes down how it went.
pub(crate) async fn run(tes: Arc<Tes>, id: String, plan: Plan, cancel: CancellationToken) {
    let scratch = tes.scratch.join(&id);
    let ended = tokio::select! {
        // Dropping the other branch drops the process, and `kill_on_drop` kills it.
        biased;
        () = cancel.cancelled() => Err(End::Canceled),
        ended = work(&tes, &id, &plan, &scratch) => ended,
    };
    let tidied = tokio::fs::remove_dir_all(&scratch).await;
    let (state, line) = match ended {
        Ok(()) => (State::Complete, "complete".to_owned()),
        Err(End::Canceled) => (State::Canceled, "canceled; the running process was killed".to_owned()),
        Err(End::Executor(why)) => (State::ExecutorError, why),
        Err(End::System(why)) => (State::SystemError, why),
    };
    log(&tes, &id, |log| {
        log.end_time = Some(world::now().to_string());
        log.system_logs.push(line);
        if let Err(problem) = tidied
            && problem.kind() != std::io::ErrorKind::NotFound
        {
            log.system_logs
                .push(format!("the scratch folder could not be removed: {problem}"));
        }
    });
    if let Some(record) = tes.tasks().find(&id) {
        record.state = state;
    }
}

async fn work(tes: &Tes, id: &str, plan: &Plan, scratch: &Path) -> Result<(), End> {
    let _room = tes
        .room
        .acquire()
        .await
        .map_err(|_| End::System("the server is stopping".to_owned()))?;
    enter(tes, id, State::Initializing)?;
    log(tes, id, |log| {
        log.start_time = Some(world::now().to_string());
        log.metadata
            .insert("sample".to_owned(), "local processes, not isolated".to_owned());
        log.system_logs
            .push("this sample runs local processes in a scratch folder and isolates nothing more".to_owned());
    });
    let system = |why: String| End::System(why);
    let made = |problem: std::io::Error| End::System(format!("the scratch folder could not be made: {problem}"));
    fs::create_dir_all(scratch).map_err(made)?;
    for volume in &plan.volumes {
        fs::create_dir_all(volume.under(scratch)).map_err(made)?;
    }
    for (path, ..) in &plan.outputs {
        if let Some(folder) = path.under(scratch).parent() {
            fs::create_dir_all(folder).map_err(made)?;
        }
    }
    for (number, (source, path, kind)) in plan.inputs.iter().enumerate() {
        let bytes = stage::fetch(tes, id, source, &path.under(scratch), *kind).await;
        let bytes = bytes.map_err(|why| system(format!("input {number} ({}): {why}", path.text())))?;
        log(tes, id, |log| {
            log.system_logs.push(format!("input {number} staged: {bytes} bytes"))
        });
    }
    enter(tes, id, State::Running)?;
    for (number, step) in plan.steps.iter().enumerate() {
        let code = execute(tes, id, step, scratch).await?;
        if code != 0 && !step.ignore_error {
            return Err(End::Executor(format!("executor {number} ended with exit code {code}")));
        }
    }
    for (number, (path, target, kind, url)) in plan.outputs.iter().enumerate() {
        let stored = stage::store(
            tes,
            id,
            &path.under(scratch),
            scratch,
            (target, *kind),
            (url, &path.text()),
        )
        .await;
        let stored = stored.map_err(|why| system(format!("output {number} ({}): {why}", path.text())))?;
        log(tes, id, |log| {
            log.system_logs
                .push(format!("output {number} stored: {} files", stored.len()));
            log.outputs.extend(stored);
        });
    }
    Ok(())
}

/// Goes on to a state, unless the task was canceled meanwhile.
fn enter(tes: &Tes, id: &str, state: State) -> Result<(), End> {
    match tes.tasks().find(id) {
        Some(record) if record.state != State::Canceling => {
            record.state = state;
            Ok(())
        }
        _ => Err(End::Canceled),
    }
}

fn log(tes: &Tes, id: &str, write: impl FnOnce(&mut TaskLog)) {
    if let Some(record) = tes.tasks().find(id) {
        write(&mut record.log);
    }
}

/// Runs one executor to its end; its exit code (128 and the signal's number, if a signal ended it).
async fn execute(tes: &Tes, id: &str, step: &Command, scratch: &Path) -> Result<i32, End> {
    let failed = |what: &str, problem: std::io::Error| End::System(format!("{what}: {problem}"));
    let tool = step.tool.clone();
    let unchanged = tokio::task::spawn_blocking(move || tool.is_unchanged()).await;
    if !unchanged.is_ok_and(|unchanged| unchanged) {
        return Err(End::System(format!(
            "what `{}` holds is not what its image names",
            step.tool.name
        )));
    }
    let folder = step
        .workdir
        .as_ref()
        .map_or_else(|| scratch.to_owned(), |path| path.under(scratch));
    fs::create_dir_all(&folder).map_err(|problem| failed("workdir", problem))?;
    let stdin = match &step.stdin {
        Some(path) => Stdio::from(fs::File::open(path.under(scratch)).map_err(|problem| failed("stdin", problem))?),
        None => Stdio::null(),
    };
    let (to_stdout, to_stderr) = (
        sink(step.stdout.as_ref(), scratch).await?,
        sink(step.stderr.as_ref(), scratch).await?,
    );
    let started = world::now().to_string();
    let mut command = program(tes, step, scratch, &folder)
        .map_err(|problem| failed("the tool's folders", problem))?
        .ok_or_else(|| End::System("this system gives no mount namespace".to_owned()))?;
    command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    // The relay lives as long as the executor.
    let (mut child, _relay) = start(tes, command)
        .await
        .map_err(|problem| failed("the tool could not be started", problem))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let whole = async { tokio::join!(child.wait(), drain(stdout, to_stdout), drain(stderr, to_stderr)) };
    let ended = timeout(LONGEST, whole)
        .await
        .map_err(|_| End::System("the tool ran for too long".to_owned()))?;
    let (status, stdout, stderr) = ended;
    let status = status.map_err(|problem| failed("the tool could not be waited for", problem))?;
    let exit_code = status
        .code()
        .unwrap_or_else(|| 128 + std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0));
    let (stdout, stderr) = (stdout.map_err(End::System)?, stderr.map_err(End::System)?);
    log(tes, id, |log| {
        log.logs.push(ExecutorLog {
            start_time: Some(started),
            end_time: Some(world::now().to_string()),
            stdout: Some(stdout),
            stderr: Some(stderr),
            exit_code,
        });
    });
    Ok(exit_code)
}

/// The process to be: in namespaces of its own if it runs scripts, else with the scratch folder around it.
fn program(tes: &Tes, step: &Command, scratch: &Path, folder: &Path) -> std::io::Result<Option<process::Command>> {
    if step.tool.shell {
        return tes.space.as_ref().map(|space| space.command(step, scratch)).transpose();
    }
    let mut command = process::Command::new(&step.tool.path);
    command
        .arg0(&step.tool.name)
        .args(&step.arguments)
        .current_dir(folder)
        .env_clear()
        .envs(step.env.iter().map(|(name, value)| (name, value)));
    Ok(Some(command))
}

/// Starts it on the network that the settings want.
async fn start(tes: &Tes, mut command: process::Command) -> std::io::Result<(process::Child, Option<Relay>)> {
    match &tes.network {
        Network::Open => Ok((command.spawn()?, None)),
        Network::Closed(closed) => closed.spawn(command).await.map(|(child, relay)| (child, Some(relay))),
        Network::Refused => Err(std::io::Error::other("its network can't be closed")),
    }
}

async fn sink(path: Option<&ContainerPath>, scratch: &Path) -> Result<Option<File>, End> {
    let Some(path) = path else { return Ok(None) };
    let path: PathBuf = path.under(scratch);
    let failed = |problem| End::System(format!("a file for the tool's words could not be made: {problem}"));
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    }
    File::create(path).await.map(Some).map_err(failed)
}

/// Reads all that a process says: into its file, and the first part into the log.
async fn drain(from: Option<impl AsyncRead + Unpin>, mut to: Option<File>) -> Result<String, String> {
    let Some(mut from) = from else { return Ok(String::new()) };
    let (mut head, mut total, mut buffer) = (Vec::new(), 0_u64, vec![0; 16 * 1024]);
    loop {
        let read = from
            .read(&mut buffer)
            .await
            .map_err(|problem| format!("the tool could not be read: {problem}"))?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
            break;
        };
        total = total.saturating_add(part.len() as u64);
        if total > PRINTED {
            return Err(format!("the tool wrote more than {PRINTED} bytes"));
        }
        head.extend(part.iter().take(LOGGED.saturating_sub(head.len())));
        if let Some(file) = &mut to {
            file.write_all(part)
                .await
                .map_err(|problem| format!("the tool's words could not be kept: {problem}"))?;
        }
    }
    if let Some(mut file) = to {
        file.flush()
            .await
            .map_err(|problem| format!("the tool's words could not be kept: {problem}"))?;
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
