//! `visum lockdown lift`: the end of a stop, which two agree on.

use serde_json::{Value, json};

use crate::{
    client::session::As,
    commands::admin::{self, Step, text},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Propose the end of a stop; a second administrator approves it
///
/// Exit status 0 lifted, 1 it waits for the second person. While a node has one administrator only, that one lifts alone.
#[derive(Debug, clap::Args)]
pub(super) struct Lift {
    /// The stop's id (visum lockdown list)
    #[arg(value_name = "ID")]
    id: String,
    /// A sentence for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Proposes it.
pub(super) async fn run(args: Lift, context: &Context) -> Result<Exit, CommandError> {
    let step = Step {
        of: "admin/lockdown",
        id: &args.id,
        step: "lift",
    };
    let lifted = |answer: &Value| answer.get("lifted").and_then(Value::as_bool) == Some(true);
    let body = json!({ "reason": args.reason });
    let answer = admin::step(&args.session, &step, &body, context, |answer| {
        let change = text(answer, "/change/id");
        if lifted(answer) {
            format!("Lifted by {change}.")
        } else {
            format!("It stays in force until a second administrator agrees: visum change approve {change}")
        }
    })
    .await?;
    Ok(if lifted(&answer) { Exit::Yes } else { Exit::No })
}
