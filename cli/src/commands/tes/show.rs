//! `visum tes show`: one task, what became of it and why.

use serde_json::Value;

use super::one;
use crate::{
    client::session::{As, Session},
    commands::work::text,
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// One task: its state, how each command ended, and why it was stopped
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The task's id
    id: String,
    #[command(flatten)]
    session: As,
}

/// Shows it.
pub(crate) async fn run(args: Show, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let task = one(&session, &args.id, "FULL").await?;
    context.show(&task, people);
    Ok(Exit::Yes)
}

fn people(task: &Value) -> String {
    let mut lines = vec![format!("{} {}", text(task, "/id"), text(task, "/state"))];
    for (label, pointer) in [("name", "/name"), ("created", "/creation_time")] {
        let said = text(task, pointer);
        if !said.is_empty() {
            lines.push(format!("{label:8} {said}"));
        }
    }
    for input in list(task, "/inputs") {
        lines.push(format!("input    {} -> {}", text(input, "/url"), text(input, "/path")));
    }
    for output in list(task, "/outputs") {
        lines.push(format!(
            "output   {} -> {}",
            text(output, "/path"),
            text(output, "/url")
        ));
    }
    lines.extend(reasons(task));
    lines.join("\n")
}

/// How its commands ended, and what the system says of it.
pub(crate) fn reasons(task: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for attempt in list(task, "/logs") {
        for (at, command) in list(attempt, "/logs").enumerate() {
            if let Some(code) = command.get("exit_code").and_then(Value::as_i64) {
                lines.push(format!("command {} ended with exit code {code}", at + 1));
            }
        }
        let system = list(attempt, "/system_logs").filter_map(Value::as_str);
        lines.extend(system.map(|said| format!("system   {said}")));
    }
    lines
}

fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stopped_task_says_how_its_commands_ended_and_why() {
        let task = json!({ "id": "t1", "state": "CANCELED", "logs": [{ "logs": [{ "exit_code": 137 }],
            "system_logs": ["consent.hold: the data were withdrawn"] }] });
        let said = people(&task);
        for part in ["t1 CANCELED", "exit code 137", "consent.hold"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(people(&json!({ "id": "t1", "state": "QUEUED" })), "t1 QUEUED");
    }
}
