//! `visum hold release`: the end of a hold, by the committee that placed it.

use serde_json::json;

use crate::{
    client::session::As,
    commands::admin::{self, Step, text},
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
    let step = Step {
        of: "admin/holds",
        id: &args.id,
        step: "release",
    };
    let body = json!({ "reason": args.reason });
    admin::step(&args.session, &step, &body, context, |answer| {
        format!(
            "Hold {} on {} has ended.",
            text(answer, "/hold/id"),
            text(answer, "/hold/dataset")
        )
    })
    .await?;
    Ok(Exit::Yes)
}
