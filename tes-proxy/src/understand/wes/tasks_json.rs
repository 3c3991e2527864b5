//! `VISUM-TASKS` 1.0: one attached JSON array of TES tasks; `${param:NAME}` in the `url` of an input or output is the
//! text of that parameter. What is forwarded is what was judged: parameters put in, capabilities for data.

use serde_json::{Map, Value};

use crate::{
    api::{parse_wire, tes::Task},
    understand::NotUnderstood,
};

use super::form::Form;

const OPEN: &str = "${param:";
/// Tasks of one run.
const TASKS: usize = 32;

/// The tasks of a run, parameters put in.
///
/// # Errors
/// [`NotUnderstood`] names the attachment or the task.
pub(crate) fn tasks(form: &Form<'_>) -> Result<Vec<Task>, NotUnderstood> {
    let [attachment] = form.attachments.as_slice() else {
        return Err(NotUnderstood::at(
            "workflow_attachment",
            "run.tasks",
            "this type takes exactly one attachment: the list of tasks",
        ));
    };
    let part = "workflow_attachment";
    let mut tasks: Vec<Task> =
        parse_wire(&attachment.bytes).map_err(|fault| NotUnderstood::at(part, "run.tasks", fault.to_string()))?;
    if tasks.is_empty() || tasks.len() > TASKS {
        return Err(NotUnderstood::at(
            part,
            "run.tasks",
            format!("a run has 1 to {TASKS} tasks"),
        ));
    }
    let none = Map::new();
    let params = form.request.workflow_params.as_object().unwrap_or(&none);
    for (at, task) in tasks.iter_mut().enumerate() {
        let fill = |text: &str| {
            fill(text, params).map_err(|what| NotUnderstood::at(format!("tasks[{at}]"), "run.param", what))
        };
        for input in task.inputs.iter_mut().flatten() {
            if let Some(url) = &mut input.url {
                *url = fill(url)?;
            }
        }
        for output in task.outputs.iter_mut().flatten() {
            output.url = fill(&output.url)?;
        }
    }
    Ok(tasks)
}

/// Puts parameters in, once: what a parameter holds is not looked through again.
fn fill(text: &str, params: &Map<String, Value>) -> Result<String, &'static str> {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (name, behind) = after.split_once('}').ok_or("a `${param:` is not closed")?;
        let value = params.get(name).ok_or("it names a parameter that is not there")?;
        filled.push_str(before);
        filled.push_str(value.as_str().ok_or("it names a parameter that is no text")?);
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}
