//! `visum session list`

use serde_json::Value;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List your workflow sessions, newest first, without their keys
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them; exit 0.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let url = session.proxy("visum/v1/sessions")?;
    let answer = session
        .client
        .get(&url, Some(&session.profile.access_token))
        .await?
        .ok()?;
    context.show(&answer, people);
    Ok(Exit::Yes)
}

fn people(answer: &Value) -> String {
    let sessions = answer.get("sessions").and_then(Value::as_array);
    let rows = sessions.into_iter().flatten().map(|row| {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let datasets = row.get("datasets").and_then(Value::as_array).into_iter().flatten();
        let datasets: Vec<&str> = datasets.filter_map(Value::as_str).collect();
        let tasks = row.get("tasks").and_then(Value::as_u64).unwrap_or(0);
        [
            text("id"),
            text("state"),
            text("until"),
            tasks.to_string(),
            datasets.join(", "),
        ]
    });
    table(["session", "state", "until", "tasks", "datasets"], rows)
}
