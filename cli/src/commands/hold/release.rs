//! `visum hold release`: the end of a hold, by the committee that placed it.

use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// End a hold that your committee placed
///
/// A participant's withdrawal, opt-out or dispute is ended by the consent service that recorded it, never by a member or an
/// administrator. If that service is gone: a change of kind hold with a new signed consent event, and two members.
#[derive(Debug, clap::Args)]
pub(crate) struct Release {
    /// The hold's id (visum hold list)
    #[arg(value_name = "ID")]
    id: String,
    /// A sentence for the record; the log keeps its digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Ends it.
pub(crate) async fn run(args: Release, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let id: String = byte_serialize(args.id.as_bytes()).collect();
    let path = format!("admin/holds/{id}/release");
    let answer = session.post(&path, &json!({ "reason": args.reason })).await?;
    context.show(&answer, |answer| {
        let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        format!("Hold {} on {} has ended.", text("/hold/id"), text("/hold/dataset"))
    });
    Ok(Exit::Yes)
}
