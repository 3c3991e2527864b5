//! `visum tes list`: one's own tasks, newest first.

use serde_json::json;

use crate::{
    client::session::{As, Session},
    commands::work::{all, text},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// Your tasks, and those of your teams that policies let you see
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only tasks in this state, such as RUNNING
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let mut query = "view=BASIC&".to_owned();
    if let Some(state) = &args.state {
        let state: String = url::form_urlencoded::byte_serialize(state.to_ascii_uppercase().as_bytes()).collect();
        query.push_str(&format!("state={state}&"));
    }
    let tasks = all(&session, "ga4gh/tes/v1/tasks", &query, "tasks").await?;
    let rows: Vec<[String; 4]> = tasks
        .iter()
        .map(|task| ["/id", "/state", "/creation_time", "/name"].map(|pointer| text(task, pointer).to_owned()))
        .collect();
    context.show(&json!({ "tasks": tasks }), |_| {
        if rows.is_empty() {
            "No tasks.".to_owned()
        } else {
            table(["task", "state", "created", "name"], rows)
        }
    });
    Ok(Exit::Yes)
}
