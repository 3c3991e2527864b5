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
    gate::Caller,
    limits,
    problem::Problem,
    proxy::Parts,
    understand::{NotUnderstood, tes::grammar, trs},
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
    /// Where the workflow is from, if it is from the tool registry.
    pub(crate) origin: Option<Origin>,
}

/// A workflow of the tool registry, as policies know it.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The digest of its one file, if the run consists of that alone.
    pub(crate) alone: Option<String>,
    /// What it is part of.
    pub(crate) within: Vec<String>,
}

/// The text parts of a request by their names, and its files.
pub(crate) type Pieces = (BTreeMap<String, String>, Vec<Attachment>);

fn fault(part: &str, code: &'static str, sentence: impl Into<String>) -> NotUnderstood {
    NotUnderstood::at(part, code, sentence)
}

/// Takes the body apart.
///
/// # Errors
/// [`NotUnderstood`] names the part.
pub(crate) fn pieces(content_type: &str, body: &[u8]) -> Result<Pieces, NotUnderstood> {
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
    Ok((texts, attachments))
}

/// A workflow that a request names by its place in our tool registry, however its parts came: fetched before the request
/// is read. None for one whose text each of these has already.
///
/// # Errors
/// What the registry's side says.
pub(crate) async fn pinned(
    parts: &Parts,
    caller: &Caller,
    pieces: &Pieces,
    mut mounts: impl Iterator<Item = &WesMount>,
) -> Result<Option<trs::Pinned>, Problem> {
    let text = |name: &str| pieces.0.get(name).map_or("", String::as_str).trim();
    let url = text("workflow_url");
    if mounts.all(|mount| mount.workflows.iter().any(|known| known.url == url)) {
        return Ok(None);
    }
    trs::pinned(parts, caller, url, text("workflow_type")).await
}

/// Reads the parts of a request, with its workflow if that is of the tool registry.
///
/// # Errors
/// [`NotUnderstood`] names the part.
pub(crate) fn of(
    (mut texts, mut attachments): Pieces,
    pinned: Option<trs::Pinned>,
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
    let named = take("workflow_engine");
    let named_version = take("workflow_engine_version");
    let is_ours = |name: &String| {
        let ours = kind.engine.as_ref().map_or(&kind.name, |engine| &engine.name);
        name.eq_ignore_ascii_case(ours) || name.eq_ignore_ascii_case(&kind.name)
    };
    let is_known = |version: &String| {
        let ours = kind.engine.as_ref().and_then(|engine| engine.version.as_ref());
        ours == Some(version) || kind.versions.contains(version)
    };
    if named.as_ref().is_some_and(|name| !is_ours(name)) || named_version.as_ref().is_some_and(|name| !is_known(name)) {
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
    let mut origin = None;
    let known = mount.workflows.iter().find(|known| known.url == request.workflow_url);
    let entry = match (known, pinned) {
        (Some(known), _) => {
            let own = Attachment {
                name: known.file.clone(),
                bytes: known.bytes.clone(),
                approved: true,
            };
            beside(&mut attachments, vec![own])?;
            known.file.clone()
        }
        (None, Some(pinned)) => {
            let alone = attachments.is_empty() && pinned.files.len() == 1;
            origin = Some(Origin {
                alone: alone.then_some(pinned.sha256),
                within: pinned.within,
            });
            let files = pinned.files.into_iter().map(|file| Attachment {
                name: file.name,
                bytes: file.bytes,
                approved: file.approved,
            });
            beside(&mut attachments, files.collect())?;
            pinned.entry
        }
        (None, None) => {
            attached(&request.workflow_url, &attachments)?;
            request.workflow_url.clone()
        }
    };
    Ok(Form {
        request,
        kind,
        attachments,
        entry,
        origin,
    })
}

/// Puts the files of a workflow beside what the caller attached: none has the name of another.
fn beside(attachments: &mut Vec<Attachment>, files: Vec<Attachment>) -> Result<(), NotUnderstood> {
    for file in files {
        if attachments.iter().any(|own| own.name.eq_ignore_ascii_case(&file.name)) {
            return Err(fault(
                "workflow_attachment",
                "run.workflow_shadowed",
                "an attachment has the name of one of the workflow's own files",
            ));
        }
        attachments.push(file);
    }
    Ok(())
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
