//! The parts of a run request (`apis.md` 3.2), each read by its own rule.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    api::{
        multipart::{Part, boundary, parse},
        parse_json,
        wes::RunRequest,
    },
    config::{WesMount, WorkflowType},
    limits,
    understand::{NotUnderstood, tes::grammar},
};

/// An attachment: name and bytes.
#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    /// Its file name.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// It is this node's own copy of a workflow that was approved: it has been looked through by people.
    pub(crate) approved: bool,
}

/// A run request, read.
#[derive(Clone, Debug)]
pub(crate) struct Form<'m> {
    /// What the caller sent, to be given back.
    pub(crate) request: RunRequest,
    /// The configured type that it fits.
    pub(crate) kind: &'m WorkflowType,
    /// Its files.
    pub(crate) attachments: Vec<Attachment>,
    /// What the backend gets as `workflow_url`: one of the files.
    pub(crate) entry: String,
}

fn fault(part: &str, code: &'static str, sentence: impl Into<String>) -> NotUnderstood {
    NotUnderstood::at(part, code, sentence)
}

/// Reads the body.
///
/// # Errors
/// [`NotUnderstood`] names the part.
pub(crate) fn read<'m>(content_type: &str, body: &[u8], mount: &'m WesMount) -> Result<Form<'m>, NotUnderstood> {
    let whole = |error: crate::api::multipart::MultipartFault| fault("body", "run.multipart", error.to_string());
    let parts = parse(body, &boundary(content_type).map_err(whole)?).map_err(whole)?;
    let (mut texts, mut attachments) = (BTreeMap::new(), Vec::new());
    for Part { name, file, bytes } in parts {
        match (name.as_str(), file) {
            ("workflow_attachment", Some(file)) => attachments.push(Attachment {
                name: file,
                bytes,
                approved: false,
            }),
            (
                "workflow_url"
                | "workflow_params"
                | "workflow_type"
                | "workflow_type_version"
                | "workflow_engine"
                | "workflow_engine_version"
                | "workflow_engine_parameters"
                | "tags",
                _,
            ) => {
                if bytes.len() > limits::RUN_PART_BYTES {
                    return Err(fault(
                        &name,
                        "run.part_long",
                        format!("it is longer than {} bytes", limits::RUN_PART_BYTES),
                    ));
                }
                let text = String::from_utf8(bytes).map_err(|_| fault(&name, "run.part_text", "it is not UTF-8"))?;
                texts.insert(name, text);
            }
            _ => {
                return Err(fault(
                    "body",
                    "run.part_unknown",
                    "there is a part that this node does not take",
                ));
            }
        }
    }
    of(texts, attachments, mount)
}

/// Reads the parts of a request, however they came.
///
/// # Errors
/// [`NotUnderstood`] names the part.
pub(crate) fn of(
    mut texts: BTreeMap<String, String>,
    mut attachments: Vec<Attachment>,
    mount: &WesMount,
) -> Result<Form<'_>, NotUnderstood> {
    let mut take = |name: &str| texts.remove(name).filter(|text| !text.trim().is_empty());
    let needed =
        |name: &'static str, text: Option<String>| text.ok_or_else(|| fault(name, "run.part_missing", "it is missing"));
    let workflow_type = needed("workflow_type", take("workflow_type"))?;
    let version = needed("workflow_type_version", take("workflow_type_version"))?;
    let kind = mount
        .types
        .iter()
        .find(|kind| kind.name.eq_ignore_ascii_case(workflow_type.trim()))
        .ok_or_else(|| fault("workflow_type", "run.type", "this type of workflow is not taken here"))?;
    if !kind.versions.iter().any(|known| known == version.trim()) {
        return Err(fault(
            "workflow_type_version",
            "run.type_version",
            "this version of the type is not taken here",
        ));
    }
    let params: Map<String, Value> = json("workflow_params", take("workflow_params"))?;
    let tags: BTreeMap<String, String> = json("tags", take("tags"))?;
    grammar::tags(&tags)?;
    let engine: BTreeMap<String, String> = json("workflow_engine_parameters", take("workflow_engine_parameters"))?;
    for (key, value) in &engine {
        let taken = kind
            .engine_parameters
            .get(key)
            .is_some_and(|values| values.contains(value));
        if !taken {
            return Err(fault(
                "workflow_engine_parameters",
                "run.engine_parameter",
                "it holds a parameter that is not taken here, or not with this value",
            ));
        }
    }
    if take("workflow_engine").is_some_and(|name| !name.eq_ignore_ascii_case(&kind.name))
        || take("workflow_engine_version").is_some_and(|name| !kind.versions.contains(&name))
    {
        return Err(fault(
            "workflow_engine",
            "run.engine",
            "this engine is not offered here",
        ));
    }
    let url = needed("workflow_url", take("workflow_url"))?;
    let request = RunRequest {
        workflow_params: Value::Object(params),
        workflow_type: kind.name.clone(),
        workflow_type_version: version.trim().to_owned(),
        tags,
        workflow_engine_parameters: engine,
        workflow_engine: None,
        workflow_engine_version: None,
        workflow_url: url.trim().to_owned(),
    };
    let entry = match mount.workflows.iter().find(|known| known.url == request.workflow_url) {
        Some(known) => {
            if attachments.iter().any(|own| own.name.eq_ignore_ascii_case(&known.file)) {
                return Err(fault(
                    "workflow_attachment",
                    "run.workflow_shadowed",
                    "an attachment has the name of the approved workflow's file",
                ));
            }
            attachments.push(Attachment {
                name: known.file.clone(),
                bytes: known.bytes.clone(),
                approved: true,
            });
            known.file.clone()
        }
        None => {
            attached(&request.workflow_url, &attachments)?;
            request.workflow_url.clone()
        }
    };
    Ok(Form {
        request,
        kind,
        attachments,
        entry,
    })
}

/// The workflow is one of the attachments: a remote one may be another tomorrow (E22).
fn attached(url: &str, attachments: &[Attachment]) -> Result<(), NotUnderstood> {
    let (file, fragment) = url
        .split_once('#')
        .map_or((url, None), |(file, fragment)| (file, Some(fragment)));
    let plain = fragment.is_none_or(|name| {
        !name.is_empty()
            && name.len() <= 128
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    });
    if plain && attachments.iter().any(|attachment| attachment.name == file) {
        Ok(())
    } else {
        Err(fault(
            "workflow_url",
            "run.workflow_remote",
            "it must name one of the attachments; a workflow elsewhere could change after it was judged",
        ))
    }
}

fn json<T: DeserializeOwned + Default>(part: &str, text: Option<String>) -> Result<T, NotUnderstood> {
    match text {
        None => Ok(T::default()),
        Some(text) => parse_json(text.as_bytes()).map_err(|error| fault(part, "run.part_json", error.to_string())),
    }
}
