//! `visum tes run`: send a task, and wait for it if asked to.

use serde_json::{Value, json};

use super::one;
use crate::{
    client::session::{As, Session},
    commands::{
        can_i::{Submission, submission},
        work::{self, text},
    },
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Send a task (TES 1.1, JSON); prints its id
///
/// The gate judges the whole of it before anything is queued; `visum can-i FILE` tells all that is missing without sending
/// it. With `--wait` the exit code is the task's: 0 COMPLETE, 1 it failed or was cancelled, 3 the system failed. Ctrl-C ends
/// the waiting and not the task.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// The task, a JSON file or `-`
    file: Input,
    /// Wait until it ends
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    session: As,
}

/// Sends it.
pub(crate) async fn run(args: Run, context: &Context) -> Result<Exit, CommandError> {
    let Submission::Task(task) = submission(&args.file)? else {
        return Err(
            CommandError::refused("work.other_kind", format!("{} is a run request and no task", args.file))
                .hint(format!("visum wes run {}", args.file)),
        );
    };
    let session = Session::open(&args.session)?;
    let url = session.proxy("ga4gh/tes/v1/tasks")?;
    let answer = session
        .client
        .post(&url, Some(&session.profile.access_token), &Value::Object(task))
        .await?
        .ok()?;
    let id = text(&answer, "/id").to_owned();
    if !args.wait {
        context.show(&answer, |_| id.clone());
        return Ok(Exit::Yes);
    }
    context.words(&format!("task {id}"));
    let (state, exit) = work::wait(context, || one(&session, &id, "MINIMAL")).await?;
    if exit != Exit::Yes {
        let full = one(&session, &id, "FULL").await?;
        for line in super::show::reasons(&full) {
            context.words(&line);
        }
    }
    context.show(&json!({ "id": id, "state": state }), |_| format!("{id} {state}"));
    Ok(exit)
}
