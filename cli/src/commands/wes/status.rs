//! `visum wes status`: one run, its outputs and how it ended.

use serde_json::Value;

use super::route;
use crate::{
    client::session::{As, Session},
    commands::work::text,
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// One run: its state, when it ran, how it ended, and its outputs
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// The run's id
    id: String,
    #[command(flatten)]
    session: As,
}

/// Shows it.
pub(crate) async fn run(args: Status, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let url = session.proxy(&route(&args.id))?;
    let token = &session.profile.access_token;
    let answer = session.client.get(&url, Some(token)).await?.ok()?;
    context.show(&answer, people);
    Ok(Exit::Yes)
}

fn people(run: &Value) -> String {
    let mut lines = vec![format!("{} {}", text(run, "/run_id"), text(run, "/state"))];
    for (label, pointer) in [
        ("workflow", "/request/workflow_url"),
        ("started", "/run_log/start_time"),
        ("ended", "/run_log/end_time"),
    ] {
        let said = text(run, pointer);
        if !said.is_empty() {
            lines.push(format!("{label:9} {said}"));
        }
    }
    if let Some(code) = run.pointer("/run_log/exit_code").and_then(Value::as_i64) {
        lines.push(format!("exit code {code}"));
    }
    if let Some(outputs) = run
        .get("outputs")
        .and_then(Value::as_object)
        .filter(|all| !all.is_empty())
    {
        lines.push("outputs".to_owned());
        lines.extend(outputs.iter().map(|(name, value)| format!("  {name}: {value}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_says_how_it_ended_and_what_it_made() {
        let run = json!({ "run_id": "r1", "state": "COMPLETE", "run_log": { "exit_code": 0 }, "outputs": { "n": 3 } });
        assert_eq!(people(&run), "r1 COMPLETE\nexit code 0\noutputs\n  n: 3");
        assert_eq!(
            people(&json!({ "run_id": "r1", "state": "QUEUED", "outputs": {} })),
            "r1 QUEUED"
        );
    }
}
