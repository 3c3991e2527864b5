//! `visum tes logs`: what the commands of a task wrote.

use serde_json::Value;

use super::one;
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// What a task's commands wrote: standard output here, standard error there
///
/// Logs of some datasets are withheld until somebody released them; then the node says so.
#[derive(Debug, clap::Args)]
pub(crate) struct Logs {
    /// The task's id
    id: String,
    #[command(flatten)]
    session: As,
}

/// Prints them.
pub(crate) async fn run(args: Logs, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let task = one(&session, &args.id, "FULL").await?;
    let attempts = task.get("logs").and_then(Value::as_array).into_iter().flatten();
    let commands: Vec<&Value> = attempts
        .filter_map(|attempt| attempt.get("logs").and_then(Value::as_array))
        .flatten()
        .collect();
    if context.json {
        context.show(&commands, |_| String::new());
        return Ok(Exit::Yes);
    }
    if commands.is_empty() {
        context.words("The task has written nothing yet, or its logs are withheld.");
    }
    for command in commands {
        let said = |name: &str| command.get(name).and_then(Value::as_str).unwrap_or_default().trim_end();
        if !said("stdout").is_empty() {
            context.line(said("stdout"));
        }
        if !said("stderr").is_empty() {
            context.words(said("stderr"));
        }
    }
    Ok(Exit::Yes)
}
