//! Inputs, outputs and volumes of a task: every URL and path that it names.

use std::collections::BTreeSet;

use policy_engine::intent::{DataRef, Intent, RefRefused, StorageUrl};

use crate::{
    api::tes::{FileType, Input, Output, Task},
    limits,
    understand::{NotUnderstood, reference, scan::Scan},
};

use super::grammar::{below, path, text};

/// The data that an input names, if it names any.
///
/// # Errors
/// [`NotUnderstood`] for a URL that is no reference, or one that is a whole folder of a DRS.
pub(crate) fn source(part: &str, input: &Input) -> Result<Option<DataRef>, NotUnderstood> {
    let place = format!("{part}.url");
    match (&input.url, &input.content) {
        (Some(_), Some(_)) => Err(NotUnderstood::at(
            part,
            "task.input_twice",
            "it has both `url` and `content`",
        )),
        (None, None) => Err(NotUnderstood::at(
            part,
            "task.input_empty",
            "it has neither `url` nor `content`",
        )),
        (None, Some(content)) if content.len() > limits::CONTENT_BYTES => Err(NotUnderstood::at(
            part,
            "task.content_long",
            format!("`content` is longer than {} bytes", limits::CONTENT_BYTES),
        )),
        (None, Some(_)) => Ok(None),
        (Some(url), None) => {
            let data = reference::data(url).map_err(|refused| NotUnderstood::reference(&place, refused))?;
            match (input.kind, data) {
                (FileType::File, DataRef::Storage(url)) if url.is_prefix() => Err(NotUnderstood::at(
                    place,
                    "task.input_prefix",
                    "it is a folder, and `type` says FILE",
                )),
                (FileType::Directory, DataRef::Storage(url)) if !url.is_prefix() => {
                    // a folder stands for everything below it: said with its slash, so that it is mapped as one
                    let folder = StorageUrl::parse(&format!("{url}/"))
                        .map_err(|refused| NotUnderstood::reference(&place, refused))?;
                    Ok(Some(DataRef::Storage(folder)))
                }
                (FileType::Directory, DataRef::Object(_) | DataRef::Dataset(_)) => Err(NotUnderstood::at(
                    place,
                    "task.input_bundle",
                    "bundles are not taken as folders yet; name the objects",
                )),
                (_, data) => Ok(Some(data)),
            }
        }
    }
}

/// The place that an output goes to.
///
/// # Errors
/// [`NotUnderstood`].
pub(crate) fn target(part: &str, output: &Output) -> Result<StorageUrl, NotUnderstood> {
    let place = format!("{part}.url");
    let wild = output.path.contains(['*', '?', '[', '{']);
    if wild && output.path_prefix.is_none() {
        return Err(NotUnderstood::at(
            part,
            "task.output_prefix_missing",
            "a `path` with wildcards needs `path_prefix`",
        ));
    }
    let many = wild || output.kind == FileType::Directory;
    let text = if many && !output.url.ends_with('/') {
        format!("{}/", output.url)
    } else {
        output.url.clone()
    };
    let url = StorageUrl::parse(&text).map_err(|refused| NotUnderstood::reference(&place, refused))?;
    if !many && url.is_prefix() {
        return Err(NotUnderstood::reference(place, RefRefused::Segment));
    }
    Ok(url)
}

