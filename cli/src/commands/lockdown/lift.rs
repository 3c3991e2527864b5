//! `visum lockdown lift`: the end of a stop, which two agree on.

use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::{
    client::session::{As, Session},
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
    let session = Session::open(&args.session)?;
    let id: String = byte_serialize(args.id.as_bytes()).collect();
    let path = format!("admin/lockdown/{id}/lift");
    let answer = session.post(&path, &json!({ "reason": args.reason })).await?;
    let lifted = answer.get("lifted").and_then(Value::as_bool) == Some(true);
    context.show(&answer, |answer| {
        let change = answer.pointer("/change/id").and_then(Value::as_str).unwrap_or_default();
        if lifted {
            format!("Lifted by {change}.")
        } else {
            format!("It stays in force until a second administrator agrees: visum change approve {change}")
        }
    });
    Ok(if lifted { Exit::Yes } else { Exit::No })
}
