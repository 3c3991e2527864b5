//! `POST /runs`: the parts of the form (WES 1.1 RunWorkflow), read strictly.

use axum::extract::Multipart;
use serde_json::{Map, Value, json};

use crate::{problem::Problem, tes::NewTask, wes::substitute::substitute};

/// The one workflow type and version that run here.
pub(crate) const TYPE: &str = "VISUM-TASKS";
pub(crate) const VERSION: &str = "1.0";
/// Tasks of one run.
const TASKS: usize = 32;

/// A run that was asked for and understood.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The request as a RunLog tells it again.
    pub(crate) request: Value,
    pub(crate) name: String,
    pub(crate) tags: Map<String, Value>,
    pub(crate) tasks: Vec<NewTask>,
}

/// The parts by name; an attachment has its file name and its bytes.
#[derive(Default)]
struct Parts {
    fields: Map<String, Value>,
    attachment: Option<(String, Vec<u8>)>,
}

/// Reads the whole form.
pub(crate) async fn read(form: Multipart) -> Result<Asked, Problem> {
    let mut parts = collect(form).await?;
    let mut field = |name: &str| {
        parts
            .fields
            .remove(name)
            .and_then(|value| value.as_str().map(str::to_owned))
    };
    let needed = |name: &str, value: Option<String>| value.ok_or_else(|| bad(format!("the part `{name}` is missing")));
    let workflow_type = needed("workflow_type", field("workflow_type"))?;
    let version = needed("workflow_type_version", field("workflow_type_version"))?;
    let url = needed("workflow_url", field("workflow_url"))?;
    if workflow_type != TYPE || version != VERSION {
        return Err(bad(format!(
            "only workflows of type {TYPE}, version {VERSION}, run here"
        )));
    }
    let params = map("workflow_params", field("workflow_params"))?;
    let tags = texts("tags", map("tags", field("tags"))?)?;
    if !map("workflow_engine_parameters", field("workflow_engine_parameters"))?.is_empty() {
        return Err(bad("no workflow engine parameter is supported here".to_owned()));
    }
    for (name, only) in [("workflow_engine", TYPE), ("workflow_engine_version", VERSION)] {
        if field(name).is_some_and(|value| value != only) {
            return Err(bad(format!("the part `{name}` can only be {only}")));
        }
    }
    let (name, bytes) = parts
        .attachment
        .ok_or_else(|| bad("one workflow_attachment is needed: the list of tasks".to_owned()))?;
    if url != name {
        return Err(bad("workflow_url has to be the file name of the attachment".to_owned()));
    }
    let tasks: Vec<NewTask> = serde_json::from_slice(&bytes)
        .map_err(|problem| bad(format!("the attachment is no list of TES tasks: {problem}")))?;
    if tasks.is_empty() || tasks.len() > TASKS {
        return Err(bad(format!("a run has 1 to {TASKS} tasks")));
    }
    let request = json!({
        "workflow_type": workflow_type, "workflow_type_version": version, "workflow_url": url,
        "workflow_params": params, "tags": tags, "workflow_engine_parameters": {},
    });
    Ok(Asked {
        tasks: substitute(tasks, &params).map_err(bad)?,
        request,
        name,
        tags,
    })
}

fn bad(why: String) -> Problem {
    Problem::bad("sample.run", why)
}

async fn collect(mut form: Multipart) -> Result<Parts, Problem> {
    let unread = |problem: axum::extract::multipart::MultipartError| bad(format!("the form can't be read: {problem}"));
    let mut parts = Parts::default();
    while let Some(field) = form.next_field().await.map_err(unread)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.map_err(unread)?.to_vec();
        match name.as_str() {
            "workflow_attachment" => {
                let file = file
                    .filter(|file| plain(file))
                    .ok_or_else(|| bad("an attachment needs a plain file name".to_owned()))?;
                let same = parts
                    .attachment
                    .as_ref()
                    .is_none_or(|held| *held == (file.clone(), bytes.clone()));
                if !same {
                    return Err(bad(
                        "only one workflow_attachment is taken: the list of tasks".to_owned()
                    ));
                }
                parts.attachment = Some((file, bytes));
            }
            "workflow_url"
            | "workflow_params"
            | "workflow_type"
            | "workflow_type_version"
            | "tags"
            | "workflow_engine"
            | "workflow_engine_version"
            | "workflow_engine_parameters" => {
                let text = String::from_utf8(bytes).map_err(|_| bad(format!("the part `{name}` is not UTF-8")))?;
                if parts.fields.insert(name.clone(), Value::String(text)).is_some() {
                    return Err(bad(format!("the part `{name}` stands twice")));
                }
            }
            other => return Err(bad(format!("the part `{}` is not known", other.escape_debug()))),
        }
    }
    Ok(parts)
}

/// A file name without folders.
fn plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !matches!(name, "." | "..")
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control)
}

fn map(name: &str, text: Option<String>) -> Result<Map<String, Value>, Problem> {
    let text = text.filter(|text| !text.is_empty()).unwrap_or_else(|| "{}".to_owned());
    serde_json::from_str(&text).map_err(|problem| bad(format!("the part `{name}` is no JSON object: {problem}")))
}

fn texts(name: &str, map: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    if map.values().all(Value::is_string) {
        Ok(map)
    } else {
        Err(bad(format!("the values of `{name}` have to be texts")))
    }
}
