//! `visum dataset suspend|resume|retire|withdraw`: a dataset's life.

use serde_json::{Value, json};

use crate::{
    client::session::{As, Session},
    commands::agree,
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Which dataset, and why.
#[derive(Debug, clap::Args)]
pub(crate) struct Step {
    /// The dataset's id (a URL) or its short name
    dataset: String,
    /// A sentence for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    session: As,
}

/// Shows what it affects, asks, proposes. Exit 1: it waits for a second person.
pub(crate) async fn run(step: Step, state: &str, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&step.session)?;
    let body = json!({ "dataset": step.dataset, "state": state, "reason": step.reason });
    let shown = session.post("admin/dataset-states?preview=true", &body).await?;
    context.words(&format!("This affects: {}", agree::effect(&shown)));
    if shown.get("widens").and_then(Value::as_bool) == Some(true) {
        context.words("It needs a second person of the dataset's committee.");
    }
    if !step.yes {
        agree::agreed(context, &format!("Let the dataset become {state}?"))?;
    }
    let answer = session.post("admin/dataset-states", &body).await?;
    let applied = answer.get("applied").and_then(Value::as_bool) == Some(true);
    context.show(&answer, |answer| {
        let change = answer.pointer("/change/id").and_then(Value::as_str).unwrap_or_default();
        if applied {
            format!("The dataset is {state} now ({change}).")
        } else {
            let meanwhile = if state == "withdrawn" {
                " Until then it stays as it is: visum dataset suspend closes it at once."
            } else {
                ""
            };
            format!("It waits for a second person of the committee: visum change approve {change}.{meanwhile}")
        }
    });
    Ok(if applied { Exit::Yes } else { Exit::No })
}