/// Adds what inputs, outputs and volumes name to the intent.
///
/// # Errors
/// [`NotUnderstood`] names the part.
pub(crate) fn intent(task: &Task, scan: &mut Scan<'_>, intent: &mut Intent) -> Result<(), NotUnderstood> {
    let many = |part: &str| NotUnderstood::at(part, "task.too_many", "there are too many of them");
    let (inputs, outputs) = (
        task.inputs.as_deref().unwrap_or_default(),
        task.outputs.as_deref().unwrap_or_default(),
    );
    if inputs.len() > limits::INPUTS {
        return Err(many("inputs"));
    }
    if outputs.len() > limits::OUTPUTS {
        return Err(many("outputs"));
    }
    let mut paths = BTreeSet::new();
    for (at, input) in inputs.iter().enumerate() {
        let part = format!("inputs[{at}]");
        described(&part, input.name.as_deref(), input.description.as_deref(), scan, intent)?;
        path(&format!("{part}.path"), &input.path)?;
        if paths
            .iter()
            .any(|other: &&str| below(&input.path, other) || below(other, &input.path))
        {
            return Err(NotUnderstood::at(
                format!("{part}.path"),
                "task.path_twice",
                "another input has it, or lies above or below",
            ));
        }
        paths.insert(input.path.as_str());
        if let Some(data) = source(&part, input)? {
            intent.read(data, format!("{part}.url")).map_err(|_| many("inputs"))?;
        }
        if let Some(content) = &input.content {
            intent.inline_code = true;
            embedded(scan, intent, &format!("{part}.content"), content)?;
        }
    }
    for (at, output) in outputs.iter().enumerate() {
        let part = format!("outputs[{at}]");
        described(
            &part,
            output.name.as_deref(),
            output.description.as_deref(),
            scan,
            intent,
        )?;
        let literal = output.path.split(['*', '?', '[', '{']).next().unwrap_or_default();
        let literal = if literal.len() == output.path.len() {
            literal
        } else {
            literal.rsplit_once('/').map_or("", |(front, _)| front)
        };
        path(
            &format!("{part}.path"),
            if literal.is_empty() { &output.path } else { literal },
        )?;
        if let Some(prefix) = &output.path_prefix {
            path(&format!("{part}.path_prefix"), prefix)?;
            if !below(&output.path, prefix) {
                return Err(NotUnderstood::at(
                    format!("{part}.path_prefix"),
                    "task.path_prefix",
                    "`path` does not lie below it",
                ));
            }
        }
        intent
            .write(target(&part, output)?, format!("{part}.url"))
            .map_err(|_| many("outputs"))?;
    }
    for (at, volume) in task.volumes.iter().flatten().enumerate() {
        let part = format!("volumes[{at}]");
        path(&part, volume)?;
        let outs = outputs.iter().map(|output| output.path.as_str());
        let others = task.volumes.iter().flatten().take(at).map(String::as_str);
        if paths
            .iter()
            .copied()
            .chain(outs)
            .chain(others)
            .any(|other| below(other, volume) || below(volume, other))
        {
            return Err(NotUnderstood::at(
                part,
                "task.volume_overlap",
                "it is the path of an input, output or other volume, or lies inside or around one",
            ));
        }
    }
    Ok(())
}

/// Name and description, of a task or of a part of it: people read them, nothing runs them, so that they make nothing
/// opaque; what they name is judged all the same.
///
/// # Errors
/// [`NotUnderstood`] names the part.
pub(crate) fn described(
    part: &str,
    name: Option<&str>,
    description: Option<&str>,
    scan: &mut Scan<'_>,
    intent: &mut Intent,
) -> Result<(), NotUnderstood> {
    let dot = if part.is_empty() { "" } else { "." };
    for (member, told, most) in [
        ("name", name, limits::NAME_CHARS),
        ("description", description, limits::DESCRIPTION_CHARS),
    ] {
        let part = format!("{part}{dot}{member}");
        text(&part, told, most)?;
        let opaque = intent.opaque;
        embedded(scan, intent, &part, told.unwrap_or_default())?;
        intent.opaque = opaque;
    }
    Ok(())
}

/// Text that may name data inside. What a dataset owns of it is judged; for the rest the intent is opaque.
///
/// # Errors
/// [`NotUnderstood`] for what is refused wherever it stands, or when it names too much.
pub(crate) fn embedded(scan: &mut Scan<'_>, intent: &mut Intent, part: &str, text: &str) -> Result<(), NotUnderstood> {
    let seen = scan.text(part, text)?;
    intent.opaque |= seen.opaque;
    for data in seen.references {
        intent
            .mention(data, part, false)
            .map_err(|_| NotUnderstood::at(part, "task.too_many", "it names too much"))?;
    }
    Ok(())
}
