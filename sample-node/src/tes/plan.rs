//! A task, understood: what is staged, run and uploaded. What can't be understood is refused when it is created.

use std::{collections::BTreeMap, path::PathBuf};

use url::Url;

use crate::tes::{
    command::Command,
    path::ContainerPath,
    task::{Executor, FileType, Input, NewTask, Output},
    tool::Tool,
};

/// Inputs, outputs, volumes or executors in a task.
const MANY: usize = 64;
/// Bytes of a literal input (the specification's least).
const CONTENT: usize = 128 * 1024;
/// Bytes of a name, a description, a tag, an environment variable.
const TEXT: usize = 4096;

/// Where an input comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Http(Url),
    File(PathBuf),
    S3 { bucket: String, key: String },
    Literal(String),
}

/// Where an output goes.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Http(Url),
    File(PathBuf),
    S3 { bucket: String, key: String },
}

/// All that a task will do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) inputs: Vec<(Source, ContainerPath, FileType)>,
    pub(crate) outputs: Vec<(ContainerPath, Target, FileType, String)>,
    pub(crate) volumes: Vec<ContainerPath>,
    pub(crate) steps: Vec<Command>,
}

impl Plan {
    /// Understands a task, or says in a sentence why not.
    pub(crate) fn of(task: &NewTask, tools: &[Tool]) -> Result<Self, String> {
        let lists = [
            task.inputs.len(),
            task.outputs.len(),
            task.volumes.len(),
            task.executors.len(),
            task.tags.len(),
        ];
        if lists.iter().any(|length| *length > MANY) {
            return Err(format!(
                "a task has at most {MANY} inputs, outputs, volumes, executors and tags"
            ));
        }
        if task.executors.is_empty() {
            return Err("a task needs at least one executor".to_owned());
        }
        let words = task.tags.iter().flat_map(|(key, value)| [key, value]);
        if words
            .chain(&task.name)
            .chain(&task.description)
            .any(|text| text.len() > TEXT)
        {
            return Err(format!("a name, description or tag has more than {TEXT} bytes"));
        }
        if let Some(resources) = &task.resources
            && resources.backend_parameters_strict == Some(true)
            && !resources.backend_parameters.is_empty()
        {
            return Err("no backend parameter is supported here".to_owned());
        }
        let inputs = task.inputs.iter().map(input).collect::<Result<Vec<_>, _>>()?;
        let outputs = task.outputs.iter().map(output).collect::<Result<Vec<_>, _>>()?;
        let volumes = task
            .volumes
            .iter()
            .map(|path| ContainerPath::parse(path))
            .collect::<Result<Vec<_>, _>>()?;
        for (index, (_, path, _)) in inputs.iter().enumerate() {
            let others = inputs.iter().enumerate().filter(|(other, _)| *other != index);
            if others.clone().any(|(_, (_, other, _))| path.is_within(other)) {
                return Err(format!(
                    "the input path `{}` is that of another input or lies below it",
                    path.text()
                ));
            }
            if volumes.iter().any(|volume| volume.is_within(path)) {
                return Err(format!("a volume lies at or below the input `{}`", path.text()));
            }
        }
        let mut known: Vec<ContainerPath> = inputs.iter().map(|(_, path, _)| path.clone()).collect();
        known.extend(outputs.iter().map(|(path, ..)| path.clone()));
        known.extend(volumes.iter().cloned());
        for file in task
            .executors
            .iter()
            .flat_map(|executor| [&executor.stdout, &executor.stderr])
            .flatten()
        {
            known.push(ContainerPath::parse(file)?);
        }
        let mut steps = Vec::new();
        for executor in &task.executors {
            steps.push(step(executor, tools, &known)?);
        }
        Ok(Self {
            inputs,
            outputs,
            volumes,
            steps,
        })
    }
}

