//! `POST /tasks`: what a new task would read, run and write (TES 1.1, CreateTask).

use policy_engine::intent::{Action, Intent};

use crate::{api::tes::Task, config::ComputeMount, limits, understand::NotUnderstood};

use super::{grammar, image, io};

/// Reads the task and the mount's settings, and nothing else: no clock, no catalogue, no caller.
///
/// # Errors
/// [`NotUnderstood`] names the part of the task.
pub(crate) fn intent(task: &Task, mount: &ComputeMount) -> Result<Intent, NotUnderstood> {
    let mut intent = Intent::new(Action::TesCreate).at(&*mount.service);
    add(task, mount, &mut intent)?;
    Ok(intent)
}

/// Adds a task to an intent: a run is made of several.
///
/// # Errors
/// As [`intent`].
pub(crate) fn add(task: &Task, mount: &ComputeMount, intent: &mut Intent) -> Result<(), NotUnderstood> {
    if let Some(name) = &task.name {
        grammar::quoted("name", name, limits::NAME_CHARS)?;
    }
    grammar::text("description", task.description.as_deref(), limits::DESCRIPTION_CHARS)?;
    if let Some(tags) = &task.tags {
        grammar::tags(tags)?;
    }
    io::intent(task, intent)?;
    if task.executors.is_empty() || task.executors.len() > limits::EXECUTORS {
        return Err(NotUnderstood::at(
            "executors",
            "task.executors",
            format!("there are none or more than {}", limits::EXECUTORS),
        ));
    }
    for (at, executor) in task.executors.iter().enumerate() {
        image::intent(&format!("executors[{at}]"), executor, intent)?;
    }
    resources(task, mount)
}

fn resources(task: &Task, mount: &ComputeMount) -> Result<(), NotUnderstood> {
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
        if !mount.zones.iter().any(|(known, _)| known == zone) {
            return Err(NotUnderstood::at(
                "resources.zones",
                "task.zone_unknown",
                "a zone is not one of this node's",
            ));
        }
    }
    for key in resources.backend_parameters.iter().flatten().map(|(key, _)| key) {
        // keys are case-insensitive by the specification
        if !mount.backend_parameters.contains(&key.to_ascii_lowercase()) {
            return Err(NotUnderstood::at(
                "resources.backend_parameters",
                "task.backend_parameter",
                "a key is not one that this node takes",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
