//! What TES 1.1 added: refused in front of a backend of 1.0, which would drop it in silence (`apis.md` 4.4).

use crate::{api::tes::Task, understand::NotUnderstood};

/// Refuses what only 1.1 knows.
///
/// # Errors
/// [`NotUnderstood`] names the field.
pub(super) fn only_1_0(task: &Task) -> Result<(), NotUnderstood> {
    let newer = |part: String| {
        Err(NotUnderstood::at(
            part,
            "task.version",
            "it came with TES 1.1, and the backend speaks 1.0",
        ))
    };
    for (at, input) in task.inputs.iter().flatten().enumerate() {
        if input.streamable.is_some() {
            return newer(format!("inputs[{at}].streamable"));
        }
    }
    for (at, output) in task.outputs.iter().flatten().enumerate() {
        if output.path_prefix.is_some() {
            return newer(format!("outputs[{at}].path_prefix"));
        }
    }
    for (at, executor) in task.executors.iter().enumerate() {
        if executor.ignore_error.is_some() {
            return newer(format!("executors[{at}].ignore_error"));
        }
    }
    match &task.resources {
        Some(resources) if resources.backend_parameters.is_some() => newer("resources.backend_parameters".to_owned()),
        Some(resources) if resources.backend_parameters_strict.is_some() => {
            newer("resources.backend_parameters_strict".to_owned())
        }
        _ => Ok(()),
    }
}
