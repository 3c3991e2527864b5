//! `POST /tasks`: what a new task would read, run and write (TES 1.1, CreateTask).

use std::collections::BTreeSet;

use policy_engine::intent::{Action, Intent};

use crate::{
    api::tes::Task,
    config::ComputeMount,
    limits,
    rules::Called,
    understand::{NotUnderstood, scan::Scan},
};

use super::{grammar, image, io, version};

/// Reads the task and the mount's settings, and nothing of the caller.
///
/// # Errors
/// [`NotUnderstood`] names the part of the task.
pub(crate) fn intent(task: &Task, mount: &ComputeMount, scan: &mut Scan<'_>) -> Result<Intent, NotUnderstood> {
    let mut intent = mount.at(Intent::new(Action::TesCreate));
    intent.command_matches = true;
    add(task, mount, scan, &mut intent)?;
    Ok(intent)
}

/// Adds a task to an intent: a run is made of several.
///
/// # Errors
/// As [`intent`].
pub(crate) fn add(
    task: &Task,
    mount: &ComputeMount,
    scan: &mut Scan<'_>,
    intent: &mut Intent,
) -> Result<(), NotUnderstood> {
    if let Some(name) = &task.name {
        grammar::quoted("name", name, limits::NAME_CHARS)?;
    }
    io::described("", task.name.as_deref(), task.description.as_deref(), scan, intent)?;
    if let Some(tags) = &task.tags {
        grammar::tags(tags)?;
        for text in tags.iter().flat_map(|(key, value)| [key, value]) {
            io::embedded(scan, intent, "tags", text)?;
        }
    }
    io::intent(task, scan, intent)?;
    if task.executors.is_empty() || task.executors.len() > limits::EXECUTORS {
        return Err(NotUnderstood::at(
            "executors",
            "task.executors",
            format!("there are none or more than {}", limits::EXECUTORS),
        ));
    }
    for (at, executor) in task.executors.iter().enumerate() {
        image::intent(&format!("executors[{at}]"), executor, mount, scan, intent)?;
    }
    intent.command_matches &= is_the_tools(task, mount);
    streams(task)?;
    if mount.rules.tes_1_0 {
        version::only_1_0(task)?;
    }
    resources(task, mount, scan, intent)
}

/// Is each command the own one of a tool that this node knows, with no inputs but data?
fn is_the_tools(task: &Task, mount: &ComputeMount) -> bool {
    let inputs = || task.inputs.iter().flatten();
    let data: Vec<&str> = inputs()
        .filter(|input| input.url.is_some())
        .map(|input| input.path.as_str())
        .collect();
    let outputs: Vec<&str> = task
        .outputs
        .iter()
        .flatten()
        .map(|output| output.path.as_str())
        .collect();
    inputs().all(|input| input.content.is_none())
        && task.executors.iter().all(|executor| {
            let Ok(image) = image::named("image", executor, mount) else {
                return false;
            };
            let env: Vec<(&str, &str)> = executor
                .env
                .iter()
                .flatten()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let called = Called {
                image: &image.to_string(),
                command: &executor.command,
                env: &env,
                inputs: &data,
                outputs: &outputs,
            };
            mount.rules.is_a_tools(&called)
        })
}

/// What an executor reads as its input is an input of the task, or was written by an executor before it.
fn streams(task: &Task) -> Result<(), NotUnderstood> {
    let mut there: Vec<&str> = task.inputs.iter().flatten().map(|input| input.path.as_str()).collect();
    there.extend(task.volumes.iter().flatten().map(String::as_str));
    for (at, executor) in task.executors.iter().enumerate() {
        if let Some(stdin) = &executor.stdin
            && !there.iter().any(|path| grammar::below(stdin, path))
        {
            return Err(NotUnderstood::at(
                format!("executors[{at}].stdin"),
                "task.stdin",
                "it is no input of the task and nothing that an earlier executor wrote",
            ));
        }
        let written = [&executor.stdout, &executor.stderr].into_iter().flatten();
        for (name, path) in [("stdout", &executor.stdout), ("stderr", &executor.stderr)] {
            if let Some(path) = path
                && task
                    .inputs
                    .iter()
                    .flatten()
                    .any(|input| grammar::below(path, &input.path))
            {
                return Err(NotUnderstood::at(
                    format!("executors[{at}].{name}"),
                    "task.stream_overlap",
                    "it lies at an input's path",
                ));
            }
        }
        there.extend(written.map(String::as_str));
    }
    Ok(())
}

fn resources(task: &Task, mount: &ComputeMount, scan: &mut Scan<'_>, intent: &mut Intent) -> Result<(), NotUnderstood> {
    let Some(resources) = &task.resources else {
        return Ok(());
    };
    for (name, amount) in [("ram_gb", resources.ram_gb), ("disk_gb", resources.disk_gb)] {
        if amount.is_some_and(|amount| !(0.0..=1e6).contains(&amount)) {
            return Err(NotUnderstood::at(
                format!("resources.{name}"),
                "task.resources",
                "it is not between 0 and 1,000,000",
            ));
        }
    }
    for zone in resources.zones.iter().flatten() {
        let Some((_, country)) = mount.zones.iter().find(|(known, _)| known == zone) else {
            return Err(NotUnderstood::at(
                "resources.zones",
                "task.zone_unknown",
                "a zone is not one of this node's",
            ));
        };
        if !intent.countries.contains(country) {
            intent.countries.push(country.clone());
        }
    }
    let mut folded = BTreeSet::new();
    for (key, value) in resources.backend_parameters.iter().flatten() {
        // keys are case-insensitive by the specification, so that one may stand there twice
        let key = key.to_ascii_lowercase();
        if !mount.backend_parameters.contains(&key) || !folded.insert(key) {
            return Err(NotUnderstood::at(
                "resources.backend_parameters",
                "task.backend_parameter",
                "a key is not one that this node takes, or stands there twice in different letter case",
            ));
        }
        grammar::quoted("resources.backend_parameters", value, limits::NAME_CHARS)?;
        io::embedded(scan, intent, "resources.backend_parameters", value)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
