//! `visum can-i`: would this task, run or use be permitted? Judged before anything is queued.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::{
    client::session::{As, Session},
    commands::{grant::issue::purpose, judged},
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Bytes of a task, a run request or one of its attachments.
const FILE_BYTES: u64 = 4 << 20;

/// Ask whether a task, a run or a use would be permitted, before anything is queued
///
/// Give a TES task or a WES run request as a JSON file, DRS ids with `--object`, or datasets with what you would do. All
/// that is missing is told at once, with the committee's page. With `--purpose` alone it tells which datasets you may
/// use for it and what you would have to apply for. Each purpose that you try is counted, and the committee sees it.
#[derive(Debug, clap::Args)]
pub(crate) struct CanI {
    /// A TES task or a WES run request (JSON), or `-`; attachments of a run are named beside it, relative to the file
    file: Option<Input>,
    /// An object's DRS id or `drs://` address; can be given again
    #[arg(long = "object", value_name = "ID", conflicts_with = "file")]
    objects: Vec<String>,
    /// Datasets (URLs, separated by commas)
    #[arg(long, value_name = "URL", value_delimiter = ',', conflicts_with = "file")]
    datasets: Vec<String>,
    /// What for: a JSON file as in docs/researchers.md, or `-`
    #[arg(long, value_name = "FILE")]
    purpose: Option<Input>,
    /// Where results would be written; can be given again
    #[arg(long = "out", value_name = "URL", conflicts_with = "file")]
    outputs: Vec<String>,
    /// The image that would run; can be given again
    #[arg(long = "image", value_name = "IMAGE", conflicts_with = "file")]
    images: Vec<String>,
    /// download, stream, compute or run
    #[arg(long, value_name = "ACTION", conflicts_with = "file")]
    action: Option<String>,
    /// When, as 2027-01-31T12:00:00Z; absent: now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The smallest changes that would turn a denial, too
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    session: As,
}

/// Asks; exit 0 if it would be permitted (or some dataset is usable now), 1 if not.
pub(crate) async fn run(args: CanI, context: &Context) -> Result<Exit, CommandError> {
    let mut body = Map::new();
    if let Some(file) = &args.file {
        let (kind, value) = match submission(file)? {
            Submission::Task(task) => ("task", task),
            Submission::Run(run) => ("run", run),
        };
        body.insert(kind.to_owned(), Value::Object(value));
    }
    for (name, list) in [
        ("objects", args.objects),
        ("datasets", args.datasets),
        ("outputs", args.outputs),
        ("images", args.images),
    ] {
        if !list.is_empty() {
            body.insert(name.to_owned(), json!(list));
        }
    }
    if let Some(action) = args.action {
        body.insert("action".to_owned(), action.into());
    }
    let alone = body.is_empty();
    if let Some(file) = &args.purpose {
        body.insert("purpose".to_owned(), purpose(file)?);
    } else if alone {
        return Err(CommandError::refused("can_i.nothing", "there is nothing to judge")
            .hint("name a task or run file, --object, --datasets, or --purpose alone"));
    }
    if let Some(at) = args.at {
        body.insert("at".to_owned(), at.into());
    }
    let session = Session::open(&args.session)?;
    let answer = judged::ask(&session, "can-i", args.full, &Value::Object(body)).await?;
    context.show(&answer, |answer| {
        if alone {
            judged::which(answer)
        } else {
            judged::people(answer)
        }
    });
    Ok(if judged::allowed(&answer) { Exit::Yes } else { Exit::No })
}

/// A file, read as what it is: a run has a `workflow_url`.
#[derive(Debug)]
pub(crate) enum Submission {
    /// A TES task.
    Task(Map<String, Value>),
    /// A WES run request; `attachments` has the names and texts of its files.
    Run(Map<String, Value>),
}

/// Reads a file as a task or a run request.
///
/// # Errors
/// `can_i.file` (exit 2) for anything else.
pub(crate) fn submission(file: &Input) -> Result<Submission, CommandError> {
    let bytes = file.read(FILE_BYTES)?;
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|source| CommandError::refused("can_i.file", format!("{file} is no JSON: {source}")))?;
    match value {
        Value::Object(members) if members.contains_key("workflow_url") => {
            Ok(Submission::Run(with_attachments(file, members)?))
        }
        Value::Object(members) => Ok(Submission::Task(members)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(CommandError::refused(
                "can_i.file",
                format!("{file} is neither a TES task nor a WES run request"),
            ))
        }
    }
}

/// The run with the texts of its files: `workflow_attachment` lists them; without it, a workflow that lies beside the
/// file is its only one.
fn with_attachments(file: &Input, mut run: Map<String, Value>) -> Result<Map<String, Value>, CommandError> {
    let folder = match file {
        Input::File(path) => path.parent().map(Path::to_owned).unwrap_or_default(),
        Input::Standard => PathBuf::new(),
    };
    let named: Vec<String> = match run.remove("workflow_attachment") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(name)) => vec![name],
        Some(_) => {
            return Err(CommandError::refused(
                "can_i.file",
                "`workflow_attachment` is one file's name, or a list of them",
            ));
        }
        None => {
            let url = run.get("workflow_url").and_then(Value::as_str).unwrap_or_default();
            let name = url.split('#').next().unwrap_or_default();
            let beside = !name.is_empty() && !name.contains("://") && folder.join(name).is_file();
            beside.then(|| name.to_owned()).into_iter().collect()
        }
    };
    let mut attachments = Vec::new();
    for name in named {
        let bytes = Input::File(folder.join(&name)).read(FILE_BYTES)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            CommandError::refused("can_i.file", format!("`{name}` is not text, so it cannot be judged"))
        })?;
        attachments.push(json!({ "name": name, "text": text }));
    }
    run.insert("attachments".to_owned(), Value::Array(attachments));
    // the specification's form has these as JSON texts; here they may stand as they are
    for name in ["workflow_params", "tags", "workflow_engine_parameters"] {
        if let Some(Value::String(text)) = run.get(name) {
            let value: Value = serde_json::from_str(text)
                .map_err(|source| CommandError::refused("can_i.file", format!("`{name}` is no JSON: {source}")))?;
            run.insert(name.to_owned(), value);
        }
    }
    Ok(run)
}