fn input(input: &Input) -> Result<(Source, ContainerPath, FileType), String> {
    let path = ContainerPath::parse(&input.path)?;
    let source = match (&input.url, &input.content) {
        (Some(_), Some(_)) => return Err(format!("the input `{}` has both url and content", path.text())),
        (None, None) => return Err(format!("the input `{}` has neither url nor content", path.text())),
        (None, Some(content)) if content.len() > CONTENT => {
            return Err(format!(
                "the content of `{}` has more than {CONTENT} bytes",
                path.text()
            ));
        }
        (None, Some(content)) => Source::Literal(content.clone()),
        (Some(url), None) => match target(url)? {
            Target::Http(url) => Source::Http(url),
            Target::File(path) => Source::File(path),
            Target::S3 { bucket, key } => Source::S3 { bucket, key },
        },
    };
    if input.kind == FileType::Directory && !matches!(source, Source::File(_)) {
        return Err(format!(
            "the input `{}`: a DIRECTORY is staged from file: only",
            path.text()
        ));
    }
    Ok((source, path, input.kind))
}

fn output(output: &Output) -> Result<(ContainerPath, Target, FileType, String), String> {
    let path = ContainerPath::parse(&output.path)?;
    if output.path.contains(['*', '?', '[']) || output.path_prefix.is_some() {
        return Err(format!("the output `{}`: this sample takes no wildcards", path.text()));
    }
    let target = target(&output.url)?;
    if output.kind == FileType::Directory && !matches!(target, Target::File(_)) {
        return Err(format!(
            "the output `{}`: a DIRECTORY is stored to file: only",
            path.text()
        ));
    }
    Ok((path, target, output.kind, output.url.clone()))
}

/// Reads a storage URL. The text itself is kept out of errors: it may hold a capability.
fn target(text: &str) -> Result<Target, String> {
    let url = Url::parse(text).map_err(|_| "a url is no URL".to_owned())?;
    // The parser resolves dots, encoded ones too; a URL that has them is read in two ways, so it is not taken.
    let dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if matches!(url.scheme(), "file" | "s3") && text.split(['/', '\\', '?', '#']).any(dots) {
        return Err("a file: or s3: URL has `.` or `..` in it".to_owned());
    }
    match url.scheme() {
        "http" | "https" => Ok(Target::Http(url)),
        "file" => {
            let path = url
                .to_file_path()
                .map_err(|()| "a file: URL names no local path".to_owned())?;
            Ok(Target::File(path))
        }
        "s3" => {
            let key = percent_encoding::percent_decode_str(url.path().trim_start_matches('/'))
                .decode_utf8()
                .map_err(|_| "an s3: URL is not UTF-8".to_owned())?;
            let plain = |segment: &str| !matches!(segment, "" | "." | "..");
            match url.host_str() {
                Some(bucket) if !bucket.is_empty() && key.split('/').all(plain) => Ok(Target::S3 {
                    bucket: bucket.to_owned(),
                    key: key.into_owned(),
                }),
                _ => Err("an s3: URL needs a bucket, and a key without empty or dotted segments".to_owned()),
            }
        }
        other => Err(format!(
            "the scheme `{}` is not staged here: http, https, file, s3",
            other.escape_debug()
        )),
    }
}

fn step(executor: &Executor, tools: &[Tool], known: &[ContainerPath]) -> Result<Command, String> {
    // its tools are Docker Hub's by name, with the registry or without it
    let image = executor.image.strip_prefix("docker.io/").unwrap_or(&executor.image);
    let tool = tools.iter().find(|tool| tool.image == image).ok_or_else(|| {
        let names: Vec<&str> = tools.iter().map(|tool| tool.image.as_str()).collect();
        format!(
            "the image `{}` is none of: {}",
            executor.image.escape_debug(),
            names.join(", ")
        )
    })?;
    Command::of(executor, tool, known, environment(&executor.env)?)
}

/// Environment variables that change which code a program loads are refused.
fn environment(env: &BTreeMap<String, String>) -> Result<Vec<(String, String)>, String> {
    let first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    for (name, value) in env {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain || !name.bytes().next().is_some_and(first) || value.contains('\0') || value.len() > TEXT {
            return Err(format!(
                "the environment variable `{}` can't be set",
                name.escape_debug()
            ));
        }
        if name.starts_with("LD_") || name == "GCONV_PATH" || name == "LOCPATH" {
            return Err(format!(
                "the environment variable `{name}` is refused: it decides what code is loaded"
            ));
        }
    }
    Ok(env.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}
