//! `visum account history`: what was asked in my name, and what was answered.

use serde_json::Value;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// Show what was asked in your name, and what the node answered
///
/// Your own decisions alone, from the audit log of the server that answers, the newest first, at most 200. A decision's
/// id is for `visum explain`. That you looked is recorded.
#[derive(Debug, clap::Args)]
pub(crate) struct History {
    #[command(flatten)]
    session: As,
}

/// Shows it.
pub(crate) async fn run(args: History, context: &Context) -> Result<Exit, CommandError> {
    let answer = Session::open(&args.session)?.get("me/history").await?;
    context.show(&answer, people);
    Ok(Exit::Yes)
}

fn people(answer: &Value) -> String {
    let list = answer
        .get("accesses")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if list.is_empty() {
        return "Nothing yet.".to_owned();
    }
    let rows = list.into_iter().map(|row| {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let datasets = row
            .get("datasets")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let datasets: Vec<&str> = datasets.iter().filter_map(Value::as_str).collect();
        let at = row.get("at").and_then(Value::as_i64).unwrap_or_default();
        let at = jiff::Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string());
        let why = match (text("code"), text("sentence")) {
            (code, sentence) if sentence.is_empty() => code,
            (code, sentence) => format!("{sentence} ({code})"),
        };
        [
            at,
            text("action"),
            datasets.join(" "),
            text("outcome"),
            why,
            text("decision"),
        ]
    });
    let mut out = table(["when", "what", "data", "answer", "why", "decision"], rows);
    if answer.get("complete") == Some(&Value::Bool(false)) {
        out.push_str("\nThere is more in the log than this.");
    }
    out
}
